"""trackintel staypoints (CSV) → `stop`: one line is one stay of one user.

Columns `user_id, started_at, finished_at` and `geom` (`POINT (longitude latitude)`) or `lon, lat`; `location_id` and
`purpose` where there are such. The place is the location, else the H3 cell of resolution 9; the purpose is the label.
Times stand in local time: an offset behind a time (`+02:00`) is left out, for `stop` keeps the clock that the user
saw. The delimiter is told from the header: trackintel's own files have commas or semicolons.
Source: trackintel, documentation, Data model and IO.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ReadOptions, check_source_columns, feed_rows
from sandbox.feeds.readers.csv import figures, source_batches
from sandbox.feeds.readers.places import cell_names, cells

NEEDED = ("user_id", "started_at", "finished_at")
POINT = (
    r"(?i)^\s*(?:SRID=\d+;)?POINT(?: Z)?\s*\(\s*(?P<lon>[-+.\deE]+)\s+(?P<lat>[-+.\deE]+)(?:\s+[-+.\deE]+)?\s*\)\s*$"
)
OFFSET = r"\s*(Z|[+-][01]\d:?[0-5]\d)$"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `stop`, one a stay."""
    for batch in source_batches(path, options, NEEDED, options.delimiter):
        yield _stops(batch, path.name)


def _stops(batch: pa.RecordBatch, file: str) -> pa.RecordBatch:
    names = batch.schema.names
    if "geom" in names:
        point = pc.extract_regex(batch["geom"], POINT)
        lon, lat = (figures(pc.struct_field(point, each)) for each in ("lon", "lat"))
    else:
        check_source_columns(names, ("lon", "lat"), file)
        lon, lat = figures(batch["lon"]), figures(batch["lat"])
    cell = cells(lat, lon)
    located = [batch["location_id"]] if "location_id" in names else []
    columns = {
        "user_id": batch["user_id"],
        "start_ts": pc.replace_substring_regex(batch["started_at"], OFFSET, ""),
        "end_ts": pc.replace_substring_regex(batch["finished_at"], OFFSET, ""),
        "place": pc.coalesce(*located, cell_names(cell)),
        "h3": cell,
        **({"label": batch["purpose"]} if "purpose" in names else {}),
    }
    return feed_rows(batch, columns)
