"""Whole processes timed in turns, and rows compared first."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from experiments.bench_engine.sql import DUCKDB

ROUNDS, THREADS = 3, 2


def sandbox(*arguments: object) -> list[str]:
    """Return the command line of a file command."""
    return [sys.executable, "-m", "sandbox", *map(str, arguments), "--quiet"]


def duckdb(statement: str) -> list[str]:
    """Return the command line that runs a statement in DuckDB."""
    return [sys.executable, "-c", DUCKDB, statement, str(THREADS)]


def spark(part: str, source: Path, folder: Path) -> list[str]:
    """Return the command line of a part through Spark."""
    return [sys.executable, "-m", "experiments.bench_engine.spark_job", part, str(source), str(folder)]


def medians(
    commands: Mapping[str, Sequence[str]], rounds: int = ROUNDS, before: Callable[[], None] = lambda: None
) -> dict[str, float]:
    """Return the median seconds of each command; they take turns, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        before()
        for name, command in commands.items():
            start = time.perf_counter()
            done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            if done.returncode:
                raise RuntimeError(done.stderr.decode())
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(measured[1:]) for name, measured in seconds.items()}


def check_equal(ours: pa.Table, theirs: pa.Table) -> None:
    """Raise `AssertionError` unless both hold the same rows, in any order; `theirs` may have wider types."""
    order = [(name, "ascending") for name in ours.column_names]
    other = theirs.select(ours.column_names).cast(ours.schema)
    if not ours.sort_by(order).equals(other.sort_by(order)):
        raise AssertionError(f"{ours.num_rows:,} rows differ from {theirs.num_rows:,}.")
