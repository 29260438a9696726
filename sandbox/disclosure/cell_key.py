"""Cell key method: the same cell gets the same noise, wherever it stands (Thompson, Broadfoot & Elazar 2013).

Each person has one record key modulo 256; a cell's key is the sum of the record keys of those in it, modulo 256. The
key and the count pick the noise from a table of probabilities with mean zero and a set variance, bounded, and of
greatest entropy among those (Giessing & Tent 2019, the `ptable` of the SDC tools). A zero stays zero, nothing falls
below it. Totals have keys and noise of their own, so that published totals are not the sums of their parts.
"""

from functools import cache

import numpy as np
import pyarrow as pa
from scipy.optimize import minimize
from scipy.special import logsumexp, softmax

from sandbox.concepts.codes import CellStatus
from sandbox.disclosure.margins import Hierarchy, Reals, completed, lattice
from sandbox.disclosure.primary import Contents
from sandbox.disclosure.protect import Protected, with_margins
from sandbox.disclosure.published import Layout, as_published, code_columns, figures_column, keys_of, numbers_of
from sandbox.disclosure.rules import Rules
from sandbox.errors import CallError

KEYS = 256


def perturbed(rows: pa.Table, layout: Layout, rules: Rules, hierarchy: Hierarchy) -> Protected:
    """Return a table of counts with noise; one without totals gets all of them, each with its own noise."""
    if not layout.cell_key:
        raise CallError("The cell key method needs the sum of record keys of each cell.", "Give `--cell-key COL`.")
    counts, contributors = numbers_of(rows, layout.value), numbers_of(rows, layout.contributors)
    sums = numbers_of(rows, layout.cell_key)
    if not (counts == contributors).all() or not _are_counts(counts):
        raise CallError(
            "The cell key method is for counts of persons: value and contributors must be the same whole numbers.",
            "Weight the perturbed counts afterwards, or use `--method suppress`.",
        )
    if not _are_counts(sums):
        raise CallError("A cell key is missing or no whole number.", "Fill the column: the sum of record keys.")
    own = keys_of(rows, layout.dimensions)
    keys, contents = with_margins(own, Contents(counts, contributors), layout, hierarchy)
    if len(keys) > len(own):
        sums = completed(sums, lattice(own, layout.dimensions, hierarchy, whole=True))
    cell_keys = np.mod(sums, KEYS).astype(np.int64)
    noisy = contents.value + noise(contents.value, cell_keys, rules.noise_variance, rules.noise_bound)
    internal = {
        **code_columns(keys, layout.dimensions),
        layout.value: figures_column(contents.value),
        layout.cell_key: pa.array(cell_keys),
        "status": pa.array([CellStatus.PERTURBED.value] * len(keys), pa.string()),
    }
    return Protected(as_published(keys, layout.dimensions, layout.value, noisy), pa.table(internal))


def noise(counts: Reals, cell_keys: np.ndarray[tuple[int], np.dtype[np.int64]], variance: float, bound: int) -> Reals:
    """Return the noise of each cell: the quantile of its count's distribution that its key points at."""
    found = np.zeros(len(counts))
    for cell, (count, key) in enumerate(zip(counts.tolist(), cell_keys.tolist(), strict=True)):
        if count > 0:
            steps, probabilities = distribution(min(int(count), bound), variance, bound)
            place = np.searchsorted(np.cumsum(probabilities), (key + 0.5) / KEYS)
            found[cell] = steps[min(int(place), len(steps) - 1)]
    return found


@cache
def distribution(count: int, variance: float, bound: int) -> tuple[Reals, Reals]:
    """Return the noise that a count may get and its probabilities: mean 0, this variance, of greatest entropy.

    Such a distribution is p(v) ∝ exp(a v + b v²); a and b are the minimum of a convex function. A small count can't
    fall below zero; what it can vary by most, with mean zero, is count · bound.
    """
    if not 0 < variance < count * bound:
        raise CallError(
            f"Noise of variance {variance:g} does not fit within {bound} of a count of {count}.", "Change the rules."
        )
    steps = np.arange(-min(count, bound), bound + 1, dtype=np.float64)
    terms = np.stack([steps, steps**2 - variance])

    def spread(factors: Reals) -> float:
        return float(logsumexp(factors @ terms))

    def slope(factors: Reals) -> Reals:
        return np.asarray(terms @ softmax(factors @ terms), dtype=np.float64)

    answer = minimize(spread, np.zeros(2), jac=slope, method="BFGS")
    return steps, softmax(answer.x @ terms)


def _are_counts(values: Reals) -> bool:
    return bool((np.isfinite(values) & (values >= 0) & (values == np.rint(values))).all())
