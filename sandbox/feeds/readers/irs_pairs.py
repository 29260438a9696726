"""US county pairs, movers by Twitter and by tax returns → `official_series`: one line is one pair in one year.

Columns without a header: from, to, Twitter users, IRS returns, IRS exemptions; or the three counts alone, without a
pair. The year stands in the file's name (`1314`: addresses of 2013 against 2014). A line becomes three rows, one a
count (`ROW` is three times the line's number, less two, less one, less nothing). Counties are numbered by the
packager, not by FIPS, and so they stand. Where the file names no pair, area and partner stay empty: nobody can tell
which pair a count is of. The vintage is the month in which the file was handed over.
Source: IRS, Statistics of Income, and Twitter, as packaged in github.com/yinjunjun/geoTwitter_for_migration.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import ROW, ReadOptions
from sandbox.feeds.readers.csv import Refusals, number, text_batches
from sandbox.feeds.readers.dialect import dialect_of, header_of
from sandbox.feeds.readers.series import series_rows

COUNTS = ("TWITTER_MOVERS", "IRS_RETURNS", "IRS_EXEMPTIONS")
PAIR = ("from", "to")
UNITS = ("users", "returns", "exemptions")
YEARS = re.compile(r"(?<!\d)(\d\d)(\d\d)(?!\d)")


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield three rows of `official_series` a line."""
    period = _period(path)
    with Refusals(path, options.encoding):
        dialect = dialect_of(path, options.encoding, options.delimiter or ",")
        options.hear(dialect)
        width = len(header_of(path, dialect))
        names = [*PAIR, *COUNTS][-width:]
        if width not in {len(COUNTS), len(COUNTS) + len(PAIR)}:
            raise DeliveryRefusedError(f"{path.name} has {width} columns; expected 3 or 5.", "Check the format.")
        for batch in text_batches(path, dialect, names, names, skipped_lines=0):
            for place in range(len(COUNTS)):
                yield _counts(batch, place, period, options)


def _period(path: Path) -> str:
    years = YEARS.search(path.name)
    if years is None or int(years[2]) != (int(years[1]) + 1) % 100:
        raise DeliveryRefusedError(f"{path.name} does not say its years.", "Name it as published: …_1314.csv.")
    return f"20{years[1]}-01-01"


def _counts(batch: pa.RecordBatch, place: int, period: str, options: ReadOptions) -> pa.RecordBatch:
    nowhere = pa.nulls(batch.num_rows, pa.string())
    areas = [batch[name] if name in batch.schema.names else nowhere for name in PAIR]
    stated = {
        "series_id": COUNTS[place],
        "source": "Twitter" if place == 0 else "IRS, Statistics of Income, migration data",
        "concept": "change of county between two years",
        "population": "Twitter users" if place == 0 else "tax filers",
        "unit": UNITS[place],
        "area": areas[0],
        "partner_area": areas[1],
        "period": period,
        "value": number(batch[COUNTS[place]]),
    }
    numbers = pc.add(pc.multiply(batch[ROW], len(COUNTS)), place + 1 - len(COUNTS))
    return series_rows(batch, options, stated, numbers)
