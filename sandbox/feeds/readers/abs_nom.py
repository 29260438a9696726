"""Net overseas migration of Australia by financial year → `official_series`: one line is one year in one vintage.

Source: ABS, Overseas Migration, with columns `series, financial_year_ending_june, net_overseas_migration, vintage,
source, licence`. The ABS first publishes a financial year in the December after its end and revises it in the next
December (methodology: preliminary and final estimates); the file says `first` and `later`. The period begins on
1 July of the year before.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.columns import mask
from sandbox.feeds.readers import ReadOptions
from sandbox.feeds.readers.csv import mapped, source_batches
from sandbox.feeds.readers.series import series_rows

NEEDED = ("series", "financial_year_ending_june", "net_overseas_migration", "vintage", "source", "licence")
FIXED = {"concept": "NZ_12_16", "population": "all residents", "unit": "persons"}


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`; the period begins on 1 July of the year before."""
    for batch in source_batches(path, options, NEEDED):
        year = batch["financial_year_ending_june"]
        first = mask(pc.equal(batch["vintage"], "first"))
        published = pc.if_else(pa.array(first), _day(year, 0, "12-01"), _day(year, 1, "12-01"))
        stated = {
            "series_id": batch["series"],
            "source": batch["source"],
            "period": _day(year, -1, "07-01"),
            "value": batch["net_overseas_migration"],
            "status": batch["vintage"],
            "vintage": published,
            "licence": batch["licence"],
        }
        yield series_rows(batch, options, FIXED | stated)


def _day(years: pa.Array, later: int, month_and_day: str) -> pa.Array:
    """Return that day, some years later; what is no year stays what it is, for the row rules."""
    return mapped(years, lambda year: f"{int(year) + later}-{month_and_day}" if year.isdecimal() else year)
