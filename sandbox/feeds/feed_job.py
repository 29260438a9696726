"""From landing to bronze: one job takes all files of all feeds through the row path, and each feed is one commit.

Spark carries files to the workers, which write what they decide; what is left to the driver is to look at hashes and
to say which files count.
"""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from pyarrow.dataset import Dataset

from sandbox.feeds.amended import Folders, Judge, amended, discard, dropped
from sandbox.feeds.arrivals import Arrived, file_tasks
from sandbox.feeds.contract import ALL_FEEDS, Contract
from sandbox.feeds.duplicates import CONFLICT, keys_in, repeated_keys, told_apart
from sandbox.feeds.ingest import FileTask
from sandbox.feeds.notes import FileNote, Part, of_whole_file
from sandbox.feeds.parts import HashTask, by_row, written_notes
from sandbox.feeds.profile import Account, whole_refusal
from sandbox.feeds.row_hash import Words
from sandbox.feeds.years import judges_of_years
from sandbox.lakehouse import store
from sandbox.lakehouse.batches import by_file
from sandbox.lakehouse.files import WrittenFile
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import TEXT, Column, Table
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.settings import Zone

# Files that one task of Spark reads together; a worker costs more than a small file.
BUNDLE_BYTES = 4 << 20
# Below this, Spark would take longer to start than this process to read them.
LOCAL_BYTES = 64 << 20
NOTE = Table("staged_note", Zone.QUARANTINE, "What is told of one file", (Column("note", TEXT, "JSON"),), ())


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


def read_in(run: StageRun, arrived: Sequence[Arrived]) -> list[FeedRows]:
    """Take all files of all feeds through the row path, on the workers; what is refused whole is left out.

    The feed with most rows comes first: when feeds are written side by side, the small ones fit in beside it.
    """
    folder = staging_folder(run)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = [task for each in arrived for task in file_tasks(run, each, folder)]
    by_feed: dict[str, list[Arrived]] = {}
    for each in arrived:
        by_feed.setdefault(each.delivery.manifest.feed, []).append(each)
    history = {feed: list(history_of(run, feed, folder)) for feed in by_feed}
    notes = noted(run, [*files, *(task for tasks in history.values() for task in tasks)])
    largest_first = sorted(by_feed, key=lambda feed: -sum(each.delivery.rows for each in by_feed[feed]))
    return [_feed_rows(run, feed, by_feed[feed], notes, history[feed]) for feed in largest_first]


def committed(run: StageRun, rows: FeedRows, contracts: Mapping[str, Contract]) -> None:
    """Settle what is good, and commit it to bronze; `contracts` by delivery."""
    settle(run, rows, contracts)
    table, files = rows.bronze, [part.written for _, _, part in rows.parts]
    # Without a row left too: a killed run may have committed what others have by now.
    if files or (rows.own and store.latest_version(run.workspace, table) is not None):
        run.write_files(files, table, delivery_id=[*rows.taken, *rows.replaced])
    for account in rows.accounts:
        if not account.refused:
            account.rows_bronze = rows_of(run, table, account.delivery.id)


def settle(run: StageRun, rows: FeedRows, contracts: Mapping[str, Contract]) -> None:
    """Mend years or hold their rows, leave copies out, hold contradictions: what no row shows by itself."""
    if rows.feed == "air_od_month" and rows.parts:
        judges = judges_of_years(rows.accounts, _month_totals(run, rows), contracts)
        _amend(run, rows, [judges.get(account.delivery.id) for account, _, _ in rows.parts])
    _amend(run, rows, _judges_of_copies(run, rows))


def rows_of(run: StageRun, table: Table, delivery_id: str) -> int:
    """Count a delivery's rows in a table, by the table's own log."""
    if store.latest_version(run.workspace, table) is None:
        return 0
    counted: int = dataset_of(run, table).count_rows(filter=pc.field("delivery_id") == delivery_id)
    return counted


def dataset_of(run: StageRun, table: Table) -> Dataset:
    """Return a table as Arrow reads it, without Spark."""
    return DeltaTable(str(table.path(run.workspace))).to_pyarrow_dataset()


def bundled(tasks: Sequence[FileTask | HashTask], bundles: int) -> list[tuple[FileTask | HashTask, ...]]:
    """Share tasks among at most `bundles` bundles of about the same size: a worker costs more than a small file."""
    shares: list[list[FileTask | HashTask]] = [[] for _ in range(min(bundles, len(tasks)))]
    filled = [0] * len(shares)
    for task in sorted(tasks, key=lambda each: (-each.size, each.path)):
        least = filled.index(min(filled))
        shares[least].append(task)
        filled[least] += task.size + 1
    return [tuple(share) for share in shares]


