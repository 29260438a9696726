"""Rows in quarantine put right: a steward maps values, or the contract is corrected, and the rows go their way again.

What is good by now joins its delivery in bronze, the rest goes back with the rules that it breaks now. Bronze is
committed first: killed between the two commits, the rows that came through are recognised as copies of themselves.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from sandbox.errors import CallError
from sandbox.feeds.arrivals import Arrived, agreed_for, task_of
from sandbox.feeds.columns import mask
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.delivery import landed, read_delivery
from sandbox.feeds.feed_rows import FeedRows, history_of, noted, rows_of, staging_folder
from sandbox.feeds.ingest import FileTask, good_and_bad
from sandbox.feeds.notes import FileNote
from sandbox.feeds.parts import PartWriter
from sandbox.feeds.profile import Account
from sandbox.feeds.row_text import PERSON_KEY, WITHHELD, names_kept, rows_in
from sandbox.feeds.rules import IDENTIFIER_IN, check_rows
from sandbox.feeds.settling import settle
from sandbox.lakehouse import store
from sandbox.lakehouse.files import PartitionFiles, WrittenFile
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import DELIVERY, QUARANTINE, REPAIR
from sandbox.lakehouse.tables.feeds import Feed
from sandbox.settings import Workspace, Zone

# A row that could not be split into columns has nothing to be put right here: the file has to be sent again.
UNSPLIT = "row:"


def repair(run: StageRun, delivery_id: str, column: str, was: str, becomes: str) -> int:
    """Note that rows of a delivery in quarantine are to be read with another value; return how many have it.

    An empty value stands for none. `CallError` where the feed has no such column, or it holds the identifier.
    """
    feed = ALL_FEEDS[find(run.workspace, delivery_id).delivery.manifest.feed]
    columns = [each.name for each in feed.columns if not each.identifier]
    if column not in columns:
        raise CallError(f"{feed.name} has no column {column!r} to repair.", f"Choose one of: {', '.join(columns)}.")
    rows = sum(
        int(pc.sum(pc.equal(pc.fill_null(sent[column], ""), was)).as_py() or 0)
        for _, sent in _sent_rows(run.workspace, delivery_id, feed)
    )
    row = {"delivery_id": delivery_id, "column": column, "was": was, "becomes": becomes}
    run.write_small(pa.Table.from_pylist([row], REPAIR.stored), REPAIR, delivery_id=delivery_id, column=column, was=was)
    return rows


def replay(run: StageRun, delivery_id: str) -> Account:
    """Take a delivery's rows in quarantine through the rules again, repaired; return where its rows are now."""
    arrived = find(run.workspace, delivery_id)
    feed = ALL_FEEDS[arrived.delivery.manifest.feed]
    book = {row["delivery_id"]: row for row in run.read_small(DELIVERY).to_pylist()}[delivery_id]
    staging = staging_folder(run)
    staging.mkdir(parents=True, exist_ok=True)
    account = Account(arrived.delivery, findings=list(book["findings"] or []))
    rows = FeedRows(feed.name, [account], list(history_of(run, feed.name, staging)), is_replay=True)
    noted(run, rows.history)
    for note in _replayed(run, arrived, staging):
        rows.parts += [(account, note, part) for part in note.good]
        rows.quarantined += note.quarantined
    settle(run, rows, {delivery_id: arrived.contract})
    _append(run, rows)
    run.write_files(rows.quarantined, QUARANTINE, feed=feed.name, delivery_id=delivery_id)
    return _booked(run, account, book, rows.quarantined)


def _append(run: StageRun, rows: FeedRows) -> None:
    """Let the rows join what bronze has of their delivery; of a feed without a good row so far it has no table."""
    files = [part.written for _, _, part in rows.parts]
    if files and store.latest_version(run.workspace, rows.bronze) is None:
        run.write_files(files, rows.bronze)
    elif files:
        run.append_files(files, rows.bronze)


def find(workspace: Workspace, delivery_id: str) -> Arrived:
    """Return a delivery in landing and its contract as it is agreed now; `CallError` where there is none."""
    for folder in landed(workspace.zone(Zone.LANDING)):
        if folder.name == delivery_id:
            delivery = read_delivery(folder)
            return Arrived(delivery, agreed_for(workspace, delivery))
    raise CallError(f"There is no delivery {delivery_id}.", "`sandbox feed quarantine list` names them.")


