"""Homes of whole persons: Arrow rows in, Arrow rows out, through the kernels of `kernels.home`."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.concepts.rules import Rule
from sandbox.kernels import home
from sandbox.kernels.home import NO_PLACE
from sandbox.persons.columns import days
from sandbox.persons.presence import Counted, counted, ranked
from sandbox.persons.times import month_number

# The costs were chosen on made-up countries (`experiments/bench_moves`), never on the labelled stops or on a country.
COSTS = home.Costs()
MIN_DAYS = 3  # days with evidence at home, over the time that it is home
MIDDLE = 15  # days after the first of the month

Ints = NDArray[np.int64]


class Persons(NamedTuple):
    """Rows of whole persons: `keys` one a person, `offsets` where each begins (one more than persons)."""

    keys: pa.Array
    offsets: Ints


class Months(NamedTuple):
    """One element a person and month with evidence, sorted: number of the person, months since 1970-01, days seen."""

    person: Ints
    month: Ints
    days_seen: Ints

    def row_of(self, person: Ints, month: Ints) -> Ints:
        """Return the element of each person and month; -1 if there is none."""
        if not len(person) or not len(self.person):
            return np.full(len(person), -1)
        low = min(int(self.month.min()), int(month.min()))
        span = max(int(self.month.max()), int(month.max())) - low + 1
        known, asked = self.person * span + self.month - low, person * span + month - low
        row = np.minimum(np.searchsorted(known, asked), len(known) - 1)
        return np.where(known[row] == asked, row, -1)


def persons_of(key: pa.ChunkedArray) -> Persons:
    """Find the persons in rows sorted by person."""
    runs = pc.run_end_encode(key.combine_chunks(), run_end_type=pa.int64())
    ends = runs.run_ends.to_numpy()
    return Persons(runs.values, np.concatenate(([0], ends)).astype(np.int64))


def presence_of(presence: pa.Table) -> tuple[pa.Array, pa.Array, Counted]:
    """Return persons, places and evidence by day of `person_key, local_date, place, weight`, sorted by person."""
    persons = persons_of(presence["person_key"])
    place, places = ranked(presence["place"])
    person = np.repeat(np.arange(len(persons.keys)), np.diff(persons.offsets))
    weight = presence["weight"].to_numpy()
    return persons.keys, places, counted(len(persons.keys), person, days(presence["local_date"]), place, weight)


def homes_by_month(presence: pa.Table) -> pa.Table:
    """Return one row a person and month: `person_key, month, home, night_days, days_seen`.

    `presence` has `person_key, local_date, place, weight`, sorted by person; a day's weights add up to at most one.
    `home` is empty where the place was seen on less than three days; `month` is its first day.
    """
    persons, places, evidence = presence_of(presence)
    months = months_of(evidence)
    at_home = home_of_months(evidence, months)
    return pa.table(
        {
            "person_key": persons.take(pa.array(months.person)),
            "month": _first_day(months.month),
            "home": named(places, at_home),
            "night_days": days_at_home(evidence, months, at_home),
            "days_seen": months.days_seen,
        }
    )


def months_of(evidence: Counted) -> Months:
    """Return the months in which each person was seen."""
    new = np.ones(len(evidence.key), np.bool_)
    new[1:] = (evidence.key[1:] != evidence.key[:-1]) | (evidence.person[1:] != evidence.person[:-1])
    person, month = evidence.person[new], month_number(evidence.key[new])
    first = np.flatnonzero(np.append(True, (month[1:] != month[:-1]) | (person[1:] != person[:-1]))[: len(month)])
    return Months(person[first], month[first], np.diff(np.append(first, len(month))))


def timelines_of(evidence: Counted) -> home.Timelines:
    """Return the cheapest explanation of each person's days."""
    persons = int(evidence.person[-1]) + 1 if len(evidence.person) else 0
    offsets = np.searchsorted(evidence.person, np.arange(persons + 1))
    return home.timelines(offsets, evidence.key, evidence.place, evidence.weight, COSTS)


def starts_of(found: home.Timelines) -> Ints:
    """Return the likeliest first day of each block: the middle of the gap since the one before, if there is one."""
    start = found.first.copy()
    follows = np.flatnonzero(found.person[1:] == found.person[:-1]) + 1
    start[follows] = (found.last[follows - 1] + found.first[follows] + 1) // 2
    return start


def home_of_months(evidence: Counted, months: Months) -> Ints:
    """Return the place that is home in the middle of each month; `NO_PLACE` if it was seen on too few days."""
    found = timelines_of(evidence)
    if not len(found.person):
        return np.full(len(months.month), NO_PLACE)
    new = np.append(True, (found.home[1:] != found.home[:-1]) | (found.person[1:] != found.person[:-1]))
    period = np.cumsum(new) - 1
    block = _last_before(found.person, found.first, evidence.person, evidence.key)
    days_there = np.bincount(period[block], evidence.place == found.home[block], period[-1] + 1)
    middle = months.month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + MIDDLE
    of_month = _last_before(found.person, starts_of(found), months.person, middle)
    return np.where(days_there[period[of_month]] >= MIN_DAYS, found.home[of_month], NO_PLACE)


