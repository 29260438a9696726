"""Pseudonyms: an identifier becomes 64 bits that only the holder of the key can make again.

`HMAC-SHA256(key, "v1|partner|feed|epoch|purpose" ‖ identifier)`, its first 8 bytes as a signed integer. One key
per partner, feed, epoch and purpose is derived with HKDF (RFC 5869). Code and plans carry a key's *reference*
(the path of its file), never the key: whoever needs it opens the file.
"""

import hmac
import json
import math
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from numpy.typing import NDArray

from sandbox.errors import CallError, EnvironmentFaultError
from sandbox.feeds.columns import Mask, mask
from sandbox.feeds.row_hash import Words, text_hashes

FIRST_EPOCH = "1"
KEY_BYTES = 32
# Identifiers that one process remembers, with their keys: about 150 MB.
MOST_REMEMBERED = 1 << 20
# Bits of a hash that tell nearly every identifier from those remembered.
FIRST_BITS = 20
# The partner's checker writes nothing and has no key: what it derives is thrown away.
CHECK_KEY = b"sandbox feed check writes nothing"


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


class KeyProvider(Protocol):
    """Whoever can derive the key of one scope (`v1|partner|feed|epoch|purpose`)."""

    def derived(self, epoch: str, scope: str) -> bytes:
        """Return the 32 bytes of the scope."""
        ...


@dataclass(frozen=True)
class KeyFile:
    """Keys by epoch in a file that only its owner can read; deleting an epoch there is deleting the link."""

    path: Path

    def derived(self, epoch: str, scope: str) -> bytes:
        """Return the key of the scope; `EnvironmentFaultError` where the epoch's key is gone."""
        epochs = self._content()["epochs"]
        if epoch not in epochs:
            raise EnvironmentFaultError(
                f"The key file has no key of epoch {epoch}.", "Ask the key custodian whether it was destroyed."
            )
        return _hkdf(bytes.fromhex(epochs[epoch]), scope)

    @property
    def current_epoch(self) -> str:
        """Epoch that new rows are keyed in."""
        return str(self._content()["current"])

    @property
    def epochs(self) -> list[str]:
        """Epochs whose keys are there, in order."""
        return sorted(self._content()["epochs"])

    def destroy(self, epoch: str) -> None:
        """Destroy the key of an epoch; if it was the current one, a new epoch begins."""
        content = self._content()
        epochs: dict[str, str] = dict(content["epochs"])
        if epochs.pop(epoch, None) is None:
            raise CallError(f"There is no key of epoch {epoch}.", f"There are: {', '.join(self.epochs)}.")
        current = str(content["current"])
        if epoch == current:
            current = str(int(epoch) + 1)
            epochs[current] = secrets.token_hex(KEY_BYTES)
        size = self.path.stat().st_size
        with self.path.open("r+b") as stream:  # overwritten where it lies, as far as the disk lets us
            stream.write(b"\0" * size)
            stream.flush()
            os.fsync(stream.fileno())
        _write_keys(self.path, current, epochs)

    def _content(self) -> dict[str, dict[str, str]]:
        if not self.path.is_file():
            raise EnvironmentFaultError(
                "There is no pseudonym key where sandbox.toml's `key_file` points.",
                "Have the key custodian put it there, readable by its owner only.",
            )
        if stat.S_IMODE(self.path.stat().st_mode) & 0o077:
            raise EnvironmentFaultError(
                "The pseudonym key can be read by others than its owner.", "Type `chmod 600` on the key file."
            )
        try:
            content: dict[str, dict[str, str]] = json.loads(self.path.read_text("utf-8"))
        except ValueError:
            content = {}
        if not {"current", "epochs"} <= content.keys():
            # Without the cause: its text would quote the file.
            raise EnvironmentFaultError(
                "The pseudonym key file is damaged.", "Put the custodian's copy back."
            ) from None
        return content


@dataclass(frozen=True)
class ThrowawayKeys:
    """Keys of the partner's checker: the path of a row is the same, the result goes nowhere."""

    def derived(self, epoch: str, scope: str) -> bytes:
        """Return 32 bytes that protect nothing."""
        return _hkdf(CHECK_KEY, f"{epoch}|{scope}")


def create_key(path: Path, epoch: str = FIRST_EPOCH, secret: str = "") -> None:
    """Write a new key file (0600) of one epoch; an existing file is left as it is.

    `secret` is for the demo's invented persons: 64 hex digits instead of chance, the same key everywhere.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_keys(path, epoch, {epoch: secret or secrets.token_hex(KEY_BYTES)})


def _write_keys(path: Path, current: str, epochs: Mapping[str, str]) -> None:
    """Write the key file, whole or not at all, readable by its owner only from its first byte."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600)
    new.write_text(json.dumps({"current": current, "epochs": dict(epochs)}), "utf-8")
    new.replace(path)


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
        self._prefix = scope.text.encode()
        self._key = provider.derived(scope.epoch, scope.text)
        self._memory = _remembered(self._key, scope.text)

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

    def _learnt(self, identifiers: pa.Array) -> _Known:
        """Hash distinct identifiers with the key."""
        keys = np.fromiter((self._hash(each) for each in identifiers.to_pylist()), np.int64, len(identifiers))
        return _Known.sorted(text_hashes(identifiers), identifiers, keys)

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
        digest = hmac.digest(self._key, self._prefix + identifier.encode(), "sha256")
        return int.from_bytes(digest[:8], "big", signed=True)


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


def _hkdf(root: bytes, scope: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=scope.encode()).derive(root)
