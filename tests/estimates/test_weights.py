"""Raking and trimming."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.errors import CallError
from sandbox.estimates.weights import rake, trimmed


def test_raking_meets_every_margin_and_keeps_the_odds_ratio() -> None:
    raked = rake([[1, 2], [3, 4]], [[60, 40], [30, 70]])
    np.testing.assert_allclose(raked.weights.sum(axis=1), [60, 40])
    np.testing.assert_allclose(raked.weights.sum(axis=0), [30, 70])
    (a, b), (c, d) = raked.weights
    assert a * d / (b * c) == pytest.approx(4 / 6)
    assert raked.converged
    assert raked.max_error < 1e-8
    assert raked.iterations > 1


@given(st.lists(st.lists(st.floats(0.1, 10), min_size=3, max_size=3), min_size=2, max_size=4))
def test_margins_of_a_table_on_the_same_cells_are_always_met(table: list[list[float]]) -> None:
    target = np.array(table)
    raked = rake(np.ones_like(target), [target.sum(axis=1), target.sum(axis=0)])
    assert raked.converged
    np.testing.assert_allclose(raked.weights.sum(axis=0), target.sum(axis=0), atol=1e-7)


def test_it_rakes_one_and_three_dimensions() -> None:
    np.testing.assert_allclose(rake([1, 3], [[10, 20]]).weights, [10, 20])
    raked = rake(np.ones((2, 2, 2)), [[4, 6], [5, 5], [1, 9]])
    for axis, margin in enumerate([[4, 6], [5, 5], [1, 9]]):
        others = tuple(other for other in range(3) if other != axis)
        np.testing.assert_allclose(raked.weights.sum(axis=others), margin)


def test_a_zero_cell_stays_zero() -> None:
    raked = rake([[0, 2], [3, 4]], [[10, 20], [5, 25]])
    assert raked.weights[0, 0] == 0
    assert raked.converged


def test_a_margin_of_zero_empties_its_cells() -> None:
    raked = rake([[1, 1], [1, 1]], [[0, 10], [4, 6]])
    np.testing.assert_allclose(raked.weights, [[0, 0], [4, 6]])


def test_a_stratum_that_nobody_is_or_should_be_in_stays_empty() -> None:
    np.testing.assert_allclose(rake([[0, 0], [1, 1]], [[0, 10], [4, 6]]).weights, [[0, 0], [4, 6]])


def test_zeros_that_leave_no_solution_are_reported_not_hidden() -> None:
    raked = rake([[1, 0], [0, 1]], [[30, 70], [40, 60]], max_iterations=50)
    assert not raked.converged
    assert raked.iterations == 50
    assert raked.max_error == pytest.approx(10)


@pytest.mark.parametrize(
    ("seed", "margins", "says"),
    [
        ([[1, 1], [1, 1]], [[10, 10], [10, 11]], "different totals"),
        ([[0, 0], [1, 1]], [[5, 5], [5, 5]], "has none there"),
        ([[1, 1]], [[1, 1], [1, 1]], "does not fit"),
        ([[1, 1]], [[2]], "does not fit"),
        ([[1, -1]], [[1], [0, 1]], "not negative"),
        ([], [[]], "empty"),
    ],
)
def test_it_refuses_margins_that_no_table_has(seed: list[float], margins: list[list[float]], says: str) -> None:
    with pytest.raises(CallError, match=says):
        rake(seed, margins)


def test_trimming_holds_back_the_one_loud_stratum_and_keeps_the_total() -> None:
    persons = np.array([10, 10, 10, 1])
    weights = trimmed([1, 2, 3, 100], persons)
    assert weights[3] / weights[1] < 10
    assert weights @ persons == pytest.approx(160)


def test_trimming_leaves_a_stratum_without_persons_without_weight() -> None:
    np.testing.assert_allclose(trimmed([2, 3, 0], [1, 1, 0]), [2, 3, 0])
