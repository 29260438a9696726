"""Simple repair: duplicates go, a missed crossing is put in the middle of the gap."""

import numpy as np

from sandbox.kernels.repair import NO_TIME, repaired


def mended(days: list[int], directions: list[int], seconds: list[int] | None = None):
    second = np.array(seconds or [NO_TIME] * len(days), np.int64)
    return repaired(np.array([0, len(days)]), np.array(days, np.int64), np.array(directions, np.int8), second)


def test_a_crossing_repeated_on_its_day_is_a_duplicate() -> None:
    result = mended([5, 5, 9], [1, 1, 0])
    assert result.is_duplicate.tolist() == [False, True, False]
    assert result.day.tolist() == [5, 9]


def test_with_times_half_an_hour_is_a_duplicate_and_a_minute_more_is_not() -> None:
    assert mended([5, 5], [1, 1], [0, 1800]).is_duplicate.tolist() == [False, True]
    assert mended([5, 5], [1, 1], [0, 1860]).is_duplicate.tolist() == [False, False]


def test_two_arrivals_share_the_gap_by_a_departure_rounded_down() -> None:
    result = mended([10, 15], [1, 1])
    assert result.day.tolist() == [10, 12, 15]
    assert result.direction.tolist() == [1, 0, 1]
    assert result.source.tolist() == [0, -1, 1]


def test_one_person_s_last_crossing_does_not_repair_the_next_person_s_first() -> None:
    result = repaired(np.array([0, 1, 2]), np.array([5, 5]), np.array([1, 1], np.int8), np.array([NO_TIME, NO_TIME]))
    assert result.person_offsets.tolist() == [0, 1, 2]
    assert not result.is_duplicate.any()


def test_what_comes_out_alternates_and_stays_in_order() -> None:
    random = np.random.default_rng(1)
    for _ in range(200):
        rows = int(random.integers(1, 9))
        result = mended(np.sort(random.integers(0, 20, rows)).tolist(), random.integers(0, 2, rows).tolist())
        assert (np.diff(result.direction) != 0).all()
        assert (np.diff(result.day) >= 0).all()
        assert sorted([*result.source[result.source >= 0], *np.flatnonzero(result.is_duplicate)]) == list(range(rows))