def noted(run: StageRun, tasks: Sequence[FileTask | HashTask]) -> list[FileNote]:
    """Do the tasks, on the workers where they are worth one; return what they tell of each file."""
    size = sum(task.size for task in tasks)
    if size <= LOCAL_BYTES:
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            done = list(pool.map(lambda task: list(written_notes((task,))), tasks))
        return [FileNote.from_json(text) for notes in done for note in notes for text in note.column(0).to_pylist()]
    least = 2 * run.spark.sparkContext.defaultParallelism
    rows = by_file(run.spark, bundled(tasks, max(least, size // BUNDLE_BYTES)), written_notes, NOTE).collect()
    return [FileNote.from_json(row["note"]) for row in rows]


def _feed_rows(
    run: StageRun, feed: str, arrived: Sequence[Arrived], notes: Sequence[FileNote], history: list[HashTask]
) -> FeedRows:
    rows = FeedRows(feed, [_account(each, notes) for each in arrived], history)
    for account in rows.accounts:
        for note in account.notes:
            if account.refused:
                _discard(run, rows.bronze, note)
                continue
            rows.parts += [(account, note, part) for part in sorted(note.good, key=lambda each: each.first_row)]
            rows.quarantined += note.quarantined
    return rows


def _account(arrived: Arrived, notes: Sequence[FileNote]) -> Account:
    mine = sorted((note for note in notes if note.delivery_id == arrived.delivery.id), key=lambda note: note.file)
    files = [of_whole_file(parts) for _, parts in groupby(mine, key=lambda note: note.file)]
    account = Account(arrived.delivery, files, arrived.contract.purpose)
    account.refused = whole_refusal(account)
    return account


def _discard(run: StageRun, table: Table, note: FileNote) -> None:
    for part in note.good:
        discard(part, table.path(run.workspace))
    for file in note.quarantined:
        (QUARANTINE.path(run.workspace) / file.path).unlink(missing_ok=True)


def history_of(run: StageRun, feed: str, staging: Path) -> Iterator[HashTask]:
    """Yield the files that bronze holds of the feed."""
    table = ALL_FEEDS[feed].bronze
    if store.latest_version(run.workspace, table) is None:
        return
    files = pa.table(DeltaTable(str(table.path(run.workspace))).get_add_actions(flatten=True)).sort_by("path")
    for number, file in enumerate(files.select(["path", "size_bytes", "partition.delivery_id"]).to_pylist()):
        path, delivery = str(table.path(run.workspace) / file["path"]), file["partition.delivery_id"]
        yield HashTask(path, feed, delivery, str(staging / f"{feed}-{number}.keys"), size=file["size_bytes"])


def _judges_of_copies(run: StageRun, rows: FeedRows) -> list[Judge | None]:
    """Return for each part what leaves out its repeated rows; nearly always nothing."""
    before = [task for task in rows.history if task.delivery_id not in rows.own]
    parts = [part for _, _, part in rows.parts]
    keys = [lambda part=part: by_row(part).key for part in parts]
    keys += [lambda task=task: keys_in(Path(task.out)) for task in before]
    sizes = [part.written.rows for part in parts] + [Path(task.out).stat().st_size // 8 for task in before]
    repeated = repeated_keys(keys, sum(sizes))
    if not len(repeated):
        return [None] * len(parts)
    turns = [rows.taken.index(account.delivery.id) for account, _, _ in rows.parts]
    found = told_apart(parts, turns, _rivals_in_bronze(run, before, repeated), repeated)
    for (account, _, _), (copies, _) in zip(rows.parts, found, strict=True):
        account.rows_duplicate += len(copies)
    return [dropped(*each, CONFLICT) if len(each[0]) + len(each[1]) else None for each in found]


def _rivals_in_bronze(run: StageRun, before: Sequence[HashTask], repeated: Words) -> Words:
    """Return key and content of the rows of bronze whose key comes again, shape (rows, 2)."""
    wanted = staging_folder(run) / "wanted.npy"
    asked = []
    for task in before:
        if np.isin(keys_in(Path(task.out)), repeated).any():
            asked.append(HashTask(task.path, task.feed, task.delivery_id, f"{task.out}.rivals", str(wanted), task.size))
    if not asked:
        return np.zeros((0, 2), np.uint64)
    np.save(wanted, repeated)
    noted(run, asked)
    return np.concatenate([np.fromfile(task.out, np.uint64).reshape(-1, 2) for task in asked])


def _amend(run: StageRun, rows: FeedRows, judges: Sequence[Judge | None]) -> None:
    folders = Folders(rows.bronze.path(run.workspace), QUARANTINE.path(run.workspace), staging_folder(run))

    def written_anew(
        entry: tuple[Account, FileNote, Part], judge: Judge | None
    ) -> tuple[list[Part], list[WrittenFile]]:
        _, note, part = entry
        return ([part], []) if judge is None else amended(part, rows.bronze, note.file, folders, judge)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(written_anew, rows.parts, judges))
    rows.parts = [(*entry[:2], part) for entry, (kept, _) in zip(rows.parts, found, strict=True) for part in kept]
    rows.quarantined += [file for _, held in found for file in held]


def _with_delivery(rows: pa.Table, account: Account) -> pa.Table:
    return rows.append_column("delivery_id", pa.repeat(pa.scalar(account.delivery.id), rows.num_rows))


def _month_totals(run: StageRun, rows: FeedRows) -> pa.Table:
    """Return passengers by delivery, source and month, of the parts and of bronze: what the rule on years compares."""
    columns, folder = ["source", "period", "passengers"], rows.bronze.path(run.workspace)
    tables = [
        _with_delivery(pq.read_table(folder / part.written.path, columns=columns, partitioning=None), account)
        for account, _, part in rows.parts
    ]
    if store.latest_version(run.workspace, rows.bronze) is not None:
        others = ~pc.field("delivery_id").isin(pa.array(sorted(rows.own), pa.string()))
        tables.append(dataset_of(run, rows.bronze).to_table(columns=[*columns, "delivery_id"], filter=others))
    joined = pa.concat_tables(tables)
    joined = joined.set_column(0, "source", pc.fill_null(joined["source"], ""))
    summed = joined.group_by(["delivery_id", "source", "period"]).aggregate([("passengers", "sum")])
    return summed.rename_columns(["delivery_id", "source", "period", "passengers"])
