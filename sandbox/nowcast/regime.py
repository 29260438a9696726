"""Which past months resemble the present: traffic across the border, month by month, against its usual level.

A closed border keeps people where they are, so outcomes of crossings whose time to decide fell into a closure say
little of those that will be decided after it. Traffic is known at once; whether the regime of the origin lasts is
not, and it is taken to last.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNUSUAL = 0.5
"""A month whose traffic is below this share of the usual level is one of a closed border."""
SPAN = 16
"""Months in which a crossing is decided: the window of the rule."""


@dataclass(frozen=True)
class Traffic:
    """Crossings of both directions a month: `counts[k]` int64 in the month numbered `first + k`."""

    first: int
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, months: NDArray[np.int64]) -> "Traffic":
        """Count crossings from their month numbers."""
        if not len(months):
            return cls(0, np.zeros(0, np.int64))
        first = int(months.min())
        return cls(first, np.bincount(months - first))

    def closed(self, origin: int) -> NDArray[np.bool_]:
        """Tell for each month from `first` to `origin` whether the border was all but closed, as known at the origin.

        A month is held against the median of the same calendar months seen so far.
        """
        seen = self.counts[: max(origin - self.first + 1, 0)]
        usual = np.array([np.median(seen[k % 12 :: 12]) for k in range(len(seen))])
        return np.asarray(seen < UNUSUAL * usual, np.bool_)

    def resembling(self, months: list[int], origin: int) -> list[int]:
        """Return those of the months whose crossings had their time to decide under the regime of the origin."""
        closed = self.closed(origin)
        if not len(closed):
            return months
        was = [bool(closed[max(month - self.first, 0) : month - self.first + SPAN + 1].any()) for month in months]
        return [month for month, unusual in zip(months, was, strict=True) if unusual == bool(closed[-1])]
