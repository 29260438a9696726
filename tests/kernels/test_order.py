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
