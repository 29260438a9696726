"""What all continuations of a person's crossings agree on, from the first undecided crossing onward.

The future is a path on a grid: each day adds one to `along` (days on the side that the first undecided crossing
leads to) or to `back` (days on the other side), both counted from that crossing. The walk of a crossing is a
rectangle on the grid: it ends as a migration on one edge and as a return on the other, on the day on which the path
leaves the rectangle. So the places at which the walk before can have ended, a few segments of the grid, say
everything about the crossing that comes next. A bundle is one such segment with what led to it.

Exact for rules that ask for more than half of the window and forgive at least a day, as those of the registry do.
For others, a walk that can have ended either way before another ends is kept as both. Compared with all continuations
(tests), only the first and last decision date then differ, and only in rare histories.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sandbox.kernels.bundles import (
    AFTER,
    AFTER_ON,
    ALONG_FROM,
    ALONG_TO,
    BACK_FROM,
    BACK_TO,
    BEFORE,
    BEFORE_ON,
    DECIDED_ON,
    IS_MIGRATION,
    NOTHING,
    SHIFT,
    STATUS,
    WALKED,
    WIDTH,
    clear,
    push,
    replace_status,
    widen,
)
from sandbox.kernels.walk import MIGRATION, NO_DAY, OPEN, UNKNOWN, Outcomes, Rule, walk


class Crossing(NamedTuple):
    """The crossing at hand: 1 if it leads where the first undecided one led, its rectangle, what is known of it.

    `along_end` and `back_end` are the first days outside the rectangle; `flagged` is the date of its flag by step 4.
    """

    onward: int
    direction: int
    state: int
    along_end: int
    back_end: int
    flagged: int
    origin: int
    can_flag: bool


def _note(ranges: NDArray[np.int64], crossing: Crossing, bundle: NDArray[np.int64], is_migration: int) -> None:
    """Add what the continuations of one bundle, which the crossing has passed, say of the crossing."""
    low = crossing.origin + bundle[ALONG_FROM] + bundle[BACK_FROM] + bundle[SHIFT]
    high = crossing.origin + bundle[ALONG_TO] + bundle[BACK_TO] + bundle[SHIFT]
    widen(ranges, AFTER, bundle[STATUS], bundle[STATUS])
    widen(ranges, IS_MIGRATION, is_migration, is_migration)
    widen(ranges, AFTER_ON, low, high)
    if is_migration:
        widen(ranges, DECIDED_ON, low, high)
    elif crossing.flagged != NO_DAY:
        widen(ranges, DECIDED_ON, crossing.flagged, crossing.flagged)
    elif bundle[WALKED + crossing.onward] == 0:
        widen(ranges, DECIDED_ON, low, high)


note = njit(_note, cache=True)


def _end_walk(
    entry: NDArray[np.int64], crossing: Crossing, ranges: NDArray[np.int64], bundles: NDArray[np.int64], count: int
) -> int:
    """Append the two edges by which a walk can leave its rectangle; `entry` is its lowest corner and the tag.

    From a corner (along, back) each point of the one edge from `back` on, and of the other from `along` on, is
    reached; a migration is dated on the day of leaving, a return on the day before (`Tn + migrating days`).
    """
    bundle = np.zeros(WIDTH, np.int64)
    bundle[WALKED + crossing.onward] = entry[2]
    bundle[WALKED + 1 - crossing.onward] = 1
    for is_along in range(2):
        is_migration = int(is_along == crossing.onward)
        bundle[ALONG_FROM] = crossing.along_end if is_along else entry[0]
        bundle[ALONG_TO] = crossing.along_end if is_along else crossing.along_end - 1
        bundle[BACK_FROM] = entry[1] if is_along else crossing.back_end
        bundle[BACK_TO] = crossing.back_end - 1 if is_along else crossing.back_end
        bundle[SHIFT] = is_migration - 1
        bundle[STATUS] = crossing.direction if is_migration else 1 - crossing.direction
        note(ranges, crossing, bundle, is_migration)
        count = push(bundles, count, bundle)
    return count


end_walk = njit(_end_walk, cache=True)


def _pass_ended(
    bundle: NDArray[np.int64], crossing: Crossing, ranges: NDArray[np.int64], bundles: NDArray[np.int64], count: int
) -> int:
    """Append the parts of a bundle at which the walk, begun in the past, had already left its rectangle."""
    for parts in range(1, 4):
        is_along, is_back = parts % 2, parts // 2
        part = bundle.copy()
        if is_along:
            part[ALONG_FROM] = max(part[ALONG_FROM], crossing.along_end)
        else:
            part[ALONG_TO] = min(part[ALONG_TO], crossing.along_end - 1)
        if is_back:
            part[BACK_FROM] = max(part[BACK_FROM], crossing.back_end)
        else:
            part[BACK_TO] = min(part[BACK_TO], crossing.back_end - 1)
        if part[ALONG_FROM] > part[ALONG_TO] or part[BACK_FROM] > part[BACK_TO]:
            continue
        migrates, returns = (is_along, is_back) if crossing.onward else (is_back, is_along)
        if returns:
            note(ranges, crossing, part, 0)
            count = push(bundles, count, part)
        if migrates:
            part[STATUS] = crossing.direction
            is_just_left = (
                part[ALONG_TO] == crossing.along_end if crossing.onward else part[BACK_TO] == crossing.back_end
            )
            part[SHIFT] = 0 if is_just_left else part[SHIFT]
            note(ranges, crossing, part, 1)
            count = push(bundles, count, part)
    return count


pass_ended = njit(_pass_ended, cache=True)


def _advance(
    bundles: NDArray[np.int64],
    count: int,
    crossing: Crossing,
    ranges: NDArray[np.int64],
    flags: NDArray[np.int64],
    after: NDArray[np.int64],
) -> tuple[int, bool]:
    """Lead every bundle past the crossing into `after`; return their number and whether any continuation walks."""
    total, walks = 0, False
    entries = np.full((2, 3), NOTHING, np.int64)
    for k in range(count):
        bundle = bundles[k]
        low = crossing.origin + bundle[ALONG_FROM] + bundle[BACK_FROM] + bundle[SHIFT]
        high = crossing.origin + bundle[ALONG_TO] + bundle[BACK_TO] + bundle[SHIFT]
        widen(ranges, BEFORE, bundle[STATUS], bundle[STATUS])
        widen(ranges, BEFORE_ON, low, high)
        if bundle[STATUS] == crossing.direction:
            note(ranges, crossing, bundle, 0)
            total = push(after, total, bundle)
            continue
        walks = True
        if bundle[WALKED + 1 - crossing.onward] == 0 and crossing.can_flag:
            widen(flags, 1 - crossing.onward, low, high)
            bundle[WALKED + 1 - crossing.onward] = 1
        if crossing.state != OPEN:
            if crossing.state == MIGRATION:
                bundle[STATUS] = crossing.direction
            note(ranges, crossing, bundle, int(crossing.state == MIGRATION))
            total = push(after, total, bundle)
            continue
        tag = bundle[WALKED + crossing.onward]
        if bundle[ALONG_FROM] < crossing.along_end and bundle[BACK_FROM] < crossing.back_end:
            entries[tag, 0] = min(entries[tag, 0], bundle[ALONG_FROM])
            entries[tag, 1] = min(entries[tag, 1], bundle[BACK_FROM])
            entries[tag, 2] = tag
        total = pass_ended(bundle, crossing, ranges, after, total)
    for tag in range(2):
        if entries[tag, 2] == tag:
            total = end_walk(entries[tag], crossing, ranges, after, total)
    return total, walks


advance = njit(_advance, cache=True)


def _write_agreed(out: Outcomes, row: int, ranges: NDArray[np.int64]) -> None:
    """Fill the fields of a crossing on which all continuations agree; leave the others empty."""
    same = ranges[:, 0] == ranges[:, 1]
    low = ranges[:, 0]
    is_decided = same[IS_MIGRATION]
    out.resident_before[row] = low[BEFORE] if same[BEFORE] else UNKNOWN
    out.before_decided_on[row] = low[BEFORE_ON] if same[BEFORE_ON] else NO_DAY
    out.is_migration[row] = low[IS_MIGRATION] if is_decided else UNKNOWN
    out.resident_after[row] = low[AFTER] if is_decided and same[AFTER] else UNKNOWN
    out.after_decided_on[row] = low[AFTER_ON] if is_decided and same[AFTER_ON] else NO_DAY
    out.migration_decided_on[row] = low[DECIDED_ON] if is_decided and same[DECIDED_ON] else NO_DAY
    out.earliest_decision[row] = low[DECIDED_ON]
    out.latest_decision[row] = ranges[DECIDED_ON, 1]


write_agreed = njit(_write_agreed, cache=True)


def _rectangle(
    row: int, first: int, direction: int, seen: tuple[int, int, int, int], rule: Rule, known: tuple[int, int]
) -> Crossing:
    """Describe crossing `row`.

    `seen` is the state and last row of its walk, and its place on the grid; `known` its flag and the grid's origin.
    """
    onward = (row - first + 1) % 2
    along = rule.threshold if onward else rule.tolerated + 1
    back = rule.tolerated + 1 if onward else rule.threshold
    can_flag = seen[0] != MIGRATION or seen[1] > row
    return Crossing(onward, direction, seen[0], seen[2] + along, seen[3] + back, known[0], known[1], can_flag)


rectangle = njit(_rectangle, cache=True)


def _continue_open(
    day: NDArray[np.int64],
    direction: NDArray[np.int8],
    rows: tuple[int, int],
    initial: tuple[int, int],
    until: int,
    rule: Rule,
    out: Outcomes,
) -> None:
    """Fill the crossings `rows` of one person, of which the first walks and is undecided on day `until`."""
    first, end = rows
    bundles, after = (
        np.zeros((8 * (end - first) + 16, WIDTH), np.int64),
        np.zeros((8 * (end - first) + 16, WIDTH), np.int64),
    )
    ranges, flags = np.empty((6, 2), np.int64), np.empty((2, 2), np.int64)
    clear(flags)
    count, along, back = 0, 0, 0
    for row in range(first, end):
        state, migrating, returned, last = walk(day, row, end, until, rule)
        known = (out.migration_decided_on[row], day[first])
        crossing = rectangle(row, first, np.int64(direction[row]), (state, last, along, back), rule, known)
        clear(ranges)
        walks = True
        if row == first:
            widen(ranges, BEFORE, out.resident_before[row], out.resident_before[row])
            widen(ranges, BEFORE_ON, out.before_decided_on[row], out.before_decided_on[row])
            entry = np.array([migrating, returned, 0])
            count = end_walk(entry, crossing, ranges, bundles, count)
            bundles[:count, WALKED:] = 0
        else:
            if initial[0] >= 0 and initial[1] == until:
                count = replace_status(bundles, count, day[first], initial)
            count, walks = advance(bundles, count, crossing, ranges, flags, after)
            bundles, after = after, bundles
            if crossing.flagged == NO_DAY and flags[crossing.onward, 0] <= flags[crossing.onward, 1]:
                widen(ranges, DECIDED_ON, flags[crossing.onward, 0], flags[crossing.onward, 1])
        write_agreed(out, row, ranges)
        out.days_migrating[row] = migrating if walks else 0
        out.days_returned[row] = returned if walks else 0
        length = (day[row + 1] if row + 1 < end else until) - day[row]
        along, back = (along + length, back) if crossing.onward else (along, back + length)


continue_open = njit(_continue_open, cache=True)
