"""What is told of a file on its way: counts, days, what was written; never a value of a person."""

import json
import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from sandbox.lakehouse.files import WrittenFile

REGISTER_BITS = 14
REGISTERS = 1 << REGISTER_BITS


class Distinct:
    """About how many different keys have come by, in 16 KB however many: HyperLogLog (Flajolet et al. 2007).

    Exact up to some hundreds, then within about 0.8 % (one standard error). Keys are uniform 64 bits as they are.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self._registers = np.zeros(REGISTERS, np.uint8)

    def add(self, keys: pa.Array) -> None:
        """Take in keys (int64), repeated or not."""
        words = keys.to_numpy().view(np.uint64)
        # The rank of a word is where its first bit stands, counted from the left, the register's own bits left out.
        rest = (words >> np.uint64(REGISTER_BITS)).astype(np.float64)
        rank = (64 - REGISTER_BITS - np.floor(np.log2(np.maximum(rest, 0.5)))).astype(np.uint8)
        np.maximum.at(self._registers, words & np.uint64(REGISTERS - 1), rank)

    def merge(self, other: "Distinct") -> None:
        """Take in what another one has."""
        np.maximum(self._registers, other._registers, out=self._registers)

    def __len__(self) -> int:
        """Return the estimate, by linear counting while many registers are empty."""
        empty = int((self._registers == 0).sum())
        raw = 0.7213 / (1 + 1.079 / REGISTERS) * REGISTERS**2 / float(np.exp2(-self._registers.astype(float)).sum())
        return round(REGISTERS * math.log(REGISTERS / empty) if empty and raw < 2.5 * REGISTERS else raw)


@dataclass
class Part:
    """Good rows of one file as they lie in bronze's folder, uncommitted.

    `by_row` is the file of what is known of each row, `first_row` the number of the first in the partner's file.
    """

    written: WrittenFile
    by_row: str
    first_row: int


@dataclass
class FileNote:
    """What is told of one file, or of some of its row groups; why it is refused whole, and the remedy, if it is."""

    delivery_id: str
    file: str
    rows: int = 0
    bad: int = 0
    refused: str = ""
    remedy: str = ""
    rules: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    days: set[int] = field(default_factory=set)
    persons: Distinct = field(default_factory=Distinct, compare=False)
    persons_counted: int = 0
    good: list[Part] = field(default_factory=list)
    quarantined: list[WrittenFile] = field(default_factory=list)
    suspects: list[str] = field(default_factory=list)
    """Names under which keys of what could be somebody's identifier were written."""

    def as_json(self) -> str:
        """Return the note as JSON, in one order; of persons only their number."""
        values = vars(self) | {
            "days": sorted(self.days),
            "good": [asdict(part) for part in self.good],
            "quarantined": [asdict(file) for file in self.quarantined],
        }
        del values["persons"]
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "FileNote":
        """Read a note that `as_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        counters = {name: Counter(values.pop(name)) for name in ("rules", "filled")}
        good = [Part(**part | {"written": WrittenFile(**part["written"])}) for part in values.pop("good")]
        quarantined = [WrittenFile(**file) for file in values.pop("quarantined")]
        values |= counters | {"days": set(values["days"]), "good": good, "quarantined": quarantined}
        return cls(**values)


def of_whole_file(notes: Iterable[FileNote]) -> FileNote:
    """Return the note of a file from those of its row groups; persons of several parts can't be added up."""
    first, *others = notes
    for note in others:
        first.rows, first.bad = first.rows + note.rows, first.bad + note.bad
        if not first.refused:
            first.refused, first.remedy = note.refused, note.remedy
        first.rules.update(note.rules)
        first.filled.update(note.filled)
        first.days |= note.days
        first.persons_counted = 0
        first.good += note.good
        first.quarantined += note.quarantined
        first.suspects += note.suspects
    return first
