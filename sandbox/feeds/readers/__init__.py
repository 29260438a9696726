"""Readers: one file a format, one shape: a path and what the contract states → an iterator of Arrow batches.

A batch has columns of the feed, as the file holds them: what does not fit its type is left for the row rules. Two
columns of our own may come with them: `ROW`, the number of the row in its file, and `FAULT`, why a row could not
be split into columns at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib import import_module
from pathlib import Path

import pyarrow as pa

from sandbox.errors import DeliveryRefusedError
from sandbox.lakehouse.tables.feeds import Feed

ROW, FAULT = "_row", "_fault"
BATCH_ROWS = 131_072
FORMATS = (
    "csv",
    "jsonl",
    "parquet",
    "abs_nom",
    "bitre_airlines",
    "bitre_city_pairs",
    "eurostat_eu_stocks",
    "fb_eu",
    "howde_stops",
)


@dataclass(frozen=True)
class ReadOptions:
    """What the contract states about files of a feed; an empty delimiter is told from the header.

    `delivered_on` is the day of the manifest, for sources that state no vintage; empty in a check.
    """

    feed: Feed
    encoding: str = "utf-8"
    delimiter: str = ""
    delivered_on: date | None = None


Reader = Callable[[Path, ReadOptions], Iterator[pa.RecordBatch]]


def reader_named(name: str) -> Reader:
    """Return the reader of a format; `DeliveryRefusedError` naming those there are."""
    if name not in FORMATS:
        raise DeliveryRefusedError(
            "The manifest names a format that no reader knows.", f"Choose one of: {', '.join(FORMATS)}."
        )
    reader: Reader = import_module(f"sandbox.feeds.readers.{name}").read
    return reader


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


def check_source_columns(batch: pa.RecordBatch, needed: tuple[str, ...], file: str) -> None:
    """Refuse a file of a published source that lacks one of its columns."""
    missing = [name for name in needed if name not in batch.schema.names]
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
