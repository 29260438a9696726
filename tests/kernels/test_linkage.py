"""Breaks in histories: those seen, and those made by taking one crossing out, which must look the same."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kernels.linkage import GAP, HEAD, TAIL, Breaks, breaks, straightened, with_inserted
from sandbox.kernels.repair import NO_TIME
from sandbox.kernels.walk import NO_DAY

SEEN = (0, 2000)
Rows = list[tuple[int, int]]


@st.composite
def histories(draw: st.DrawFn) -> Rows:
    """Days, none twice, and directions of one person; now and then one direction twice in a row."""
    days = sorted(draw(st.sets(st.integers(*SEEN), min_size=1, max_size=9)))
    repeats = draw(st.lists(st.sampled_from([False, False, False, True]), min_size=len(days), max_size=len(days)))
    direction = (np.arange(len(days)) + np.cumsum(repeats)) % 2
    return [(day, int(way)) for day, way in zip(days, direction, strict=True)]


def arrays(*persons: Rows) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    offsets = np.cumsum([0, *(len(rows) for rows in persons)])
    flat = [row for rows in persons for row in rows]
    return offsets, np.array([day for day, _ in flat], np.int64), np.array([way for _, way in flat], np.int8)


def seen_in(rows: Rows) -> set[tuple[object, ...]]:
    """Slow twin: kind, row, beyond, days, other rows, own mean, other mean of each break, from the definition."""
    stays = [
        (way, after - day, place)
        for place, ((day, way), (after, next_way)) in enumerate(pairwise(rows))
        if way != next_way
    ]

    def mean(side: int) -> float:
        lengths = [length for way, length, _ in stays if way == side]
        return sum(lengths) / len(lengths) if lengths else -1.0

    others = len(rows) - 1
    found: set[tuple[object, ...]] = set()
    for (day, way), (after, next_way) in pairwise(rows):
        if way == next_way:
            found.add((GAP, (day, way), (after, way), after - day, others, mean(way), mean(1 - way)))
    (first, came), (last, left) = rows[0], rows[-1]
    found.add((TAIL, (last, left), None, SEEN[1] - last, others, mean(left), mean(1 - left)))
    found.add((HEAD, (first, came), None, first - SEEN[0], others, mean(1 - came), mean(came)))
    return found


def told(found: Breaks, rows: Rows, place: int) -> tuple[object, ...]:
    beyond = rows[found.beyond[place]] if found.beyond[place] >= 0 else None
    row, days = rows[found.row[place]], int(found.days[place])
    numbers = int(found.crossings[place]), float(found.own[place]), float(found.other[place])
    return (int(found.kind[place]), row, beyond, days, *numbers)


@settings(deadline=None)
@given(histories())
def test_breaks_that_were_seen_are_those_of_the_definition(rows: Rows) -> None:
    found = breaks(*arrays(rows), *SEEN)
    assert {told(found, rows, place) for place in np.flatnonzero(~found.is_example)} == seen_in(rows)


@settings(deadline=None)
@given(histories())
def test_an_example_is_the_break_that_is_seen_once_a_crossing_has_been_taken_out(rows: Rows) -> None:
    found = breaks(*arrays(rows), *SEEN)
    examples = {told(found, rows, place) for place in np.flatnonzero(found.is_example)}
    made = set()
    for taken, (_, way) in enumerate(rows):
        beside = [rows[place][1] for place in (taken - 1, taken + 1) if 0 <= place < len(rows)]
        if beside and all(each != way for each in beside):
            left = [*rows[:taken], *rows[taken + 1 :]]
            kind = HEAD if taken == 0 else TAIL if taken == len(rows) - 1 else GAP
            anchor = rows[taken + 1] if kind == HEAD else rows[taken - 1]
            made |= {each for each in seen_in(left) if each[:2] == (kind, anchor)}
    assert examples == made


def test_an_example_knows_how_long_the_stay_beside_the_row_was() -> None:
    found = breaks(*arrays([(10, 1), (25, 0), (100, 1)]), *SEEN)
    known = {
        (int(kind), int(row)): int(days)
        for kind, row, days, is_example in zip(found.kind, found.row, found.known, found.is_example, strict=True)
        if is_example
    }
    assert known == {(GAP, 0): 15, (TAIL, 1): 75, (HEAD, 1): 15}


def test_persons_do_not_touch_each_other() -> None:
    one, two = [(5, 1), (9, 1), (20, 0), (31, 1)], [(7, 0), (30, 1), (44, 0), (50, 0)]
    both = breaks(*arrays(one, [], two), *SEEN)
    first, second = (breaks(*arrays(rows), *SEEN) for rows in (one, two))
    for name, column in both._asdict().items():
        alone = [getattr(first, name), getattr(second, name)]
        if name in ("row", "beyond"):
            alone[1] = np.where(alone[1] >= 0, alone[1] + len(one), alone[1])
        assert column.tolist() == [*alone[0], *alone[1]], name


def test_breaks_and_crossings_have_the_types_that_are_written_down() -> None:
    found = breaks(*arrays([(5, 1), (9, 1)]), *SEEN)
    whole, real = ["int64"] * 5, ["float64"] * 2
    assert [column.dtype.name for column in found] == ["int8", *whole, *real, "bool"]
    none = np.full(2, NO_DAY)
    mended = with_inserted(*arrays([(5, 1), (9, 1)]), none[:1], none)
    assert [column.dtype.name for column in mended] == ["int64", "int64", "int8", "int64", "bool"]
    assert not mended.is_duplicate.any()


def test_crossings_are_put_before_the_first_and_after_a_row() -> None:
    offsets, day, direction = arrays([(10, 0)], [(20, 1), (90, 1)])
    whole = with_inserted(offsets, day, direction, np.array([4, NO_DAY]), np.array([NO_DAY, 33, 95]))
    assert whole.person_offsets.tolist() == [0, 2, 6]
    assert whole.day.tolist() == [4, 10, 20, 33, 90, 95]
    assert whole.direction.tolist() == [1, 0, 1, 0, 1, 0]
    assert whole.source.tolist() == [-1, 0, 1, -1, 2, -1]


def test_before_an_arrival_a_departure_was_missed_and_a_person_without_rows_gets_none() -> None:
    offsets, day, direction = arrays([(20, 1)], [], [(30, 0)])
    whole = with_inserted(offsets, day, direction, np.array([15, 16, 17]), np.full(2, NO_DAY))
    assert whole.person_offsets.tolist() == [0, 2, 2, 4]
    assert (whole.day.tolist()[:4], whole.direction.tolist()[:4]) == ([15, 20, 17, 30], [0, 1, 1, 0])


def straight(days: list[int], directions: list[int], seconds: list[int]) -> tuple[list[int], list[bool]]:
    day, second = np.array(days, np.int64), np.array(seconds, np.int64)
    within = np.where(second == NO_TIME, 0, second)
    ways = np.array(directions, np.int8)
    order, duplicate = straightened(np.array([0, len(days)]), day, ways, second, within)
    return order.tolist(), duplicate.tolist()


def test_two_crossings_of_a_day_change_places_where_nothing_tells_which_came_first() -> None:
    none = int(NO_TIME)
    assert straight([1, 5, 5], [1, 1, 0], [none] * 3) == ([0, 2, 1], [False] * 3)
    assert straight([1, 5, 5], [1, 1, 0], [0, 100, 9000])[0] == [0, 1, 2]


def test_a_repetition_within_half_an_hour_or_on_a_day_without_time_is_a_duplicate() -> None:
    none = int(NO_TIME)
    assert straight([5, 5], [1, 1], [0, 1800])[1] == [False, True]
    assert straight([5, 5], [1, 1], [0, 1801])[1] == [False, False]
    assert straight([5, 5], [1, 1], [none, 7])[1] == [False, True]
    assert straight([5, 6], [1, 1], [none, none])[1] == [False, False]


def test_each_person_s_rows_are_straightened_alone() -> None:
    none = np.full(7, NO_TIME)
    day, direction = np.array([1, 5, 5, 5, 5, 9, 9]), np.array([1, 1, 0, 1, 1, 1, 0], np.int8)
    order, duplicate = straightened(np.array([0, 3, 3, 5, 7]), day, direction, none, np.zeros(7, np.int64))
    assert order.tolist() == [0, 2, 1, 3, 4, 5, 6]
    assert duplicate.tolist() == [False, False, False, False, True, False, False]
    assert (order.dtype, duplicate.dtype) == (np.int64, np.bool_)
