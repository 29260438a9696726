"""Readers: one file a format, one shape: a path and what the contract states → an iterator of Arrow batches.

A batch has columns of the feed, as the file holds them: what does not fit its type is left for the row rules. Two
columns of our own may come with them: `ROW`, the number of the row in its file, and `FAULT`, why a row could not
be split into columns at all. Where one line of a source becomes several rows, or several lines become one, the
format's own description says how `ROW` counts; it never names two rows of a file alike.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from sandbox.errors import DeliveryRefusedError
from sandbox.lakehouse.tables.feeds import Feed

if TYPE_CHECKING:
    from sandbox.feeds.readers.dialect import Dialect

ROW, FAULT = "_row", "_fault"
BATCH_ROWS = 131_072
FORMATS = (
    "csv",
    "jsonl",
    "parquet",
    "abs_nom",
    "bitre_airlines",
    "bitre_city_pairs",
    "eu_stock_models",
    "eurostat_eu_stocks",
    "eurostat_tsv",
    "fb_eu",
    "flowkit_cdr",
    "geolife",
    "howde_stops",
    "iom_border",
    "irs_pairs",
    "multimno_events",
    "nz_plt_migration",
    "nz_visitor_arrivals",
    "passenger_legs",
    "pysocialwatcher_csv",
    "pysocialwatcher_json",
    "sdmx_csv",
    "sdmx_ml",
    "trackintel_staypoints",
    "undesa_stock",
    "us_db1b_coupons",
    "us_db1b_tickets",
    "us_t100",
)


def _unheard(_dialect: "Dialect") -> None:
    """Say nothing."""


@dataclass(frozen=True)
class ReadOptions:
    """What the contract states about files of a feed; an empty encoding or delimiter is told from the file.

    `delivered_on` is the day of the manifest, for sources that state no vintage; empty in a check. `country`
    (ISO 3166-1 alpha-3) and `mcc` (mobile country code) are whose border and whose network the file tells of.
    `row_groups` are those of a Parquet file that are wanted; none means all. `hear` is told how a file of text is
    written down, as its reader takes it.
    """

    feed: Feed
    encoding: str = "utf-8"
    delimiter: str = ""
    delivered_on: date | None = None
    country: str = ""
    mcc: str = ""
    row_groups: tuple[int, ...] = ()
    hear: Callable[["Dialect"], None] = _unheard


Reader = Callable[[Path, ReadOptions], Iterator[pa.RecordBatch]]


def reader_named(name: str) -> Reader:
    """Return the reader of a format; `DeliveryRefusedError` naming those there are."""
    if name not in FORMATS:
        raise DeliveryRefusedError(
            "The manifest names a format that no reader knows.", f"Choose one of: {', '.join(FORMATS)}."
        )
    reader: Reader = import_module(f"sandbox.feeds.readers.{name}").read
    return reader


def feed_rows(
    batch: pa.RecordBatch, columns: Mapping[str, pa.Array | str], numbers: pa.Array | None = None
) -> pa.RecordBatch:
    """Return rows of a feed made from a batch of a source; a text stands for every row.

    Rows keep the batch's numbers unless others are given; a row that could not be split stays one.
    """
    arrays = {
        name: pa.repeat(pa.scalar(value, pa.string()), batch.num_rows) if isinstance(value, str) else value
        for name, value in columns.items()
    }
    arrays[ROW] = batch[ROW] if numbers is None else numbers
    if FAULT in batch.schema.names:
        arrays[FAULT] = batch[FAULT]
    return pa.record_batch(arrays)


def check_columns(found: list[str], feed: Feed, file: str) -> None:
    """Refuse a file whose header lacks a required column or names one twice."""
    missing = [column.name for column in feed.columns if column.required and column.name not in found]
    if missing:
        raise DeliveryRefusedError(
            f"{file}: required columns are missing: {', '.join(missing)}.",
            "Send the file again with the columns of the contract.",
        )
    declared = {column.name for column in feed.columns}
    twice = sorted({name for name in found if found.count(name) > 1} & declared)
    if twice:
        raise DeliveryRefusedError(f"{file}: columns stand twice: {', '.join(twice)}.", "Send each column once.")


def check_source_columns(found: Iterable[str], needed: Iterable[str], file: str) -> None:
    """Refuse a file of a published source that lacks one of its columns."""
    there = set(found)
    missing = [name for name in needed if name not in there]
    if missing:
        raise DeliveryRefusedError(
            f"{file}: columns of the source are missing: {', '.join(missing)}.",
            "Check that the manifest names the right format.",
        )


def unreadable(file: str, expected: str) -> DeliveryRefusedError:
    """Return the refusal of a file that is not what it should be; never quotes the file."""
    return DeliveryRefusedError(
        f"{file} can't be read as {expected}.",
        "Check format, encoding and whether the file was cut, and send it again.",
    )
