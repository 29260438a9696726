"""Rotation of the pseudonym key: a new epoch begins, and the histories of persons go on in it.

In this order: the next epoch's key; the bridge; a note in the workspace of how far the rotation has come, from which
on nothing else may run; each table, its earlier versions forgotten; a search; the old key; the bridge; the note.
Each step can be done again: killed anywhere and started again, the end is the same.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable

from sandbox.errors import CallError, CheckFailedError, DeliveryRefusedError
from sandbox.feeds.arrivals import Arrived, agreed_for, tasks_of_file
from sandbox.feeds.bridge import Bridge, LandedFile, Persons, beside, paired
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.delivery import landed, read_delivery, sha256_of
from sandbox.feeds.forgetting import forget_versions
from sandbox.feeds.gone import Say, Traces, check_gone
from sandbox.feeds.keepers import keeper
from sandbox.feeds.keys import KeyKeeper
from sandbox.feeds.rekeyed import HeldFile, TableFile, listed, written_anew
from sandbox.feeds.workers import told_by_workers
from sandbox.lakehouse import store
from sandbox.lakehouse.files import WrittenFile
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import ALL
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.settings import Workspace, Zone

OF_PERSONS = tuple(table for table in ALL.values() if "person_key" in table.names or table is QUARANTINE)
# Old person keys that are searched for in every file; of one that is left, nearly all are.
KEYS_SEARCHED = 20


@dataclass
class Rotation:
    """How far a rotation has come: its epochs, persons by feed, and rows with new keys of each table that is done.

    `left_out` says of deliveries and files in landing why they were not read, or not to their end.
    """

    ended: str
    begun: str
    persons: dict[str, Persons]
    left_out: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)
    searched: int = 0

    def save(self, workspace: Workspace) -> None:
        """Write it to the workspace, whole or not at all."""
        new = workspace.rotation_file.with_suffix(".new")
        new.write_text(json.dumps(asdict(self)), "utf-8")
        new.replace(workspace.rotation_file)

    @classmethod
    def read(cls, workspace: Workspace) -> "Rotation | None":
        """Return the one that is under way, if there is one."""
        if not workspace.rotation_file.is_file():
            return None
        content = json.loads(workspace.rotation_file.read_text("utf-8"))
        content["persons"] = {feed: Persons(*numbers) for feed, numbers in content["persons"].items()}
        return cls(**content)

    @property
    def lost(self) -> list[str]:
        """Sentences on feeds that have persons whom the bridge does not link."""
        return [
            f"{held - linked:,} of {held:,} persons of {feed} have no identifier left in landing: "
            f"their histories end in epoch {self.ended}"
            for feed, (held, linked) in sorted(self.persons.items())
            if held > linked
        ]

    @property
    def told(self) -> dict[str, object]:
        """Return it as a person wants to read it."""
        return {
            "ended_epoch": self.ended,
            "current_epoch": self.begun,
            "persons_linked": {feed: f"{n:,} of {held:,}" for feed, (held, n) in sorted(self.persons.items())},
            "histories_that_end": self.lost,
            "left_out_in_landing": self.left_out,
            "rows_with_new_keys": {table: rows for table, rows in sorted(self.rows.items()) if rows},
            "files_searched": self.searched,
            "found": 0,
        }


def rotate(workspace: Workspace, ends_histories: bool, say: Say) -> Rotation:
    """End the current key epoch and begin the next, or go on where an earlier call was stopped.

    `CheckFailedError` where persons can't be linked, unless `ends_histories`: then nothing has changed.
    """
    keys, bridge = keeper(workspace), beside(workspace.key_file)
    rotation = Rotation.read(workspace)
    if rotation is None:
        rotation = _begun(workspace, keys, bridge, ends_histories, say)
        rotation.save(workspace)
    if keys.current_epoch == rotation.ended:
        if not bridge.stands:  # whoever deleted it by hand
            _built(workspace, rotation.begun, bridge, say)
        for table in OF_PERSONS:
            if table.name not in rotation.rows and store.latest_version(workspace, table) is not None:
                say(f"table {table.name}")
                rotation.rows[table.name] = _rekeyed(workspace, table, bridge)
                rotation.save(workspace)
        rotation.searched = _searched(workspace, keys.traces(rotation.ended), bridge, say)
        rotation.save(workspace)
        keys.destroy(rotation.ended)
    bridge.destroy()
    workspace.rotation_file.unlink()
    return rotation


def _begun(workspace: Workspace, keys: KeyKeeper, bridge: Bridge, ends_histories: bool, say: Say) -> Rotation:
    """Make the next epoch's key and the bridge to it; unmake both where persons would be lost that may not be."""
    ended, begun = keys.current_epoch, keys.begin()
    rotation = Rotation(ended, begun, *_built(workspace, begun, bridge, say))
    if rotation.lost and not ends_histories:
        bridge.destroy()
        keys.destroy(begun)
        raise CheckFailedError(
            f"{'; '.join([*rotation.lost, *rotation.left_out])}. Nothing has changed.",
            "Have a delivery put into landing that names them, and type the command again before it is taken in; "
            "or let their histories end: `--end-histories`.",
        )
    return rotation


