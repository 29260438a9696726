"""What of a history would be left if it were seen as seldom as another one, and which of its moves are found again."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Ints = NDArray[np.int64]
NOBODY = -1


def _days_shown(seen: Ints) -> NDArray[np.bool_]:
    """Return for each day from the first to the last of `seen` (ascending) whether it is one of them."""
    shown = np.zeros(seen[-1] - seen[0] + 1, np.bool_)
    for day in seen:
        shown[day - seen[0]] = True
    return shown


days_shown = njit(_days_shown, cache=True)


def _thinned(person_offsets: Ints, day: Ints, donor: Ints, phase: Ints) -> NDArray[np.bool_]:
    """Return which rows are left if each person is seen only when its donor was, bool[n].

    `day` int64[n] is sorted by person and day. `donor` int64[persons] numbers the person whose days seen and silent
    are laid over the history, from the day `phase` after the donor's first on, and round again at their end; nothing
    is left of a person whose donor is `NOBODY`. So silences come as long, and as close together, as they really do.
    """
    left = np.zeros(len(day), np.bool_)
    for person in range(len(donor)):
        if donor[person] == NOBODY:
            continue
        shown = days_shown(day[person_offsets[donor[person]] : person_offsets[donor[person] + 1]])
        start = person_offsets[person]
        for row in range(start, person_offsets[person + 1]):
            left[row] = shown[(day[row] - day[start] + phase[person]) % len(shown)]
    return left


thinned = njit(_thinned, cache=True)


def _refound(route: Ints, day: Ints, found_route: Ints, found_day: Ints, within: int) -> Ints:
    """Return of each move which of the found ones it is, -1 for none; one to one, days at most `within` apart.

    Moves and found moves are sorted by route (a code of person, places and kind) and day. On one route the earliest
    are matched first, which matches as many as there can be.
    """
    match = np.full(len(route), -1)
    number = 0
    for move in range(len(route)):
        while number < len(found_route) and (
            found_route[number] < route[move]
            or (found_route[number] == route[move] and found_day[number] < day[move] - within)
        ):
            number += 1
        if number == len(found_route):
            break
        if found_route[number] == route[move] and found_day[number] <= day[move] + within:
            match[move] = number
            number += 1
    return match


refound = njit(_refound, cache=True)
