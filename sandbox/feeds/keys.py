"""Keys of pseudonyms: who holds them, and how one is begun and destroyed.

One key per partner, feed, epoch and purpose is derived with HKDF (RFC 5869) from the secret of the epoch. Code and
plans carry a key's *reference* (the path of its file), never the key: whoever needs it opens the file.
"""

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO, Protocol

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sandbox.errors import CallError, EnvironmentFaultError
from sandbox.feeds.key_wrap import refuse_open, unwrapped, wrapped

FIRST_EPOCH = "1"
KEY_BYTES = 32
BLOCK_BYTES = 1 << 20
# The partner's checker writes nothing and has no key: what it derives is thrown away.
CHECK_KEY = b"sandbox feed check writes nothing"


class KeyProvider(Protocol):
    """Whoever can derive the key of one scope (`v1|partner|feed|epoch|purpose`)."""

    def derived(self, epoch: str, scope: str) -> bytes:
        """Return the 32 bytes of the scope."""
        ...


class KeyKeeper(KeyProvider, Protocol):
    """Whoever keeps the keys of all epochs.

    New rows are keyed in the current epoch; one that was begun waits until the current one is destroyed.
    """

    @property
    def current_epoch(self) -> str:
        """Epoch that new rows are keyed in."""
        ...

    @property
    def epochs(self) -> list[str]:
        """Epochs whose keys are there, in order."""
        ...

    def begin(self) -> str:
        """Begin the epoch after the current one, if it is not begun yet; return which it is."""
        ...

    def destroy(self, epoch: str) -> None:
        """Destroy the key of an epoch; if it was the current one, the next is: one that was begun, or a new one."""
        ...

    def traces(self, epoch: str) -> list[str]:
        """Return texts that would give the epoch's key away, for whoever makes sure that they are nowhere else."""
        ...


@dataclass(frozen=True)
class KeyFile:
    """Keys by epoch in a file that only its owner can read; deleting an epoch there is deleting the link.

    The file says with which other file its keys are wrapped (AES key wrap, RFC 3394), so that whoever is to open it
    needs the one reference; one that names none holds them as they are.
    """

    path: Path

    def derived(self, epoch: str, scope: str) -> bytes:
        """Return the key of the scope; `EnvironmentFaultError` where the epoch's key is gone."""
        return _hkdf(bytes.fromhex(self.secret(epoch)), scope)

    def secret(self, epoch: str) -> str:
        """Return the hex digits of an epoch's secret."""
        content = self._content()
        if epoch not in content.epochs:
            raise EnvironmentFaultError(
                f"The key file has no key of epoch {epoch}.", "Ask the key custodian whether it was destroyed."
            )
        return content.unwrapped(epoch)

    def traces(self, epoch: str) -> list[str]:
        """Return the epoch's secret, and what the file has of it."""
        return sorted({self.secret(epoch), self._content().epochs[epoch]})

    @property
    def current_epoch(self) -> str:
        """Epoch that new rows are keyed in."""
        return self._content().current

    @property
    def epochs(self) -> list[str]:
        """Epochs whose keys are there, in order."""
        return sorted(self._content().epochs, key=int)

    def begin(self) -> str:
        """Begin the epoch after the current one, if it is not begun yet; return which it is."""
        content = self._content()
        begun = str(int(content.current) + 1)
        if begun not in content.epochs:
            self._replace(content.with_epoch(begun))
        return begun

    def destroy(self, epoch: str) -> None:
        """Destroy the key of an epoch; if it was the current one, the next is: one that was begun, or a new one."""
        content = self._content()
        if epoch not in content.epochs:
            raise CallError(f"There is no key of epoch {epoch}.", f"There are: {', '.join(self.epochs)}.")
        left = replace(content, epochs={name: key for name, key in content.epochs.items() if name != epoch})
        if epoch == content.current:
            following = str(int(epoch) + 1)
            left = replace(left if following in left.epochs else left.with_epoch(following), current=following)
        self._replace(left)

    def _replace(self, content: "Content") -> None:
        """Put other keys in the file's place, then overwrite what was there: killed in between, no key is lost."""
        with self.path.open("r+b") as before:
            _write_keys(self.path, content)
            _overwrite(before)

    def _content(self) -> "Content":
        if not self.path.is_file():
            raise EnvironmentFaultError(
                "There is no pseudonym key where sandbox.toml's `key_file` points.",
                "Have the key custodian make one (`sandbox key new`), or put back the one that was there.",
            )
        refuse_open(self.path)
        try:
            return Content(**json.loads(self.path.read_text("utf-8")))
        except (ValueError, TypeError):
            # Without the cause: its text would quote the file.
            raise EnvironmentFaultError(
                "The pseudonym key file is damaged.", "Put the custodian's copy back."
            ) from None


@dataclass(frozen=True)
class Content:
    """What a key file holds: the current epoch, keys by epoch (hex digits), the file that they are wrapped with."""

    current: str
    epochs: Mapping[str, str]
    wrapped_by: str = ""

    def unwrapped(self, epoch: str) -> str:
        """Return the secret of an epoch, hex digits."""
        return unwrapped(self.epochs[epoch], Path(self.wrapped_by)) if self.wrapped_by else self.epochs[epoch]

    def with_epoch(self, epoch: str, secret: str = "") -> "Content":
        """Return it with the key of a new epoch, by chance unless one is given."""
        key = secret or secrets.token_hex(KEY_BYTES)
        stored = wrapped(key, Path(self.wrapped_by)) if self.wrapped_by else key
        return replace(self, epochs={**self.epochs, epoch: stored})


@dataclass(frozen=True)
class ThrowawayKeys:
    """Keys of the partner's checker: the path of a row is the same, the result goes nowhere."""

    def derived(self, epoch: str, scope: str) -> bytes:
        """Return 32 bytes that protect nothing."""
        return _hkdf(CHECK_KEY, f"{epoch}|{scope}")


def create_key(path: Path, epoch: str = FIRST_EPOCH, secret: str = "", wrapped_by: str = "") -> None:
    """Write a new key file (0600) of one epoch; an existing file is left as it is.

    `secret` is for the demo's invented persons: 64 hex digits instead of chance, the same key everywhere.
    """
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    _write_keys(path, Content(epoch, {}, wrapped_by).with_epoch(epoch, secret))


def shred(file: Path) -> None:
    """Overwrite a file where it lies, as far as the disk lets us, and delete it; one that is not there is no fault."""
    if file.is_file():
        with file.open("r+b") as stream:
            _overwrite(stream)
        file.unlink()


def _overwrite(stream: BinaryIO) -> None:
    left = os.fstat(stream.fileno()).st_size
    while left > 0:
        left -= stream.write(b"\0" * min(left, BLOCK_BYTES))
    stream.flush()
    os.fsync(stream.fileno())


def _write_keys(path: Path, content: Content) -> None:
    """Write the key file, whole or not at all, readable by its owner only from its first byte."""
    new = path.with_name(f".{path.name}.new")
    shred(new)
    new.touch(mode=0o600)
    with new.open("w", encoding="utf-8") as stream:
        json.dump({name: value for name, value in asdict(content).items() if value}, stream)
        stream.flush()
        os.fsync(stream.fileno())
    new.replace(path)


def _hkdf(root: bytes, scope: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=scope.encode()).derive(root)
