"""IOM, regular entries or exits by nationality in the Americas → `official_series`.

One line is one month, one country (`geo`) and one nationality (`nat`) with the number of crossings: `t, geo, nat, n`.
Whether it counts entries or exits stands in the file's name alone. The country is the area, the nationality its
partner. The file states no date of publication: the vintage is the month in which it was handed over.
Source: IOM, regional office for Central, North America and the Caribbean, as packaged in github.com/iom/amerdigest.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import ReadOptions
from sandbox.feeds.readers.csv import number, source_batches
from sandbox.feeds.readers.series import series_rows

NEEDED = ("t", "geo", "nat", "n")
WAYS = ("entries", "exits")


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`, one a line."""
    way = next((way for way in WAYS if way in path.name.lower()), None)
    if way is None:
        raise DeliveryRefusedError(
            f"{path.name} says neither entries nor exits.", "Name the file as IOM does: regular_entries.csv."
        )
    fixed = {
        "series_id": f"IOM_REGULAR_{way.upper()}",
        "source": f"IOM, regular {way}",
        "concept": "regular border crossings",
        "population": f"{way}, all lengths of stay",
        "unit": "crossings",
        "frequency": "M",
    }
    for batch in source_batches(path, options, NEEDED):
        stated = {
            "area": batch["geo"],
            "partner_area": batch["nat"],
            "period": batch["t"],
            "value": number(batch["n"]),
        }
        yield series_rows(batch, options, fixed | stated)
