"""The residency index: signs of life that fade, and who is resident by them; not said where it can't be known.

Source: Tiit & Maasing 2016, "Residency index and its applications in censuses and population statistics", and Maasing,
Tiit & Vähi 2017, "Residency index – a tool for measuring the population size" (Statistics Estonia).
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sandbox.kernels.walk import UNKNOWN

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

ROUNDING = 1e-9  # an index this far below the threshold is at it


class Fading(NamedTuple):
    """R(t) = d·R(t-1) + g·S(t), at most 1; resident while R ≥ c."""

    d: float
    g: float
    c: float


class Index(NamedTuple):
    """One element a person and period: the lowest and highest value that the index may have, and `resident`.

    `resident` int8 is 1 where even the lowest value reaches the threshold, 0 where not even the highest does, else -1.
    """

    lowest: Reals
    highest: Reals
    resident: NDArray[np.int8]


def _index(person_offsets: Ints, lowest: Reals, highest: Reals, initial: Reals, fading: Fading) -> Index:
    """Return the index of every person and period.

    Rows are sorted by person and period, one a period without gaps; `lowest` and `highest` float64[n] are the least
    and the most that the signs of the period may weigh, the same where all of them are known. `initial` float64[p] is
    each person's index before the first period; NaN where it isn't known: then it may be anything from 0 to 1.
    """
    rows = len(lowest)
    out = Index(np.empty(rows), np.empty(rows), np.full(rows, UNKNOWN))
    for person in range(len(person_offsets) - 1):
        low = 0.0 if np.isnan(initial[person]) else initial[person]
        high = 1.0 if np.isnan(initial[person]) else initial[person]
        for row in range(person_offsets[person], person_offsets[person + 1]):
            # The index rises with each of its terms, so its bounds come from theirs.
            low = min(1.0, fading.d * low + fading.g * lowest[row])
            high = min(1.0, fading.d * high + fading.g * highest[row])
            out.lowest[row], out.highest[row] = low, high
            if low >= fading.c - ROUNDING:
                out.resident[row] = 1
            elif high < fading.c - ROUNDING:
                out.resident[row] = 0
    return out


index = njit(_index, cache=True)
