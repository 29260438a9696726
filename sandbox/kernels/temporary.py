"""Spells away from home, how long they lasted at least and at most, and the rhythm in which they repeat.

The day on which somebody left is hardly ever seen. A spell lasted at least from the first to the last day seen there,
and at most from the day after the last one seen elsewhere before to the day before the first one seen elsewhere after
(Blanchard & Rubrichi 2025, "A highly granular temporary migration dataset derived from mobile phone data in Senegal",
Scientific Data 12: observed and maximum duration).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sandbox.kernels.home import Timelines
from sandbox.kernels.runs import Ints, Reals, Runs, leading
from sandbox.kernels.walk import NO_DAY

Flags = NDArray[np.bool_]

DAYS_OF_YEAR = 365.25
HALF_YEAR = 182  # days before and after a spell in which others count as of its year
REGULAR = 0.25  # a step of a rhythm may be off its usual length by this share
MONDAY_AFTER = 3  # 1970-01-01 was a Thursday: day + 3 is a multiple of seven on Mondays


class Spells(NamedTuple):
    """One element a spell away from home, by person and day; days are int64 since epoch, `NO_DAY` where none is.

    `first` and `last` are the first and last day seen in `place`, `before` and `after` the last day seen before and
    the first one after, wherever that was. `days_seen` and `weekend_days` count days on which the place leads. A spell
    that `is_episode` is away by the timeline; any other is contrary evidence while the timeline is at home.
    """

    person: Ints
    home: Ints
    place: Ints
    before: Ints
    first: Ints
    last: Ints
    after: Ints
    days_seen: Ints
    weekend_days: Ints
    is_episode: Flags


class Rhythms(NamedTuple):
    """One element a spell: what the spells of its person in its place are like, taken together.

    `spells` is how many there are, `in_year` how many begin within half a year of this one, itself included; `years`
    in how many years there is one at this time of the year. `cycle` is the median of days from start to start,
    `regular` the share of these steps within a quarter of it; NaN with one spell only.
    """

    spells: Ints
    in_year: Ints
    years: Ints
    cycle: Reals
    regular: Reals


def _no_spells(rows: int) -> Spells:
    return Spells(
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.empty(rows, np.bool_),
    )


no_spells = njit(_no_spells, cache=True)


def _count_days(day: Ints, runs: Runs, is_weekend: Flags) -> tuple[Ints, Ints]:
    """Return days seen and days seen at the weekend of each run; each day belongs to one run."""
    seen, weekend = np.zeros(len(runs.place), np.int64), np.zeros(len(runs.place), np.int64)
    run = 0
    for row in range(len(day)):
        if row > 0 and day[row] == day[row - 1]:
            continue
        while day[row] > runs.last[run]:
            run += 1
        seen[run] += 1
        weekend[run] += is_weekend[(day[row] + MONDAY_AFTER) % 7]
    return seen, weekend


count_days = njit(_count_days, cache=True)


def _spells_of_person(
    out: Spells, filled: int, runs: Runs, counts: tuple[Ints, Ints], found: Timelines, block: int
) -> int:
    """Append the spells of one person, whose first block is `block`; return how many are filled."""
    person, spell_of_block, open_block = found.person[block], -1, -1
    for run in range(len(runs.place)):
        while (
            block + 1 < len(found.person)
            and found.person[block + 1] == person
            and found.first[block + 1] <= runs.first[run]
        ):
            block += 1
        is_episode = found.place[block] != found.home[block]
        place = found.place[block] if is_episode else runs.place[run]
        if place == found.home[block]:
            continue
        after = runs.first[run + 1] if run + 1 < len(runs.place) else NO_DAY
        if is_episode and open_block == block:
            spell = spell_of_block
        else:
            spell = filled
            filled += 1
            spell_of_block, open_block = spell, block
            out.person[spell], out.home[spell], out.place[spell] = person, found.home[block], place
            out.before[spell] = runs.last[run - 1] if run > 0 else NO_DAY
            out.first[spell], out.is_episode[spell] = runs.first[run], is_episode
        out.last[spell], out.after[spell] = runs.last[run], after
        if runs.place[run] == place:
            out.days_seen[spell] += counts[0][run]
            out.weekend_days[spell] += counts[1][run]
    return filled


spells_of_person = njit(_spells_of_person, cache=True)


def _spells_away(
    person_offsets: Ints, day: Ints, place: Ints, weight: Reals, found: Timelines, is_weekend: Flags
) -> Spells:
    """Return the spells away of all persons: episodes of their timelines, and runs of contrary evidence.

    Rows are those that `kernels.home.timelines` made `found` of; `is_weekend` bool[7] tells it of each weekday from
    Monday on.
    """
    out, filled = no_spells(len(day)), 0
    for person in range(len(person_offsets) - 1):
        own = slice(person_offsets[person], person_offsets[person + 1])
        runs = leading(day[own], place[own], weight[own])
        if len(runs.place):
            block = np.searchsorted(found.person, person)
            filled = spells_of_person(out, filled, runs, count_days(day[own], runs, is_weekend), found, block)
    return Spells(
        out.person[:filled],
        out.home[:filled],
        out.place[:filled],
        out.before[:filled],
        out.first[:filled],
        out.last[:filled],
        out.after[:filled],
        out.days_seen[:filled],
        out.weekend_days[:filled],
        out.is_episode[:filled],
    )


spells_away = njit(_spells_away, cache=True)


def _years_at_this_season(start: Ints, end: Ints, spell: int) -> int:
    """Return in how many years one of the spells shares half of the shorter one's days with `spell`, year on year."""
    length, years = end[spell] - start[spell], 1
    first = int(np.floor((start[0] - end[spell]) / DAYS_OF_YEAR))
    for year in range(first, int(np.ceil((end[-1] - start[spell]) / DAYS_OF_YEAR)) + 1):
        begin = start[spell] + int(np.round(year * DAYS_OF_YEAR))
        other = np.searchsorted(end, begin, side="right")
        while year != 0 and other < len(start) and start[other] < begin + length:
            both = min(end[other], begin + length) - max(start[other], begin)
            if 2 * both >= min(length, end[other] - start[other]):
                years += 1
                break
            other += 1
    return years


