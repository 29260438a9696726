"""Work on many files at once: in this process where there is little, on Spark's workers where there is much.

A task is any small picklable description of a file; what it does is a function of a bundle of tasks, which tells of
each file in a line of JSON. What is decided the workers write themselves.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, TypeVar

import pyarrow as pa

from sandbox.lakehouse.batches import by_file
from sandbox.lakehouse.session import spark_session
from sandbox.lakehouse.table import TEXT, Column, Table
from sandbox.settings import Workspace, Zone

# Files that one task of Spark reads together; a worker costs more than a small file.
BUNDLE_BYTES = 4 << 20
# Below this, Spark would take longer to start than this process to read them.
LOCAL_BYTES = 64 << 20
NOTE = Table("staged_note", Zone.QUARANTINE, "What is told of one file", (Column("note", TEXT, "JSON"),), ())


class Task(Protocol):
    """What is to be done with one file: where it lies, and its bytes, by which work is shared out."""

    @property
    def path(self) -> str:
        """The file."""
        ...

    @property
    def size(self) -> int:
        """Its bytes, about."""
        ...


AnyTask = TypeVar("AnyTask", bound=Task)
Work = Callable[[tuple[AnyTask, ...]], Iterator[pa.RecordBatch]]


def told_by_workers(workspace: Workspace, tasks: Sequence[AnyTask], work: Work[AnyTask]) -> list[str]:
    """Do the tasks, on the workers where they are worth one; return the notes (JSON) that they tell."""
    size = sum(task.size for task in tasks)
    if size <= LOCAL_BYTES:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            done = list(pool.map(lambda task: list(work((task,))), tasks))
        return [text for notes in done for note in notes for text in note.column(0).to_pylist()]
    spark = spark_session(workspace)
    least = 2 * spark.sparkContext.defaultParallelism
    rows = by_file(spark, bundled(tasks, max(least, size // BUNDLE_BYTES)), work, NOTE).collect()
    return [row["note"] for row in rows]


def bundled(tasks: Sequence[AnyTask], bundles: int) -> list[tuple[AnyTask, ...]]:
    """Share tasks among at most `bundles` bundles of about the same size: a worker costs more than a small file."""
    shares: list[list[AnyTask]] = [[] for _ in range(min(bundles, len(tasks)))]
    filled = [0] * len(shares)
    for task in sorted(tasks, key=lambda each: (-each.size, each.path)):
        least = filled.index(min(filled))
        shares[least].append(task)
        filled[least] += task.size + 1
    return [tuple(share) for share in shares]
