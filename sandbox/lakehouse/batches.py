"""The two ways to the workers, and the only use of `mapInArrow`: whole persons, or whole files."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from sandbox.lakehouse.store import spark_schema
from sandbox.lakehouse.table import Table

PERSON_KEY = "person_key"
PersonFunction = Callable[[pa.Table], pa.Table]
FileFunction = Callable[[Any], Iterator[pa.RecordBatch]]


def by_person(frame: DataFrame, function: PersonFunction, table: Table, order: Sequence[str]) -> DataFrame:
    """Apply `function` to rows of whole persons, sorted by person and `order`; it returns rows of `table`.

    A batch that ends inside a person is cut before that person, whose rows go on with the next batch.
    """
    sorted_rows = frame.repartition("bucket").sortWithinPartitions(PERSON_KEY, *order)
    return sorted_rows.mapInArrow(_whole_persons(function), spark_schema(table))


def by_file(spark: SparkSession, files: Sequence[Any], function: FileFunction, table: Table) -> DataFrame:
    """Give each of `files` (any small picklable description) to a worker, which yields rows of `table`."""
    described = list(files)

    def read_files(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for number in batch.column(0).to_pylist():
                yield from function(described[number])

    numbers = spark.range(0, len(described), 1, numPartitions=max(1, len(described)))
    return numbers.mapInArrow(read_files, spark_schema(table))


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
