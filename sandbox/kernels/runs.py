"""Runs of days with the same leading place, and the evidence that speaks against each place."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

NOTHING = 1e-9  # a difference of costs below it is a tie
MOST_PLACES = 32  # places of one person that can be explained; evidence for further ones is elsewhere

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


class Runs(NamedTuple):
    """One element a run of days of one person with the same leading place: its number, first and last day seen."""

    place: Ints
    first: Ints
    last: Ints


def _leading(day: Ints, place: Ints, weight: Reals) -> Runs:
    """Return the runs of the place with most evidence a day; a tie goes to the place of the day before.

    Rows are one person's, sorted by day and place, with at most one row a day and place.
    """
    runs = Runs(np.empty_like(day), np.empty_like(day), np.empty_like(day))
    count, row = 0, 0
    while row < len(day):
        date, best = day[row], row
        while row < len(day) and day[row] == date:
            ahead = weight[row] - weight[best]
            is_same = count > 0 and place[row] == runs.place[count - 1]
            if ahead > NOTHING or (ahead > -NOTHING and is_same):
                best = row
            row += 1
        if count == 0 or runs.place[count - 1] != place[best]:
            runs.place[count], runs.first[count] = place[best], date
            count += 1
        runs.last[count - 1] = date
    return Runs(runs.place[:count], runs.first[:count], runs.last[:count])


leading = njit(_leading, cache=True)


def _known_places(runs: Runs) -> Ints:
    """Return the places that lead, ascending; of more than 32 those that lead longest, then the lowest."""
    known = np.unique(runs.place)
    if len(known) <= MOST_PLACES:
        return known
    led = np.zeros(len(known))
    for run in range(len(runs.place)):
        led[np.searchsorted(known, runs.place[run])] -= runs.last[run] - runs.first[run] + 1
    return np.sort(known[np.argsort(led, kind="mergesort")[:MOST_PLACES]])


known_places = njit(_known_places, cache=True)


def _contrary(runs: Runs, known: Ints, day: Ints, place: Ints, weight: Reals) -> Reals:
    """Return the evidence for other places before each run, runs + 1 × known places."""
    against = np.zeros((len(runs.place) + 1, len(known)))
    row = 0
    for run in range(len(runs.place)):
        against[run + 1] = against[run]
        while row < len(day) and day[row] <= runs.last[run]:
            against[run + 1] += weight[row]
            number = np.searchsorted(known, place[row])
            if number < len(known) and known[number] == place[row]:
                against[run + 1, number] -= weight[row]
            row += 1
    return against


contrary = njit(_contrary, cache=True)
