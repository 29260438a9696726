"""Silences against their definition, on sets of days."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kernels.silences import days_seen, gap_allowed, longest_silence, seen_between, silent_longer

DAYS = st.sets(st.integers(-400, 400), max_size=30)


def array(days: set[int]) -> np.ndarray:
    return np.array(sorted(days), np.int64)


def by_definition(days: set[int], stay: int, times: float) -> int:
    steps = [after - day for day, after in pairwise(sorted(days))]
    span = max(days, default=0) - min(days, default=0) + 1
    common = [g for g in steps if sum(step >= g for step in steps) * stay >= times * span - 1e-9]
    return max(common, default=0)


@settings(deadline=None)  # the first call compiles
@given(DAYS, st.integers(1, 200), st.sampled_from([0.1, 0.5, 1.0, 4.0]))
def test_the_longest_silence_is_the_longest_that_stays_hold_often_enough(
    days: set[int], stay: int, times: float
) -> None:
    assert longest_silence(array(days), stay, times) == by_definition(days, stay, times)


@settings(deadline=None)  # the first call compiles
@given(DAYS, st.integers(1, 200), st.integers(1, 50))
def test_a_gap_is_allowed_up_to_a_silence_held_by_every_tenth_stay_and_a_bound(
    days: set[int], stay: int, most: int
) -> None:
    assert gap_allowed(array(days), stay, most) == min(by_definition(days, stay, 0.1), most)


def test_a_silence_held_by_exactly_every_tenth_stay_is_common() -> None:
    assert longest_silence(np.array([0, 1, 29]), 3, 0.1) == 28  # one in thirty days, of which a tenth is three


def test_one_burst_of_silence_in_two_years_is_not_usual_but_one_in_every_season_is() -> None:
    weekly = set(range(0, 7 * 104, 7))
    assert longest_silence(array(weekly - set(range(100, 130))), 90, 0.5) == 7
    four_bursts = weekly - {day for start in (100, 250, 400, 550, 650) for day in range(start, start + 30)}
    assert longest_silence(array(four_bursts), 90, 0.5) == 35


@settings(deadline=None)  # the first call compiles
@given(DAYS, st.integers(-400, 400), st.integers(-400, 400))
def test_days_seen_between_two_days_hold_both_ends(days: set[int], first: int, last: int) -> None:
    first, last = sorted((first, last))
    assert seen_between(array(days), first, last) == len(days & set(range(first, last + 1)))


@settings(deadline=None)  # the first call compiles
@given(st.lists(st.lists(st.integers(-400, 400), max_size=15), max_size=6))
def test_days_are_counted_once_in_any_order_and_a_person_without_rows_has_none(persons: list[list[int]]) -> None:
    offsets = np.cumsum([0, *map(len, persons)])
    number, span = days_seen(offsets, np.array([day for days in persons for day in days], np.int64))
    assert number.tolist() == [len(set(days)) for days in persons]
    assert span.tolist() == [max(days) - min(days) + 1 if days else 0 for days in persons]


@settings(deadline=None)  # the first call compiles
@given(st.lists(DAYS, max_size=5), st.integers(1, 40))
def test_who_is_silent_for_longer_in_every_second_stay_is_told(persons: list[set[int]], most: int) -> None:
    offsets = np.cumsum([0, *map(len, persons)])
    day = np.concatenate([np.empty(0, np.int64), *(array(days)[::-1] for days in persons)])
    expected = [by_definition(days, 90, 0.5) > most for days in persons]
    assert silent_longer(offsets, day, 90, most).tolist() == expected


def test_a_silence_as_long_as_may_be_joined_is_not_longer() -> None:
    monthly = np.arange(0, 300, 30)
    assert silent_longer(np.array([0, len(monthly)]), monthly, 90, 30).tolist() == [False]
    assert silent_longer(np.array([0, len(monthly)]), monthly, 90, 29).tolist() == [True]


def test_days_seen_are_whole_numbers() -> None:
    assert [column.dtype for column in days_seen(np.array([0, 2]), np.array([4, 9]))] == [np.int64] * 2
    assert silent_longer(np.array([0, 2]), np.array([4, 9]), 90, 3).dtype == np.bool_
