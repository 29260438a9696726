"""All crossings of whole persons as sorted arrays: what views of the past are cut from."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.kernels.repair import NO_TIME, repaired
from sandbox.kernels.walk import NO_DAY, UNKNOWN
from sandbox.nowcast.parts import BANDS
from sandbox.persons.crossings import Repair
from sandbox.persons.movements import Initial

Ints = NDArray[np.int64]


INSERTED = -1


@dataclass(frozen=True)
class Seen:
    """Crossings before day `cutoff` (the first day not seen), which alternate within a person.

    `source` is each one's row in the whole history, −1 for one that repair inserted.
    """

    offsets: Ints
    day: Ints
    direction: NDArray[np.int8]
    source: Ints
    cutoff: int
    initial: Initial


@dataclass(frozen=True)
class History:
    """Crossings sorted by person, then time; person p has rows `offsets[p]` up to `offsets[p + 1]`.

    `day` int64 (days since epoch), `direction` int8 (1 arrival, 0 departure), `second` int64 (seconds since epoch,
    or `NO_TIME`), `person` int64 (key of the person).
    """

    offsets: Ints
    day: Ints
    direction: NDArray[np.int8]
    second: Ints
    person: Ints
    initial: Initial

    @classmethod
    def of(cls, rows: pa.Table, initial: Initial | None = None) -> "History":
        """Unpack movements, sorted by person and time: `person_key`, `event_date`, `direction`, `event_ts` if any."""
        person = rows["person_key"].to_numpy()
        day = rows["event_date"].cast(pa.int32()).to_numpy().astype(np.int64)
        direction = (rows["direction"].to_numpy(zero_copy_only=False) == "A").astype(np.int8)
        starts = np.flatnonzero(np.r_[True, person[1:] != person[:-1]]) if len(person) else np.zeros(0, np.int64)
        second = np.full(len(day), NO_TIME, np.int64)
        if "event_ts" in rows.column_names:
            time = rows["event_ts"].cast(pa.timestamp("s", rows["event_ts"].type.tz), safe=False)
            second = time.cast(pa.int64()).fill_null(int(NO_TIME)).to_numpy()
        offsets = np.r_[starts, len(person)].astype(np.int64)
        return cls(offsets, day, direction, second, person, initial or _nothing_known(len(starts)))

    def seen(self, cutoff: int, repair: str) -> "Seen":
        """Return the crossings before day `cutoff`, repaired as they could be then."""
        rows = np.flatnonzero(self.day < cutoff)
        offsets = np.searchsorted(rows, self.offsets)
        day, direction = self.day[rows], self.direction[rows]
        if repair == Repair.SIMPLE:
            mended = repaired(offsets, day, direction, self.second[rows])
            inserted = mended.source < 0
            source = np.where(inserted, INSERTED, rows[np.where(inserted, 0, mended.source)] if len(rows) else INSERTED)
            return Seen(mended.person_offsets, mended.day, mended.direction, source, cutoff, self.initial)
        return _without_errors(Seen(offsets, day, direction, rows, cutoff, self.initial))

    @cached_property
    def month(self) -> Ints:
        """Month number of each crossing (year × 12 + month − 1)."""
        return self.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12

    @cached_property
    def row_hash(self) -> NDArray[np.uint64]:
        """One hash a crossing, of its person, day and direction."""
        return _mixed(_mixed(self.person.view(np.uint64)) ^ (self.day * 2 + self.direction).view(np.uint64))

    @cached_property
    def draw(self) -> NDArray[np.float32]:
        """One number in [0, 1) a person."""
        return ((_mixed(self.person.view(np.uint64)) >> np.uint64(40)) / np.float64(2**24)).astype(np.float32)

    @cached_property
    def drawn(self) -> Ints:
        """Per row and band the one horizon that is replayed for training, drawn by the row's hash."""
        columns = [
            first + (self.row_hash >> np.uint64(16 * k)).astype(np.int64) % (last - first + 1)
            for k, (first, last) in enumerate(BANDS)
        ]
        return np.stack(columns, axis=1)


def _nothing_known(persons: int) -> Initial:
    return Initial(np.full(persons, UNKNOWN, np.int8), np.full(persons, NO_DAY, np.int64))


def _without_errors(seen: Seen) -> Seen:
    """Leave out persons with two equal directions in a row: no rule can judge them."""
    person = np.repeat(np.arange(len(seen.offsets) - 1), np.diff(seen.offsets))
    repeats = (seen.direction[1:] == seen.direction[:-1]) & (person[1:] == person[:-1])
    if not repeats.any():
        return seen
    kept = ~np.isin(person, person[1:][repeats])
    offsets = np.r_[0, np.cumsum(np.bincount(person[kept], minlength=len(seen.offsets) - 1))]
    return Seen(offsets, seen.day[kept], seen.direction[kept], seen.source[kept], seen.cutoff, seen.initial)


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return splitmix64 of each value (Steele, Lea & Flood 2014): evenly spread bits, the same everywhere."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
