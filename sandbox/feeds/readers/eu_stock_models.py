"""Modelled totals of EU citizens abroad, 2011–2019, by model → `official_series`: one line is one model in one year.

Columns `year, total, sd, …, model`, the estimates of "Integrating migrant stocks", to compare with. The model stands
in the series (`EU_STOCK_MODEL:model=Main`), its standard deviation in `se`; the 50 % and 80 % intervals have no
column and are not read. The file states no date of publication: the vintage is the month in which it was handed over.
Source: github.com/a-wis/integrating-migrant-stocks.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ReadOptions
from sandbox.feeds.readers.csv import mapped, number, source_batches
from sandbox.feeds.readers.series import first_day, series_rows

NEEDED = ("year", "total", "sd", "model")
FIXED = {
    "source": "Integrating migrant stocks, modelled totals",
    "concept": "usual residence, 12 months",
    "population": "EU citizens living in another EU country",
    "unit": "persons",
    "status": "modelled",
}


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`, one a line."""
    for batch in source_batches(path, options, NEEDED):
        stated = {
            "series_id": pc.binary_join_element_wise("EU_STOCK_MODEL:model=", batch["model"], ""),
            "period": mapped(batch["year"], first_day),
            "value": number(batch["total"]),
            "se": number(batch["sd"]),
        }
        yield series_rows(batch, options, FIXED | stated)