def most_days_of_months(evidence: Counted, months: Months) -> Ints:
    """Return the place that leads on most days of each month; `NO_PLACE` below three days or without a majority."""
    order = np.lexsort((evidence.place, -evidence.weight, evidence.key, evidence.person))
    person, day = evidence.person[order], evidence.key[order]
    leads = order[np.append(True, (person[1:] != person[:-1]) | (day[1:] != day[:-1]))[: len(order)]]
    row = months.row_of(evidence.person[leads], month_number(evidence.key[leads]))
    kept = row >= 0
    led = counted(
        len(months.month), row[kept], evidence.place[leads][kept], evidence.place[leads][kept], np.ones(int(kept.sum()))
    )
    best = np.lexsort((-led.key, led.rows, led.person))  # the last of each month stands
    most, seen = np.full(len(months.month), NO_PLACE), np.bincount(row[kept], minlength=len(months.month))
    enough = (led.rows[best] >= MIN_DAYS) & (2 * led.rows[best] > seen[led.person[best]])
    most[led.person[best][enough]] = led.key[best][enough]
    return most


def days_at_home(evidence: Counted, months: Months, at_home: Ints) -> Ints:
    """Return on how many days of each month there is evidence at its home."""
    row = months.row_of(evidence.person, month_number(evidence.key))
    is_there = (row >= 0) & (at_home[row] == evidence.place)
    return np.bincount(row[is_there], minlength=len(months.month)).astype(np.int64)


def named(places: pa.Array, codes: Ints) -> pa.Array:
    """Return the names of places; NULL for `NO_PLACE`."""
    return places.take(pa.array(codes, mask=codes == NO_PLACE))


def _last_before(person: Ints, day: Ints, of_person: Ints, of_day: Ints) -> Ints:
    """Return the last element at or before each day of the same person, else that person's first.

    Both sides hold the same persons; elements are sorted by person and day.
    """
    low = min(int(day.min()), int(of_day.min()))
    span = max(int(day.max()), int(of_day.max())) - low + 1
    found = np.searchsorted(person * span + day - low, of_person * span + of_day - low, "right") - 1
    return np.maximum(found, np.searchsorted(person, of_person))


def stable_changes(homes: pa.Table, rule: Rule) -> pa.Table:
    """Return one row a change of home: `person_key, month, from_place, to_place, decided, months_between`.

    `homes` has `person_key, month, home`, sorted by person and month. A change is decided once the new home is
    stable (no later month can undo that, for the threshold is more than half of the window), and dated to its first
    stable month; `months_between` is the distance from the last month of the old stable home. Where the last home
    that could be told is not the last stable one, the change is there, undecided, dated to that home's first month.
    """
    persons = persons_of(homes["person_key"])
    places = homes["home"].combine_chunks().dictionary_encode()
    code = pc.fill_null(places.indices, NO_PLACE).to_numpy().astype(np.int32)
    month = _month_index(homes["month"])
    stable = home.stable(persons.offsets, month, code, rule.window_days, rule.threshold_days)
    person = np.repeat(np.arange(len(persons.keys)), np.diff(persons.offsets))
    decided = _changes(person, stable)
    opened = _still_open(person, code, stable)
    rows, before = np.concatenate((decided.rows, opened.rows)), np.concatenate((decided.before, opened.before))
    to_place = np.concatenate((stable[decided.rows], code[opened.rows]))
    is_decided = np.arange(len(rows)) < len(decided.rows)
    return pa.table(
        {
            "person_key": persons.keys.take(pa.array(person[rows])),
            "month": _first_day(month[rows]),
            "from_place": places.dictionary.take(pa.array(stable[before])),
            "to_place": places.dictionary.take(pa.array(to_place)),
            "decided": is_decided,
            "months_between": month[rows] - month[before],
        }
    ).sort_by([("person_key", "ascending"), ("month", "ascending")])


class Changes(NamedTuple):
    """Rows of months at which a home begins, and the last rows of the stable home before it."""

    rows: Ints
    before: Ints


def _changes(person: Ints, place: NDArray[np.int32]) -> Changes:
    kept = np.flatnonzero(place != NO_PLACE)
    new = (person[kept[1:]] == person[kept[:-1]]) & (place[kept[1:]] != place[kept[:-1]])
    return Changes(kept[1:][new], kept[:-1][new])


def _still_open(person: Ints, code: NDArray[np.int32], stable: NDArray[np.int32]) -> Changes:
    """Find persons whose last home is not their last stable one, and where that last home begins."""
    persons = int(person[-1]) + 1 if len(person) else 0
    last_stable, begins = np.full(persons, -1), np.full(persons, -1)
    settled, told = np.flatnonzero(stable != NO_PLACE), np.flatnonzero(code != NO_PLACE)
    last_stable[person[settled]] = settled
    first = np.ones(len(told), np.bool_)
    first[1:] = (person[told[1:]] != person[told[:-1]]) | (code[told[1:]] != code[told[:-1]])
    begins[person[told[first]]] = told[first]
    both = np.flatnonzero((last_stable >= 0) & (begins > last_stable))
    differs = both[code[begins[both]] != stable[last_stable[both]]]
    return Changes(begins[differs], last_stable[differs])


def _first_day(month: Ints) -> pa.Array:
    """Return the first day of months since 1970-01."""
    return pa.array(month.astype("datetime64[M]").astype("datetime64[D]"))


def _month_index(month: pa.ChunkedArray) -> Ints:
    return month.to_numpy().astype("datetime64[M]").astype(np.int64)
