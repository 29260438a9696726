"""Monthly series made consistent with annual totals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize

from sandbox.errors import CallError
from sandbox.estimates.temporal import chow_lin, denton_proportional

RNG = np.random.default_rng(7)
POSITIVE = st.floats(0.5, 50)


@given(st.lists(POSITIVE, min_size=1, max_size=5), st.integers(1, 4), st.data())
def test_denton_adds_up_to_every_total(totals: list[float], per: int, data: st.DataObject) -> None:
    indicator = data.draw(st.lists(POSITIVE, min_size=len(totals) * per, max_size=len(totals) * per + 3))
    series = denton_proportional(totals, indicator, per)
    assert len(series) == len(indicator)
    sums = series[: len(totals) * per].reshape(len(totals), per).sum(axis=1)
    np.testing.assert_allclose(sums, totals, rtol=1e-7, atol=1e-7)


def test_denton_minimises_proportional_first_differences_from_the_second_period_on() -> None:
    indicator = np.array([1, 2, 3, 4, 1, 2, 3, 5.0])
    wanted = np.array([40, 60.0])
    found = minimize(
        lambda x: (np.diff(x / indicator) ** 2).sum(),
        indicator * 10,
        constraints=[{"type": "eq", "fun": lambda x: x.reshape(2, 4).sum(axis=1) - wanted}],
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    np.testing.assert_allclose(denton_proportional(wanted, indicator, 4), found.x, rtol=1e-5)


def test_denton_keeps_an_indicator_that_already_adds_up() -> None:
    np.testing.assert_allclose(denton_proportional([3, 7], [1, 2, 3, 4], 2), [1, 2, 3, 4])


def test_denton_shares_one_total_in_proportion_and_carries_its_ratio_forward() -> None:
    np.testing.assert_allclose(denton_proportional([100], [1, 4, 5, 2, 3], 3), [10, 40, 50, 20, 30])


def test_denton_carries_the_last_period_s_ratio_not_the_last_year_s() -> None:
    series = denton_proportional([40, 60], [2, 2, 2, 2, 3, 1], 2)
    assert series[4] / 3 == pytest.approx(series[3] / 2)
    assert series[5] / 1 == pytest.approx(series[3] / 2)


def test_denton_gives_zero_where_the_indicator_is_zero() -> None:
    series = denton_proportional([100, 50], [1, 0, 3, 1, 0, 1], 3)
    assert series[1] == series[4] == 0
    assert series[:3].sum() == pytest.approx(100)


def test_denton_takes_a_year_of_zeros_with_a_total_of_zero() -> None:
    np.testing.assert_allclose(denton_proportional([6, 0, 6], [1, 2, 0, 0, 1, 2], 2), [2, 4, 0, 0, 2, 4])


@pytest.mark.parametrize(
    ("totals", "indicator", "per", "says"),
    [
        ([5, 6], [1, 1, 0, 0], 2, "Total 2 is not zero"),
        ([5], [1], 2, "need 2 values"),
        ([], [1, 2], 2, "no total"),
        ([5], [1, np.nan], 2, "finite"),
        ([5], [1, 2], 0, "at least 1"),
        ([[5]], [1, 2], 2, "one-dimensional"),
        ([5], [1, -1], 2, "sums to zero"),
    ],
)
def test_denton_refuses_what_it_can_t_share(totals: list[float], indicator: list[float], per: int, says: str) -> None:
    with pytest.raises(CallError, match=says):
        denton_proportional(totals, indicator, per)


def autocorrelated(rho: float, size: int) -> np.ndarray:
    noise = np.zeros(size)
    for t in range(1, size):
        noise[t] = rho * noise[t - 1] + RNG.normal()
    return noise


def test_chow_lin_adds_up_and_predicts_further_periods() -> None:
    indicator = RNG.gamma(5, 2, 52)
    truth = 3 + 2 * indicator + autocorrelated(0.8, 52)
    totals = truth[:48].reshape(12, 4).sum(axis=1)
    series = chow_lin(totals, indicator, 4)
    np.testing.assert_allclose(series[:48].reshape(12, 4).sum(axis=1), totals, rtol=1e-9)
    assert np.abs(series - truth).mean() < np.abs(totals.mean() / 4 - truth).mean() / 3


def test_chow_lin_is_the_regression_itself_where_that_fits_exactly() -> None:
    indicator = np.array([1, 3, 2, 5, 4, 6, 9, 7.0])
    truth = 10 + 2 * indicator
    np.testing.assert_allclose(chow_lin(truth[:6].reshape(3, 2).sum(axis=1), indicator, 2), truth, rtol=1e-8)


def test_chow_lin_s_rho_has_the_greatest_likelihood_of_a_fine_grid() -> None:
    indicator = RNG.gamma(5, 2, 120)
    truth = 3 + 2 * indicator + autocorrelated(0.9, 120)
    totals = truth.reshape(30, 4).sum(axis=1)
    summing = np.kron(np.eye(30), np.ones(4))
    design = summing @ np.column_stack([np.ones(120), indicator])
    lags = np.abs(np.subtract.outer(np.arange(120), np.arange(120)))

    def fit(rho: float) -> tuple[float, np.ndarray]:
        covariance = rho**lags / (1 - rho**2)
        annual = summing @ covariance @ summing.T
        inverse = np.linalg.inv(annual)
        beta = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ totals)
        residual = totals - design @ beta
        likelihood = -15 * np.log(residual @ inverse @ residual / 30) - np.linalg.slogdet(annual)[1] / 2
        series = np.column_stack([np.ones(120), indicator]) @ beta + covariance @ summing.T @ inverse @ residual
        return float(likelihood), series

    best = max((fit(rho) for rho in np.linspace(0.0, 0.999, 4000)), key=lambda found: found[0])
    np.testing.assert_allclose(chow_lin(totals, indicator, 4), best[1], rtol=1e-3)


@pytest.mark.parametrize(
    ("totals", "indicator", "says"),
    [([1, 2], [1, 2, 3, 4], "at least 3 totals"), ([1, 2, 3], [1, 2, 2, 1, 1, 2], "same for every total")],
)
def test_chow_lin_refuses_what_it_can_t_estimate(totals: list[float], indicator: list[float], says: str) -> None:
    with pytest.raises(CallError, match=says):
        chow_lin(totals, indicator, 2)
