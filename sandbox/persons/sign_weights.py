"""Weights of signs of life, by likelihood on persons whose status is known."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from sandbox.concepts.residency import ResidencyIndex
from sandbox.errors import DeliveryRefusedError
from sandbox.persons.residency import Signs, equal_weights, index_of

HEAVIEST, STEEPEST = 5.0, 200.0
PULL = 1e-3  # to equal weights, so that there are likeliest ones where the signs part the statuses wholly
LEAST_LIKELY = 1e-12
SEED = 1

Status = NDArray[np.int8]


class Estimated(NamedTuple):
    """Weights by sign, and what the weights of each half of the persons say of the known statuses of the other.

    `decided` is the share of these statuses that could be told, `right` the share of the told that are right.
    """

    weights: dict[str, float]
    decided: float
    right: float


def weights_by_likelihood(signs: Signs, status: Status, rule: ResidencyIndex) -> Estimated:
    """Return the weights under which the known statuses are likeliest.

    A person is resident with the logistic probability of `steepness` × (R - threshold), R being the index with these
    weights (the middle of its bounds where it isn't known); so the threshold keeps its meaning. Weights are at least
    0, for a sign of life is never one of absence. `status` int8[persons, periods] is 1, 0 or, where not known, -1.
    """
    known = np.flatnonzero((status >= 0).any(axis=1))
    if len(known) < 2 or not ((status == 1).any() and (status == 0).any()):
        raise DeliveryRefusedError(
            "The known statuses are all alike, or of one person.",
            "Give persons who are resident and persons who are not.",
        )
    # Halves by chance, not by row: files are sorted by what matters.
    half = np.isin(np.arange(len(status)), np.random.default_rng(SEED).permutation(known)[::2])
    told = [_told(signs, status, part, rule) for part in (half, ~half)]
    decided, right = (sum(each[number] for each in told) for number in (0, 1))
    return Estimated(_likeliest(signs, status, rule), decided / int((status >= 0).sum()), right / max(decided, 1))


def _likeliest(signs: Signs, status: Status, rule: ResidencyIndex) -> dict[str, float]:
    known = status >= 0

    def loss(parameters: NDArray[np.float64]) -> float:
        found = index_of(signs, dict(zip(signs.names, parameters[1:], strict=True)), rule)
        middle = (found.lowest[known] + found.highest[known]) / 2
        probability = 1 / (1 + np.exp(-parameters[0] * (middle - rule.threshold)))
        likely = np.where(status[known] == 1, probability, 1 - probability)
        pull = PULL * np.sum((parameters[1:] - alike) ** 2)
        return float(pull - np.mean(np.log(np.maximum(likely, LEAST_LIKELY))))

    alike = np.array(list(equal_weights(signs.names).values()))
    start = [10.0, *alike]
    found = minimize(loss, start, method="L-BFGS-B", bounds=[(0.1, STEEPEST)] + [(0.0, HEAVIEST)] * len(signs.names))
    return dict(zip(signs.names, found.x[1:].tolist(), strict=True))


def _told(signs: Signs, status: Status, taught: NDArray[np.bool_], rule: ResidencyIndex) -> tuple[int, int]:
    """Return how many known statuses of the others are decided by weights of those `taught`, and how many rightly."""
    weights = _likeliest(signs.of(taught), status[taught], rule)
    truth, said = status[~taught], index_of(signs.of(~taught), weights, rule).resident
    decided = (truth >= 0) & (said >= 0)
    return int(decided.sum()), int((said == truth)[decided].sum())
