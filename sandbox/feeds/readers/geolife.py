"""GeoLife GPS tracks → `stop`: one line is one GPS fix of one user; a fix begins and ends at once.

Columns `lat, lng, datetime, uid` (scikit-mobility's form). The place is the H3 cell of resolution 9. GeoLife's clock
is GMT: the contract's time zone is UTC. Source: Microsoft Research, GeoLife GPS trajectories 1.3, user guide.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from sandbox.feeds.readers import ReadOptions, feed_rows
from sandbox.feeds.readers.csv import figures, source_batches
from sandbox.feeds.readers.places import cell_names, cells

NEEDED = ("lat", "lng", "datetime", "uid")


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `stop`, one a fix."""
    for batch in source_batches(path, options, NEEDED):
        cell = cells(figures(batch["lat"]), figures(batch["lng"]))
        columns = {
            "user_id": batch["uid"],
            "start_ts": batch["datetime"],
            "end_ts": batch["datetime"],
            "place": cell_names(cell),
            "h3": cell,
        }
        yield feed_rows(batch, columns)
