"""Meta audience estimates of 756 EU corridors in 11 waves, 2016–2019, as collected for "Integrating migrant stocks".

One line is one corridor in one wave. The platform stated no figure below its floor: 20 in 2016 and 2017, 1,000 from
March 2018; a figure at the floor is an upper bound. Its definition changed between March and April 2019.
"""

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pycountry

from sandbox.feeds.readers import ROW, ReadOptions, check_source_columns
from sandbox.feeds.readers.csv import mapped, number, text_batches

NEEDED = ("corridor_name", "orig", "dest", "mau", "dau", "date", "mau_user")
FLOOR_CHANGE, FLOOR_BEFORE, FLOOR_SINCE = "2018-03-01", 20, 1_000
DEFINITION_CHANGE = "2019-04-01"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `audience_estimate`; a corridor without an answer keeps an empty figure."""
    for batch in text_batches(path, options.encoding, ","):
        check_source_columns(batch, NEEDED, path.name)
        yield _estimates(batch)


def _estimates(batch: pa.RecordBatch) -> pa.RecordBatch:
    n, mau = batch.num_rows, number(batch["mau"])
    floor = pc.if_else(pc.less(batch["date"], FLOOR_CHANGE), FLOOR_BEFORE, FLOOR_SINCE)
    regime = pc.if_else(pc.less(batch["date"], DEFINITION_CHANGE), "before 2019-04", "from 2019-04")
    return pa.record_batch(
        {
            "snapshot_ts": pc.binary_join_element_wise(batch["date"], "00:00:00Z", "T"),
            "platform": pa.array(["facebook"] * n),
            "query_hash": mapped(batch["corridor_name"], _hash),
            "geo_level": pa.array(["country"] * n),
            "geo_code": mapped(batch["dest"], alpha_3),
            "origin_code": mapped(batch["orig"], alpha_3),
            "sex": pa.array(["_T"] * n),
            "dau": number(batch["dau"]),
            "mau": mau,
            "floor_value": floor,
            "is_censored": pc.less_equal(mau, pc.cast(floor, pa.float64())),
            "denominator_mau": number(batch["mau_user"]),
            "definition_regime": regime,
            ROW: batch[ROW],
        }
    )


@lru_cache(maxsize=512)
def alpha_3(name: str) -> str:
    """Return the ISO 3166-1 alpha-3 code of a country as the source spells it; an unknown name as it stands."""
    try:
        return str(pycountry.countries.lookup(name).alpha_3)
    except LookupError:
        return name


@lru_cache(maxsize=4_096)
def _hash(corridor: str) -> str:
    return hashlib.sha256(corridor.encode()).hexdigest()[:16]
