"""Eurostat stocks of EU citizens aged 15–64 by corridor, 2010–2018, as packaged with "Integrating migrant stocks".

One line is one corridor in one year. The file states no date of publication: the vintage is the month in which it
was handed over.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import TOTAL
from sandbox.feeds.readers import ROW, ReadOptions, check_source_columns
from sandbox.feeds.readers.csv import mapped, number, text_batches
from sandbox.feeds.readers.fb_eu import alpha_3

NEEDED = ("orig", "dest", "year", "eurostat")
SERIES = "EUROSTAT_STOCK_15_64"
NEVER = date(1970, 1, 1)


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`; a corridor without a figure has an empty value."""
    vintage = (options.delivered_on or NEVER).replace(day=1).isoformat()
    for batch in text_batches(path, options.encoding, ","):
        check_source_columns(batch, NEEDED, path.name)
        yield _stocks(batch, vintage)


def _stocks(batch: pa.RecordBatch, vintage: str) -> pa.RecordBatch:
    fixed = {
        "series_id": SERIES,
        "source": "Eurostat, population by citizenship",
        "concept": "usual residence, 12 months",
        "population": "EU citizens aged 15 to 64 living in another EU country",
        "unit": "persons",
        "sex": TOTAL,
        "age": "Y15T64",
        "subpopulation": TOTAL,
        "frequency": "A",
        "vintage": vintage,
    }
    return pa.record_batch(
        {
            **{name: pa.array([value] * batch.num_rows) for name, value in fixed.items()},
            "area": mapped(batch["dest"], alpha_3),
            "partner_area": mapped(batch["orig"], alpha_3),
            "period": pc.binary_join_element_wise(batch["year"], "01-01", "-"),
            "value": number(batch["eurostat"]),
            ROW: batch[ROW],
        }
    )
