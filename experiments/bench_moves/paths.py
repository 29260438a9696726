"""The methods compared with: most days of a month, and one shortest path with a penalty for changing place."""

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from sandbox.persons.homes import Months
from sandbox.persons.presence import Counted
from sandbox.persons.times import month_number

SHORTEST_AWAY, LONGEST_AWAY = 7, 182
Ints = NDArray[np.int64]
MOVES = ["person", "kind", "start", "end", "from_place", "to_place"]


class Days(NamedTuple):
    """One element a person and day, sorted: day, and the place that the method gives it."""

    person: Ints
    day: Ints
    place: Ints


def _cheapest(place: Ints, penalty: float) -> Ints:
    """Return one person's place of each day: a day elsewhere costs one, a change the penalty."""
    own = np.unique(place)
    cost = np.zeros(len(own))
    came = np.empty((len(place), len(own)), np.int64)
    for day in range(len(place)):
        best = np.argmin(cost)
        for number in range(len(own)):
            stays = cost[number] <= cost[best] + penalty
            came[day, number] = number if stays else best
            cost[number] = min(cost[number], cost[best] + penalty) if day else 0.0
        cost += own != place[day]
    chosen, number = np.empty(len(place), np.int64), int(np.argmin(cost))
    for day in range(len(place) - 1, -1, -1):
        chosen[day] = own[number]
        number = int(came[day, number])
    return chosen


cheapest = njit(_cheapest, cache=True)


def by_path(evidence: Counted, penalty: float) -> Days:
    """Return the path through days that each have one place."""
    chosen = np.empty_like(evidence.place)
    persons = np.flatnonzero(np.diff(evidence.person, prepend=-1))
    for start, end in zip(persons, np.append(persons[1:], len(chosen)), strict=True):
        chosen[start:end] = cheapest(evidence.place[start:end], penalty)
    return Days(evidence.person, evidence.key, chosen)


def by_month(evidence: Counted, months: Months) -> Days:
    """Return the place of most days of each month, on its first day."""
    first = months.month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return Days(months.person, first, most_days(Days(evidence.person, evidence.key, evidence.place), months))


def most_days(days: Days, months: Months) -> Ints:
    """Return the place of most days of each month, of two the lower; none is left undetermined."""
    row = months.row_of(days.person, month_number(days.day))
    size = pd.DataFrame({"row": row, "place": days.place}).groupby(["row", "place"]).size().reset_index(name="days")
    most = size.sort_values(["row", "days", "place"], ascending=[True, False, True]).drop_duplicates("row")
    return most["place"].to_numpy(np.int64)


def moves_between(days: Days) -> pd.DataFrame:
    """Return away and back as temporary, innermost first, and what changes besides as permanent."""
    found: list[tuple[int, str, int, int, int, int]] = []
    changed = np.ones(len(days.day), np.bool_)
    changed[1:] = (days.person[1:] != days.person[:-1]) | (days.place[1:] != days.place[:-1])
    runs: list[tuple[int, int, int]] = []
    for run in zip(*(column[changed].tolist() for column in days), strict=True):
        if runs and runs[0][0] != run[0]:
            found += _lasting(runs)
            runs = []
        runs.append(run)
        _merged(runs, found)
    return pd.DataFrame(found + _lasting(runs), columns=MOVES)


def _merged(runs: list[tuple[int, int, int]], found: list[tuple[int, str, int, int, int, int]]) -> None:
    while len(runs) >= 3 and runs[-3][2] == runs[-1][2]:
        (_, _, home), (person, start, place), (_, end, _) = runs[-3:]
        if end - start > LONGEST_AWAY:
            return
        if end - start >= SHORTEST_AWAY:
            found.append((person, "temporary", start, end, home, place))
        del runs[-2:]


def _lasting(runs: list[tuple[int, int, int]]) -> list[tuple[int, str, int, int, int, int]]:
    return [(new[0], "permanent", new[1], -1, old[2], new[2]) for old, new in pairwise(runs)]


def homes_without_stays(days: Days, moves: pd.DataFrame, months: Months) -> Ints:
    """Return the home on most days seen of each month: the path, where temporary moves change no home."""
    place = days.place.copy()
    low = int(days.day.min())
    key = days.person * 100_000 + days.day - low
    stays = moves[moves["kind"] == "temporary"].sort_values("end", kind="stable")
    person, start, end, home = (stays[name].to_numpy(np.int64) for name in ("person", "start", "end", "from_place"))
    first, last = (np.searchsorted(key, person * 100_000 + day - low) for day in (start, end))
    for number, origin in enumerate(home):
        place[first[number] : last[number]] = origin
    return most_days(days._replace(place=place), months)