years_at_this_season = njit(_years_at_this_season, cache=True)


def _rhythms(group_offsets: Ints, start: Ints, end: Ints) -> Rhythms:
    """Return the rhythm of the spells of each group (a person and place), [start, end) with end after start.

    Spells are sorted by group, start and end; those of a group don't overlap, but for several on one day.
    """
    rows = len(start)
    out = Rhythms(
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.empty(rows, np.int64),
        np.full(rows, np.nan),
        np.full(rows, np.nan),
    )
    for group in range(len(group_offsets) - 1):
        own = slice(group_offsets[group], group_offsets[group + 1])
        begins, ends = start[own], end[own]
        out.spells[own] = len(begins)
        for spell in range(len(begins)):
            near = np.searchsorted(begins, begins[spell] + HALF_YEAR, side="right")
            out.in_year[own.start + spell] = near - np.searchsorted(begins, begins[spell] - HALF_YEAR)
            out.years[own.start + spell] = years_at_this_season(begins, ends, spell)
        if len(begins) > 1:
            steps = np.diff(begins)
            cycle = np.median(steps)
            out.cycle[own] = cycle
            out.regular[own] = np.mean(np.abs(steps - cycle) <= REGULAR * cycle)
    return out


rhythms = njit(_rhythms, cache=True)


def _share_after(origin: Ints, earliest: Ints, latest: Ints, shock_place: Ints, shock_day: Ints, within: int) -> Reals:
    """Return the share of the days on which each spell may have begun that lie in the `within` days after a shock.

    A spell began on a day from `earliest` to `latest`, each as likely; only shocks in the place of origin count, and
    of several the one that explains most.
    """
    share = np.zeros(len(origin))
    for spell in range(len(origin)):
        days = latest[spell] - earliest[spell] + 1
        for shock in range(len(shock_day)):
            if shock_place[shock] == origin[spell]:
                low = max(earliest[spell], shock_day[shock])
                high = min(latest[spell], shock_day[shock] + within)
                share[spell] = max(share[spell], (high - low + 1) / days)
    return share


share_after = njit(_share_after, cache=True)
