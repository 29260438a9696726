"""Bounds of a monthly total from the past errors of the same horizon, and the monitor that may widen or withhold them.

Split conformal prediction on absolute relative errors (Vovk, Gammerman & Shafer 2005; Lei et al. 2018): of n past
errors, the ⌈(n + 1)·level⌉-th smallest bounds the next one with at least that level, if errors are exchangeable.
With n < 19 no band of 95 % exists: the largest error attains n / (n + 1), and that level is stated.
"""

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]

LEVEL = 0.95
NEWEST = 6
"""The newest errors, which the monitor holds against the band of the older ones."""
OUTSIDE_WIDENED = 2
OUTSIDE_WITHHELD = 4
FEWEST_ERRORS = 3
"""With fewer past errors nothing can be said of the next one."""
DRIFT_WIDENED = 0.25
DRIFT_WITHHELD = 1.0
"""Population stability index: above 0.25 a shift is commonly called large (Siddiqi 2006)."""


class State(StrEnum):
    """What the regime monitor says of a band."""

    STEADY = "steady"
    WIDENED = "widened"
    WITHHELD = "withheld"


@dataclass(frozen=True)
class Band:
    """Relative bounds of the next total at one horizon; `n` errors, attained `level`; bounds empty if n is 0."""

    n: int
    level: float
    lower: float
    upper: float
    bias: float
    spread: float
    state: State = State.STEADY


def band_of(errors: Reals, weights: Reals | None = None) -> Band:
    """Return the band of past relative errors (final − estimate) / scale, the oldest first.

    With `weights` (at most 1 each) errors of times unlike the present count for less (Barber, Candès, Ramdas &
    Tibshirani 2023): the bound is the smallest error up to which the weights reach the level of all and one more.
    """
    n = len(errors)
    if n == 0:
        return Band(0, 0.0, math.nan, math.nan, math.nan, math.nan, State.WITHHELD)
    order = np.argsort(np.abs(errors), kind="stable")
    reached = np.cumsum((np.ones(n) if weights is None else weights)[order])
    level = min(LEVEL, float(reached[-1] / (reached[-1] + 1.0)))
    # A hair is allowed for: n / (n + 1) of n + 1 must be n.
    rank = min(n - 1, int(np.searchsorted(reached, LEVEL * (reached[-1] + 1.0) - 1e-9)))
    half = float(np.abs(errors)[order[rank]])
    spread = float(errors.std(ddof=1)) if n > 1 else math.nan
    return Band(n, level, -half, half, float(errors.mean()), spread)


def monitored(errors: Reals, drift: float, weights: Reals | None = None, a_month: int = 1) -> Band:
    """Return the band as the regime monitor lets it stand.

    `a_month` errors come from each month. The band is widened to the largest of all errors when `drift` (of the
    inputs) is large or several of the newest errors lie outside the band of the older ones; withheld when most do,
    or inputs are beyond comparison.
    """
    weights = np.ones(len(errors)) if weights is None else weights
    band = band_of(errors, weights)
    if band.n < FEWEST_ERRORS:
        return replace(band, state=State.WITHHELD)
    older, newest = errors[: -NEWEST * a_month], errors[-NEWEST * a_month :]
    has_past = len(older) >= FEWEST_ERRORS
    usual = band_of(older, weights[: len(older)]).upper if has_past else math.inf
    outside = int((np.abs(newest) > usual).sum()) / a_month
    if outside >= OUTSIDE_WITHHELD or drift >= DRIFT_WITHHELD:
        return replace(band, state=State.WITHHELD)
    if outside >= OUTSIDE_WIDENED or drift >= DRIFT_WIDENED:
        half = float(np.abs(errors).max()) * (1.0 + max(drift, 0.0))
        return replace(band, lower=-half, upper=half, state=State.WIDENED)
    return band


def population_stability(before: dict[str, int], now: dict[str, int]) -> float:
    """Return Σ (q − p)·ln(q / p) over the classes, half a count added to each: 0 if shares are the same."""
    classes = sorted({*before, *now})
    if not classes:
        return 0.0
    p = np.array([before.get(each, 0) + 0.5 for each in classes])
    q = np.array([now.get(each, 0) + 0.5 for each in classes])
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())
