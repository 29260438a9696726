"""The X/Y rule on border crossings: whether each is a migration, and since when that is decided.

Source: Stats NZ's outcomes-based migration measure (StatisticsNZ/migrbc), as `concepts.md` states it.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sandbox.kernels.continuations import continue_open
from sandbox.kernels.walk import MIGRATION, NO_DAY, OPEN, RETURNED, UNKNOWN, Outcomes, Rule, flag_returns, walk

COMPLETE_HISTORY = np.iinfo(np.int64).max


def _empty(rows: int) -> Outcomes:
    return Outcomes(
        np.full(rows, UNKNOWN, np.int8),
        np.full(rows, UNKNOWN, np.int8),
        np.full(rows, UNKNOWN, np.int8),
        np.full(rows, NO_DAY, np.int64),
        np.full(rows, NO_DAY, np.int64),
        np.full(rows, NO_DAY, np.int64),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.full(rows, NO_DAY, np.int64),
        np.full(rows, NO_DAY, np.int64),
    )


empty = njit(_empty, cache=True)


def _settle(out: Outcomes, row: int, is_migration: int, decided_on: int) -> None:
    """Write the outcome of a crossing that is decided; a flag that step 4 dated keeps its date unless it migrates."""
    before = out.resident_before[row]
    out.is_migration[row] = is_migration
    out.resident_after[row] = 1 - before if is_migration else before
    out.after_decided_on[row] = decided_on
    if is_migration or out.migration_decided_on[row] == NO_DAY:
        out.migration_decided_on[row] = decided_on
    out.earliest_decision[row] = out.migration_decided_on[row]
    out.latest_decision[row] = out.migration_decided_on[row]


settle = njit(_settle, cache=True)


def _decide_in_order(
    day: NDArray[np.int64],
    direction: NDArray[np.int8],
    rows: tuple[int, int],
    initial: tuple[int, int],
    until: int,
    rule: Rule,
    out: Outcomes,
) -> int:
    """Decide the crossings `rows` of one person in order; return the first undecided row, or the end."""
    start, end = rows
    status, before = 1 - direction[start], day[start]
    if initial[0] >= 0 and initial[1] <= day[start]:
        status = initial[0]
    for row in range(start, end):
        if row > start:
            status = out.resident_after[row - 1]
            before = max(day[row], out.after_decided_on[row - 1])
            if initial[0] >= 0 and out.after_decided_on[row - 1] == initial[1]:
                status = initial[0]
        out.resident_before[row] = status
        out.before_decided_on[row] = before
        if status == direction[row]:
            settle(out, row, 0, before)
            continue
        state, migrating, returned, last = walk(day, row, end, until, rule)
        out.days_migrating[row] = migrating
        out.days_returned[row] = returned
        flag_returns(day, out.migration_decided_on, row, last, before, 2 * rule.tolerated)
        if state == OPEN:
            return row
        if state == MIGRATION:
            settle(out, row, 1, max(day[row] + rule.threshold + returned, before))
        if state == RETURNED:
            settle(out, row, 0, max(day[row] + rule.tolerated + migrating, before))
    return end


decide_in_order = njit(_decide_in_order, cache=True)


def _outcomes(
    person_offsets: NDArray[np.int64],
    day: NDArray[np.int64],
    direction: NDArray[np.int8],
    initial_status: NDArray[np.int8],
    initial_decided_on: NDArray[np.int64],
    window_days: int,
    threshold_days: int,
    observed_until: int,
) -> Outcomes:
    """Return the outcome of each crossing.

    `day` int64[n] (days since epoch) and `direction` int8[n] (1 arrival, 0 departure) are sorted by person, then time;
    within a person directions alternate. `initial_status` int8[persons] (1 resident, 0 not, -1 not given) and
    `initial_decided_on` int64[persons]. `0 < threshold_days <= window_days`.
    `observed_until` is the first day not seen whole: no crossing lies after it. With `COMPLETE_HISTORY` the last stay
    lasts the window, as the published reference has it, and every crossing is decided.
    """
    out = empty(len(day))
    rule = Rule(threshold_days, window_days - threshold_days)
    for person in range(len(person_offsets) - 1):
        start, end = person_offsets[person], person_offsets[person + 1]
        if start == end:
            continue
        until, initial = observed_until, (np.int64(initial_status[person]), initial_decided_on[person])
        if until == COMPLETE_HISTORY:
            until = day[end - 1] + window_days
        elif initial[1] > until:
            initial = (np.int64(UNKNOWN), NO_DAY)
        first = decide_in_order(day, direction, (start, end), initial, until, rule, out)
        if first < end:
            continue_open(day, direction, (first, end), initial, until, rule, out)
    return out


outcomes = njit(_outcomes, cache=True)
