"""Call detail records as FlowKit takes them in (CSV) → `mobile_event`: one line is one event of one subscriber.

Columns of FlowETL's schemas: `id, outgoing, datetime, duration, network, msisdn, msisdn_counterpart, location_id, imsi,
imei, tac, operator_code, country_code` (calls; sms has no duration), `volume_total, …` (mobile data sessions) or
`recharge_amount, …` (top-ups); or the shortest form, `event_time, msisdn, cell_id`. The kind of event is told by the
columns; a top-up is none that `mobile_event` knows and stays `topup`. A call or text stands twice, once for either
party, under one id: `outgoing` is made part of it. A line without an id is numbered by time, file and row. The
subscriber's country is `country_code` read as a mobile country code, else the operator's own; the serving network is
the operator's, which the contract states. Counterpart, IMSI and IMEI are not read; the class of device stays empty
(it takes a list of TACs). Source: FlowKit, administrator's guide, ETL; flowdb, schema events.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import ROW, ReadOptions, feed_rows
from sandbox.feeds.readers.csv import mapped, source_batches
from sandbox.feeds.readers.mobile import own_network
from sandbox.feeds.readers.row_ids import row_ids

NEEDED = ("msisdn",)
# PostgreSQL writes an offset of whole hours without minutes: 10:00:00+00.
SHORT_OFFSET = r"(:\d\d(?:\.\d+)?[+-]\d\d)$"
TIMES, PLACES = ("datetime", "event_time"), ("location_id", "cell_id")
# The first column that is there tells the kind.
KINDS = {"volume_total": "data", "recharge_amount": "topup", "duration": "call", "msisdn_counterpart": "text"}
# FlowKit names its tables so.
TYPES = {"calls": "call", "sms": "text", "mds": "data", "topups": "topup"}
OUTGOING, PARTIES = pa.array(["t", "true", "1"]), ("-out", "-in")


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `mobile_event`, one a line."""
    network = own_network(options, path.name)
    for batch in source_batches(path, options, NEEDED, options.delimiter):
        yield _events(batch, network, path.name)


def _events(batch: pa.RecordBatch, network: str, file: str) -> pa.RecordBatch:
    names = batch.schema.names
    time, place = (next((each for each in known if each in names), None) for known in (TIMES, PLACES))
    if time is None or place is None:
        raise DeliveryRefusedError(
            f"{file} has no column of: {', '.join(TIMES if time is None else PLACES)}.", "Check the format."
        )
    country = batch["country_code"] if "country_code" in names else pa.nulls(batch.num_rows, pa.string())
    columns = {
        "event_id": _event_ids(batch, row_ids(file, batch[time], batch[ROW])),
        "subscriber_id": batch["msisdn"],
        "event_ts": pc.replace_substring_regex(batch[time], SHORT_OFFSET, r"\1:00"),
        "cell_id": batch[place],
        "event_type": _kind(batch),
        "home_mcc": pc.fill_null(country, network),
        "serving_mcc": network,
    }
    return feed_rows(batch, columns)


def _kind(batch: pa.RecordBatch) -> pa.Array | str:
    if "event_type" in batch.schema.names:
        return mapped(batch["event_type"], lambda stated: TYPES.get(stated.lower(), stated.lower()))
    return next((kind for column, kind in KINDS.items() if column in batch.schema.names), "signalling")


def _event_ids(batch: pa.RecordBatch, numbered: pa.Array) -> pa.Array:
    if "id" not in batch.schema.names:
        return numbered
    ids = batch["id"]
    if "outgoing" in batch.schema.names:
        sent = pc.is_in(pc.utf8_lower(batch["outgoing"]), OUTGOING)
        ids = pc.binary_join_element_wise(ids, pc.if_else(sent, *PARTIES), "")
    return pc.coalesce(ids, numbered)
