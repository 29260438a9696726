"""Named streams of randomness: each part of the country draws from its own, so that one can change alone."""

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]
Texts = NDArray[np.object_]


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of one part of the country; the same seed and name give the same draws."""
    return np.random.default_rng([seed, zlib.crc32(name.encode())])


def pick(rng: np.random.Generator, weights: Sequence[float] | Reals, size: int) -> Ints:
    """Return `size` positions drawn with these weights."""
    bounds = np.cumsum(np.asarray(weights, dtype=float))
    return np.searchsorted(bounds, rng.random(size) * bounds[-1], side="right").astype(np.int64)


def pick_by_row(rng: np.random.Generator, weights: Reals, rows: Ints) -> Ints:
    """Return one position for each entry of `rows`, drawn with that row's weights."""
    bounds = np.cumsum(weights, axis=1)
    drawn = rng.random(len(rows)) * bounds[rows, -1]
    return (drawn[:, None] >= bounds[rows]).sum(axis=1).astype(np.int64)


def days_between(rng: np.random.Generator, low: Ints, high: Ints) -> Ints:
    """Return whole days drawn evenly from `low` to `high`, both included."""
    return np.floor(low + rng.random(len(low)) * (high - low + 1)).astype(np.int64)


def short_days(rng: np.random.Generator, low: int, high: int, size: int) -> Ints:
    """Return lengths of trips from `low` to `high` days, the short ones more frequent."""
    return np.floor(low + (high - low + 1) * rng.beta(1.2, 1.9, size)).astype(np.int64)
