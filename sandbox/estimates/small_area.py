"""Small areas: the area-level model of Fay and Herriot, with its mean squared error."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from sandbox.errors import CallError

Array = NDArray[np.float64]
GRID = 400


class Likelihood(StrEnum):
    """Which likelihood the variance of the area effects maximises."""

    REML = "REML"
    ML = "ML"


@dataclass(frozen=True)
class FayHerriot:
    """The fitted model: `beta` (p) and `beta_se`, `sigma2` ≥ 0, and for each of m areas `eblup`, `mse`, `direct_share`.

    `direct_share` (γ) is the weight of the direct estimate in the EBLUP, from 0 (model only) to 1.
    """

    beta: Array
    sigma2: float
    eblup: Array
    mse: Array
    direct_share: Array
    beta_se: Array


def fay_herriot(
    direct: ArrayLike,
    variance: ArrayLike,
    X: ArrayLike,  # noqa: N803 - fixed name, a matrix
    method: str = "REML",
) -> FayHerriot:
    """Return the empirical best linear unbiased predictor of m areas (Fay & Herriot 1979).

    `direct` (m) are direct estimates, `variance` (m) their squared standard errors, known and above zero; `X`
    (m × p) the covariates with their own intercept. The variance of the area effects maximises the
    restricted likelihood (REML, default) or the likelihood (ML), on [0, ∞); the MSE is that of Prasad & Rao
    (1990) and Datta & Lahiri (2000): g1 + g2 + 2·g3, for ML less the bias of the variance (Rao & Molina 2015,
    section 6.2).
    Raises `CallError` where inputs don't fit or the model can't be estimated.
    """
    y, psi, design = _checked(direct, variance, X)
    if method not in set(Likelihood):
        raise CallError(f"There is no likelihood {method!r}.", f"Choose one of: {', '.join(Likelihood)}.")
    sigma2 = _likeliest_variance(y, psi, design, Likelihood(method))
    weight = 1.0 / (sigma2 + psi)
    covariance, beta = _generalised_least_squares(y, weight, design)
    gamma = sigma2 * weight
    fitted: Array = design @ beta
    mse = _mean_squared_error(sigma2, psi, design, covariance, Likelihood(method))
    return FayHerriot(beta, sigma2, fitted + gamma * (y - fitted), mse, gamma, np.sqrt(np.diag(covariance)))


def _mean_squared_error(sigma2: float, psi: Array, design: Array, covariance: Array, method: Likelihood) -> Array:
    weight = 1.0 / (sigma2 + psi)
    shrinkage = psi * weight
    information = float((weight**2).sum()) / 2
    g1 = sigma2 * shrinkage
    g2 = shrinkage**2 * np.einsum("ij,jk,ik->i", design, covariance, design)
    g3 = shrinkage**2 * weight / information
    mse = np.asarray(g1 + g2 + 2 * g3, dtype=np.float64)
    if method is Likelihood.ML:
        spread = design.T @ (design * (weight**2)[:, None])
        bias = -float(np.trace(covariance @ spread)) / (2 * information)
        mse = mse - bias * shrinkage**2
    return mse


def _likeliest_variance(y: Array, psi: Array, design: Array, method: Likelihood) -> float:
    """Return the likeliest variance of the area effects: the best of a grid, then the root of its score."""
    residual: Array = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    greatest = 10 * (float(residual @ residual) / (len(y) - design.shape[1]) + float(psi.max()))
    grid = np.concatenate([[0.0], np.geomspace(float(psi.min()) * 1e-4, greatest, GRID)])
    values = [_log_likelihood(s, y, psi, design, method) for s in grid]
    best = int(np.argmax(values))
    low, high = grid[max(0, best - 1)], grid[min(len(grid) - 1, best + 1)]
    at_low, at_high = (_score(s, y, psi, design, method) for s in (low, high))
    if at_low <= 0 or at_high >= 0:
        return float(grid[best])
    return float(brentq(_score, low, high, args=(y, psi, design, method), xtol=1e-14 * greatest, rtol=1e-14))


def _log_likelihood(sigma2: float, y: Array, psi: Array, design: Array, method: Likelihood) -> float:
    weight = 1.0 / (sigma2 + psi)
    covariance, beta = _generalised_least_squares(y, weight, design)
    residual = y - design @ beta
    value = float(np.log(weight).sum() - (weight * residual**2).sum())
    if method is Likelihood.REML:
        value += float(np.linalg.slogdet(covariance)[1])
    return value / 2


def _score(sigma2: float, y: Array, psi: Array, design: Array, method: Likelihood) -> float:
    """Return the derivative of the log likelihood by the variance: (y'PPy − tr P) / 2, with tr V⁻¹ for ML."""
    weight = 1.0 / (sigma2 + psi)
    covariance, beta = _generalised_least_squares(y, weight, design)
    residual = y - design @ beta
    trace = float(weight.sum())
    if method is Likelihood.REML:
        trace -= float(np.trace(covariance @ (design.T @ (design * (weight**2)[:, None]))))
    return (float((weight**2 * residual**2).sum()) - trace) / 2


def _generalised_least_squares(y: Array, weight: Array, design: Array) -> tuple[Array, Array]:
    weighted = design * weight[:, None]
    covariance = np.asarray(np.linalg.inv(design.T @ weighted), dtype=np.float64)
    beta: Array = covariance @ (weighted.T @ y)
    return covariance, beta


def _checked(direct: ArrayLike, variance: ArrayLike, covariates: ArrayLike) -> tuple[Array, Array, Array]:
    y, psi, design = (np.asarray(values, dtype=np.float64) for values in (direct, variance, covariates))
    design = design[:, None] if design.ndim == 1 else design
    if y.ndim != 1 or psi.shape != y.shape or design.ndim != 2 or len(design) != len(y):
        raise CallError(
            f"Direct estimates {y.shape}, variances {psi.shape} and covariates {design.shape} "
            "don't describe the same areas.",
            "Give one estimate, one variance and one row of covariates an area.",
        )
    if not all(np.isfinite(values).all() for values in (y, psi, design)):
        raise CallError("Direct estimates, variances and covariates must be finite.", "Leave out areas without data.")
    if (psi <= 0).any():
        raise CallError(
            "A direct estimate's variance must be above zero: zero would say that it is free of error.",
            "Smooth the variances, or leave the area out of the model and keep its direct estimate.",
        )
    if len(y) <= design.shape[1]:
        raise CallError(
            f"{len(y)} areas can't estimate {design.shape[1]} coefficients and a variance.",
            "Take fewer covariates.",
        )
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise CallError("Some covariates are sums of others.", "Leave one out (a dummy beside an intercept, say).")
    return y, psi, design
