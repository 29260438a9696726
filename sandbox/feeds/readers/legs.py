"""Legs of journeys and the crossings of one country's border in them; a transfer abroad is no crossing's other end."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.feeds.columns import Mask, mask

LONGEST_TRANSFER = np.timedelta64(24, "h")
MINUTES = 16  # characters of 2024-05-01 13:45


@dataclass(frozen=True)
class Crossings:
    """Positions of legs: the leg that crosses, and the leg whose other end is where the journey begins or leads."""

    crossing: NDArray[np.int64]
    other_end: NDArray[np.int64]


@dataclass(frozen=True)
class Legs:
    """Legs in order of itinerary and leg, from `start` to `end` (airports), with their countries and clocks."""

    itinerary_begins: Mask
    start: pa.Array
    end: pa.Array
    departs: pa.Array
    arrives: pa.Array
    start_country: pa.Array
    end_country: pa.Array
    country: str

    @cached_property
    def chains(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Positions of the first and the last leg of each chain of transfers abroad.

        A leg continues the one before if it leaves the foreign airport where that one arrived less than 24 h later.
        """
        arrived, leaves = _clock(self.arrives)[:-1], _clock(self.departs)[1:]
        waits = leaves - arrived
        continues = np.zeros(len(self.start), bool)
        continues[1:] = (
            ~self.itinerary_begins[1:]
            & mask(pc.equal(self.start[1:], self.end[:-1]))
            & ~self._at_home(self.start_country)[1:]
            & (waits >= np.timedelta64(0, "m"))
            & (waits < LONGEST_TRANSFER)
        )
        first = np.flatnonzero(~continues)
        return first, np.append(first[1:], len(continues)) - 1

    @cached_property
    def untold(self) -> Mask:
        """Legs of a chain with an airport whose country nobody knows: whether they cross can't be told."""
        unknown = ~mask(pc.and_(self.start_country.is_valid(), self.end_country.is_valid()))
        first, last = self.chains
        of_chain = np.logical_or.reduceat(unknown, first) if len(first) else np.zeros(0, bool)
        return np.repeat(of_chain, last - first + 1)

    @property
    def departures(self) -> Crossings:
        """Legs that leave the country; the journey leads to the end of the chain, unless that comes back."""
        first, last = self.chains
        leaves = self._at_home(self.start_country) & ~self._at_home(self.end_country) & ~self.untold
        back = self._at_home(self.end_country)[last]
        chosen = leaves[first]
        return Crossings(first[chosen], np.where(back, first, last)[chosen])

    @property
    def arrivals(self) -> Crossings:
        """Legs that enter the country; the journey began at the start of the chain, unless that was at home."""
        first, last = self.chains
        enters = self._at_home(self.end_country) & ~self._at_home(self.start_country) & ~self.untold
        from_home = self._at_home(self.start_country)[first]
        chosen = enters[last]
        return Crossings(last[chosen], np.where(from_home, last, first)[chosen])

    def _at_home(self, countries: pa.Array) -> Mask:
        return mask(pc.equal(countries, self.country))


def in_order(rows: pa.RecordBatch, begins: Mask, leg: pa.Array) -> pa.RecordBatch:
    """Return the rows of each group in the order of their leg numbers; a leg without a number comes last."""
    number = np.nan_to_num(leg.to_numpy(zero_copy_only=False), nan=np.inf)
    return rows.take(np.lexsort([number, np.cumsum(begins)]))


def _clock(moments: pa.Array) -> NDArray[np.datetime64]:
    """Return local clock times to the minute; nothing where a text is no time."""
    text = pc.replace_substring(pc.utf8_slice_codeunits(moments, 0, MINUTES), "T", " ")
    parsed = pc.strptime(text, "%Y-%m-%d %H:%M", "s", error_is_null=True)
    values: NDArray[Any] = parsed.to_numpy(zero_copy_only=False)
    return values.astype("datetime64[m]")
