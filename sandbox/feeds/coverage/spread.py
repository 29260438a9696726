"""Counting many files of bronze: in this process, or on the workers where the rows are many."""

import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa

from sandbox.feeds.coverage.bronze import BronzeFile
from sandbox.feeds.coverage.count import CountTask, counts_of_files
from sandbox.feeds.coverage.distinct import MONTHS_BEFORE, ShareTask, counts_of_shares, share_file
from sandbox.feeds.coverage.persons import Source
from sandbox.feeds.coverage.tally import COUNT, added
from sandbox.feeds.feed_rows import staging_folder
from sandbox.feeds.workers import BUNDLE_BYTES, LOCAL_BYTES, bundled
from sandbox.lakehouse.batches import FileFunction, by_file
from sandbox.lakehouse.run import StageRun

# Rows whose person-months one worker counts at a time: some 300 MB.
SHARE_ROWS = 4 << 20


def counts_of(run: StageRun, source: Source, files: Sequence[BronzeFile], wanted: tuple[int, ...] | None) -> pa.Table:
    """Return the counts of these months (since 1970-01; None for all) as rows of `COUNT`."""
    folder = staging_folder(run) / "persons"
    before = _months_before(wanted or ())
    read = [file for file in files if wanted is None or not {*wanted, *before}.isdisjoint(file.months)]
    shares = 1 + sum(file.rows for file in read) // SHARE_ROWS
    tasks = [
        CountTask(file.path, file.size, source, wanted, before, str(folder / str(number)), shares)
        for number, file in enumerate(read)
    ]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        rows = _spread(run, tasks, counts_of_files)
        persons = _spread(run, [_share(tasks, wanted, share) for share in range(shares)], counts_of_shares)
    finally:
        shutil.rmtree(folder)
    return added([rows, persons])


def _months_before(wanted: Sequence[int]) -> tuple[int, ...]:
    looked_at = {month - earlier for month in wanted for earlier in range(1, MONTHS_BEFORE + 1)}
    return tuple(sorted(looked_at - set(wanted)))


def _share(tasks: Sequence[CountTask], wanted: tuple[int, ...] | None, share: int) -> ShareTask:
    paths = tuple(share_file(task.prefix, share) for task in tasks)
    return ShareTask(str(share), paths, wanted, sum(Path(path).stat().st_size for path in paths))


def _spread(run: StageRun, tasks: Sequence[CountTask | ShareTask], function: FileFunction) -> pa.Table:
    size = sum(task.size for task in tasks)
    if size > LOCAL_BYTES:
        least = 2 * run.spark.sparkContext.defaultParallelism
        return added([by_file(run.spark, bundled(tasks, max(least, size // BUNDLE_BYTES)), function, COUNT).toArrow()])
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(lambda task: list(function((task,))), tasks))
    return added([pa.Table.from_batches(batches) for batches in found if batches])
