"""Acts that change what the office holds: the log says who asked for one, and how it ended."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from sandbox.errors import SandboxError
from sandbox.settings import Workspace


@dataclass
class Act:
    """One act; `about` is what the log says of it when it is done."""

    about: str


@contextmanager
def noted(workspace: Workspace, who: str, asked: str, done: str, about: str) -> Iterator[Act]:
    """Write a line when an act is asked for, and one when it is done or has failed; killed in between, the first stays.

    What is raised is no secret: an error names files and tables, never a person.
    """
    from sandbox.airlock import log

    def line(did: str, said: str) -> None:
        log.append(workspace, datetime.now(UTC).isoformat(timespec="seconds"), who, did, "", said)

    line(asked, about)
    act = Act(about)
    try:
        yield act
    except BaseException as fault:
        told = fault.message if isinstance(fault, SandboxError) else type(fault).__name__
        line(f"not done: {done}", "; ".join(each for each in (about, told) if each))
        raise
    line(done, act.about)
