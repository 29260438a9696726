"""Weights: persons of a feed raised to the benchmark population by raking, with a convergence report."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sandbox.errors import CallError

Array = NDArray[np.float64]
# Margins that differ by more than this share describe different populations.
SAME_TOTAL = 1e-6


@dataclass(frozen=True)
class Raked:
    """The seed raised to its margins; `max_error` is the greatest distance from any margin, in its units."""

    weights: Array
    iterations: int
    max_error: float
    converged: bool


def rake(seed: ArrayLike, margins: Sequence[ArrayLike], max_iterations: int = 10_000, tolerance: float = 1e-9) -> Raked:
    """Return the table with the seed's odds ratios and the given margins: iterative proportional fitting.

    `seed` has one axis a margin, `margins` one array an axis. Deming & Stephan (1940). A cell of zero stays
    zero. It stops when no margin is further off than `tolerance`, or after `max_iterations`: `converged` is
    then false, as where zeros in the seed leave no table that fits.
    Raises `CallError` where margins are negative, differ in total, or want persons where the seed has none.
    """
    table, wanted = _checked(seed, margins)
    # Below this the error is rounding of the sums themselves.
    enough = max(tolerance, 16 * np.finfo(np.float64).eps * float(wanted[0].sum()))
    error, iterations = _greatest_error(table, wanted), 0
    while error > enough and iterations < max_iterations:
        for axis, margin in enumerate(wanted):
            table = table * _along(_factors(margin, _margin(table, axis)), axis, table.ndim)
        error, iterations = _greatest_error(table, wanted), iterations + 1
    return Raked(table, iterations, error, error <= enough)


def trimmed(weights: ArrayLike, persons: ArrayLike, greatest_ratio: float = 5.0) -> Array:
    """Return weights held within `greatest_ratio` of their median; the weighted total of `persons` is kept.

    A stratum with few persons would otherwise speak for a whole area with the voice of one (Kish 1992).
    What is cut off is shared by all strata in proportion. Strata without persons get weight 0.
    """
    found, counts = np.asarray(weights, dtype=np.float64), np.asarray(persons, dtype=np.float64)
    seen = counts > 0
    if not seen.any():
        return np.zeros_like(found)
    middle = float(np.median(found[seen]))
    held = np.where(seen, found.clip(middle / greatest_ratio, middle * greatest_ratio), 0.0)
    weighted = float((held * counts).sum())
    return held * (float((found * counts)[seen].sum()) / weighted) if weighted > 0 else held


def _factors(wanted: Array, found: Array) -> Array:
    """Return wanted / found; 1 where both are zero, so that zero stays zero."""
    return np.divide(wanted, found, out=np.ones_like(wanted), where=found > 0)


def _margin(table: Array, axis: int) -> Array:
    others = tuple(other for other in range(table.ndim) if other != axis)
    return np.asarray(table.sum(axis=others), dtype=np.float64)


def _along(values: Array, axis: int, dimensions: int) -> Array:
    shape = [1] * dimensions
    shape[axis] = len(values)
    return values.reshape(shape)


def _greatest_error(table: Array, wanted: Sequence[Array]) -> float:
    return max(float(np.abs(_margin(table, axis) - margin).max()) for axis, margin in enumerate(wanted))


def _checked(seed: ArrayLike, margins: Sequence[ArrayLike]) -> tuple[Array, list[Array]]:
    table = np.asarray(seed, dtype=np.float64)
    wanted = [np.asarray(margin, dtype=np.float64) for margin in margins]
    if not table.size:
        raise CallError("The seed is empty.", "Give at least one stratum.")
    if table.ndim != len(wanted) or any(
        margin.shape != (size,) for margin, size in zip(wanted, table.shape, strict=False)
    ):
        found = ", ".join(str(margin.shape) for margin in wanted)
        raise CallError(f"A seed of shape {table.shape} does not fit margins of shape {found}.", "One array an axis.")
    if not all(np.isfinite(values).all() and (values >= 0).all() for values in (table, *wanted)):
        raise CallError("Seed and margins must be finite and not negative.", "They count persons.")
    totals = [float(margin.sum()) for margin in wanted]
    if max(totals) - min(totals) > SAME_TOTAL * max(totals):
        raise CallError(
            f"The margins add up to different totals: {', '.join(f'{total:g}' for total in totals)}.",
            "Scale them to one population before raking.",
        )
    for axis, margin in enumerate(wanted):
        if ((margin > 0) & (_margin(table, axis) == 0)).any():
            number = int(np.flatnonzero((margin > 0) & (_margin(table, axis) == 0))[0])
            raise CallError(
                f"Margin {axis}, category {number} wants persons, but the seed has none there.",
                "Join the category with a neighbour.",
            )
    return table, wanted
