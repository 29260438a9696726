"""Stats NZ, permanent and long-term migration → `official_series`: one line is one count of one year.

Columns `year, rc13, rc13desc, direction, citizenship, sex, age_grp, count`: arrivals and departures by region (its
code is the area; 99 is not stated), group of citizenship, sex and five-year age. Migration is by the intention stated
on the card, of twelve months or more. Direction and citizenship have no column of their own and stand in the series:
`NZ_PLT:direction=Arrivals,citizenship=New Zealand`. The first age group is spelled `00-05`, and the next begins at 5:
it is read as 0 to 4. The file states no date of publication: the vintage is the month in which it was handed over.
Source: Stats NZ (CC BY), as packaged in github.com/StatisticsNZ/demdata.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ReadOptions
from sandbox.feeds.readers.csv import mapped, number, source_batches
from sandbox.feeds.readers.series import age_code, first_day, series_rows, sex_code

NEEDED = ("year", "rc13", "direction", "citizenship", "sex", "age_grp", "count")
FIXED = {
    "source": "Stats NZ, permanent and long-term migration",
    "concept": "stated intention of 12 months or more",
    "population": "arrivals and departures",
    "unit": "persons",
    "licence": "CC BY 4.0",
}
SLIP = {"00-05": "Y0T4"}


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`, one a line."""
    for batch in source_batches(path, options, NEEDED):
        stated = {
            "series_id": pc.binary_join_element_wise(
                "NZ_PLT:direction=", batch["direction"], ",citizenship=", batch["citizenship"], ""
            ),
            "area": batch["rc13"],
            "sex": mapped(batch["sex"], sex_code),
            "age": mapped(batch["age_grp"], lambda group: SLIP.get(group) or age_code(group)),
            "period": mapped(batch["year"], first_day),
            "value": number(batch["count"]),
        }
        yield series_rows(batch, options, FIXED | stated)
