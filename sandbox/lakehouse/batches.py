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
from pyspark import TaskContext
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from sandbox.lakehouse.files import PartitionFiles, WrittenFile
from sandbox.lakehouse.store import spark_schema
from sandbox.lakehouse.table import Table

PERSON_KEY = "person_key"
TOLD = pa.schema({"file": pa.string()})
PersonFunction = Callable[[pa.Table], pa.Table]
FileFunction = Callable[[Any], Iterator[pa.RecordBatch]]


def by_person(frame: DataFrame, function: PersonFunction, table: Table, order: Sequence[str]) -> DataFrame:
    """Apply `function` to rows of whole persons, sorted by person and `order`; it returns rows of `table`.

    A batch that ends inside a person is cut before that person, whose rows go on with the next batch.
    """
    return _sorted(frame, order).mapInArrow(_whole_persons(function), spark_schema(table))


def written_by_person(
    frame: DataFrame, function: PersonFunction, table: Table, order: Sequence[str], folder: Path
) -> list[WrittenFile]:
    """As `by_person`, the rows written to files in the table's folder; return these, for `store.commit_files`.

    Files of a task that failed, or of a run that was killed, are named by no commit and so count for nothing.
    """
    token = uuid.uuid4().hex

    def write(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        context = TaskContext.get()
        with PartitionFiles(table, folder, f"{token}-{context.taskAttemptId() if context else 0}") as files:
            for batch in _whole_persons(function)(batches):
                files.write(pa.Table.from_batches([batch]))
        yield pa.record_batch({"file": [json.dumps(asdict(file)) for file in files.written()]}, TOLD)

    told = _sorted(frame, order).mapInArrow(write, from_arrow_schema(TOLD)).collect()
    return [WrittenFile(**json.loads(row.file)) for row in told]


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
