"""Where crossings are missing from histories, beside the same places made by taking a crossing out; and repair there.

A missed crossing shows in three ways: two equal directions in a row (a gap), a last stay that never ends (a tail), a
first crossing that nothing led to (a head). What such a place looks like when a crossing *was* missed needs no model:
every whole history with one crossing taken out is an example. `breaks` finds both, `with_inserted` repairs.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sandbox.kernels.repair import HALF_AN_HOUR, NO_TIME, Repaired
from sandbox.kernels.walk import NO_DAY

GAP, TAIL, HEAD = 0, 1, 2
NONE = -1
NO_MEAN = -1.0

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Small = NDArray[np.int8]
Flags = NDArray[np.bool_]


class Breaks(NamedTuple):
    """One element a place where a crossing is missing or may be, or (`is_example`) where one was taken out.

    `kind` GAP, TAIL or HEAD. The missing crossing follows `row` (HEAD: precedes it); `beyond` is the row after a gap,
    or −1. `days` is the length of the gap, or of what was seen after the tail or before the head. `known` is, in an
    example, how long the stay beside `row` truly was, else −1. `crossings` counts the person's other rows; `own` and
    `other` are the mean lengths of his other whole stays on the side of the stay beside `row` and across, −1 if none.
    """

    kind: Small
    row: Ints
    beyond: Ints
    days: Ints
    known: Ints
    crossings: Ints
    own: Reals
    other: Reals
    is_example: Flags


def _straightened(person_offsets: Ints, day: Ints, direction: Small, second: Ints, place: Ints) -> tuple[Ints, Flags]:
    """Return the order int64[n] of rows and which of them repeat the one before (bool[n], by row).

    Rows are sorted by person, day and `place` within the day. Two rows of one day and place, in opposite directions,
    of which the first repeats the direction before, change places: nothing said which came first.
    """
    order, duplicate = np.arange(len(day)), np.zeros(len(day), np.bool_)
    for person in range(len(person_offsets) - 1):
        start, end = person_offsets[person], person_offsets[person + 1]
        for here in range(start, end):
            row = order[here]
            if here > start and here + 1 < end:
                follows = direction[row] == direction[order[here - 1]] and direction[row] != direction[here + 1]
                if follows and day[row] == day[here + 1] and place[row] == place[here + 1]:
                    order[here], order[here + 1] = here + 1, row
                    row = here + 1
            before = order[here - 1]
            if here > start and direction[row] == direction[before]:
                duplicate[row] = day[row] == day[before]
                if second[row] != NO_TIME and second[before] != NO_TIME:
                    duplicate[row] = abs(second[row] - second[before]) <= HALF_AN_HOUR
    return order, duplicate


straightened = njit(_straightened, cache=True)


def _mean_without(total: Reals, count: Ints, side: int, taken: int) -> float:
    """Return the mean length of a person's stays on a side without one of `taken` days (−1: with all of them)."""
    left = count[side] - (1 if taken >= 0 else 0)
    if left <= 0:
        return NO_MEAN
    return (total[side] - max(taken, 0)) / left


mean_without = njit(_mean_without, cache=True)


def _own_stays(day: Ints, direction: Small, start: int, end: int) -> tuple[Reals, Ints]:
    """Return days spent, and number of stays, by the direction that a whole stay begins with."""
    total, count = np.zeros(2), np.zeros(2, np.int64)
    for row in range(start, end - 1):
        if direction[row] != direction[row + 1]:
            total[direction[row]] += day[row + 1] - day[row]
            count[direction[row]] += 1
    return total, count


own_stays = njit(_own_stays, cache=True)


def _empty(size: int) -> Breaks:
    return Breaks(
        np.zeros(size, np.int8), np.zeros(size, np.int64), np.full(size, NONE), np.zeros(size, np.int64),
        np.full(size, NONE), np.zeros(size, np.int64), np.zeros(size), np.zeros(size), np.zeros(size, np.bool_),
    )  # fmt: skip


