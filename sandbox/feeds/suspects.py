"""What a file holds that could be the identifier of a person of another file or an earlier delivery, as keys only.

A batch knows its own persons by name, and looks for them itself (`rules`). All others are known by their person keys
alone; so what could be an identifier is keyed as one, and the keys are compared (`strays`): keys of 64 bits that are
equal are the same person's. Whole values are looked at, of six characters or more: every distinct one of a column of
text or of long whole numbers that has the form of an identifier of its file (digits for digits, letters for letters),
and a sample of the others and of the numbers of rows; of rows in quarantine also what stands in columns of figures,
dates and flags where it is none.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.columns import Mask, as_text, mask
from sandbox.feeds.pseudonym import Pseudonyms
from sandbox.feeds.row_hash import Words, text_hashes
from sandbox.feeds.rules import IDENTIFIER_IN, Checked, distinct_values, long_identifiers, long_number, looked_through
from sandbox.feeds.runs import Numbers, SortedRuns
from sandbox.feeds.text_rules import Bytes
from sandbox.lakehouse.table import REAL, TEXT
from sandbox.lakehouse.tables.feeds import Feed

# Values of a column that are looked at in each batch whatever their form, evenly spread.
SAMPLED = 1_024
# Identifiers of more forms than these (addresses of e-mail) are told from nothing by their form.
MOST_FORMS = 64
DIGITS, LETTERS = b"0123456789", b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
KIND_OF = np.minimum(np.arange(256), 128).astype(np.uint8)
KIND_OF[np.frombuffer(DIGITS, np.uint8)], KIND_OF[np.frombuffer(LETTERS, np.uint8)] = ord("0"), ord("a")
# Texts that come again and again are keyed once; so many hashes of them are remembered.
MOST_REMEMBERED = 1 << 17
KINDS = ("values", "row_numbers", "persons")


class Suspects:
    """Gathers keys while a file is read; on disk they are sorted runs that begin with `name`."""

    def __init__(self, name: str, pseudonyms: Pseudonyms) -> None:
        """Begin; nothing is written before there is something."""
        self._pseudonyms = pseudonyms
        self._known = self._forms = np.zeros(0, np.uint64)
        self._runs = {kind: SortedRuns(f"{name}.{kind}.npy") for kind in KINDS}
        self._open = ExitStack()

    def add(self, checked: Checked, keys: pa.Array) -> None:
        """Take in a batch after the rules, and the person keys of its rows."""
        row_number, bad = row_number_of(checked.feed), checked.bad
        named = checked.broken.get(f"{IDENTIFIER_IN}:{row_number}", np.zeros(checked.rows, bool))
        self._forms = np.union1d(self._forms, forms(_some_identifiers(checked)))
        for column in looked_through(checked.feed):
            values = long_number(checked.typed[column])
            if column == row_number:
                self._key("row_numbers", _sample(values.filter(pa.array(~named))))
            elif isinstance(values, pa.DictionaryArray):
                self._key("values", self._unknown(values.dictionary))
            else:
                self._key("values", pc.unique(self._fitting(values)))
        if bad.any():
            for texts in _odd_texts(checked, bad):
                self._key("values", pc.unique(texts))
            self._add("persons", pc.unique(keys.filter(pa.array(bad))).drop_null().to_numpy())

    def _key(self, kind: str, texts: pa.Array) -> None:
        self._add(kind, self._pseudonyms.once(long_identifiers(texts.drop_null())))

    def _add(self, kind: str, keys: Numbers) -> None:
        if len(keys):
            self._runs[kind].add(np.unique(keys)[np.newaxis])

    def _fitting(self, texts: pa.Array) -> pa.Array:
        """Return the texts that have the form of an identifier of the file so far, and a sample of the others."""
        long = long_identifiers(texts.drop_null())
        if len(self._forms) > MOST_FORMS or len(long) <= SAMPLED:
            return long
        own, fits = forms(long), np.zeros(len(long), bool)
        for form in self._forms:
            fits |= own == form
        fits[:: len(long) // SAMPLED] = True
        return long.filter(pa.array(fits))

    def _unknown(self, texts: pa.Array) -> pa.Array:
        """Return those texts that no batch before had, as far as is remembered."""
        hashes: Words = text_hashes(texts)
        is_new = ~np.isin(hashes, self._known)
        if is_new.any():
            known = self._known if len(self._known) < MOST_REMEMBERED else self._known[:0]
            self._known = np.concatenate([known, hashes[is_new]])
        return texts.filter(pa.array(is_new))

    def __enter__(self) -> Self:
        """Return the gatherer."""
        for run in self._runs.values():
            self._open.enter_context(run)
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is left."""
        self._open.close()


def forms(texts: pa.Array) -> Words:
    """Return a hash of the form of each text: a letter stands for any letter, a digit for any digit."""
    data, offsets = Bytes.of(texts)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(KIND_OF[data])]
    return text_hashes(pa.Array.from_buffers(pa.string(), len(texts), buffers))


def _some_identifiers(checked: Checked) -> pa.Array:
    """Return identifiers of a batch; a partner's have few forms, so that a sample shows them."""
    return _sample(distinct_values(checked.typed[str(checked.feed.identifier)])).drop_null()


def row_number_of(feed: Feed) -> str:
    """Return the column that numbers a feed's rows; empty where it has none."""
    return next(
        (column.name for column in feed.columns if column.name == feed.bronze.key[0] and column.type == TEXT), ""
    )


def runs_of(name: str, kind: str) -> list[Path]:
    """Return the runs of a kind that were written under a name."""
    path = Path(name)
    return sorted(path.parent.glob(f"{path.name}.{kind}-*.npy"))


def _sample(values: pa.Array) -> pa.Array:
    chosen = values.take(pa.array(np.arange(0, len(values), max(1, len(values) // SAMPLED))))
    return pc.unique(chosen.cast(pa.string()))


def _odd_texts(checked: Checked, bad: Mask) -> Iterator[pa.Array]:
    """Yield what rows for quarantine hold in columns of figures, dates and flags where it is none, or any figure."""
    for column in checked.feed.columns:
        if column.type != TEXT:
            rows = bad if column.type == REAL else bad & ~mask(checked.typed[column.name].is_valid())
            if rows.any():
                yield as_text(pc.filter(checked.raw[column.name], pa.array(rows)))
