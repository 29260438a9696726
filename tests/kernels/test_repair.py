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


def test_half_an_hour_is_counted_from_the_row_just_before() -> None:
    result = mended([5, 5, 5], [1, 1, 1], [10_000, 20_000, 21_800])
    assert result.is_duplicate.tolist() == [False, False, True]
    assert mended([5, 5, 5], [1, 1, 1], [0, 1800, 3600]).is_duplicate.tolist() == [False, True, True]
    assert mended([5, 5, 9], [1, 1, 0], [0, 3600, NO_TIME]).is_duplicate.tolist() == [False, False, False]


def test_where_one_of_two_has_no_time_the_day_tells() -> None:
    for seconds in ([NO_TIME, 100], [100, NO_TIME]):
        assert mended([5, 5], [1, 1], seconds).is_duplicate.tolist() == [False, True]
        assert mended([5, 6], [1, 1], seconds).is_duplicate.tolist() == [False, False]


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


def test_what_is_inserted_for_one_person_moves_the_rows_of_the_next() -> None:
    none = np.full(4, NO_TIME)
    result = repaired(np.array([0, 2, 2, 4]), np.array([10, 20, 30, 35]), np.array([0, 0, 1, 1], np.int8), none)
    assert result.person_offsets.tolist() == [0, 3, 3, 6]
    assert result.day.tolist() == [10, 15, 20, 30, 32, 35]
    assert result.direction.tolist() == [0, 1, 0, 1, 0, 1]
    assert result.source.tolist() == [0, -1, 1, 2, -1, 3]


def test_days_and_rows_are_whole_numbers() -> None:
    assert [column.dtype.name for column in mended([10, 15], [1, 1])] == ["int64", "int64", "int8", "int64", "bool"]
