"""The chance that something is so, from how often it is so among the alike: logistic regression on counts of cells.

Hits may be fractions, and may outnumber the tries of a cell (an expectation beside an observation). Then the fit is
quasi-likelihood (Papke & Wooldridge 1996): for every category the chances add up to the hits that are expected of it,
but for the ridge.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

ROUNDS = 50
CLOSE = 1e-6
LONGEST_STEP = 2.0

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


def _moments(codes: Ints, hits: Reals, tries: Reals, coefficients: Reals) -> tuple[Reals, Reals]:
    """Return gradient [c] and information [c, c] of the log-likelihood, without the ridge.

    `codes` int64[cells, k] are the coefficients that each cell has; none twice.
    """
    size = len(coefficients)
    gradient, information = np.zeros(size), np.zeros((size, size))
    for cell in range(len(codes)):
        score = 0.0
        for code in codes[cell]:
            score += coefficients[code]
        chance = 1 / (1 + np.exp(-score))
        miss, spread = hits[cell] - tries[cell] * chance, tries[cell] * chance * (1 - chance)
        for code in codes[cell]:
            gradient[code] += miss
            for with_code in codes[cell]:
                information[code, with_code] += spread
    return gradient, information


moments = njit(_moments, cache=True)


def fitted(codes: Ints, hits: Reals, tries: Reals, size: int, ridge: float) -> Reals:
    """Return the coefficients, float64[size]; coefficient 0 is the intercept, in every cell, and has no ridge.

    Cells are summed in their order: the same cells in the same order give the same bytes.
    """
    penalty = np.full(size, ridge)
    penalty[0] = CLOSE
    coefficients = np.zeros(size)
    for _ in range(ROUNDS):
        gradient, information = moments(codes, hits, tries, coefficients)
        step = np.linalg.solve(information + np.diag(penalty), gradient - penalty * coefficients)
        # Newton overshoots where chances are near 0 or 1.
        longest = float(np.abs(step).max())
        coefficients += step * min(1.0, LONGEST_STEP / max(longest, CLOSE))
        if longest < CLOSE:
            break
    return coefficients


def chance(codes: Ints, coefficients: Reals) -> Reals:
    """Return the chance of each cell, float64[cells]."""
    return np.asarray(1 / (1 + np.exp(-coefficients[codes].sum(axis=1))), np.float64)
