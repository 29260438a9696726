"""What an earlier run of the same code has left that still holds, and whom anything new concerns.

A new delivery, or a new month, concerns some persons; the rows of all others are carried over file by file, on the
workers. What comes out equals the full run, row for row; where that can't be relied upon there is no base, and the
full run is made.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from pyspark.sql import DataFrame

from sandbox.lakehouse import store
from sandbox.lakehouse.carried import Carried, Change
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.settings import Workspace


@dataclass(frozen=True)
class Base:
    """An earlier run's rows of one feed: its vintage, and the files of the source that it had not seen."""

    vintage: date
    added: tuple[str, ...]


def base_of(run: StageRun, tables: Sequence[Table], source: Table, feed: str) -> Base | None:
    """Return the newest run of the same code, for this vintage or an earlier one, that wrote all of `tables`.

    None where there is none, where rows of the source have gone since then, or where its files are no longer there.
    """
    written = [_newest(run, table, source, feed) for table in tables]
    first = written[0]
    if first is None or any(other != first for other in written):
        return None
    vintage, version = first
    added = _added(run.workspace, source, version)
    return None if added is None or vintage > run.vintage else Base(vintage, added)


def carried_over(run: StageRun, base: Base, table: Table, feed: str, change: Change) -> Carried:
    """Return the base's rows of a table, as they go into this run's vintage."""
    path = table.path(run.workspace)
    files: dict[int, tuple[str, ...]] = {}
    for row in pa.table(DeltaTable(str(path)).get_add_actions(flatten=True)).to_pylist():
        if (row["partition.vintage"], row["partition.feed"]) == (base.vintage, feed):
            bucket = row["partition.bucket"]
            files[bucket] = (*files.get(bucket, ()), row["path"])
    return Carried(table, path, files, {"vintage": run.vintage, "feed": feed}, change)


def persons_in(run: StageRun, base: Base, source: Table) -> DataFrame | None:
    """Return `person_key, bucket` of the rows that the base had not seen; None where there are no such rows."""
    if not base.added:
        return None
    folder = source.path(run.workspace)
    frame = run.spark.read.option("basePath", str(folder)).parquet(*(str(folder / file) for file in base.added))
    return frame.select("person_key", "bucket")


def _newest(run: StageRun, table: Table, source: Table, feed: str) -> tuple[date, int] | None:
    """Return vintage and version of the source of this code's newest commit for the feed."""
    for commit in store.commits(run.workspace, table):
        if (commit.get("stage"), commit.get("code")) != (run.stage, run.code) or not run.code:
            continue
        if json.loads(commit["replaced"]).get("feed") == feed:
            return date.fromisoformat(commit["vintage"]), json.loads(commit["inputs"])[source.name]
    return None


def _added(workspace: Workspace, source: Table, version: int) -> tuple[str, ...] | None:
    """Return the files that the source has gained since a version; None where it has lost any."""
    path = str(source.path(workspace))
    try:
        before, now = set(DeltaTable(path, version=version).file_uris()), set(DeltaTable(path).file_uris())
    except (DeltaError, OSError):
        return None
    if before - now:
        return None
    return tuple(sorted(str(Path(file).relative_to(path)) for file in now - before))
