"""Rows of an earlier run that still hold, carried into another run's files on the workers. No Spark."""

import uuid
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sandbox.lakehouse.files import PartitionFiles, WrittenFile, with_partition
from sandbox.lakehouse.table import Table

Change = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True)
class Carried:
    """Rows of a table that an earlier run wrote: its files by bucket, where they go now, and what changes in them.

    `partition` holds the values of this run's partition but for the bucket.
    """

    table: Table
    folder: Path
    files: dict[int, tuple[str, ...]]
    partition: dict[str, Any]
    change: Change

    def rows(self, bucket: int, without: NDArray[np.int64]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a bucket that are not of the persons `without`."""
        left_out = pa.array(without)
        for file in self.files.get(bucket, ()):
            for stored in pq.ParquetFile(self.folder / file).iter_batches():
                kept = stored.filter(pc.invert(pc.is_in(stored["person_key"], left_out)))
                whole = with_partition(kept, self.partition | {"bucket": bucket}, self.table)
                yield from self.change(pa.Table.from_batches([whole])).combine_chunks().to_batches()

    def untouched(self, buckets: Container[int]) -> list[WrittenFile]:
        """Write the buckets in which nothing new concerns anybody, in this process, one batch at a time."""
        nobody, token = np.empty(0, np.int64), uuid.uuid4().hex
        with PartitionFiles(self.table, self.folder, token) as files:
            for bucket in sorted(self.files):
                for batch in self.rows(bucket, nobody) if bucket not in buckets else ():
                    files.write(pa.Table.from_batches([batch]))
        return files.written()
