"""How wrong the office is: relative errors, and the standard errors that it states."""

import numpy as np

from sandbox.synthetic.chance import Reals

OWN_ERROR = 0.8


def measured(rng: np.random.Generator, true: Reals, error: float) -> tuple[Reals, Reals]:
    """Return values with the office's error, and their standard errors: the total first, then each column.

    The error of a period is partly common to all subpopulations, partly each one's own.
    """
    noise = 1 + error * (rng.standard_normal((len(true), 1)) + OWN_ERROR * rng.standard_normal(true.shape))
    value = np.maximum(true * noise, 0.0)
    total = value.sum(axis=1, keepdims=True)
    se_total = error * np.sqrt(total**2 + OWN_ERROR**2 * (value**2).sum(axis=1, keepdims=True))
    return np.hstack([total, value]), np.hstack([se_total, error * np.hypot(1, OWN_ERROR) * value])
