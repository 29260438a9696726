"""The residency index against Estonia's published parameters, and against every completion of what is not known."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kernels.residency import Fading, Index, index

ESTONIA = Fading(0.8, 0.2, 0.7)


def index_of(signs: list[float | None], initial: float | None) -> Index:
    """One person; None is not known."""
    lowest = np.array([0.0 if sign is None else sign for sign in signs])
    highest = np.array([1.0 if sign is None else sign for sign in signs])
    start = np.array([np.nan if initial is None else initial])
    return index(np.array([0, len(signs)]), lowest, highest, start, ESTONIA)


@pytest.mark.parametrize(
    ("signs", "initial", "values", "resident"),
    [
        # 0.8·1, 0.8·0.8, 0.8·0.64: a resident without signs is none from the second year on
        ([0, 0, 0], 1, [0.8, 0.64, 0.512], [1, 0, 0]),
        # 1 - 0.8^k: a newcomer with all signs is resident in the sixth year
        ([1, 1, 1, 1, 1, 1], 0, [0.2, 0.36, 0.488, 0.5904, 0.67232, 0.737856], [0, 0, 0, 0, 0, 1]),
        # 0.8·1 + 0.2·0.5 = 0.9; 0.82; 0.756; 0.7048; 0.66384: half of the signs hold for four years
        ([0.5] * 5, 1, [0.9, 0.82, 0.756, 0.7048, 0.66384], [1, 1, 1, 1, 0]),
        # away one year and back: 0.8, 0.84
        ([0, 1], 1, [0.8, 0.84], [1, 1]),
        # signs that weigh more than one do not lift the index above one
        ([3.0, 0, 0], 1, [1.0, 0.8, 0.64], [1, 1, 0]),
    ],
)
def test_estonias_index_by_hand(signs: list, initial: float, values: list[float], resident: list[int]) -> None:
    found = index_of(signs, initial)
    np.testing.assert_allclose(found.lowest, values)
    np.testing.assert_allclose(found.highest, values)
    assert found.resident.tolist() == resident


def test_an_index_at_the_threshold_is_resident() -> None:
    assert index_of([0.3], 0.8).resident.tolist() == [1]  # 0.64 + 0.06, which floats put below 0.7


def by_definition(signs: list[float], start: float) -> list[float]:
    values, current = [], start
    for sign in signs:
        current = min(1.0, 0.8 * current + 0.2 * sign)
        values.append(current)
    return values


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([None, 0.0, 0.5, 1.0]), min_size=1, max_size=6), st.sampled_from([None, 0.0, 0.5, 1.0]))
def test_bounds_are_attained_and_undecided_is_where_two_completions_differ(signs: list, initial: float | None) -> None:
    choices = [[0.0, 0.4, 1.0] if each is None else [each] for each in (initial, *signs)]
    all_values = np.array([by_definition(list(rest), start) for start, *rest in product(*choices)])
    found = index_of(signs, initial)
    np.testing.assert_allclose(found.lowest, all_values.min(axis=0))
    np.testing.assert_allclose(found.highest, all_values.max(axis=0))
    is_resident = all_values >= 0.7 - 1e-9
    expected = np.where(is_resident.all(axis=0), 1, np.where(~is_resident.any(axis=0), 0, -1))
    assert found.resident.tolist() == expected.tolist()


def test_one_who_may_be_at_the_threshold_is_undecided() -> None:
    found = index(np.array([0, 1]), np.array([0.0]), np.array([0.3]), np.array([0.8]), ESTONIA)
    assert found.resident.tolist() == [-1]  # 0.64 at least, 0.7 at the most
    assert [column.dtype for column in found] == [np.float64, np.float64, np.int8]


def test_persons_do_not_touch_each_other() -> None:
    both = index(np.array([0, 2, 2, 4]), np.ones(4), np.ones(4), np.array([1.0, 0.5, 0.0]), ESTONIA)
    np.testing.assert_allclose(both.lowest, [1.0, 1.0, 0.2, 0.36])
