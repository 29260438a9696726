"""Rows brought into the order that kernels need: by person, then day, then sequence; stable, without comparing text."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

LARGEST = 2.0**62  # a packed key stays below it


def _span(key: NDArray[np.int64]) -> float:
    """Return how many values lie from the lowest to the highest; as a float, for they may be more than 64 bits hold."""
    return float(key.max()) - float(key.min()) + 1.0


span = njit(_span, cache=True)


def _sort_packed(
    rows: NDArray[np.int64], day: NDArray[np.int64], sequence: NDArray[np.int64], low: tuple[int, int], sequences: int
) -> None:
    """Sort one person's `rows` by day, sequence and place among them, all three packed into one number.

    `low` holds the lowest day and sequence; `sequences` is how many there may be on a day.
    """
    packed = np.empty(len(rows), np.int64)
    for place in range(len(rows)):
        row = rows[place]
        packed[place] = ((day[row] - low[0]) * sequences + sequence[row] - low[1]) * len(rows) + place
    packed.sort()
    before = rows.copy()
    for place in range(len(rows)):
        rows[place] = before[packed[place] % len(rows)]


sort_packed = njit(_sort_packed, cache=True)


def _ordered_by_person(
    person: NDArray[np.int64], persons: int, day: NDArray[np.int64], sequence: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order int64[n] that sorts rows by person, day, sequence and row, and the person offsets.

    `person` int64[n] holds codes from 0 up to `persons`; `sequence` int64[n] orders rows of one day.
    """
    offsets = np.zeros(persons + 1, np.int64)
    for code in person:
        offsets[code + 1] += 1
    most = offsets.max()
    offsets = np.cumsum(offsets)
    following = offsets[:-1].copy()
    order = np.empty(len(person), np.int64)
    for row in range(len(person)):
        order[following[person[row]]] = row
        following[person[row]] += 1
    if not len(person):
        return order, offsets
    low, last = (day.min(), sequence.min()), sequence.max()
    can_be_packed = span(day) * span(sequence) * most < LARGEST
    for code in range(persons):
        rows = order[offsets[code] : offsets[code + 1]]
        if can_be_packed:
            sort_packed(rows, day, sequence, low, last - low[1] + 1)
        else:
            rows[:] = rows[np.argsort(sequence[rows], kind="mergesort")]
            rows[:] = rows[np.argsort(day[rows], kind="mergesort")]
    return order, offsets


ordered_by_person = njit(_ordered_by_person, cache=True)