def _built(workspace: Workspace, begun: str, bridge: Bridge, say: Say) -> tuple[dict[str, Persons], list[str]]:
    """Make the bridge from all files in landing; return of each feed whom it links, and what was left out, and why."""
    bridge.begin()
    left_out: list[str] = []
    files = list(_landed_files(workspace, begun, bridge, left_out))
    say(f"reading identifiers of {len(files):,} files")
    notes = [json.loads(note) for note in told_by_workers(workspace, files, paired)]
    left_out += [f"{note['file']} is not read to its end: {note['refused']}" for note in notes if note["refused"]]
    held = list(_held_files(workspace, bridge))
    told_by_workers(workspace, [file for _, file in held], listed)
    runs = {feed: [*bridge.runs.glob(f"{feed}.*.held")] for feed in {feed for feed, _ in held}}
    return bridge.build({feed: sorted(paths) for feed, paths in runs.items()}), left_out


def _landed_files(workspace: Workspace, begun: str, bridge: Bridge, left_out: list[str]) -> Iterator[LandedFile]:
    """Yield all that lies in landing of feeds about persons, taken in or not, and is what its manifest says."""
    number = 0
    for arrived in _landed_deliveries(workspace, left_out):
        for sent in arrived.delivery.manifest.files:
            path = arrived.delivery.folder / sent.name
            if path.is_symlink() or not path.is_file():
                continue
            if sha256_of(path) != sent.sha256:
                left_out.append(f"{arrived.delivery.id}/{sent.name} is not the file of the manifest")
                continue
            for task in tasks_of_file(workspace, arrived, sent.name, bridge.runs):
                yield LandedFile(task, begun, str(bridge.runs / f"{number}.pairs"))
                number += 1


def _landed_deliveries(workspace: Workspace, left_out: list[str]) -> Iterator[Arrived]:
    for folder in landed(workspace.zone(Zone.LANDING)):
        try:
            delivery = read_delivery(folder)
            feed = ALL_FEEDS.get(delivery.manifest.feed)
            if feed is not None and feed.identifier is not None:
                yield Arrived(delivery, agreed_for(workspace, delivery))
        except (DeliveryRefusedError, CallError) as refusal:
            left_out.append(f"{folder.name} is left out: {refusal.message}")


def _held_files(workspace: Workspace, bridge: Bridge) -> Iterator[tuple[str, HeldFile]]:
    """Yield the files of bronze and quarantine that hold persons, each with its feed."""
    feeds = [feed for feed in ALL_FEEDS.values() if feed.identifier]
    for table in (*(feed.bronze for feed in feeds), QUARANTINE):
        for number, (path, partition, size) in enumerate(_files_of(workspace, table)):
            feed = partition.get("feed", table.name)
            if ALL_FEEDS[feed].identifier:
                run = bridge.runs / f"{feed}.{table.name}-{number}.held"
                yield feed, HeldFile(str(path), str(run), size)


def _files_of(workspace: Workspace, table: Table) -> Iterator[tuple[Path, dict[str, Any], int]]:
    """Yield path, values of the partition and size of each file of a table."""
    if store.latest_version(workspace, table) is None:
        return
    folder = table.path(workspace)
    for file in pa.table(DeltaTable(str(folder)).get_add_actions(flatten=True)).sort_by("path").to_pylist():
        partition = {name: file[f"partition.{name}"] for name in table.partition}
        yield folder / file["path"], partition, file["size_bytes"]


def _rekeyed(workspace: Workspace, table: Table, bridge: Bridge) -> int:
    """Give the persons of a table their new keys, in one commit, and forget earlier versions; return how many rows."""
    folder, buckets = str(table.path(workspace)), workspace.settings.buckets
    tasks = [
        TableFile(str(path), table.name, folder, partition, str(bridge.folder), buckets, size)
        for path, partition, size in _files_of(workspace, table)
    ]
    notes = [json.loads(note) for note in told_by_workers(workspace, tasks, written_anew)]
    rows = sum(note["rows"] for note in notes)
    if rows:
        files = [WrittenFile(**file) for note in notes for file in note["files"]]
        store.commit_files(files, workspace, table, {}, {})
    forget_versions(workspace, table)
    return rows


def _searched(workspace: Workspace, texts: list[str], bridge: Bridge, say: Say) -> int:
    """Search all files, key and bridge apart, for the old key and old person keys; return how many there are."""
    sample = bridge.sample(KEYS_SEARCHED)
    traces = Traces(texts, sample, "the old key and old person keys", but={workspace.key_file, bridge.folder})
    return check_gone(workspace, traces, say).files.total()
