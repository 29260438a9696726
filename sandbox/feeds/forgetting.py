"""Rows and files that go for good: out of a table with all its earlier versions, and out of landing."""

import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from sandbox.feeds.delivery import MANIFEST, landed
from sandbox.lakehouse import store
from sandbox.lakehouse.table import Table
from sandbox.settings import Workspace, Zone

PARTITION = "delivery_id="


def deleted(workspace: Workspace, table: Table, conditions: Iterable[str]) -> int:
    """Delete rows that meet any of the conditions, whatever versions still hold; return how many."""
    if store.latest_version(workspace, table) is None:
        return 0
    delta = DeltaTable(str(table.path(workspace)))
    return sum(int(delta.delete(condition)["num_deleted_rows"] or 0) for condition in conditions)


def deleted_persons(workspace: Workspace, table: Table, feed: str, keys: Collection[int]) -> int:
    """Delete the rows that a table has of persons of a feed, however many they are; return how many rows."""
    if not keys or store.latest_version(workspace, table) is None:
        return 0
    gone = pa.table({"person_key": pa.array(keys, pa.int64())})
    of_feed = f" AND held.feed = '{feed}'" if "feed" in table.names else ""
    merge = DeltaTable(str(table.path(workspace))).merge(
        gone, f"held.person_key = gone.person_key{of_feed}", source_alias="gone", target_alias="held"
    )
    return int(merge.when_matched_delete().execute()["num_target_rows_deleted"])


def forget_versions(workspace: Workspace, table: Table) -> None:
    """Delete all files that the latest version of a table does not name, and the log of how it came about."""
    if store.latest_version(workspace, table) is None:
        return
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


def delivered_in(workspace: Workspace, table: Table) -> set[str]:
    """Return the deliveries of which a table, or an earlier version of it, has files."""
    return {folder.name.removeprefix(PARTITION) for folder in table.path(workspace).rglob(f"{PARTITION}*")}


def landed_of(workspace: Workspace, partner: str, feed: str = "") -> Iterator[Path]:
    """Yield the folders of a partner's deliveries in landing, of one feed or of all."""
    for folder in landed(workspace.zone(Zone.LANDING)):
        if folder.parts[-3] == partner and feed in ("", folder.parts[-2]):
            yield folder


def files_as_sent(folder: Path) -> list[Path]:
    """Return what lies in a landed delivery beside its manifest."""
    return [file for file in folder.iterdir() if file.name != MANIFEST]


def destroy_landing(workspace: Workspace, partner: str, feed: str, deliveries: Sequence[str] | None = None) -> int:
    """Delete the files of the feed's deliveries in landing, manifests apart; all, or these. Return of how many."""
    destroyed = 0
    for folder in landed_of(workspace, partner, feed):
        files = files_as_sent(folder)
        if files and (deliveries is None or folder.name in deliveries):
            for file in files:
                file.unlink()
            destroyed += 1
    return destroyed
