"""Sorted runs on disk: more keys than memory holds, put in order and each kept once.

A run is an array of whole numbers, shape (columns, rows), sorted by its first column. Runs are merged a range of keys
at a time: keys are hashes and lie evenly.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

# Rows of a run, and of a share of all runs: some hundred MB while they are sorted.
ROWS_AT_A_TIME = 1 << 22
Numbers = NDArray[np.int64]


class SortedRuns:
    """Writes whole numbers, shape (columns, rows), as runs sorted by their first column, each value of it once."""

    def __init__(self, name: str) -> None:
        """Begin files that are called `name` with a number and a suffix before which the number stands."""
        self._path, self._number, self._rows = Path(name), 0, 0
        self._waiting: list[Numbers] = []

    def add(self, numbers: Numbers) -> None:
        """Append rows."""
        self._waiting.append(numbers)
        self._rows += numbers.shape[1]
        if self._rows >= ROWS_AT_A_TIME:
            merged = distinct(np.concatenate(self._waiting, axis=1))
            self._waiting, self._rows = [merged], merged.shape[1]
            if self._rows > ROWS_AT_A_TIME // 2:
                self._write()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is left."""
        self._write()

    def _write(self) -> None:
        if self._rows:
            file = self._path.with_name(f"{self._path.stem}-{self._number}{self._path.suffix}")
            with file.open("wb") as stream:
                np.save(stream, distinct(np.concatenate(self._waiting, axis=1)))
        self._waiting, self._rows, self._number = [], 0, self._number + 1


def loaded(run: Path) -> Numbers:
    """Return a run, read from disk as it is looked at."""
    numbers: Numbers = np.load(run, mmap_mode="r")
    return numbers


def distinct(numbers: Numbers) -> Numbers:
    """Return the columns sorted by the first, each value of it once."""
    _, at = np.unique(numbers[0], return_index=True)
    return numbers[:, at]


def shares(rows: int) -> Iterator[tuple[int, int]]:
    """Yield ranges of keys, ends included, that hold about `ROWS_AT_A_TIME` of `rows` each: keys lie evenly."""
    number = max(1, -(-rows // ROWS_AT_A_TIME))
    edges = [(share << 64) // number - (1 << 63) for share in range(number + 1)]
    for low, high in pairwise(edges):
        yield low, high - 1


def between(runs: Sequence[Numbers], low: int, high: int, columns: int) -> Numbers:
    """Return what the runs hold in a range of keys, ends included, each key once; `columns` are those of a run."""
    found = [np.zeros((columns, 0), np.int64)]
    for run in runs:
        first = np.searchsorted(run[0], np.int64(low), "left")
        found.append(run[:, first : np.searchsorted(run[0], np.int64(high), "right")])
    return distinct(np.concatenate(found, axis=1))
