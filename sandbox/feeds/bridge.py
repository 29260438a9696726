"""The bridge of a rotation: which new person key follows which old one.

Who has it can link the two epochs, so it lies beside the key, for its owner only, and is destroyed when it has been
applied. Its pairs come from the only place where identifiers still are: files in landing, of each batch its distinct
identifiers. Pairs are kept on disk as sorted runs, and merged a share of all keys at a time: memory stays bounded
however many persons there are.
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.ingest import FileTask, identifiers_of
from sandbox.feeds.keys import shred
from sandbox.feeds.runs import Numbers, SortedRuns, between, loaded, shares


class Persons(NamedTuple):
    """Persons of a feed: those whom bronze or quarantine hold, and how many of them the bridge links."""

    held: int
    linked: int


@dataclass(frozen=True)
class Bridge:
    """Pairs of person keys, sorted by the old one, in two files of whole numbers of 64 bits."""

    folder: Path

    @property
    def stands(self) -> bool:
        """Whether all pairs are there."""
        return (self.folder / "new").is_file()

    @property
    def runs(self) -> Path:
        """Folder of what the bridge is made of."""
        return self.folder / "runs"

    @cached_property
    def _old(self) -> Numbers:
        return _mapped(self.folder / "old")

    @cached_property
    def _new(self) -> Numbers:
        return _mapped(self.folder / "new")

    def begin(self) -> None:
        """Make an empty folder that its owner alone can open."""
        self.destroy()
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.folder.mkdir(mode=0o700)
        self.runs.mkdir()

    def build(self, held: Mapping[str, Sequence[Path]]) -> dict[str, Persons]:
        """Merge the runs of pairs into the bridge; return of each feed, by its runs of keys held, whom it links."""
        pairs = [loaded(path) for path in sorted(self.runs.glob("*.pairs"))]
        keys = {feed: [loaded(path) for path in paths] for feed, paths in held.items()}
        total = sum(run.shape[1] for run in [*pairs, *(run for runs in keys.values() for run in runs)])
        counts = dict.fromkeys(held, Persons(0, 0))
        part = self.folder / "new.part"
        with (self.folder / "old").open("wb") as old, part.open("wb") as new:
            for low, high in shares(total):
                known = between(pairs, low, high, 2)
                known[0].tofile(old)
                known[1].tofile(new)
                for feed, runs in keys.items():
                    own = between(runs, low, high, 1)[0]
                    linked = int(np.isin(own, known[0], assume_unique=True).sum())
                    counts[feed] = Persons(counts[feed].held + len(own), counts[feed].linked + linked)
        part.rename(self.folder / "new")
        return counts

    def of(self, keys: Numbers) -> Numbers:
        """Return the new key of each person, and the old one of whom the bridge does not know."""
        if not len(self._old):
            return keys
        distinct, rows = np.unique(keys, return_inverse=True)
        at = np.minimum(np.searchsorted(self._old, distinct), len(self._old) - 1)
        return np.where(self._old[at] == distinct, self._new[at], distinct)[rows]

    def sample(self, number: int) -> list[int]:
        """Return about so many old keys, at even distances."""
        return [int(key) for key in self._old[:: max(1, len(self._old) // number)]]

    def destroy(self) -> None:
        """Overwrite and delete all there is of the bridge; one that is not there is no fault."""
        if self.folder.is_dir():
            for file in sorted(self.folder.rglob("*")):
                shred(file)
            shutil.rmtree(self.folder)


def beside(key_file: Path) -> Bridge:
    """Return the bridge of a key file, whether it is there or not."""
    return Bridge(key_file.with_name(f".{key_file.name}.bridge"))


@dataclass(frozen=True)
class LandedFile:
    """A file in landing, or a share of it, whose identifiers are keyed in its task's epoch and in the next, `begun`."""

    task: FileTask
    begun: str
    run: str

    @property
    def path(self) -> str:
        """The file."""
        return self.task.path

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.task.size


def paired(files: tuple[LandedFile, ...]) -> Iterator[pa.RecordBatch]:
    """Write the pairs of some files; yield a note of each with why it could not be read to its end, if so."""
    for file in files:
        old, new = file.task.pseudonyms, replace(file.task, epoch=file.begun).pseudonyms
        note = {"file": f"{file.task.delivery_id}/{file.task.file}", "refused": ""}
        with SortedRuns(file.run) as run:
            try:
                for identifiers in identifiers_of(file.task):
                    if old and new:
                        run.add(np.stack([old.of(identifiers).to_numpy(), new.of(identifiers).to_numpy()]))
            except DeliveryRefusedError as refusal:
                note["refused"] = refusal.message
        yield pa.record_batch({"note": [json.dumps(note)]})


def _mapped(file: Path) -> Numbers:
    """Return a file's numbers, read from disk as they are looked at."""
    return np.memmap(file, np.int64, mode="r") if file.stat().st_size else np.zeros(0, np.int64)
