"""Parquet files that a worker leaves in a table's folder, for a commit to name. No Spark."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sandbox.lakehouse.table import Table

# A column is kept as a dictionary where these first rows hold at most a quarter as many values.
SAMPLE_ROWS = 1_024


@dataclass(frozen=True)
class WrittenFile:
    """One Parquet file in a table's folder; it counts from the commit that names it."""

    path: str
    size: int
    rows: int
    written_at: int
    partition: Mapping[str, str]


class PartitionFiles:
    """Parquet files of one task, one for each combination of partition values that comes up."""

    def __init__(self, table: Table, folder: Path, name: str) -> None:
        """Write into `folder`, the table's own, under names that begin with `name`."""
        self._table, self._folder, self._name = table, folder, name
        self._schema = pa.schema([f for f in table.stored if f.name not in table.partition])
        self._writers: dict[tuple[str, ...], pq.ParquetWriter] = {}
        self._rows: Counter[tuple[str, ...]] = Counter()

    def write(self, rows: pa.Table) -> None:
        """Append rows of the table, each to the file of its partition."""
        exact_rows = self._table.exact(rows)
        combinations = exact_rows.group_by(list(self._table.partition)).aggregate([]).to_pylist()
        for values in combinations:
            chosen = exact_rows
            if len(combinations) > 1:
                inside = reduce(pc.and_, [pc.equal(exact_rows[name], value) for name, value in values.items()])
                chosen = exact_rows.filter(inside)
            key = tuple(str(value) for value in values.values())
            self._writer(key, chosen).write_table(chosen.select(self._schema.names))
            self._rows[key] += chosen.num_rows

    def written(self) -> list[WrittenFile]:
        """Return the files, once they are closed."""
        files = []
        for key in self._writers:
            status = (self._folder / self._path(key)).stat()
            partition = dict(zip(self._table.partition, key, strict=True))
            written_at = int(status.st_mtime * 1000)
            files.append(WrittenFile(self._path(key), status.st_size, self._rows[key], written_at, partition))
        return files

    def close(self) -> None:
        """Close every file."""
        for writer in self._writers.values():
            writer.close()

    def __enter__(self) -> Self:
        """Open nothing yet: a partition without rows has no file."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close every file."""
        self.close()

    def _writer(self, key: tuple[str, ...], first: pa.Table) -> pq.ParquetWriter:
        if key not in self._writers:
            file = self._folder / self._path(key)
            file.parent.mkdir(parents=True, exist_ok=True)
            repeating = [name for name in self._schema.names if _repeats(first[name])]
            self._writers[key] = pq.ParquetWriter(file, self._schema, use_dictionary=repeating)
        return self._writers[key]

    def _path(self, key: tuple[str, ...]) -> str:
        folders = [f"{name}={quote(value)}" for name, value in zip(self._table.partition, key, strict=True)]
        return "/".join([*folders, f"part-{self._name}.parquet"])


def with_partition(stored: pa.RecordBatch, partition: Mapping[str, Any], table: Table) -> pa.RecordBatch:
    """Return the table's columns: those of its partition stand in the file's path, not in the file."""
    columns = [
        pa.repeat(pa.scalar(partition[field.name], field.type), stored.num_rows)
        if field.name in partition
        else stored.column(field.name).cast(field.type)
        for field in table.stored
    ]
    return pa.record_batch(columns, schema=table.stored)


def _repeats(values: pa.ChunkedArray) -> bool:
    """Return whether a column's values come again and again; as a dictionary, others would only cost more."""
    sample = values.slice(0, SAMPLE_ROWS)
    if pa.types.is_nested(values.type):
        return True
    return len(pc.unique(sample)) <= max(1, len(sample) // 4)
