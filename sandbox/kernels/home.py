"""Homes from presence: the place of each day by one shortest path, the home of each month, stable homes, moves."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

NO_PLACE = -1  # stands for an undetermined place inside kernels; NULL outside
OPEN_END = np.iinfo(np.int64).max  # end of a move without a return


class Days(NamedTuple):
    """One element a person and day seen: number of the person, day since epoch, place on the path."""

    person: NDArray[np.int64]
    day: NDArray[np.int64]
    place: NDArray[np.int32]


class Homes(NamedTuple):
    """One element a person and month with evidence: months since 1970-01, home (`NO_PLACE` undetermined), days."""

    person: NDArray[np.int64]
    month: NDArray[np.int64]
    home: NDArray[np.int32]
    home_days: NDArray[np.int64]
    days_seen: NDArray[np.int64]


class Moves(NamedTuple):
    """One element a move: `start` is the first day in `to_place`, `end` the day of return or `OPEN_END`."""

    person: NDArray[np.int64]
    is_permanent: NDArray[np.bool_]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    from_place: NDArray[np.int32]
    to_place: NDArray[np.int32]


def _month_of(day: int) -> int:
    """Return months since 1970-01 of a day since 1970-01-01 (Hinnant, days_from_civil inverted)."""
    shifted = day + 719468
    era = shifted // 146097
    of_era = shifted - era * 146097
    year_of_era = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    march_month = (5 * of_year + 2) // 153
    month = march_month + 3 if march_month < 10 else march_month - 9
    year = year_of_era + era * 400 + (1 if month <= 2 else 0)
    return (year - 1970) * 12 + month - 1


month_of = njit(_month_of, cache=True)


def _cheapest(cost: NDArray[np.float64], penalty: float) -> NDArray[np.int64]:
    """Return the place of each day: `cost` is days × places; ties go to staying, then to the lower place."""
    days, places = cost.shape
    total = cost[0].copy()
    came_from = np.empty((days, places), np.int64)
    for day in range(1, days):
        cheapest = np.argmin(total)
        switched = total[cheapest] + penalty
        for place in range(places):
            stays = total[place] <= switched
            came_from[day, place] = place if stays else cheapest
            total[place] = (total[place] if stays else switched) + cost[day, place]
    chosen = np.empty(days, np.int64)
    chosen[-1] = np.argmin(total)
    for day in range(days - 1, 0, -1):
        chosen[day - 1] = came_from[day, chosen[day]]
    return chosen


cheapest = njit(_cheapest, cache=True)


def _path(
    person_offsets: NDArray[np.int64],
    day: NDArray[np.int64],
    place: NDArray[np.int32],
    weight: NDArray[np.float64],
    penalty: float,
) -> Days:
    """Return the place of each person and day seen.

    Rows are sorted by person, then day; `weight` is the share of the day's evidence that the place has, so a day's
    weights add up to at most one, less where the evidence is weak.
    """
    rows = len(day)
    out = Days(np.empty(rows, np.int64), np.empty(rows, np.int64), np.empty(rows, np.int32))
    filled = 0
    for person in range(len(person_offsets) - 1):
        start, end = person_offsets[person], person_offsets[person + 1]
        if start == end:
            continue
        own = np.unique(place[start:end])
        first = filled
        row_day = np.empty(end - start, np.int64)
        for row in range(start, end):
            if row == start or day[row] != day[row - 1]:
                out.person[filled], out.day[filled] = person, day[row]
                filled += 1
            row_day[row - start] = filled - 1 - first
        cost = np.zeros((filled - first, len(own)))
        for row in range(start, end):
            cost[row_day[row - start]] += weight[row]
        for row in range(start, end):
            cost[row_day[row - start], np.searchsorted(own, place[row])] -= weight[row]
        chosen = cheapest(cost, penalty)
        for index in range(filled - first):
            out.place[first + index] = own[chosen[index]]
    return Days(out.person[:filled], out.day[:filled], out.place[:filled])


path = njit(_path, cache=True)


def _monthly(days: Days, min_days: int) -> Homes:
    """Return the home of each month: the place with most days, determined from `min_days` days seen and a majority."""
    rows = len(days.day)
    out = Homes(
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int32),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
    )
    filled, start = 0, 0
    while start < rows:
        person, month = days.person[start], month_of(days.day[start])
        end = start + 1
        while end < rows and days.person[end] == person and month_of(days.day[end]) == month:
            end += 1
        places = np.sort(days.place[start:end])
        best, best_days, run = places[0], 0, 0
        for index in range(len(places)):
            run = run + 1 if index > 0 and places[index] == places[index - 1] else 1
            if run > best_days:
                best, best_days = places[index], run
        seen = end - start
        determined = seen >= min_days and 2 * best_days > seen
        out.person[filled], out.month[filled] = person, month
        out.home[filled] = best if determined else NO_PLACE
        out.home_days[filled], out.days_seen[filled] = best_days, seen
        filled += 1
        start = end
    return Homes(
        out.person[:filled], out.month[:filled], out.home[:filled], out.home_days[:filled], out.days_seen[:filled]
    )


monthly = njit(_monthly, cache=True)


def _stable(
    person_offsets: NDArray[np.int64],
    month: NDArray[np.int64],
    home: NDArray[np.int32],
    window_months: int,
    threshold_months: int,
) -> NDArray[np.int32]:
    """Return the stable home at each row's month: the place that is home in `threshold` of the window around it.

    Rows are sorted by person, then month; `threshold_months` is more than half of the window, so there is one at most.
    """
    stable_home = np.full(len(month), NO_PLACE, np.int32)
    half = window_months // 2
    for person in range(len(person_offsets) - 1):
        start, end = person_offsets[person], person_offsets[person + 1]
        for row in range(start, end):
            low = row
            while low > start and month[low - 1] >= month[row] - half:
                low -= 1
            high = row + 1
            while high < end and month[high] <= month[row] + half:
                high += 1
            for candidate in range(low, high):
                if home[candidate] != NO_PLACE and np.sum(home[low:high] == home[candidate]) >= threshold_months:
                    stable_home[row] = home[candidate]
                    break
    return stable_home


stable = njit(_stable, cache=True)


def _moves(days: Days, shortest_away: int, longest_away: int) -> Moves:
    """Return temporary moves (away and back within the bounds) and permanent ones (the home changes), by start.

    Runs of the path are merged from the shortest possible episode outwards: an episode is away if the place before
    it is also the place after it.
    """
    rows = len(days.day)
    out = Moves(
        np.empty(rows, np.int64),
        np.empty(rows, np.bool_),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int32),
        np.empty(rows, np.int32),
    )
    filled, start = 0, 0
    while start < rows:
        end = start + 1
        while end < rows and days.person[end] == days.person[start]:
            end += 1
        run_start = np.empty(end - start, np.int64)
        run_place = np.empty(end - start, np.int32)
        runs = 0
        for row in range(start, end):
            if runs > 0 and run_place[runs - 1] == days.place[row]:
                continue
            run_start[runs], run_place[runs] = days.day[row], days.place[row]
            runs += 1
            while runs >= 3 and run_place[runs - 3] == run_place[runs - 1]:
                away = run_start[runs - 1] - run_start[runs - 2]
                if away > longest_away:
                    break
                if away >= shortest_away:
                    out.person[filled], out.is_permanent[filled] = days.person[start], False
                    out.start[filled], out.end[filled] = run_start[runs - 2], run_start[runs - 1]
                    out.from_place[filled], out.to_place[filled] = run_place[runs - 3], run_place[runs - 2]
                    filled += 1
                runs -= 2
        for run in range(1, runs):
            out.person[filled], out.is_permanent[filled] = days.person[start], True
            out.start[filled], out.end[filled] = run_start[run], OPEN_END
            out.from_place[filled], out.to_place[filled] = run_place[run - 1], run_place[run]
            filled += 1
        start = end
    return Moves(
        out.person[:filled],
        out.is_permanent[:filled],
        out.start[:filled],
        out.end[:filled],
        out.from_place[:filled],
        out.to_place[:filled],
    )


moves = njit(_moves, cache=True)
