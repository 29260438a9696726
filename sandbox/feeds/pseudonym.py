"""Pseudonyms: an identifier becomes 64 bits that only the holder of the key can make again.

`HMAC-SHA256(key, "v1|partner|feed|epoch|purpose" ‖ identifier)`, its first 8 bytes as a signed integer; keys are those
of `sandbox.feeds.keys`.
"""

import hmac
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.feeds.columns import Mask, mask
from sandbox.feeds.keys import KeyProvider
from sandbox.feeds.row_hash import Words, text_hashes

# Identifiers that one process remembers, with their keys: about 150 MB.
MOST_REMEMBERED = 1 << 20
# Bits of a hash that tell nearly every identifier from those remembered.
FIRST_BITS = 20


@dataclass(frozen=True)
class Scope:
    """Within what a person key stands for one person; another partner, feed, epoch or purpose is another key."""

    partner: str
    feed: str
    epoch: str
    purpose: str

    @property
    def text(self) -> str:
        """The scope as it enters key and hash."""
        return f"v1|{self.partner}|{self.feed}|{self.epoch}|{self.purpose}"


class _Known(NamedTuple):
    """Identifiers with their keys, in the order of their hashes; `first` is where each of their first bits begins."""

    hashes: Words
    identifiers: pa.Array
    keys: NDArray[np.int64]
    first: NDArray[np.intp]

    @classmethod
    def sorted(cls, hashes: Words, identifiers: pa.Array, keys: NDArray[np.int64]) -> "_Known":
        """Return them in order."""
        order = np.argsort(hashes)
        held = np.bincount((hashes >> np.uint64(64 - FIRST_BITS)).astype(np.intp), minlength=1 << FIRST_BITS)
        first = np.cumsum(held) - held
        return cls(hashes[order], identifiers.take(pa.array(order)), keys[order], first)


NOTHING_KNOWN = _Known.sorted(np.zeros(0, np.uint64), pa.array([], pa.string()), np.zeros(0, np.int64))


@dataclass
class _Memory:
    """What this process remembers of a scope; replaced as a whole, so that threads can share it."""

    known: _Known


@lru_cache(maxsize=4)
def _remembered(_key: bytes, _scope: str) -> _Memory:
    """Return the memory of a scope: tasks of one process share it, as they share their persons."""
    return _Memory(NOTHING_KNOWN)


class Pseudonyms:
    """Person keys of one scope; an identifier is hashed with the key once while it is remembered, not once an event."""

    def __init__(self, provider: KeyProvider, scope: Scope) -> None:
        """Derive the scope's key; it stays in this process."""
        key = provider.derived(scope.epoch, scope.text)
        # Copied for each identifier: to begin with the key anew costs more than the rest.
        self._begun = hmac.new(key, scope.text.encode(), "sha256")
        self._memory = _remembered(key, scope.text)

    def of(self, identifiers: pa.Array) -> pa.Array:
        """Return the person key (int64) of each identifier (text, or dictionary-encoded text); null stays null."""
        if isinstance(identifiers, pa.DictionaryArray):
            return self.of(identifiers.dictionary).take(identifiers.indices)
        hashes = text_hashes(identifiers)
        keys, is_open = _looked_up(self._memory.known, identifiers, hashes)
        if is_open.any():
            new = pc.unique(identifiers.filter(pa.array(is_open)))
            learnt = self._learnt(new)
            own, _ = _looked_up(learnt, identifiers, hashes)
            keys = np.where(is_open, own, keys)
            self._remember(learnt)
        return pa.array(keys, mask=mask(identifiers.is_null()))

    def once(self, texts: pa.Array) -> NDArray[np.int64]:
        """Return the keys that these texts would have as identifiers, without remembering: most are nobody's."""
        return np.fromiter((self._hash(each) for each in texts.to_pylist()), np.int64, len(texts))

    def _learnt(self, identifiers: pa.Array) -> _Known:
        """Hash distinct identifiers with the key."""
        return _Known.sorted(text_hashes(identifiers), identifiers, self.once(identifiers))

    def _remember(self, learnt: _Known) -> None:
        known = self._memory.known
        if len(known.keys) + len(learnt.keys) > MOST_REMEMBERED:
            known = NOTHING_KNOWN
        self._memory.known = _Known.sorted(
            np.concatenate([known.hashes, learnt.hashes]),
            pa.concat_arrays([known.identifiers, learnt.identifiers]),
            np.concatenate([known.keys, learnt.keys]),
        )

    def _hash(self, identifier: str) -> int:
        digest = self._begun.copy()
        digest.update(identifier.encode())
        return int.from_bytes(digest.digest()[:8], "big", signed=True)


def _looked_up(known: _Known, identifiers: pa.Array, hashes: Words) -> tuple[NDArray[np.int64], Mask]:
    """Return the key of each identifier that is known, and which ones are not; null is not looked for.

    Equal hashes are nearly always equal text, and that they are is looked at: of identifiers that share a hash the
    first to come is found, any other one is hashed with the key each time.
    """
    is_open = mask(identifiers.is_valid())
    if not len(known.hashes):
        return np.zeros(len(identifiers), np.int64), is_open
    last = len(known.hashes) - 1
    at = np.minimum(known.first[hashes >> np.uint64(64 - FIRST_BITS)], last)
    others = np.flatnonzero(known.hashes[at] != hashes)
    at[others] = np.minimum(np.searchsorted(known.hashes, hashes[others]), last)
    return known.keys[at], is_open & ~mask(pc.equal(known.identifiers.take(pa.array(at)), identifiers))


def collision_probability(persons: int) -> float:
    """Return the chance that any two of `persons` share a 64-bit key (birthday bound)."""
    return -math.expm1(-persons * (persons - 1) / 2 / 2.0**64)
