"""Chances learnt from counts: they add up to what is expected of each category."""

import numpy as np

from sandbox.kernels.chances import chance, fitted, moments

# Intercept, one of two in the first category, one of three in the second.
CODES = np.array([[0, 1 + one, 3 + other] for one in range(2) for other in range(3)])
HITS = np.array([1.0, 0.5, 8.0, 12.0, 3.0, 40.0])
TRIES = np.array([10.0, 20.0, 30.0, 20.0, 10.0, 60.0])


def test_the_chances_of_a_category_add_up_to_its_hits_but_for_the_ridge() -> None:
    ridge = 0.7
    coefficients = fitted(CODES, HITS, TRIES, 6, ridge)
    expected = TRIES * chance(CODES, coefficients)
    for code in range(1, 6):
        has = (code == CODES).any(axis=1)
        assert np.isclose(expected[has].sum() + ridge * coefficients[code], HITS[has].sum())
    assert np.isclose(expected.sum(), HITS.sum(), rtol=1e-5)


def test_more_hits_than_tries_in_a_cell_leave_a_chance_below_one() -> None:
    hits = np.array([5.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    tries = np.array([2.0, 50.0, 50.0, 50.0, 50.0, 50.0])
    found = chance(CODES, fitted(CODES, hits, tries, 6, 1.0))
    assert found.max() == found[0] < 1


def test_a_cell_with_many_more_hits_than_tries_is_fitted_all_the_same() -> None:
    hits, tries = np.array([50.0, 0, 0, 0, 0, 0]), np.array([2.0, 50, 50, 50, 50, 50])
    coefficients = fitted(CODES, hits, tries, 6, 1.0)
    has = (CODES == 1).any(axis=1)
    assert np.isclose((tries * chance(CODES, coefficients))[has].sum() + coefficients[1], 50)


def test_a_category_never_seen_has_the_chance_of_all() -> None:
    codes = np.array([[0, 1], [0, 2]])
    coefficients = fitted(codes, np.array([30.0, 0.0]), np.array([100.0, 0.0]), 3, 1.0)
    assert np.isclose(chance(codes, coefficients), 0.3, atol=0.02).all()


def test_no_hits_at_all_give_hardly_a_chance() -> None:
    assert (chance(CODES, fitted(CODES, np.zeros(6), TRIES, 6, 1.0)) < 0.01).all()


def test_gradient_and_information_of_two_cells_by_hand() -> None:
    # Without coefficients every chance is one half; 8 and 4 tries spread by 8/4 and 4/4.
    gradient, information = moments(np.array([[0, 1], [0, 2]]), np.array([7.0, 1.0]), np.array([8.0, 4.0]), np.zeros(3))
    assert gradient.tolist() == [3 - 1, 3, -1]
    assert information.tolist() == [[3, 2, 1], [2, 2, 0], [1, 0, 1]]
    tilted, spread = moments(np.array([[0]]), np.array([1.0]), np.array([4.0]), np.array([np.log(3)]))
    np.testing.assert_allclose([tilted[0], spread[0, 0]], [1 - 3, 4 * 0.75 * 0.25])
