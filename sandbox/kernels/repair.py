"""Simple repair of crossings: duplicates removed, a missed crossing put in the middle of the gap (`commands.md`)."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

NO_TIME = np.iinfo(np.int64).min
HALF_AN_HOUR = 30 * 60  # seconds


class Repaired(NamedTuple):
    """Crossings that alternate: `source` int64 is the row that each comes from, -1 for an inserted one.

    `is_duplicate` bool[n] tells the rows, as they came in, that were removed.
    """

    person_offsets: NDArray[np.int64]
    day: NDArray[np.int64]
    direction: NDArray[np.int8]
    source: NDArray[np.int64]
    is_duplicate: NDArray[np.bool_]


def _is_repeated(day: NDArray[np.int64], second: NDArray[np.int64], row: int) -> bool:
    """Tell whether a row repeats the one before: within 30 minutes, or on that day where one has no time."""
    if second[row] == NO_TIME or second[row - 1] == NO_TIME:
        return day[row] == day[row - 1]
    return abs(second[row] - second[row - 1]) <= HALF_AN_HOUR


is_repeated = njit(_is_repeated, cache=True)


def _repaired(
    person_offsets: NDArray[np.int64], day: NDArray[np.int64], direction: NDArray[np.int8], second: NDArray[np.int64]
) -> Repaired:
    """Return repaired crossings; rows sorted by person and time, `second` int64[n] since epoch or `NO_TIME`.

    A row is a duplicate of the row just before it. Two equal directions left in a row share the gap between them:
    the opposite crossing is inserted at half the gap, rounded down, in days.
    """
    rows = len(day)
    duplicate = np.zeros(rows, np.bool_)
    offsets = np.zeros_like(person_offsets)
    new_day, new_direction = np.empty(2 * rows, np.int64), np.empty(2 * rows, np.int8)
    source = np.empty(2 * rows, np.int64)
    count = 0
    for person in range(len(person_offsets) - 1):
        start = count
        for row in range(person_offsets[person], person_offsets[person + 1]):
            if count > start and direction[row] == direction[row - 1] and is_repeated(day, second, row):
                duplicate[row] = True
                continue
            if count > start and new_direction[count - 1] == direction[row]:
                new_day[count] = new_day[count - 1] + (day[row] - new_day[count - 1]) // 2
                new_direction[count] = 1 - direction[row]
                source[count] = -1
                count += 1
            new_day[count], new_direction[count], source[count] = day[row], direction[row], row
            count += 1
        offsets[person + 1] = count
    return Repaired(offsets, new_day[:count], new_direction[:count], source[:count], duplicate)


repaired = njit(_repaired, cache=True)
