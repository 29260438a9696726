"""The walk over the stays after one crossing: step 3 and 4 of the 12/16 rule (`concepts.md`)."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

NO_DAY = np.iinfo(np.int64).min  # stands for an empty date inside kernels; NULL outside
UNKNOWN = np.int8(-1)  # stands for a status or outcome that is not known; NULL outside

OPEN, MIGRATION, RETURNED = 0, 1, 2


class Rule(NamedTuple):
    """`threshold` (Tm) days on the new side are needed; up to `tolerated` (Tn) days on the old side are forgiven."""

    threshold: int
    tolerated: int


class Outcomes(NamedTuple):
    """One element a crossing. Statuses and `is_migration` are int8 (-1 not known), days and dates int64.

    Dates are days since epoch, `NO_DAY` where empty. `days_migrating` and `days_returned` are those of the walk over
    what was seen; `earliest_decision` and `latest_decision` bound `migration_decided_on` over all continuations.
    """

    resident_before: NDArray[np.int8]
    resident_after: NDArray[np.int8]
    is_migration: NDArray[np.int8]
    before_decided_on: NDArray[np.int64]
    after_decided_on: NDArray[np.int64]
    migration_decided_on: NDArray[np.int64]
    days_migrating: NDArray[np.int64]
    days_returned: NDArray[np.int64]
    earliest_decision: NDArray[np.int64]
    latest_decision: NDArray[np.int64]


def _walk(day: NDArray[np.int64], row: int, end: int, until: int, rule: Rule) -> tuple[int, int, int, int]:
    """Return state, days migrating, days returned, and the row whose stay decided (the last one if none did).

    The person's crossings are rows up to `end`; the last stay lasts until `until`. Stays that start after the window
    need no test: while neither threshold is reached, fewer days than the window have passed.
    """
    migrating, returned = 0, 0
    for stay in range(row, end):
        length = (day[stay + 1] if stay + 1 < end else until) - day[stay]
        if (stay - row) % 2 == 0:
            migrating += length
            if migrating >= rule.threshold:
                return MIGRATION, migrating, returned, stay
        else:
            returned += length
            if returned > rule.tolerated:
                return RETURNED, migrating, returned, stay
    return OPEN, migrating, returned, end - 1


walk = njit(_walk, cache=True)


def _flag_returns(
    day: NDArray[np.int64], decided_on: NDArray[np.int64], row: int, last: int, before: int, grace: int
) -> None:
    """Step 4: date the flag of each return up to row `last` less than `grace` (Ts) days after `before`, if undated."""
    for back in range(row + 1, last + 1, 2):
        if day[back] < before + grace and decided_on[back] == NO_DAY:
            decided_on[back] = max(day[back], before)


flag_returns = njit(_flag_returns, cache=True)