empty = njit(_empty, cache=True)


def _breaks(person_offsets: Ints, day: Ints, direction: Small, seen_from: int, seen_until: int) -> Breaks:
    """Return the gaps, tails and heads of all persons and the examples of each; rows sorted, without duplicates.

    All rows lie from day `seen_from` to `seen_until`.
    """
    found = empty(len(day) + 4 * len(person_offsets))
    count = 0
    for person in range(len(person_offsets) - 1):
        start, end = person_offsets[person], person_offsets[person + 1]
        if start == end:
            continue
        total, stays = own_stays(day, direction, start, end)
        for row in range(start, end - 1):
            side, length = direction[row], day[row + 1] - day[row]
            if side == direction[row + 1]:
                found.row[count], found.beyond[count], found.days[count] = row, row + 1, length
                found.crossings[count] = end - start - 1
                found.own[count] = mean_without(total, stays, side, NONE)
                found.other[count] = mean_without(total, stays, 1 - side, NONE)
                count += 1
            elif row + 2 < end and direction[row + 2] == side:
                across = day[row + 2] - day[row + 1]
                found.row[count], found.beyond[count], found.days[count] = row, row + 2, length + across
                found.known[count], found.is_example[count], found.crossings[count] = length, True, end - start - 2
                found.own[count] = mean_without(total, stays, side, length)
                found.other[count] = mean_without(total, stays, 1 - side, across)
                count += 1
        for kind in (TAIL, HEAD):
            edge, inner = (end - 1, end - 2) if kind == TAIL else (start, start + 1)
            for row in (edge, inner):
                # The stay beside the row is the one after a tail and the one before a head.
                is_example = row == inner
                if is_example and (end - start < 2 or direction[edge] == direction[inner]):
                    continue
                side = direction[row] if kind == TAIL else 1 - direction[row]
                taken = abs(day[edge] - day[inner]) if is_example else NONE
                found.kind[count], found.row[count], found.known[count] = kind, row, taken
                found.days[count] = seen_until - day[row] if kind == TAIL else day[row] - seen_from
                found.is_example[count] = is_example
                found.crossings[count] = end - start - 1 - is_example
                found.own[count] = mean_without(total, stays, side, taken)
                found.other[count] = mean_without(total, stays, 1 - side, NONE)
                count += 1
    return Breaks(
        found.kind[:count], found.row[:count], found.beyond[:count], found.days[:count], found.known[:count],
        found.crossings[:count], found.own[:count], found.other[:count], found.is_example[:count],
    )  # fmt: skip


breaks = njit(_breaks, cache=True)


def _with_inserted(person_offsets: Ints, day: Ints, direction: Small, first: Ints, after: Ints) -> Repaired:
    """Return the crossings with those inserted that were missed: they alternate if every gap has one.

    `first` int64[persons] is the day of a crossing before the first one, `after` int64[n] of one that follows the row;
    `NO_DAY` where none is inserted. `source` is the row, −1 for an inserted crossing; no row is a duplicate.
    """
    rows = len(day)
    offsets = np.zeros_like(person_offsets)
    size = rows + np.sum(first != NO_DAY) + np.sum(after != NO_DAY)
    new_day, new_direction, source = np.empty(size, np.int64), np.empty(size, np.int8), np.full(size, NONE)
    count = 0
    for person in range(len(person_offsets) - 1):
        start, end = person_offsets[person], person_offsets[person + 1]
        if start < end and first[person] != NO_DAY:
            new_day[count], new_direction[count] = first[person], 1 - direction[start]
            count += 1
        for row in range(start, end):
            new_day[count], new_direction[count], source[count] = day[row], direction[row], row
            count += 1
            if after[row] != NO_DAY:
                new_day[count], new_direction[count] = after[row], 1 - direction[row]
                count += 1
        offsets[person + 1] = count
    return Repaired(offsets, new_day, new_direction, source, np.zeros(rows, np.bool_))


with_inserted = njit(_with_inserted, cache=True)
