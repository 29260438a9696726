"""HoWDe's published sample of stops with true labels (Parquet) → `stop`: one row is one stop of one user.

Columns `useruuid, loc, start, end, true_location_type`; `start` and `end` are seconds of local time from a relative
zero, which is a Thursday by its work days: 2020-01-02. Source: github.com/LLucchini/HoWDe.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ReadOptions, check_source_columns
from sandbox.feeds.readers.parquet import checked_file, parquet_batches

NEEDED = ("useruuid", "loc", "start", "end", "true_location_type")
ZERO = 1_577_923_200  # 2020-01-02T00:00 in seconds since 1970; local time is kept as UTC


def read(path: Path, _options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `stop`."""
    with checked_file(path) as file:
        check_source_columns(file.schema_arrow.names, NEEDED, path.name)
        for batch in parquet_batches(file, path, list(NEEDED)):
            yield _stops(batch)


def _stops(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.record_batch(
        {
            "user_id": pc.cast(batch["useruuid"], pa.string()),
            "start_ts": _moment(batch["start"]),
            "end_ts": _moment(batch["end"]),
            "place": batch["loc"],
            "label": batch["true_location_type"],
        }
    )


def _moment(seconds: pa.Array) -> pa.Array:
    return pc.add(pc.cast(seconds, pa.int64()), ZERO).cast(pa.timestamp("s", tz="UTC"))