def _replayed(run: StageRun, arrived: Arrived, staging: Path) -> Iterator[FileNote]:
    """Yield a note for each batch of one file's rows, after the rules, written to bronze's and quarantine's folder."""
    delivery, feed = arrived.delivery, ALL_FEEDS[arrived.delivery.manifest.feed]
    named = Feed(feed.name, tuple(column for column in feed.columns if not column.identifier), feed.bronze)
    mapping = _mapping(run.workspace, delivery.id)
    for rows, sent in _sent_rows(run.workspace, delivery.id, feed):
        for file in pc.unique(rows["file"]).to_pylist():
            chosen = pc.equal(rows["file"], file)
            task = task_of(run.workspace, arrived, file, staging)
            own, batch = rows.filter(chosen), _mapped(sent.filter(chosen), mapping)
            yield _written(task, named, own, batch.combine_chunks().to_batches()[0])


def _written(task: FileTask, feed: Feed, rows: pa.Table, batch: pa.RecordBatch) -> FileNote:
    note = FileNote(task.delivery_id, task.file)
    is_unsplit = pa.array(
        [any(rule.startswith(UNSPLIT) for rule in rules) for rules in rows["broken_rules"].to_pylist()]
    )
    with (
        PartWriter(feed.bronze, Path(task.bronze), Path(task.staging)) as good,
        PartitionFiles(QUARANTINE, Path(task.quarantine), good.token) as bad,
    ):
        if pc.any(is_unsplit).as_py():
            bad.write(rows.filter(is_unsplit))
        split = pc.invert(is_unsplit)
        numbers = rows["row_number"].combine_chunks().filter(split)
        checked = check_rows(batch.filter(split), feed, task.time_zone, task.delivered_on)
        has_person = PERSON_KEY in feed.bronze.names
        keys = pc.cast(batch.filter(split).column(PERSON_KEY), pa.int64()) if has_person else None
        for column in feed.columns:
            withheld = pc.equal(batch.filter(split).column(column.name), WITHHELD)
            checked.mark(f"{IDENTIFIER_IN}:{column.name}", mask(withheld))
        if keys is not None:  # the identifier itself is not there to be looked at again
            checked.mark(f"required:{ALL_FEEDS[feed.name].identifier}", ~mask(keys.is_valid()))
        for kind, out in good_and_bad(checked, keys, numbers, task, note):
            if kind == "good":
                good.write(out.select(list(feed.bronze.names)), out.column("row_number").to_numpy())
            else:
                bad.write(pa.Table.from_batches([out]))
    note.good, note.quarantined = good.parts(), bad.written()
    return note


def _sent_rows(workspace: Workspace, delivery_id: str, feed: Feed) -> Iterator[tuple[pa.Table, pa.Table]]:
    """Yield a delivery's rows in quarantine a batch at a time: as they stand there, and as they were sent, as text."""
    dataset = DeltaTable(str(QUARANTINE.path(workspace))).to_pyarrow_dataset()
    for batch in dataset.to_batches(filter=pc.field("delivery_id") == delivery_id):
        if batch.num_rows:
            rows = pa.Table.from_batches([batch])
            yield QUARANTINE.exact(rows), rows_in(batch.column("row"), names_kept(feed))


def _mapping(workspace: Workspace, delivery_id: str) -> list[dict[str, Any]]:
    if store.latest_version(workspace, REPAIR) is None:
        return []
    rows: list[dict[str, Any]] = store.read_small(workspace, REPAIR, {"delivery_id": delivery_id}).to_pylist()
    return rows


def _mapped(sent: pa.Table, mapping: list[dict[str, Any]]) -> pa.Table:
    for row in mapping:
        values = pc.fill_null(sent[row["column"]], "")
        mended = pc.if_else(pc.equal(values, row["was"]), row["becomes"], values)
        sent = sent.set_column(sent.column_names.index(row["column"]), row["column"], mended)
    return sent


def _booked(run: StageRun, account: Account, book: dict[str, Any], quarantined: list[WrittenFile]) -> Account:
    """Book where the delivery's rows are now."""
    account.rows_bronze = rows_of(run, ALL_FEEDS[book["feed"]].bronze, account.delivery.id)
    account.rows_quarantined = sum(file.rows for file in quarantined)
    neither = book["rows_in"] - account.rows_bronze - account.rows_quarantined
    # Rows that were erased are in neither table too, and no copies.
    account.rows_duplicate = min(neither, book["rows_duplicate"] + account.rows_duplicate)
    now = {name: getattr(account, name) for name in ("rows_bronze", "rows_quarantined", "rows_duplicate", "findings")}
    run.write_small(pa.Table.from_pylist([book | now], DELIVERY.stored), DELIVERY, delivery_id=account.delivery.id)
    return account
