"""Bundles: the places of the grid at which walks can have ended, and the ranges of what follows from them."""

import numpy as np
from numba import njit
from numpy.typing import NDArray

# Columns of a bundle: its segment, then days by which the decision precedes the end of the walk, the status that
# it leaves, and whether, after the first, a crossing like it (WALKED) or a return (WALKED + 1) walked on the way.
ALONG_FROM, ALONG_TO, BACK_FROM, BACK_TO, SHIFT, STATUS, WALKED = range(7)
WIDTH = 8
# Fields over which continuations may differ; each a lowest and a highest value.
BEFORE, AFTER, IS_MIGRATION, BEFORE_ON, AFTER_ON, DECIDED_ON = range(6)
NOTHING = np.iinfo(np.int64).max


def _widen(ranges: NDArray[np.int64], field: int, low: int, high: int) -> None:
    ranges[field, 0] = min(ranges[field, 0], low)
    ranges[field, 1] = max(ranges[field, 1], high)


widen = njit(_widen, cache=True)


def _clear(ranges: NDArray[np.int64]) -> None:
    ranges[:, 0] = NOTHING
    ranges[:, 1] = -NOTHING


clear = njit(_clear, cache=True)


def _push(bundles: NDArray[np.int64], count: int, bundle: NDArray[np.int64]) -> int:
    """Append a bundle, empty ones left out; where there is no room, widen the last one like it."""
    if bundle[ALONG_FROM] > bundle[ALONG_TO] or bundle[BACK_FROM] > bundle[BACK_TO]:
        return count
    if count < len(bundles):
        bundles[count] = bundle
        return count + 1
    for other in range(count - 1, -1, -1):
        if np.all(bundles[other, SHIFT:] == bundle[SHIFT:]):
            for low in (ALONG_FROM, BACK_FROM):
                bundles[other, low] = min(bundles[other, low], bundle[low])
                bundles[other, low + 1] = max(bundles[other, low + 1], bundle[low + 1])
            break
    return count


push = njit(_push, cache=True)


def _replace_status(bundles: NDArray[np.int64], count: int, origin: int, initial: tuple[int, int]) -> int:
    """Give the initial status to the one continuation of each bundle that was decided on the day it was fixed."""
    for k in range(count):
        bundle = bundles[k]
        first = origin + bundle[ALONG_FROM] + bundle[BACK_FROM] + bundle[SHIFT]
        if first != initial[1] or bundle[STATUS] == initial[0]:
            continue
        point = bundle.copy()
        point[ALONG_TO], point[BACK_TO], point[STATUS] = point[ALONG_FROM], point[BACK_FROM], initial[0]
        if bundle[ALONG_FROM] == bundle[ALONG_TO] and bundle[BACK_FROM] == bundle[BACK_TO]:
            bundles[k] = point
            continue
        axis = ALONG_FROM if bundle[BACK_FROM] == bundle[BACK_TO] else BACK_FROM
        bundle[axis] += 1
        count = push(bundles, count, point)
    return count


replace_status = njit(_replace_status, cache=True)
