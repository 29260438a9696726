"""Thinning and matching against their definitions."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kernels.detection import NOBODY, refound, thinned

DAYS = st.sets(st.integers(-30, 30), min_size=1, max_size=12)


@settings(deadline=None)  # the first call compiles
@given(st.lists(DAYS, min_size=1, max_size=4), st.data())
def test_a_day_is_left_if_the_donor_was_seen_on_the_day_that_is_laid_over_it(persons: list[set[int]], data) -> None:
    numbers = st.integers(NOBODY, len(persons) - 1)
    donor = data.draw(st.lists(numbers, min_size=len(persons), max_size=len(persons)))
    phase = data.draw(st.lists(st.integers(0, 70), min_size=len(persons), max_size=len(persons)))
    expected = []
    for person, days in enumerate(persons):
        given_days = sorted(persons[donor[person]])
        span = given_days[-1] - given_days[0] + 1
        for day in sorted(days):
            laid_over = given_days[0] + (day - min(days) + phase[person]) % span
            expected.append(donor[person] != NOBODY and laid_over in given_days)
    offsets = np.cumsum([0, *map(len, persons)])
    day = np.array([day for days in persons for day in sorted(days)], np.int64)
    assert thinned(offsets, day, np.array(donor), np.array(phase)).tolist() == expected


def test_silences_come_as_long_as_the_donor_s_and_round_again() -> None:
    day = np.array([0, 1, 2, 3, 4, 5, 6, 7, 50, 53])  # the donor: two days seen, two silent between
    left = thinned(np.array([0, 8, 10]), day, np.array([1, NOBODY]), np.array([0, 0]))
    assert day[left].tolist() == [0, 3, 4, 7]


def can_be(move: tuple[int, int], found: tuple[int, int], within: int) -> bool:
    return move[0] == found[0] and abs(move[1] - found[1]) <= within


def most_pairs(moves: list[tuple[int, int]], found: list[tuple[int, int]], within: int) -> int:
    """Try every way to match, the first move with each that it can be or with none."""
    if not moves:
        return 0
    ways = [most_pairs(moves[1:], found, within)]
    for number, each in enumerate(found):
        if can_be(moves[0], each, within):
            ways.append(1 + most_pairs(moves[1:], found[:number] + found[number + 1 :], within))
    return max(ways)


MOVES = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 12)), max_size=5)


@settings(deadline=None)  # the first call compiles
@given(MOVES, MOVES, st.integers(0, 4))
def test_as_many_moves_are_matched_as_there_can_be_each_once(moves, found, within: int) -> None:
    moves, found = sorted(moves), sorted(found)
    columns = [np.array([row[key] for row in rows], np.int64) for rows in (moves, found) for key in (0, 1)]
    match = refound(*columns, within).tolist()
    pairs = [(number, each) for number, each in enumerate(match) if each >= 0]
    assert all(can_be(moves[number], found[each], within) for number, each in pairs)
    assert len({each for _, each in pairs}) == len(pairs)
    assert len(pairs) == most_pairs(moves, found, within)


def test_a_move_that_is_not_found_has_no_number() -> None:
    moves, found = np.array([1, 1, 2]), np.array([1, 2])
    days = np.array([5, 40, 10])
    assert refound(moves, days, found, np.array([9, 15]), 4).tolist() == [0, -1, -1]
    assert refound(moves, days, found, np.array([9, 15]), 3).tolist() == [-1, -1, -1]
    assert refound(moves, days, moves[:0], days[:0], 4).tolist() == [-1, -1, -1]
