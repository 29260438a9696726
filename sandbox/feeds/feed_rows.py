"""One feed's deliveries between file and bronze: where their rows lie, and what bronze holds of the feed already."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow.dataset import Dataset

from sandbox.feeds.amended import Folders
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.ingest import FileTask
from sandbox.feeds.notes import FileNote, Part
from sandbox.feeds.parts import HashTask, written_notes
from sandbox.feeds.profile import Account
from sandbox.feeds.workers import told_by_workers
from sandbox.lakehouse import store
from sandbox.lakehouse.files import WrittenFile
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.settings import Zone


@dataclass
class FeedRows:
    """One feed's deliveries after the row path: parts of those that are not refused, and files for quarantine.

    In a replay the rows come from quarantine, and join what bronze has of their delivery.
    """

    feed: str
    accounts: list[Account]
    history: list[HashTask]
    is_replay: bool = False
    parts: list[tuple[Account, FileNote, Part]] = field(default_factory=list)
    quarantined: list[WrittenFile] = field(default_factory=list)

    @property
    def bronze(self) -> Table:
        """Table that good rows go to."""
        return ALL_FEEDS[self.feed].bronze

    @property
    def taken(self) -> list[str]:
        """Deliveries that are not refused, by time of delivery."""
        return [account.delivery.id for account in self.accounts if not account.refused]

    @property
    def own(self) -> set[str]:
        """Deliveries whose rows in bronze are about to be replaced: a killed run may have left some."""
        return set() if self.is_replay else {*self.taken, *self.replaced}

    @property
    def replaced(self) -> list[str]:
        """Deliveries that these ones correct: their rows go when these come."""
        corrected = [account.delivery.manifest.replaces for account in self.accounts if not account.refused]
        return [delivery for delivery in corrected if delivery]


def staging_folder(run: StageRun) -> Path:
    """Folder of what is known by row between file and bronze; no identifier is there."""
    return run.workspace.zone(Zone.QUARANTINE) / "staging"


def fresh_staging(run: StageRun) -> Path:
    """Return the folder, empty; what a killed run wrote and no commit names goes with what it knew of it.

    Such files may show persons whom the rest of the run would have withheld.
    """
    folder = staging_folder(run)
    tokens = {file.name.partition(".")[0] for file in folder.glob("*.words")}
    for table in (*(feed.bronze for feed in ALL_FEEDS.values()), QUARANTINE) if tokens else ():
        named, place = _named_files(run, table), table.path(run.workspace)
        for file in place.rglob("part-*.parquet"):
            if file.stem.removeprefix("part-") in tokens and file.relative_to(place).as_posix() not in named:
                file.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _named_files(run: StageRun, table: Table) -> set[str]:
    """Return the files that the latest version of a table names."""
    if store.latest_version(run.workspace, table) is None:
        return set()
    actions = pa.table(DeltaTable(str(table.path(run.workspace))).get_add_actions(flatten=True))
    return set(actions["path"].to_pylist())


def folders_of(run: StageRun, table: Table) -> Folders:
    """Where rows of a feed go; `table` is its bronze."""
    return Folders(table.path(run.workspace), QUARANTINE.path(run.workspace), staging_folder(run))


def noted(run: StageRun, tasks: Sequence[FileTask | HashTask]) -> list[FileNote]:
    """Do the tasks, on the workers where they are worth one; return what they tell of each file."""
    return [FileNote.from_json(note) for note in told_by_workers(run.workspace, tasks, written_notes)]


def history_of(run: StageRun, feed: str, staging: Path) -> Iterator[HashTask]:
    """Yield the files that bronze holds of the feed."""
    table = ALL_FEEDS[feed].bronze
    if store.latest_version(run.workspace, table) is None:
        return
    files = pa.table(DeltaTable(str(table.path(run.workspace))).get_add_actions(flatten=True)).sort_by("path")
    for number, file in enumerate(files.select(["path", "size_bytes", "partition.delivery_id"]).to_pylist()):
        path, delivery = str(table.path(run.workspace) / file["path"]), file["partition.delivery_id"]
        yield HashTask(path, feed, delivery, str(staging / f"{feed}-{number}.keys"), size=file["size_bytes"])


def rows_of(run: StageRun, table: Table, delivery_id: str) -> int:
    """Count a delivery's rows in a table, by the table's own log."""
    if store.latest_version(run.workspace, table) is None:
        return 0
    counted: int = dataset_of(run, table).count_rows(filter=pc.field("delivery_id") == delivery_id)
    return counted


def dataset_of(run: StageRun, table: Table) -> Dataset:
    """Return a table as Arrow reads it, without Spark."""
    return DeltaTable(str(table.path(run.workspace))).to_pyarrow_dataset()
