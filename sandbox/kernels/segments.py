"""Segments of presence and the moves between them.

Source: Chi, Lin, Chi & Blumenstock 2020, "A general approach to detecting migration events in digital trace data"
(PLoS ONE), and its public code (g-chi/migration_detector), whose results these equal. With `by_density`, a variant of
our own, gaps and shares are judged by how often the person is seen at all (`kernels.silences`); for one seen every day
it is the same.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sandbox.kernels.silences import gap_allowed, seen_between

CONTIGUOUS, MERGED, WITHOUT_OVERLAP = 1, 2, 3
STEP, PLACE, START, END = range(4)  # columns of a person's segments
Table = NDArray[np.int64]


class Settings(NamedTuple):
    """Parameters by the names of `sandbox segments apply`; days, and `min_share` of the days of a segment.

    With `by_density`, `max_gap_days` is the least that a person is allowed, and `min_share` is of the days seen.
    """

    min_days: int = 90
    max_gap_days: int = 7
    short_segment_days: int = 30
    min_share: float = 0.6
    max_overlap_days: int = 0
    max_move_gap_days: int = 30
    by_density: bool = False


class Found(NamedTuple):
    """Both int64, dates as days since epoch, ends included.

    `segments` has columns person, step, place, start, end; `moves` has person, from place, to place, date,
    uncertainty in days, start and end of the segment before, start and end of the segment after.
    """

    segments: Table
    moves: Table


def _appended(table: Table, count: int, row: Table) -> Table:
    """Write `row` at `count`, in a table of twice the size if it is full."""
    if count == len(table):
        larger = np.empty((2 * len(table) + 8, table.shape[1]), np.int64)
        larger[:count] = table
        table = larger
    table[count] = row
    return table


appended = njit(_appended, cache=True)


def _contiguous(day: NDArray[np.int64], place: NDArray[np.int64], seen: NDArray[np.int64], settings: Settings) -> Table:
    """Step 1: days of one place joined over gaps; kept if long enough and seen on enough of their days.

    `seen` are the days on which the person was seen in any place, ascending; read only if gaps go by density.
    """
    found, count = np.empty((8, 4), np.int64), 0
    longest_gap = max(1, settings.max_gap_days)
    if settings.by_density:
        longest_gap = max(longest_gap, gap_allowed(seen, settings.min_days, settings.max_move_gap_days))
    row = 0
    while row < len(day):
        start, shown = row, 1
        while row + 1 < len(day) and place[row + 1] == place[start]:
            step = day[row + 1] - day[row]
            if step > longest_gap:
                break
            shown += step > 0
            row += 1
        length = day[row] - day[start] + 1
        could_show = seen_between(seen, day[start], day[row]) if settings.by_density else length
        if length >= settings.short_segment_days and shown >= settings.min_share * could_show:
            found = appended(found, count, np.array([CONTIGUOUS, place[start], day[start], day[row]]))
            count += 1
        row += 1
    return found[:count]


contiguous = njit(_contiguous, cache=True)


def _is_free(segments: Table, place: int, first: int, last: int) -> bool:
    """Whether no segment of another place has a day from `first` to `last`."""
    for other in segments:  # noqa: SIM110 (numba compiles no generator here)
        if other[PLACE] != place and other[START] <= last and other[END] >= first:
            return False
    return True


is_free = njit(_is_free, cache=True)


def _merged(segments: Table) -> Table:
    """Step 2: neighbours in one place become one if no other place has a segment in between; none for one place."""
    found, count = np.empty_like(segments), 0
    if len(segments) and np.all(segments[:, PLACE] == segments[0, PLACE]):
        return found[:0]
    for segment in segments:
        last = found[count - 1]
        if (
            count > 0
            and last[PLACE] == segment[PLACE]
            and is_free(segments, segment[PLACE], last[END] + 1, segment[START] - 1)
        ):
            last[END] = segment[END]
            continue
        found[count] = segment
        found[count, STEP] = MERGED
        count += 1
    return found[:count]


merged = njit(_merged, cache=True)


def _days_left(segment: Table, segments: Table, most: int) -> NDArray[np.bool_]:
    """Days of the segment that no other place shares for more than `most` days."""
    left = np.ones(segment[END] - segment[START] + 1, np.bool_)
    for other in segments:
        first = max(segment[START], other[START]) - segment[START]
        last = min(segment[END], other[END]) - segment[START]
        if other[PLACE] != segment[PLACE] and first <= last and left[first : last + 1].sum() > most:
            left[first : last + 1] = False
    return left


days_left = njit(_days_left, cache=True)


def _without_overlap(segments: Table, settings: Settings) -> Table:
    """Step 3: days shared with another place are removed from both; runs of enough days that are left are kept."""
    found, count = np.empty((8, 4), np.int64), 0
    for segment in segments:
        left = days_left(segment, segments, settings.max_overlap_days)
        start = -1
        for day in range(len(left) + 1):
            is_left = day < len(left) and left[day]
            if is_left and start < 0:
                start = day
            if not is_left and start >= 0:
                if day - start >= settings.min_days:
                    run = np.array([WITHOUT_OVERLAP, segment[PLACE], segment[START] + start, segment[START] + day - 1])
                    found = appended(found, count, run)
                    count += 1
                start = -1
    return found[:count]


without_overlap = njit(_without_overlap, cache=True)


def _in_time(segments: Table) -> Table:
    """Segments by start, end, place."""
    order = np.argsort(segments[:, PLACE], kind="mergesort")
    order = order[np.argsort(segments[order, END], kind="mergesort")]
    order = order[np.argsort(segments[order, START], kind="mergesort")]
    return segments[order]


in_time = njit(_in_time, cache=True)


def _day_of_move(day: NDArray[np.int64], place: NDArray[np.int64], before: Table, after: Table) -> int:
    """Return the last of the days between two segments that the fewest records contradict."""
    first, last = min(before[END], after[START]), max(before[END], after[START])
    wrong = np.zeros(last - first + 1, np.int64)
    for row in range(len(day)):
        if not first <= day[row] <= last or (row > 0 and place[row] == place[row - 1] and day[row] == day[row - 1]):
            continue
        if place[row] == after[PLACE]:
            wrong[day[row] - first + 1 :] += 1
        elif place[row] == before[PLACE]:
            wrong[: day[row] - first] += 1
    return last - int(np.argmin(wrong[::-1]))


day_of_move = njit(_day_of_move, cache=True)


def _next_elsewhere(segments: Table, number: int, settings: Settings) -> int:
    """Return the first later segment in another place that starts late enough; -1 if it is too late or absent."""
    before = segments[number]
    for later in range(number + 1, len(segments)):
        gap = segments[later, START] - before[END]
        if segments[later, PLACE] != before[PLACE] and gap >= 1 - settings.max_overlap_days:
            return later if gap <= settings.max_move_gap_days else -1
    return -1


next_elsewhere = njit(_next_elsewhere, cache=True)


def _segments(
    person_offsets: NDArray[np.int64], day: NDArray[np.int64], place: NDArray[np.int64], settings: Settings
) -> Found:
    """Return segments after each step, and moves, of all persons.

    `day` int64[n] (days since epoch) and `place` int64[n] (codes) are sorted by person, **place**, day; a day may have
    several places, and equal rows count once.
    """
    kept, moves = np.empty((64, 5), np.int64), np.empty((64, 9), np.int64)
    segment_count, move_count = 0, 0
    row, move = np.empty(5, np.int64), np.empty(9, np.int64)
    for person in range(len(person_offsets) - 1):
        days = day[person_offsets[person] : person_offsets[person + 1]]
        places = place[person_offsets[person] : person_offsets[person + 1]]
        seen = np.unique(days) if settings.by_density else days[:0]
        first = contiguous(days, places, seen, settings)
        second = merged(first)
        third = in_time(without_overlap(second, settings))
        row[0] = person
        for step in (in_time(first), in_time(second), third):
            for segment in step:
                row[1:] = segment
                kept = appended(kept, segment_count, row)
                segment_count += 1
        for number in range(len(third)):
            later = next_elsewhere(third, number, settings)
            if later < 0:
                continue
            before, after = third[number], third[later]
            move[0], move[1], move[2] = person, before[PLACE], after[PLACE]
            move[3], move[4] = day_of_move(days, places, before, after), after[START] - before[END] - 1
            move[5:7], move[7:9] = before[START:], after[START:]
            moves = appended(moves, move_count, move)
            move_count += 1
    return Found(kept[:segment_count], moves[:move_count])


segments = njit(_segments, cache=True)
