"""Pseudonyms: an identifier becomes 64 bits that only the holder of the key can make again.

`HMAC-SHA256(key, "v1|partner|feed|epoch|purpose" ‖ identifier)`, its first 8 bytes as a signed integer. One key
per partner, feed, epoch and purpose is derived with HKDF (RFC 5869). Code and plans carry a key's *reference*
(the path of its file), never the key: whoever needs it opens the file.
"""

import hmac
import json
import math
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sandbox.errors import EnvironmentFaultError

FIRST_EPOCH = "1"
KEY_BYTES = 32
# The partner's checker writes nothing and has no key: what it derives is thrown away.
CHECK_KEY = b"sandbox feed check writes nothing"


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
    path.touch(mode=0o600)
    content = {"current": epoch, "epochs": {epoch: secret or secrets.token_hex(KEY_BYTES)}}
    path.write_text(json.dumps(content), "utf-8")


def person_keys(
    provider: KeyProvider, partner: str, feed: str, epoch: str, purpose: str, identifiers: pa.Array
) -> pa.Array:
    """Return the person key (int64) of each identifier (text); null stays null.

    Each distinct identifier is hashed once: a batch of events has far fewer subscribers than rows.
    """
    scope = f"v1|{partner}|{feed}|{epoch}|{purpose}"
    key = provider.derived(epoch, scope)
    encoded = pc.dictionary_encode(identifiers)
    prefix = scope.encode()
    hashed = b"".join(
        hmac.digest(key, prefix + identifier.encode(), "sha256")[:8] for identifier in encoded.dictionary.to_pylist()
    )
    keys = pa.array(np.frombuffer(hashed, dtype=">i8").astype(np.int64), pa.int64())
    return keys.take(encoded.indices)


def collision_probability(persons: int) -> float:
    """Return the chance that any two of `persons` share a 64-bit key (birthday bound)."""
    return -math.expm1(-persons * (persons - 1) / 2 / 2.0**64)


def _hkdf(root: bytes, scope: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=scope.encode()).derive(root)
