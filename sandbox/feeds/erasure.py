"""Erasure of persons or of a partner, and then a search of everything that is left.

Rows go from every table that holds a person key, earlier versions and their log with them, and the partner's files
from landing. What was counted before stays counted: figures hold no person. Tables made from bronze are made again
by the next run, whose input has changed.
"""

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from sandbox.errors import CallError, CheckFailedError
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.delivery import MANIFEST, landed, read_delivery
from sandbox.feeds.pseudonym import KeyFile, Pseudonyms, Scope
from sandbox.feeds.rules import LONG_IDENTIFIER
from sandbox.feeds.search import files_with
from sandbox.lakehouse import store
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import PERSON_TABLES
from sandbox.lakehouse.tables.books import DELIVERY, QUARANTINE
from sandbox.settings import Workspace, Zone

KEYS_AT_A_TIME = 500
Say = Callable[[str], None]


@dataclass(frozen=True)
class Erased:
    """What an erasure did: rows by table, deliveries whose files are gone from landing, files searched after it."""

    rows: Counter[str]
    deliveries: int
    searched: int

    @property
    def told(self) -> dict[str, object]:
        """Return it as a person wants to read it."""
        rows = {f"rows_{table}": number for table, number in sorted(self.rows.items()) if number}
        search = {"files_searched": self.searched, "found": 0} if self.searched else {}
        return {**rows, "deliveries_gone_from_landing": self.deliveries, **search}


def erase_persons(workspace: Workspace, partner: str, feed: str, identifiers: Sequence[str], say: Say) -> Erased:
    """Erase these persons of one partner's feed, under every key epoch there is."""
    if feed not in ALL_FEEDS or ALL_FEEDS[feed].identifier is None:
        raise CallError(f"{feed!r} is no feed about persons.", "Name the feed that the person is in.")
    keys = person_keys(workspace, partner, feed, identifiers)
    _refuse_waiting(workspace, partner, feed)
    rows: Counter[str] = Counter()
    for table in (ALL_FEEDS[feed].bronze, *PERSON_TABLES):
        say(f"table {table.name}")
        rows[table.name] += _deleted(workspace, table, _of_persons(table, feed, keys))
    rows["quarantine"] = _deleted(workspace, QUARANTINE, _quoted_persons(feed, keys))
    deliveries = destroy_landing(workspace, partner, feed)
    # A shorter identifier stands everywhere by chance; its person key does not.
    texts = [identifier for identifier in identifiers if len(identifier) >= LONG_IDENTIFIER]
    return Erased(rows, deliveries, check_gone(workspace, texts, keys, say))


def erase_partner(workspace: Workspace, partner: str, say: Say) -> Erased:
    """Erase all rows that a partner sent, and everything about persons that was made from its feeds."""
    booked = [row for row in store.read_small(workspace, DELIVERY).to_pylist() if row["partner"] == partner]
    if not booked:
        raise CallError(f"There is no delivery of {partner!r}.", "`sandbox status` names partners and deliveries.")
    rows: Counter[str] = Counter()
    for feed in sorted({row["feed"] for row in booked}):
        say(f"feed {feed}")
        ids = [row["delivery_id"] for row in booked if row["feed"] == feed]
        sent = " OR ".join(f"delivery_id = '{delivery}'" for delivery in ids)
        rows[feed] += _deleted(workspace, ALL_FEEDS[feed].bronze, [sent])
        rows["quarantine"] += _deleted(workspace, QUARANTINE, [sent])
        for table in PERSON_TABLES:
            rows[table.name] += _deleted(workspace, table, [f"feed = '{feed}'"] if "feed" in table.names else ["true"])
        destroy_landing(workspace, partner, feed)
    return Erased(rows, len(booked), 0)


def person_keys(workspace: Workspace, partner: str, feed: str, identifiers: Sequence[str]) -> list[int]:
    """Return the keys that these persons have in a partner's feed, one for each person and epoch."""
    provider = KeyFile(workspace.key_file)
    scopes = [Scope(partner, feed, epoch, workspace.settings.purpose) for epoch in provider.epochs]
    found = [Pseudonyms(provider, scope).of(pa.array(list(identifiers), pa.string())).to_pylist() for scope in scopes]
    return sorted({key for keys in found for key in keys})


