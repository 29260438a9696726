"""The ways to the workers, and the only use of `mapInArrow`: whole persons, or whole files.

Spark moves rows to a worker, NumPy decides there. What is decided for good the worker writes itself, as a Parquet
file that a commit then names: back through Spark it would cost more than all the rest.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from sandbox.lakehouse.carried import Carried
from sandbox.lakehouse.files import PartitionFiles, WrittenFile
from sandbox.lakehouse.store import spark_schema
from sandbox.lakehouse.table import Table

PERSON_KEY = "person_key"
TOLD = pa.schema({"file": pa.string()})
Keys = NDArray[np.int64]
PersonFunction = Callable[[pa.Table], pa.Table]
FileFunction = Callable[[Any], Iterator[pa.RecordBatch]]


def by_person(frame: DataFrame, function: PersonFunction, table: Table, order: Sequence[str]) -> DataFrame:
    """Apply `function` to rows of whole persons, sorted by person and `order`; it returns rows of `table`.

    A batch that ends inside a person is cut before that person, whose rows go on with the next batch.
    """
    return _sorted(frame, order).mapInArrow(_whole_persons(function), spark_schema(table))


def written_by_person(
    frame: DataFrame,
    function: PersonFunction,
    table: Table,
    order: Sequence[str],
    folder: Path,
    carried: Carried | None = None,
) -> list[WrittenFile]:
    """As `by_person`, the rows written to files in the table's folder; return these, for `store.commit_files`.

    With `carried`, `frame` holds only persons whom something new concerns; in each of their buckets the rows of all
    other persons are carried over from an earlier run.
    Files of a task that failed, or of a run that was killed, are named by no commit and so count for nothing.
    """
    token = uuid.uuid4().hex

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        seen: dict[int, list[Keys]] = {}
        with PartitionFiles(table, folder, f"{token}-{context.taskAttemptId() if context else 0}") as files:
            for batch in _whole_persons(function)(_noting(batches, seen) if carried else batches):
                files.write(pa.Table.from_batches([batch]))
            for bucket, keys in seen.items() if carried else ():
                for batch in carried.rows(bucket, np.unique(np.concatenate(keys))) if carried else ():
                    files.write(pa.Table.from_batches([batch]))
        yield pa.record_batch({"file": [json.dumps(asdict(file)) for file in files.written()]}, TOLD)

    told = _sorted(frame, order).mapInArrow(write, from_arrow_schema(TOLD)).collect()
    return [WrittenFile(**json.loads(row.file)) for row in told]


def _noting(batches: Iterator[pa.RecordBatch], seen: dict[int, list[Keys]]) -> Iterator[pa.RecordBatch]:
    """Pass batches on, noting the persons of each bucket."""
    for batch in batches:
        persons = pa.table([batch.column("bucket"), batch.column(PERSON_KEY)], names=["bucket", PERSON_KEY])
        by_bucket = persons.group_by("bucket").aggregate([(PERSON_KEY, "distinct")])
        for bucket, keys in zip(by_bucket["bucket"].to_pylist(), by_bucket[f"{PERSON_KEY}_distinct"], strict=True):
            seen.setdefault(bucket, []).append(keys.values.to_numpy())
        yield batch


def by_file(spark: SparkSession, files: Sequence[Any], function: FileFunction, table: Table) -> DataFrame:
    """Give each of `files` (any small picklable description) to a worker, which yields rows of `table`."""
    described = list(files)

    def read_files(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from function(described[number])

    numbers = spark.range(0, len(described), 1, numPartitions=max(1, len(described)))
    return numbers.mapInArrow(read_files, spark_schema(table))


def _sorted(frame: DataFrame, order: Sequence[str]) -> DataFrame:
    """Bring the rows of each person to one worker, sorted by person and `order`."""
    return frame.repartition("bucket").sortWithinPartitions(PERSON_KEY, *order)


def _whole_persons(function: PersonFunction) -> Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def apply(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        held: list[pa.RecordBatch] = []
        for batch in batches:
            start = _start_of_last_person(batch)
            if start > 0 or (held and _starts_new_person(held[-1], batch)):
                held.append(batch.slice(0, start))
                yield from _applied(function, held)
                held = []
            held.append(batch.slice(start))
        yield from _applied(function, held)

    return apply


def _start_of_last_person(batch: pa.RecordBatch) -> int:
    if batch.num_rows == 0:
        return 0
    keys = batch.column(PERSON_KEY).to_numpy()
    return int(np.searchsorted(keys, keys[-1], side="left"))


def _starts_new_person(before: pa.RecordBatch, batch: pa.RecordBatch) -> bool:
    if before.num_rows == 0 or batch.num_rows == 0:
        return False
    return bool(before.column(PERSON_KEY)[-1].as_py() != batch.column(PERSON_KEY)[0].as_py())


def _applied(function: PersonFunction, held: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    rows = pa.Table.from_batches(held) if held else None
    if rows is not None and rows.num_rows:
        yield from function(rows).combine_chunks().to_batches()
