"""The log of what anyone did at the door: JSON lines, each holding the hash of the one before. Append only."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from sandbox.errors import CheckFailedError
from sandbox.settings import Workspace

FIRST = "0" * 64


@dataclass(frozen=True)
class Line:
    """One act: its number from 1, when, who, what, of which release, with which hash, after which line."""

    number: int
    at: str
    who: str
    did: str
    release_id: str
    about: str
    previous: str

    @property
    def hash(self) -> str:
        """Hash of the line's canonical JSON."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


def log_file(workspace: Workspace) -> Path:
    """Return where the log lies."""
    return workspace.logs / "airlock.jsonl"


def append(workspace: Workspace, at: str, who: str, did: str, release_id: str, about: str) -> Line:
    """Add one line at the end, after proving that the chain holds; return it."""
    lines = verified(workspace)
    line = Line(len(lines) + 1, at, who, did, release_id, about, lines[-1].hash if lines else FIRST)
    file = log_file(workspace)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(asdict(line) | {"hash": line.hash}, sort_keys=True) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return line


def verified(workspace: Workspace) -> list[Line]:
    """Return all lines; `CheckFailedError` names the first that does not fit the chain."""
    file = log_file(workspace)
    lines: list[Line] = []
    previous = FIRST
    for number, text in enumerate(file.read_text("utf-8").splitlines() if file.is_file() else [], start=1):
        line = _read(text, number)
        if line.number != number or line.previous != previous:
            raise _broken(number)
        lines.append(line)
        previous = line.hash
    return lines


def _read(text: str, number: int) -> Line:
    try:
        raw = json.loads(text)
        stated = raw.pop("hash")
        line = Line(**raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(number) from error
    if line.hash != stated:
        raise _broken(number)
    return line


def _broken(number: int) -> CheckFailedError:
    return CheckFailedError(
        f"The log's chain is broken at line {number}.", "It was edited or cut there; compare with a copy of the log."
    )
