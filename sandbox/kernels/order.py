"""Rows brought into the order that kernels need: by person, then day, then sequence; stable, without comparing text."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

SHORT = 64  # rows of one person up to which insertion beats sorting


def _insert_sorted(
    order: NDArray[np.int64], day: NDArray[np.int64], sequence: NDArray[np.int64], start: int, end: int
) -> None:
    """Sort the rows `order[start:end]` by day and sequence; rows that are equal keep their order."""
    for place in range(start + 1, end):
        row = order[place]
        gap = place
        while gap > start:
            other = order[gap - 1]
            if day[other] < day[row] or (day[other] == day[row] and sequence[other] <= sequence[row]):
                break
            order[gap] = other
            gap -= 1
        order[gap] = row


insert_sorted = njit(_insert_sorted, cache=True)


def _ordered_by_person(
    person: NDArray[np.int64], persons: int, day: NDArray[np.int64], sequence: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the order int64[n] that sorts rows by person, day, sequence and row, and the person offsets.

    `person` int64[n] holds codes from 0 up to `persons`; `sequence` int64[n] orders rows of one day.
    """
    offsets = np.zeros(persons + 1, np.int64)
    for code in person:
        offsets[code + 1] += 1
    offsets = np.cumsum(offsets)
    following = offsets[:-1].copy()
    order = np.empty(len(person), np.int64)
    for row in range(len(person)):
        order[following[person[row]]] = row
        following[person[row]] += 1
    for code in range(persons):
        start, end = offsets[code], offsets[code + 1]
        if end - start <= SHORT:
            insert_sorted(order, day, sequence, start, end)
        else:
            rows = order[start:end].copy()
            rows = rows[np.argsort(sequence[rows], kind="mergesort")]
            order[start:end] = rows[np.argsort(day[rows], kind="mergesort")]
    return order, offsets


ordered_by_person = njit(_ordered_by_person, cache=True)
