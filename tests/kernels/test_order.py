"""Rows in the order that kernels need, against Python's own stable sort."""

import numpy as np
import pytest

from sandbox.kernels.order import ordered_by_person


@pytest.mark.parametrize("rows", [0, 1, 30, 400])
def test_rows_are_sorted_by_person_day_sequence_and_row(rows: int) -> None:
    random = np.random.default_rng(rows)
    person, day, sequence = random.integers(0, 3, rows), random.integers(0, 20, rows), random.integers(0, 3, rows)
    order, offsets = ordered_by_person(person, 3, day, sequence)
    assert order.tolist() == sorted(range(rows), key=lambda row: (person[row], day[row], sequence[row], row))
    assert np.diff(offsets).tolist() == [int((person == code).sum()) for code in range(3)]


@pytest.mark.parametrize("far", [10**9, np.iinfo(np.int64).max])
@pytest.mark.parametrize("rows", [2, 30, 400])
def test_days_far_apart_are_sorted_too(rows: int, far: int) -> None:
    random = np.random.default_rng(rows)
    person, sequence = random.integers(0, 3, rows), random.integers(0, 3, rows)
    day = random.integers(0, 20, rows)
    day[:2] = -far, far
    order, _ = ordered_by_person(person, 3, day, sequence)
    assert order.tolist() == sorted(range(rows), key=lambda row: (person[row], day[row], sequence[row], row))


@pytest.mark.parametrize(("days", "sequences"), [(2**40, 2**40), (2**31, 2**30), (2, 2**61)])
def test_what_does_not_fit_into_one_number_is_sorted_by_one_key_after_the_other(days: int, sequences: int) -> None:
    random = np.random.default_rng(days)
    day, sequence = random.integers(0, days, 9), random.integers(0, sequences, 9)
    day[:2], sequence[:2] = (0, days - 1), (sequences - 1, 0)
    order, _ = ordered_by_person(np.zeros(9, np.int64), 1, day, sequence)
    assert order.tolist() == sorted(range(9), key=lambda row: (day[row], sequence[row], row))


@pytest.mark.parametrize(("first_day", "first_sequence"), [(2**61, 0), (0, 2**61), (-(2**61), 2**61)])
def test_keys_far_from_zero_are_sorted_too(first_day: int, first_sequence: int) -> None:
    random = np.random.default_rng(1)
    day, sequence = first_day + random.integers(0, 5, 30), first_sequence + random.integers(0, 3, 30)
    order, _ = ordered_by_person(np.zeros(30, np.int64), 1, day, sequence)
    assert order.tolist() == sorted(range(30), key=lambda row: (day[row], sequence[row], row))


def test_persons_without_rows_have_none() -> None:
    order, offsets = ordered_by_person(np.array([3, 1, 1]), 5, np.array([0, 2, 1]), np.zeros(3, np.int64))
    assert (order.tolist(), offsets.tolist()) == ([2, 1, 0], [0, 0, 2, 2, 3, 3])
    assert (order.dtype, offsets.dtype) == (np.int64, np.int64)
