"""Stocks of EU citizens by corridor, as packaged with "Integrating migrant stocks" → `official_series`.

One line is one corridor in one year, `orig, dest, year` and one figure: `eurostat` (population aged 15 to 64,
2010–2018), `LFS` (Labour Force Survey, corrected by the authors, 2016 and 2017) or `census` (2011); which ages the
last two count, the files don't say. The country of residence is the area, the country of citizenship its partner.
The files state no date of publication: the vintage is the month in which they were handed over. A corridor without a
figure (`NA`) keeps an empty value.
Source: github.com/a-wis/integrating-migrant-stocks.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import ReadOptions
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.csv import mapped, number, source_batches
from sandbox.feeds.readers.series import series_rows

NEEDED = ("orig", "dest", "year")
WORKING_AGE = "EU citizens aged 15 to 64 living in another EU country"
FIGURES = {
    "eurostat": ("EUROSTAT_STOCK_15_64", "Eurostat, population by citizenship"),
    "LFS": ("EUROSTAT_LFS", "Eurostat, Labour Force Survey, corrected by the authors"),
    "census": ("EUROSTAT_CENSUS_2011", "Eurostat, population and housing census"),
}


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`; a corridor without a figure has an empty value."""
    for batch in source_batches(path, options, NEEDED):
        yield _stocks(batch, options, path.name)


def _stocks(batch: pa.RecordBatch, options: ReadOptions, file: str) -> pa.RecordBatch:
    figure = next((name for name in FIGURES if name in batch.schema.names), None)
    if figure is None:
        raise DeliveryRefusedError(f"{file} has no column of: {', '.join(FIGURES)}.", "Check the format.")
    series, source = FIGURES[figure]
    ages = {"age": "Y15T64", "population": WORKING_AGE} if figure == "eurostat" else {}
    stated = {
        "series_id": series,
        "source": source,
        "concept": "usual residence, 12 months",
        "population": "EU citizens living in another EU country",
        "unit": "persons",
        "area": mapped(batch["dest"], alpha_3),
        "partner_area": mapped(batch["orig"], alpha_3),
        "period": pc.binary_join_element_wise(batch["year"], "01-01", "-"),
        "value": number(batch[figure]),
    }
    return series_rows(batch, options, stated | ages)
