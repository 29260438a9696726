"""Monthly series that add up to annual ones: Denton's proportional first differences, and Chow–Lin."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import toeplitz
from scipy.optimize import minimize_scalar

from sandbox.errors import CallError

Array = NDArray[np.float64]

# Negative autocorrelation of annual residuals is an artefact that makes the monthly series jagged; the R
# package tempdisagg (Sax & Steiner 2013, section 3) keeps rho from 0 to 0.999 for the same reason.
GREATEST_RHO = 0.999
RHO_STEPS = 200
# Squared residuals below this share of the squared totals are rounding: the fit is exact.
EXACT_FIT = 1e-20


def denton_proportional(totals: ArrayLike, indicator: ArrayLike, per: int) -> Array:
    """Return the series nearest to `indicator` in proportional first differences that sums to `totals`.

    `totals` (n) are sums over `per` periods each; `indicator` (at least n · per) has one value a period.
    Periods after the last total are carried forward at its last ratio. Cholette's form (Dagum & Cholette
    2006, chapter 6): the sum over t ≥ 2 of (x_t / z_t − x_{t−1} / z_{t−1})² is least, and the first period
    is not pulled to zero. Written in ratios r = x / z, so that a period whose indicator is zero gets zero.
    Raises `CallError` where a total is not zero and all its periods are.
    """
    wanted, known, per = _checked(totals, indicator, per)
    inside = len(wanted) * per
    blocks = known[:inside].reshape(len(wanted), per)
    empty: NDArray[np.bool_] = np.logical_not(blocks.any(axis=1))
    if (empty & (wanted != 0)).any():
        number = int(np.flatnonzero(empty & (wanted != 0))[0]) + 1
        raise CallError(
            f"Total {number} is not zero, but its indicator is zero in all {per} periods: "
            "nothing says how to share it.",
            "Take another indicator for those periods.",
        )
    if not known.any():
        return np.zeros_like(known)
    if not blocks.sum(axis=1).any():
        raise CallError(
            "The indicator sums to zero over every total: its proportions say nothing about the level.",
            "Take an indicator that is not negative, and not zero throughout.",
        )
    scale = np.abs(known).max()
    ratios = _smoothest_ratios(wanted[~empty] / scale, blocks / scale, np.logical_not(empty))
    return np.concatenate([ratios, np.full(len(known) - inside, ratios[-1])]) * known


def chow_lin(totals: ArrayLike, indicator: ArrayLike, per: int) -> Array:
    """Return the best linear unbiased series that sums to `totals`, by a constant and `indicator`.

    Chow & Lin (1971) with residuals of first-order autocorrelation; ρ, from 0 to 0.999, maximises the
    likelihood of the totals (Bournay & Laroque 1979). Periods after the last total are predicted with the
    same covariance.
    Raises `CallError` for fewer than 3 totals, or where the indicator's sums don't vary.
    """
    wanted, known, per = _checked(totals, indicator, per)
    if len(wanted) < 3:
        raise CallError(
            f"Chow–Lin needs at least 3 totals to estimate a level, a slope and their error; found {len(wanted)}.",
            "Take `denton_proportional`, which needs one.",
        )
    model = _AnnualRegression(wanted, _summing(len(wanted), len(known), per), known)
    return model.series(model.likeliest_rho())


@dataclass(frozen=True)
class _AnnualRegression:
    """The regression of n totals on sums of a constant and of N periods' indicator; `summing` is n × N."""

    totals: Array
    summing: Array
    indicator: Array

    @property
    def design(self) -> Array:
        """Constant and indicator, N × 2; the indicator is scaled, so that the two columns are of a size."""
        scale = np.abs(self.indicator).max() or 1.0
        return np.column_stack([np.ones_like(self.indicator), self.indicator / scale])

    def likeliest_rho(self) -> float:
        """Return the ρ of greatest likelihood: the best of a grid, refined between its neighbours."""
        annual = self.summing @ self.design
        if np.linalg.matrix_rank(annual) < annual.shape[1]:
            raise CallError(
                "The indicator's sums are the same for every total: a slope can't be estimated.",
                "Take an indicator that varies, or `denton_proportional`.",
            )
        grid = np.linspace(0.0, GREATEST_RHO, RHO_STEPS)
        losses = [self._loss(rho) for rho in grid]
        best = int(np.argmin(losses))
        bounds = (grid[max(0, best - 1)], grid[min(RHO_STEPS - 1, best + 1)])
        refined = minimize_scalar(self._loss, bounds=bounds, method="bounded", options={"xatol": 1e-10})
        return float(refined.x) if refined.fun < losses[best] else float(grid[best])

    def series(self, rho: float) -> Array:
        """Return the regression's series and the annual residuals, shared out by the covariance."""
        covariance, annual_covariance, beta, residual = self._fit(rho)
        shared: Array = covariance @ self.summing.T @ np.linalg.solve(annual_covariance, residual)
        fitted: Array = self.design @ beta
        return fitted + shared

    def _fit(self, rho: float) -> tuple[Array, Array, Array, Array]:
        covariance: Array = toeplitz(rho ** np.arange(len(self.indicator)))
        annual_covariance = self.summing @ covariance @ self.summing.T
        annual = self.summing @ self.design
        weighted = np.linalg.solve(annual_covariance, annual)
        beta = np.asarray(np.linalg.solve(annual.T @ weighted, weighted.T @ self.totals), dtype=np.float64)
        residual: Array = self.totals - annual @ beta
        return covariance, annual_covariance, beta, residual

    def _loss(self, rho: float) -> float:
        """Return −2 / n · log likelihood of the totals, with level, slope and variance concentrated out."""
        _, annual_covariance, _, residual = self._fit(rho)
        squares = float(residual @ np.linalg.solve(annual_covariance, residual))
        least = EXACT_FIT * float(self.totals @ self.totals)
        if float(residual @ residual) <= least:
            return -np.inf
        return float(np.log(squares) + np.linalg.slogdet(annual_covariance)[1] / len(self.totals))


