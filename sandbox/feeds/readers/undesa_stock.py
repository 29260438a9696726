"""UN DESA, International Migrant Stock → `official_series`: one line is one corridor, sex and year (1 July).

Columns `geo, t, from, sex, n, type_b, type_c, type_r, type_i`: country of residence, year, country of origin, sex,
stock, and the UN's marks of the data that stand behind it: B foreign-born, C foreign citizens, R refugees added,
I imputed. They are the `status` (`B I`), and B and C decide the concept (`imputed` where neither stands). The file
states no date of publication: the vintage is the month in which it was handed over. Source: UN DESA, Population
Division, as packaged in github.com/iom/gdidata.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ReadOptions
from sandbox.feeds.readers.csv import joined, mapped, number, source_batches
from sandbox.feeds.readers.series import first_day, series_rows, sex_code

MARKS = {"type_b": "B", "type_c": "C", "type_r": "R", "type_i": "I"}
NEEDED = ("geo", "t", "from", "sex", "n", *MARKS)
FIXED = {
    "series_id": "UNDESA_MIGRANT_STOCK",
    "source": "UN DESA, International Migrant Stock",
    "population": "international migrants",
    "unit": "persons",
    "licence": "CC BY 3.0 IGO",
}
CONCEPTS = {"B C": "foreign-born and foreign citizens", "B": "foreign-born", "C": "foreign citizens"}


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`, one a line."""
    for batch in source_batches(path, options, NEEDED):
        shown = [pc.if_else(pc.equal(batch[name], "1"), mark, None) for name, mark in MARKS.items()]
        status = joined(shown, " ")
        stated = {
            "area": batch["geo"],
            "partner_area": batch["from"],
            "sex": mapped(batch["sex"], sex_code),
            "period": mapped(batch["t"], first_day),
            "concept": mapped(status, _concept),
            "status": status,
            "value": number(batch["n"]),
        }
        yield series_rows(batch, options, FIXED | stated)


def _concept(marks: str) -> str:
    return next((concept for mark, concept in CONCEPTS.items() if marks.startswith(mark)), "imputed")