def destroy_landing(workspace: Workspace, partner: str, feed: str, deliveries: Sequence[str] | None = None) -> int:
    """Delete the files of the feed's deliveries in landing, manifests apart; all, or these. Return of how many."""
    destroyed = 0
    for folder in _landed(workspace, partner, feed):
        files = [file for file in folder.iterdir() if file.name != MANIFEST]
        if files and (deliveries is None or folder.name in deliveries):
            for file in files:
                file.unlink()
            destroyed += 1
    return destroyed


def check_gone(workspace: Workspace, texts: Sequence[str], keys: Sequence[int], say: Say) -> int:
    """Search every file of the workspace; return how many there are, or raise `CheckFailedError` with where."""
    found, searched = files_with(workspace.root, texts, keys, say)
    if found:
        where = ", ".join(str(file.relative_to(workspace.root)) for file in found[:5])
        raise CheckFailedError(
            f"{len(found)} of {searched:,} files still hold what was to be erased: {where}.",
            "Delete what was put there by hand, and type the command again.",
        )
    return searched


def forget_versions(workspace: Workspace, table: Table) -> None:
    """Delete all files that the latest version of a table does not name, and the log of how it came about."""
    delta = DeltaTable(str(table.path(workspace)))
    delta.vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False, full=True)
    delta.create_checkpoint()
    log, latest = table.path(workspace) / "_delta_log", delta.version()
    for file in log.iterdir():
        number = file.name.split(".")[0]
        if number.isdigit() and int(number) < latest:
            file.unlink()
    for orphan in [each for each in table.path(workspace).rglob("*") if each.is_dir() and not any(each.iterdir())]:
        shutil.rmtree(orphan)


def _deleted(workspace: Workspace, table: Table, conditions: Iterable[str]) -> int:
    """Delete rows that meet any of the conditions, and forget all earlier versions; return how many."""
    if store.latest_version(workspace, table) is None:
        return 0
    delta, deleted = DeltaTable(str(table.path(workspace))), 0
    for condition in conditions:
        deleted += int(delta.delete(condition)["num_deleted_rows"] or 0)
    forget_versions(workspace, table)
    return deleted


def _of_persons(table: Table, feed: str, keys: Sequence[int]) -> Iterator[str]:
    of_feed = f"feed = '{feed}' AND " if "feed" in table.names else ""
    for start in range(0, len(keys), KEYS_AT_A_TIME):
        yield f"{of_feed}person_key IN ({', '.join(map(str, keys[start : start + KEYS_AT_A_TIME]))})"


def _quoted_persons(feed: str, keys: Sequence[int]) -> Iterator[str]:
    for key in keys:
        quoted = json.dumps({"person_key": str(key)}, separators=(",", ":"))[1:-1]
        yield f"feed = '{feed}' AND row LIKE '%{quoted}%'"


def _landed(workspace: Workspace, partner: str, feed: str) -> Iterator[Path]:
    for folder in landed(workspace.zone(Zone.LANDING)):
        if folder.parts[-3:-1] == (partner, feed):
            yield folder


def _refuse_waiting(workspace: Workspace, partner: str, feed: str) -> None:
    """Refuse while a delivery is not taken in yet: it would bring the person back."""
    book = store.read_small(workspace, DELIVERY) if store.latest_version(workspace, DELIVERY) is not None else None
    booked = set(book["delivery_id"].to_pylist()) if book is not None else set()
    waiting = [folder for folder in _landed(workspace, partner, feed) if read_delivery(folder).id not in booked]
    if waiting:
        raise CallError(
            f"{len(waiting)} deliveries of {partner}.{feed} are not taken in yet and may hold the person.",
            "Take them in first (`sandbox run ingest`), or remove them from landing.",
        )
