"""Meta audience estimates of 756 EU corridors in 11 waves, 2016–2019 → `audience_estimate`.

One line is one corridor in one wave, `corridor_name, orig, dest, mau, dau, date, mau_user`, as collected for
"Integrating migrant stocks" (github.com/a-wis/integrating-migrant-stocks). The platform stated no figure below its
floor: 20 in 2016 and 2017, 1,000 from March 2018; a figure at the floor is an upper bound. Its definition changed
between March and April 2019. A corridor without an answer keeps an empty figure.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ReadOptions, feed_rows
from sandbox.feeds.readers.audience import floors, query_hash, regimes
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.csv import figures, mapped, number, source_batches

NEEDED = ("corridor_name", "orig", "dest", "mau", "dau", "date", "mau_user")


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `audience_estimate`; a corridor without an answer keeps an empty figure."""
    for batch in source_batches(path, options, NEEDED):
        yield _estimates(batch)


def _estimates(batch: pa.RecordBatch) -> pa.RecordBatch:
    floor = floors(batch["date"])
    columns = {
        "snapshot_ts": pc.binary_join_element_wise(batch["date"], "00:00:00Z", "T"),
        "platform": "facebook",
        "query_hash": mapped(batch["corridor_name"], query_hash),
        "geo_level": "country",
        "geo_code": mapped(batch["dest"], alpha_3),
        "origin_code": mapped(batch["orig"], alpha_3),
        "sex": "_T",
        "dau": number(batch["dau"]),
        "mau": number(batch["mau"]),
        "floor_value": floor,
        "is_censored": pc.less_equal(figures(batch["mau"]), pc.cast(floor, pa.float64())),
        "denominator_mau": number(batch["mau_user"]),
        "definition_regime": regimes(batch["date"]),
    }
    return feed_rows(batch, columns)
