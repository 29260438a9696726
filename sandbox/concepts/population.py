"""Population groups: which of the four subpopulations a person belongs to, and the age group.

The revised conceptual framework crosses country of birth (native, foreign) with citizenship (citizen, foreign);
what is not known gives `unknown`, which is a group of its own and never dropped.
"""

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import Subpopulation

BAND_YEARS = 5
OLDEST_BAND = 85
UNKNOWN_AGE = "U"


def subpopulation(birth_country: pa.ChunkedArray, nationality: pa.ChunkedArray, country: str) -> pa.ChunkedArray:
    """Return the subpopulation of each person of a country's statistics."""
    native, citizen = pc.equal(birth_country, country), pc.equal(nationality, country)
    known = pc.if_else(
        native,
        pc.if_else(citizen, Subpopulation.NATIVE_CITIZEN, Subpopulation.NATIVE_FOREIGN),
        pc.if_else(citizen, Subpopulation.FOREIGN_BORN_CITIZEN, Subpopulation.FOREIGN_BORN_FOREIGN),
    )
    return pc.coalesce(known, pa.scalar(str(Subpopulation.UNKNOWN)))


def age_group(birth_year_band: pa.ChunkedArray, year: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the five-year age group, `Y25T29`, at the middle of the band of birth; `Y_GE85`; `U` if not known."""
    age = pc.subtract(pc.cast(year, pa.int64()), pc.add(pc.cast(birth_year_band, pa.int64()), BAND_YEARS // 2))
    youngest = pc.multiply(pc.divide(pc.max_element_wise(age, 0, skip_nulls=False), BAND_YEARS), BAND_YEARS)
    oldest = pc.add(youngest, BAND_YEARS - 1)
    group = pc.binary_join_element_wise("Y", pc.cast(youngest, pa.string()), "T", pc.cast(oldest, pa.string()), "")
    capped = pc.if_else(pc.greater_equal(youngest, OLDEST_BAND), f"Y_GE{OLDEST_BAND}", group)
    return pc.coalesce(capped, pa.scalar(UNKNOWN_AGE))
