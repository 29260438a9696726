"""What Meta's platform states no figure below, and since when: 20 until February 2018, 1,000 from March 2018.

Seen in the waves of "Integrating migrant stocks" (`fb_eu`); a figure at the floor is an upper bound. The platform's
definition changed between March and April 2019.
"""

import hashlib
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

FLOOR_CHANGE, FLOOR_BEFORE, FLOOR_SINCE = "2018-03-01", 20, 1_000
DEFINITION_CHANGE = "2019-04-01"


def floors(dates: pa.Array) -> pa.Array:
    """Return the floor in force on each date (ISO text); nothing where no date is known."""
    return pc.if_else(pc.less(dates, FLOOR_CHANGE), FLOOR_BEFORE, FLOOR_SINCE)


def regimes(dates: pa.Array) -> pa.Array:
    """Return the definition in force on each date."""
    return pc.if_else(pc.less(dates, DEFINITION_CHANGE), "before 2019-04", "from 2019-04")


@lru_cache(maxsize=65_536)
def query_hash(query: str) -> str:
    """Return the first 16 hex digits of the SHA-256 of a query."""
    return hashlib.sha256(query.encode()).hexdigest()[:16]
