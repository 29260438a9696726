"""ABS net overseas migration by financial year: one line is one year in one vintage (first published, or revised).

The ABS first publishes a financial year in the December after its end and revises it in the next December
(Overseas Migration, methodology: preliminary and final estimates); the file says `first` and `later`.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import TOTAL
from sandbox.feeds.readers import ROW, ReadOptions, check_source_columns
from sandbox.feeds.readers.csv import text_batches

NEEDED = ("series", "financial_year_ending_june", "net_overseas_migration", "vintage", "source", "licence")


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`; the period begins on 1 July of the year before."""
    for batch in text_batches(path, options.encoding, ","):
        check_source_columns(batch, NEEDED, path.name)
        yield _years(batch)


def _years(batch: pa.RecordBatch) -> pa.RecordBatch:
    fixed = {
        "concept": "NZ_12_16",
        "population": "all residents",
        "unit": "persons",
        **dict.fromkeys(("area", "partner_area", "sex", "age", "subpopulation"), TOTAL),
        "frequency": "A",
    }
    year = pc.cast(batch["financial_year_ending_june"], pa.int64())
    published = pc.if_else(pc.equal(batch["vintage"], "first"), year, pc.add(year, 1))
    return pa.record_batch(
        {
            **{name: pa.array([value] * batch.num_rows) for name, value in fixed.items()},
            "series_id": batch["series"],
            "source": batch["source"],
            "period": _day(pc.subtract(year, 1), "07-01"),
            "value": batch["net_overseas_migration"],
            "status": batch["vintage"],
            "vintage": _day(published, "12-01"),
            "licence": batch["licence"],
            ROW: batch[ROW],
        }
    )


def _day(year: pa.Array, month_and_day: str) -> pa.Array:
    return pc.binary_join_element_wise(pc.cast(year, pa.string()), month_and_day, "-")