def _smoothest_ratios(totals: Array, blocks: Array, bound: NDArray[np.bool_]) -> Array:
    """Solve for the ratios with least squared differences, subject to the sums of the `bound` blocks."""
    count, per = blocks.shape
    periods = count * per
    differences = np.diff(np.eye(periods), axis=0)
    sums = (np.kron(np.eye(count), np.ones(per)) * blocks.ravel())[bound]
    system = np.block([[differences.T @ differences, sums.T], [sums, np.zeros((len(sums), len(sums)))]])
    solution: Array = np.linalg.solve(system, np.concatenate([np.zeros(periods), totals]))
    return solution[:periods]


def _summing(count: int, periods: int, per: int) -> Array:
    summing = np.zeros((count, periods))
    summing[:, : count * per] = np.kron(np.eye(count), np.ones(per))
    return summing


def _checked(totals: ArrayLike, indicator: ArrayLike, per: int) -> tuple[Array, Array, int]:
    wanted, known = np.asarray(totals, dtype=np.float64), np.asarray(indicator, dtype=np.float64)
    if wanted.ndim != 1 or known.ndim != 1:
        raise CallError("Totals and indicator must be one-dimensional.", "Give one series at a time.")
    if per < 1 or per != int(per):
        raise CallError(f"A total must cover a whole number of periods, at least 1; found {per}.", "Mend `per`.")
    if not len(wanted):
        raise CallError("There is no total to add up to.", "Give at least one.")
    if len(known) < len(wanted) * per:
        raise CallError(
            f"{len(wanted)} totals of {per} periods need {len(wanted) * per} values of the indicator; "
            f"found {len(known)}.",
            "Leave out totals that the indicator does not cover.",
        )
    if not (np.isfinite(wanted).all() and np.isfinite(known).all()):
        raise CallError("Totals and indicator must be finite numbers.", "Fill the gaps or shorten the series.")
    return wanted, known, int(per)
