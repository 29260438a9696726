"""What is signed at the door, in bytes, and Ed25519 (RFC 8032) over it. The door signs, the checker verifies.

Both must agree on the bytes to the last one, so they are written down once, below either of them.
"""

import base64
import hashlib
import json

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sandbox.errors import CallError

SUMS_FILE = "SHA256SUMS"
APPROVALS_FILE = "approvals.json"
SIGNATURE_FILE = "signature"
OFFICE_KEY_FILE = "office.pub"
OUTSIDE_SUMS = (SUMS_FILE, APPROVALS_FILE, SIGNATURE_FILE)
"""Files that `SHA256SUMS` can't cover: itself, and what is added at the door."""


def sha256(content: bytes) -> str:
    """Return the hash in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sums_text(files: dict[str, bytes]) -> bytes:
    """Return `SHA256SUMS` as `sha256sum --check` reads it: hash, two blanks, name; sorted by name."""
    lines = [f"{sha256(files[name])}  {name}\n" for name in sorted(files) if name not in OUTSIDE_SUMS]
    return "".join(lines).encode()


def read_sums(text: bytes) -> dict[str, str]:
    """Return hash by file name; `CallError` for a line that is none."""
    sums: dict[str, str] = {}
    for line in text.decode("utf-8", "replace").splitlines():
        digest, separator, name = line.partition("  ")
        if not separator or len(digest) != 64 or name in sums or "/" in name:
            raise CallError(f"{SUMS_FILE} has a line that is no hash and file name.", "Take a fresh copy.")
        sums[name] = digest
    return sums


def release_message(sums: bytes, approvals: bytes) -> bytes:
    """Return what the office signs: the hashes of `SHA256SUMS` and of `approvals.json`."""
    return f"sandbox release v1\n{sha256(sums)}\n{sha256(approvals)}\n".encode()


def request_hash(release_id: str, sums_sha256: str, author: str, checks: tuple[tuple[str, str], ...]) -> str:
    """Return the hash of a request's canonical JSON."""
    asked = {"release": release_id, "sums_sha256": sums_sha256, "author": author, "checks": [list(c) for c in checks]}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def request_message(what: str, name: str, request_hash: str) -> bytes:
    """Return what a person signs: what they say (`request`, `approve`), who, and of which request."""
    return f"sandbox {what} v1\n{name}\n{request_hash}\n".encode()


def sign(private_key: Ed25519PrivateKey, message: bytes) -> str:
    """Return the signature in base64."""
    return base64.b64encode(private_key.sign(message)).decode()


def is_signed(public_key: Ed25519PublicKey, signature: str, message: bytes) -> bool:
    """Tell whether the signature is of this key and over this message, and written in the one way base64 has."""
    try:
        raw = base64.b64decode(signature, validate=True)
        public_key.verify(raw, message)
    except (InvalidSignature, ValueError):
        return False
    return base64.b64encode(raw).decode() == signature


def public_text(key: Ed25519PublicKey) -> str:
    """Return the key's 32 bytes in base64, as `people.toml` and `office.pub` hold it."""
    raw = key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    return base64.b64encode(raw).decode()


def read_public(text: str, where: str) -> Ed25519PublicKey:
    """Return the key that `public_text` wrote; `CallError` names the place where it stands."""
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.strip(), validate=True))
    except ValueError as error:
        raise CallError(f"{where} holds no Ed25519 public key.", "It should be 32 bytes in base64.") from error
