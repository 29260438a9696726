"""After an erasure: everything that is left is searched for what would give away who was erased."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.errors import CheckFailedError
from sandbox.feeds.forgetting import PARTITION
from sandbox.feeds.search import Sought, files_of, holds
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.books import DELIVERY
from sandbox.settings import Workspace, Zone

Say = Callable[[str], None]
Sender = tuple[str, str]


@dataclass(frozen=True)
class Traces:
    """What gives somebody away, and in words what it is.

    `spoken` keys are looked for in text too, all by default. `sender` is the partner, or partner and feed, that it is
    about: what others sent may hold the same text. In the files or folders `but` it is expected.
    """

    texts: Sequence[str]
    keys: Collection[int]
    told: str
    spoken: Collection[int] | None = None
    sender: tuple[str, ...] = ()
    but: Collection[Path] = ()


@dataclass
class Searched:
    """How many files were searched, by place; those in which another sender's own delivery has the same text."""

    told: str
    files: Counter[str] = field(default_factory=Counter)
    others: Counter[str] = field(default_factory=Counter)

    @property
    def summary(self) -> dict[str, object]:
        """Return it as a person wants to read it."""
        others = [f"{sender}: {number:,} files" for sender, number in sorted(self.others.items())]
        sent_by_others = {"also_sent_by_others_and_theirs_to_keep": others} if others else {}
        return {
            "searched_for": self.told,
            "files_searched": self.files.total(),
            "searched_in": dict(sorted(self.files.items())),
            **sent_by_others,
            "found": 0,
        }


def check_gone(workspace: Workspace, traces: Traces, say: Say) -> Searched:
    """Search every file of the workspace, wherever its zones are; raise `CheckFailedError` where anything is found."""
    sought, senders = Sought.of(traces.texts, traces.keys, traces.spoken), booked_senders(workspace)
    by_key, searched, found = Sought.of((), traces.keys, traces.spoken), Searched(traces.told), []
    for place, file in _files(workspace):
        searched.files[place] += 1
        if searched.files.total() % 1_000 == 0:
            say(f"{searched.files.total():,} files searched")
        if {file, *file.parents} & set(traces.but) or not holds(file, sought):
            continue
        sender = _sender_of(workspace, file, senders)
        if sender and sender[: len(traces.sender)] != traces.sender and not holds(file, by_key):
            searched.others[".".join(sender)] += 1
        else:
            found.append(file)
    if found:
        raise _left(workspace, found, searched.files.total())
    return searched


def booked_senders(workspace: Workspace) -> dict[str, Sender]:
    """Return partner and feed of every delivery in the book."""
    if store.latest_version(workspace, DELIVERY) is None:
        return {}
    rows = store.read_small(workspace, DELIVERY).to_pylist()
    return {row["delivery_id"]: (row["partner"], row["feed"]) for row in rows}


def _files(workspace: Workspace) -> list[tuple[str, Path]]:
    """Return the files of the workspace, and of zones that lie elsewhere, each with the name of its place."""
    files = [(file.relative_to(workspace.root).parts, file) for file in files_of(workspace.root)]
    inside = [(parts[0] if len(parts) > 1 else "workspace", file) for parts, file in files]
    apart = [zone for zone in Zone if not workspace.zone(zone).resolve().is_relative_to(workspace.root)]
    return inside + [(zone.value, file) for zone in apart for file in files_of(workspace.zone(zone))]


def _sender_of(workspace: Workspace, file: Path, senders: Mapping[str, Sender]) -> Sender | None:
    """Return who sent what a file holds: by its place in landing, or by the delivery whose partition it is in."""
    landing = workspace.zone(Zone.LANDING)
    if file.is_relative_to(landing):
        partner, feed, *_ = (*file.relative_to(landing).parts, "", "")
        return (partner, feed)
    partitions = [part.removeprefix(PARTITION) for part in file.parts if part.startswith(PARTITION)]
    return senders.get(partitions[0]) if partitions else None


def _left(workspace: Workspace, found: Sequence[Path], searched: int) -> CheckFailedError:
    names = [str(file.relative_to(workspace.root) if file.is_relative_to(workspace.root) else file) for file in found]
    return CheckFailedError(
        f"{len(found)} of {searched:,} files still hold what was to be erased: {', '.join(names[:5])}.",
        "Delete what was put there by hand, and type the command again.",
    )
