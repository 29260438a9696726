"""Files of bronze that hold a partner's rows of a feed of persons, and the months that each can hold."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from sandbox.feeds.coverage.persons import PersonFeed
from sandbox.lakehouse import store
from sandbox.settings import Workspace

FOOTERS_AT_A_TIME = 8
# No zone is farther from UTC.
EDGE = timedelta(days=1)


@dataclass(frozen=True)
class BronzeFile:
    """One file: its name in the table, its path, its size; `months`, from 1970-01, from its first day to its last."""

    name: str
    path: str
    size: int
    rows: int
    months: range


def bronze_files(
    workspace: Workspace, feed: PersonFeed, deliveries: Sequence[str], known: Mapping[str, range]
) -> list[BronzeFile]:
    """Return the files of these deliveries; months are read from footers where they are not `known`.

    A file is never written again under its name.
    """
    if store.latest_version(workspace, feed.table) is None:
        return []
    folder = feed.table.path(workspace)
    actions = pa.table(DeltaTable(str(folder)).get_add_actions(flatten=True)).sort_by("path")
    own = actions.filter(pc.is_in(actions["partition.delivery_id"], pa.array(deliveries, pa.string())))
    listed = own.select(["path", "size_bytes", "num_records"]).to_pylist()

    def described(file: dict[str, Any]) -> BronzeFile:
        path = folder / file["path"]
        months = known.get(file["path"]) or _months_in(path, feed.dated_by)
        return BronzeFile(file["path"], str(path), file["size_bytes"], file["num_records"], months)

    with ThreadPoolExecutor(FOOTERS_AT_A_TIME) as pool:
        return list(pool.map(described, listed))


def _months_in(path: Path, dated_by: str) -> range:
    """Return the months between first and last day of a file, by its footer, a day more on either side."""
    with pq.ParquetFile(path) as file:
        place = file.schema_arrow.names.index(dated_by)
        groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
        stated = [group.column(place).statistics for group in groups if group.num_rows]
        if all(each is not None and each.has_min_max for each in stated):
            ends = [(each.min, each.max) for each in stated]
        else:
            both = pc.min_max(file.read([dated_by])[dated_by])
            ends = [(both["min"].as_py(), both["max"].as_py())] if both["min"].is_valid else []
    if not ends:
        return range(0)
    first, last = min(low for low, _ in ends) - EDGE, max(high for _, high in ends) + EDGE
    return range(_month(first), _month(last) + 1)


def _month(day: date) -> int:
    return (day.year - 1970) * 12 + day.month - 1
