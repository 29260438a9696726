"""Counting one bronze file: what adds up goes back as counts, who was seen when stays with the workers. No Spark."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sandbox.feeds.coverage.distinct import Staged
from sandbox.feeds.coverage.persons import Source
from sandbox.feeds.coverage.placed import Ints, placed
from sandbox.feeds.coverage.tally import COUNT, added, counts

BATCH_ROWS = 1 << 20


@dataclass(frozen=True)
class CountTask:
    """One file of bronze: what its rows are read with, which months are wanted, and where person-months go.

    Of months `before` only persons are kept. Months count from 1970-01; `wanted` of None are all.
    """

    path: str
    size: int
    source: Source
    wanted: tuple[int, ...] | None
    before: tuple[int, ...]
    prefix: str
    shares: int


def counts_of_files(tasks: tuple[CountTask, ...]) -> Iterator[pa.RecordBatch]:
    """Yield the counts of files as rows of `COUNT`; leave the person-months of each in one stream a share."""
    yield from added([_counted(task) for task in tasks]).to_batches()


def _counted(task: CountTask) -> pa.Table:
    feed, found = task.source.feed, COUNT.stored.empty_table()
    with Staged(task.prefix, task.shares) as staged:
        for rows in _batches(task):
            there = placed(rows, task.source)
            wanted = _is_in(there.month, task.wanted)
            staged.write(there, wanted | _is_in(there.month, task.before))
            chosen, there = (rows, there) if wanted.all() else (rows.filter(pa.array(wanted)), there.where(wanted))
            found = added([found, counts(chosen, there, feed.codes, feed.numbers)])
    return found


def _batches(task: CountTask) -> Iterator[pa.Table]:
    """Yield the rows of a file that have a day, in batches; texts that repeat as dictionaries."""
    feed = task.source.feed
    texts = [name for name in feed.columns if pa.types.is_string(feed.table.schema.field(name).type)]
    with pq.ParquetFile(task.path, read_dictionary=texts) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=feed.columns):
            rows = pa.Table.from_batches([batch])
            yield rows.filter(pc.is_valid(rows[feed.dated_by]))


def _is_in(month: Ints, months: tuple[int, ...] | None) -> NDArray[np.bool_]:
    return np.ones(len(month), np.bool_) if months is None else np.isin(month, months)
