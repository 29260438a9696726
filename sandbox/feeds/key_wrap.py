"""The key that wraps the pseudonym keys: AES key wrap (RFC 3394), so that whoever finds the key file has nothing yet.

It lies in a file of its own, apart from the key file: a secret that is mounted, a medium that the custodian keeps.
"""

import os
import re
import secrets
import stat
from pathlib import Path

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from sandbox.errors import EnvironmentFaultError

KEY_BYTES = 32
HEX_KEY = re.compile(r"[0-9a-f]{64}")


def wrapped(secret: str, file: Path) -> str:
    """Return a secret (hex digits) as it may lie in the key file, hex digits too."""
    return aes_key_wrap(_wrapping_key(file), bytes.fromhex(secret)).hex()


def unwrapped(text: str, file: Path) -> str:
    """Return the secret again; `EnvironmentFaultError` where the wrapping key is another, or not there."""
    try:
        return aes_key_unwrap(_wrapping_key(file), bytes.fromhex(text)).hex()
    except (InvalidUnwrap, ValueError):
        raise EnvironmentFaultError(
            "The wrapping key does not open the pseudonym key.", "Put back the one that it was wrapped with."
        ) from None


def make_wrapping_key(file: Path) -> None:
    """Write a new wrapping key (0600); one that is there is left as it is."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(f"{secrets.token_hex(KEY_BYTES)}\n")


def refuse_open(file: Path) -> None:
    """Raise `EnvironmentFaultError` where others than its owner can read a file of keys."""
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise EnvironmentFaultError(
            "The pseudonym key can be read by others than its owner.", "Type `chmod 600` on the key file."
        )


def _wrapping_key(file: Path) -> bytes:
    """Return the 32 bytes: 64 hex digits in a file that only its owner can read."""
    if not file.is_file():
        raise EnvironmentFaultError(
            "The key that wraps the pseudonym key is not where the key file says.",
            "Have the key custodian mount or plug in what holds it.",
        )
    refuse_open(file)
    text = file.read_text("ascii", errors="replace").strip()
    if not HEX_KEY.fullmatch(text):
        raise EnvironmentFaultError("The wrapping key is damaged.", "Put the custodian's copy back.")
    return bytes.fromhex(text)
