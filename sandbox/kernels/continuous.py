"""Continuous residence on border crossings: a period without a long absence, and since when its outcome is decided.

One person's crossings in time order, directions alternating. Nights between two crossings are spent on the side to
which the earlier one leads; a stay between crossings of one day has none.

1. Status before is the status after the previous crossing; for the first, the initial status if it was fixed by then,
   else the opposite of where the crossing leads.
2. A crossing away from the side where the person resides opens a period on the other side, unless one is open. It is
   the only crossing of its period that can be a migration.
3. The period is broken, and its crossing is no migration, as soon as an absence (nights in a row back on the old side;
   a stay without a night does not end it) is longer than the longest one, or all absences together than what is
   tolerated. Decided on the last day on which a crossing could have kept it.
4. The period is fulfilled, and its crossing is a migration, on the first day on which it has lasted its days, the
   absences among them, and the night before was spent on the new side.
5. Crossings while a period is open are absences and returns from them: no migrations, decided on their own date. The
   residence before and after them is what the period turns out to be, and is decided with it.

Own operational form of "lived continuously" in the UN Principles and Recommendations, rev. 3 (place of usual
residence), and of a usual residence "regardless of temporary absences" in Regulation (EC) 862/2007, Article 2(1)(a).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sandbox.kernels.outcomes import COMPLETE_HISTORY, empty
from sandbox.kernels.walk import MIGRATION, NO_DAY, OPEN, RETURNED, UNKNOWN, Outcomes


class Period(NamedTuple):
    """Days that must go by on the new side, days away that are tolerated in all, and the longest absence in days."""

    days: int
    tolerated: int
    longest_absence: int


class Followed(NamedTuple):
    """How far a period came: its state, the last crossing in it, its decision date, nights there and away.

    `absence` is how long the absence at hand has lasted, 0 if the last night was spent there.
    """

    state: int
    last: int
    decided_on: int
    there: int
    away: int
    absence: int


def _follow(day: NDArray[np.int64], row: int, end: int, until: int, period: Period) -> Followed:
    """Follow the period that crossing `row` opens over the person's crossings up to `end`, seen to day `until`."""
    there, away, absence = 0, 0, 0
    for stay in range(row, end):
        start = day[stay]
        nights = (day[stay + 1] if stay + 1 < end else until) - start
        if (stay - row) % 2 == 0:
            there += nights
            if nights == 0:
                continue
            absence = 0
            if start + nights - day[row] >= period.days:
                return Followed(MIGRATION, stay, max(day[row] + period.days, start + 1), there, away, 0)
        else:
            left = min(period.longest_absence - absence, period.tolerated - away)
            away += nights
            absence += nights
            if nights > left:
                return Followed(RETURNED, stay, start + left, there, away, absence)
    return Followed(OPEN, end - 1, NO_DAY, there, away, absence)


follow = njit(_follow, cache=True)


def _bounds(followed: Followed, opened: int, until: int, period: Period) -> tuple[int, int]:
    """Return the first and last decision date that a continuation of an open period can give.

    First: nights there to the end of the period, or nights away to the break. Last: there to the eve of the end, then
    as long an absence as is forgiven, then one night there; or, if the end has come, the absence at hand drawn out.
    """
    forgiven = period.tolerated - followed.away
    lacking = max(opened + period.days - until, 1)
    at_hand = min(period.longest_absence - followed.absence, forgiven)
    drawn_out = at_hand if lacking == 1 else min(period.longest_absence, forgiven)
    return until + min(lacking, at_hand), until + lacking + drawn_out


bounds = njit(_bounds, cache=True)


def _write_period(
    day: NDArray[np.int64], rows: tuple[int, int], until: int, period: Period, followed: Followed, out: Outcomes
) -> None:
    """Write the crossings `rows` of one period, the first of which opened it; its residence before is written."""
    first, last = rows
    status = out.resident_before[first]
    if followed.state == MIGRATION:
        status = 1 - status
    if followed.state == OPEN:
        status = UNKNOWN
    for row in range(first, last + 1):
        out.is_migration[row] = 0
        out.resident_after[row] = status
        out.after_decided_on[row] = followed.decided_on
        out.migration_decided_on[row] = day[row]
        if row > first:
            out.resident_before[row] = status
            # The period was decided after its last crossing, or is not decided yet.
            out.before_decided_on[row] = followed.decided_on
        out.earliest_decision[row] = day[row]
        out.latest_decision[row] = day[row]
    out.is_migration[first] = UNKNOWN if followed.state == OPEN else np.int8(followed.state == MIGRATION)
    out.days_migrating[first] = followed.there
    out.days_returned[first] = followed.away
    out.migration_decided_on[first] = followed.decided_on
    earliest, latest = followed.decided_on, followed.decided_on
    if followed.state == OPEN:
        earliest, latest = bounds(followed, day[first], until, period)
    out.earliest_decision[first] = earliest
    out.latest_decision[first] = latest


write_period = njit(_write_period, cache=True)


def _judge_person(
    day: NDArray[np.int64],
    direction: NDArray[np.int8],
    rows: tuple[int, int],
    initial: tuple[int, int],
    until: int,
    period: Period,
    out: Outcomes,
) -> None:
    """Write the outcome of the crossings `rows` of one person; an `initial` status of -1 is not given."""
    row, end = rows
    status = np.int8(1 - direction[row])
    if initial[0] >= 0 and initial[1] <= day[row]:
        status = np.int8(initial[0])
    while row < end:
        out.resident_before[row] = status
        out.before_decided_on[row] = day[row]
        if status == direction[row]:
            out.is_migration[row] = 0
            out.resident_after[row] = status
            out.after_decided_on[row] = day[row]
            out.migration_decided_on[row] = day[row]
            out.earliest_decision[row] = day[row]
            out.latest_decision[row] = day[row]
            row += 1
            continue
        followed = follow(day, row, end, until, period)
        write_period(day, (row, followed.last), until, period, followed, out)
        status = out.resident_after[row]
        row = followed.last + 1


judge_person = njit(_judge_person, cache=True)


def _continuous(
    person_offsets: NDArray[np.int64],
    day: NDArray[np.int64],
    direction: NDArray[np.int8],
    initial_status: NDArray[np.int8],
    initial_decided_on: NDArray[np.int64],
    period: Period,
    observed_until: int,
) -> Outcomes:
    """Return the outcome of each crossing.

    `day` int64[n] (days since epoch) and `direction` int8[n] (1 arrival, 0 departure) are sorted by person, then time;
    within a person directions alternate. `initial_status` int8[persons] (1 resident, 0 not, -1 not given) and
    `initial_decided_on` int64[persons]. `0 <= period.tolerated < period.days`, `0 <= period.longest_absence`.
    `observed_until` is the first day not seen whole: no crossing lies after it. With `COMPLETE_HISTORY` the last stay
    lasts until everything is decided.
    """
    out = empty(len(day))
    for person in range(len(person_offsets) - 1):
        start, end = person_offsets[person], person_offsets[person + 1]
        if start == end:
            continue
        until = observed_until
        if until == COMPLETE_HISTORY:
            until = day[end - 1] + period.days + period.longest_absence + 1
        initial = (np.int64(initial_status[person]), initial_decided_on[person])
        judge_person(day, direction, (start, end), initial, until, period, out)
    return out


continuous = njit(_continuous, cache=True)
