"""Mobile network events as Eurostat's multimno expects them (Parquet or CSV) → `mobile_event`: one row is one event.

Columns `user_id` (a hash: bytes in Parquet, text in CSV), `timestamp, mcc, mnc, plmn, cell_id` and, not read,
`latitude, longitude, loc_error, year, month, day`. As multimno reads them: an event with a `plmn` is of a subscriber
of the operator abroad, served by the network whose country the first three digits name; one without is served by the
operator, and `mcc` is the country of the subscriber's SIM. The operator's own country is stated in the contract
(`local_mcc` there). Events have no number: time, file and row make one. Their kind is not said and stands as
`signalling`. An event located by coordinates alone has no cell, and breaks the rule that asks for one. Source:
github.com/eurostat/multimno, bronze event data object; user manual, event cleaning.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ROW, ReadOptions, check_source_columns, feed_rows
from sandbox.feeds.readers.csv import source_batches
from sandbox.feeds.readers.mobile import own_network
from sandbox.feeds.readers.parquet import checked_file, parquet_batches
from sandbox.feeds.readers.row_ids import row_ids

NEEDED = ("user_id", "timestamp", "mcc", "plmn", "cell_id")
PARQUET = b"PAR1"
HEX = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint8).reshape(256, 2)


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `mobile_event`, one an event."""
    network = own_network(options, path.name)
    with path.open("rb") as stream:
        is_parquet = stream.read(len(PARQUET)) == PARQUET
    batches = _parquet(path) if is_parquet else source_batches(path, options, NEEDED, options.delimiter)
    for batch in batches:
        yield _events(batch, network, path.name)


def _parquet(path: Path) -> Iterator[pa.RecordBatch]:
    first = 1
    with checked_file(path) as file:
        check_source_columns(file.schema_arrow.names, NEEDED, path.name)
        for batch in parquet_batches(file, path, list(NEEDED)):
            numbers = pa.array(np.arange(first, first + batch.num_rows, dtype=np.int64))
            yield batch.append_column(ROW, numbers)
            first += batch.num_rows


def _events(batch: pa.RecordBatch, network: str, file: str) -> pa.RecordBatch:
    plmn = _text(batch["plmn"])
    abroad = plmn.is_valid()
    columns = {
        "event_id": row_ids(file, batch["timestamp"], batch[ROW]),
        "subscriber_id": as_hex(batch["user_id"]),
        "event_ts": batch["timestamp"],
        "cell_id": _text(batch["cell_id"]),
        "event_type": "signalling",
        "home_mcc": pc.if_else(abroad, network, pc.utf8_lpad(_text(batch["mcc"]), 3, "0")),
        "serving_mcc": pc.if_else(abroad, pc.utf8_slice_codeunits(plmn, 0, 3), network),
    }
    return feed_rows(batch, columns)


def as_hex(values: pa.Array) -> pa.Array:
    """Return bytes as hexadecimal text; text as it stands."""
    if not pa.types.is_binary(values.type):
        return _text(values)
    bytes_of = pa.concat_arrays([values])
    _, offsets, data = bytes_of.buffers()
    digits = HEX[np.frombuffer(data or b"", np.uint8)]
    twice = np.frombuffer(offsets, np.int32)[: len(values) + 1] * 2
    text = pa.StringArray.from_buffers(len(values), pa.py_buffer(twice), pa.py_buffer(np.ascontiguousarray(digits)))
    return pc.if_else(values.is_valid(), text, None)


def _text(values: pa.Array) -> pa.Array:
    return values if pa.types.is_string(values.type) else pc.cast(values, pa.string())
