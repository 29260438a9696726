"""Homes and stays away from presence: per person the cheapest explanation of the days seen, on two levels.

A person has one home at a time and is there or away in another place. Days seen elsewhere than the explanation says,
changes of home and episodes away have a cost; the explanation with the lowest sum is found exactly (a segmental
shortest path, as in hidden semi-Markov models: Yu 2010, "Hidden semi-Markov models", Artificial Intelligence 174).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sandbox.kernels.runs import NOTHING, Ints, Reals, Runs, contrary, known_places, leading

NO_PLACE = -1  # stands for an undetermined place inside kernels; NULL outside
# What is known of a home: it was seen and is where the person is or may be; left for an episode that must end at home;
# left for one whose end is not seen; not seen yet.
HOME, AWAY, GONE, BEFORE = range(4)


class Costs(NamedTuple):
    """What an explanation costs, in whole days of contrary evidence, and how many days an episode may last.

    An episode lasts from the first to the last day seen there. Of a `trip` or `stay` the home is seen before and after,
    of an `unended` one only on one side: longer ones are a home of their own.
    """

    move: float = 3.0
    stay: float = 3.5
    trip: float = 2.5
    unended: float = 2.0
    trip_days: int = 25
    stay_days: int = 182
    unended_days: int = 20


class Blocks(NamedTuple):
    """One element a block of runs explained alike: first run, home, place (home or where the person is away)."""

    run: Ints
    home: Ints
    place: Ints


class Steps(NamedTuple):
    """The cheapest way to each state before each run, runs + 1 × four kinds of known places (kind × places + place).

    Its cost, the run where its last block starts, the state before that block, and whether the block is away.
    """

    cost: Reals
    start: NDArray[np.int32]
    before: NDArray[np.int32]
    is_away: NDArray[np.bool_]


class Timelines(NamedTuple):
    """One element a person and block, in time order: first and last day seen, home, place; all int64."""

    person: Ints
    first: Ints
    last: Ints
    home: Ints
    place: Ints


def _cost_away(days: int, costs: Costs) -> float:
    """Return what an episode away with a beginning and an end costs; infinite if it is too long."""
    if days <= costs.trip_days:
        return costs.trip
    return costs.stay if days <= costs.stay_days else np.inf


cost_away = njit(_cost_away, cache=True)


def _lower(steps: Steps, run: int, state: int, cost: float, start: int, before: int, is_away: bool) -> None:
    """Reach `state` before `run` by a block from `start`, if that costs less; at a tie what was tried first stands."""
    if cost < steps.cost[run, state] - NOTHING:
        steps.cost[run, state], steps.start[run, state] = cost, start
        steps.before[run, state], steps.is_away[run, state] = before, is_away


lower = njit(_lower, cache=True)


def _at_home(steps: Steps, run: int, led_by: int, here: Reals, costs: Costs) -> None:
    """Try to explain one run by being at home: what was seen elsewhere is contrary evidence."""
    places = len(here)
    for home in range(places):
        for kind in (HOME, BEFORE, AWAY, GONE):
            state = kind * places + home
            cost = steps.cost[run, state] + here[home]
            if home != led_by:
                lower(steps, run + 1, state, cost, run, state, False)
            elif kind != GONE:
                lower(steps, run + 1, HOME * places + home, cost, run, state, False)
    if led_by >= 0:
        best = np.argmin(steps.cost[run, : 2 * places])  # HOME and AWAY
        cost = steps.cost[run, best] + costs.move + here[led_by]
        lower(steps, run + 1, HOME * places + led_by, cost, run, best, False)


at_home = njit(_at_home, cache=True)


def _episodes(steps: Steps, runs: Runs, number: Ints, run: int, against: Reals, costs: Costs) -> None:
    """Try every episode away that ends with `run`: it begins with a run of the same place, this or an earlier one."""
    at, first, places = number[run], run, against.shape[1]
    longest = max(costs.stay_days, costs.unended_days)
    while first >= 0 and runs.last[run] - runs.first[first] < longest:
        if number[first] == at:
            days, elsewhere = runs.last[run] - runs.first[first] + 1, against[run + 1, at] - against[first, at]
            whole = cost_away(days, costs) + elsewhere
            open_ended = (costs.unended if days <= costs.unended_days else np.inf) + elsewhere
            for home in range(places):
                if home == at:
                    continue
                for state in (HOME * places + home, AWAY * places + home):
                    cost = steps.cost[first, state]
                    lower(steps, run + 1, AWAY * places + home, cost + whole, first, state, True)
                    lower(steps, run + 1, GONE * places + home, cost + open_ended, first, state, True)
                state = BEFORE * places + home
                cost = steps.cost[first, state] + open_ended
                lower(steps, run + 1, AWAY * places + home, cost, first, state, True)
        first -= 1


episodes = njit(_episodes, cache=True)


def _traced(steps: Steps, leading_place: Ints, known: Ints, state: int) -> Blocks:
    """Return the blocks that lead to `state` after the last run; neighbours explained alike are one."""
    places, run = len(known), len(leading_place)
    blocks = Blocks(np.empty(run, np.int64), np.empty(run, np.int64), np.empty(run, np.int64))
    first = run  # blocks are written from the end
    while run > 0:
        start, home = steps.start[run, state], known[state % places]
        place = leading_place[run - 1] if steps.is_away[run, state] else home
        if first == len(leading_place) or blocks.home[first] != home or blocks.place[first] != place:
            first -= 1
        blocks.run[first], blocks.home[first], blocks.place[first] = start, home, place
        state, run = steps.before[run, state], start
    return Blocks(blocks.run[first:], blocks.home[first:], blocks.place[first:])


traced = njit(_traced, cache=True)


def _explained(runs: Runs, known: Ints, against: Reals, costs: Costs) -> tuple[float, Blocks]:
    """Return the lowest cost and its blocks; at a tie the home stays, then the lower place wins."""
    count, places = len(runs.place), len(known)
    number = np.full(count, -1)
    for run in range(count):
        found = np.searchsorted(known, runs.place[run])
        if found < places and known[found] == runs.place[run]:
            number[run] = found
    shape = (count + 1, 4 * places)
    steps = Steps(
        np.full(shape, np.inf), np.zeros(shape, np.int32), np.zeros(shape, np.int32), np.zeros(shape, np.bool_)
    )
    steps.cost[0, BEFORE * places : (BEFORE + 1) * places] = 0.0
    for run in range(count):
        at_home(steps, run, number[run], against[run + 1] - against[run], costs)
        if number[run] >= 0:
            episodes(steps, runs, number, run, against, costs)
    final = steps.cost[count].copy()
    final[AWAY * places : (AWAY + 1) * places] = np.inf  # nobody came back
    final[BEFORE * places : (BEFORE + 1) * places] = np.inf
    best = np.argmin(final)
    return final[best], traced(steps, runs.place, known, best)


explained = njit(_explained, cache=True)


def _timelines(person_offsets: Ints, day: Ints, place: Ints, weight: Reals, costs: Costs) -> Timelines:
    """Return the cheapest explanation of each person.

    Rows are sorted by person, day and place, one a person, day and place; `weight` is the strength of the evidence,
    a day's rows add up to at most one, less where the day says little.
    """
    rows = len(day)
    out = Timelines(
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
    )
    filled = 0
    for person in range(len(person_offsets) - 1):
        own = slice(person_offsets[person], person_offsets[person + 1])
        runs = leading(day[own], place[own], weight[own])
        if not len(runs.place):
            continue
        known = known_places(runs)
        _, blocks = explained(runs, known, contrary(runs, known, day[own], place[own], weight[own]), costs)
        end = filled + len(blocks.run)
        out.person[filled:end] = person
        out.first[filled:end] = runs.first[blocks.run]
        out.last[filled : end - 1] = runs.last[blocks.run[1:] - 1]
        out.last[end - 1] = runs.last[-1]
        out.home[filled:end], out.place[filled:end] = blocks.home, blocks.place
        filled = end
    return Timelines(out.person[:filled], out.first[:filled], out.last[:filled], out.home[:filled], out.place[:filled])


timelines = njit(_timelines, cache=True)


def _stable(
    person_offsets: Ints, month: Ints, home: NDArray[np.int32], window_months: int, threshold_months: int
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
