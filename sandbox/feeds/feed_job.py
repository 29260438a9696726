"""From landing to bronze: one job takes all files of all feeds through the row path, and each feed is one commit.

Spark carries files to the workers, which write what they decide; what is left to the driver is to look at hashes and
to say which files count.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

from sandbox.feeds.amended import discard
from sandbox.feeds.arrivals import Arrived, file_tasks, task_of
from sandbox.feeds.contract import ALL_FEEDS, Contract
from sandbox.feeds.feed_rows import FeedRows, folders_of, fresh_staging, history_of, noted, rows_of
from sandbox.feeds.notes import FileNote, of_whole_file
from sandbox.feeds.parts import HashTask
from sandbox.feeds.profile import Account, whole_refusal
from sandbox.feeds.settling import settle
from sandbox.feeds.strays import exchanged, strayed, withhold
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import QUARANTINE

# About the bytes of a row of bronze.
BYTES_A_ROW = 32


def read_in(run: StageRun, arrived: Sequence[Arrived]) -> list[FeedRows]:
    """Take all files of all feeds through the row path, on the workers; what is refused whole is left out.

    The feed with most rows comes first: when feeds are written side by side, the small ones fit in beside it.
    """
    folder = fresh_staging(run)
    files = [task for each in arrived for task in file_tasks(run.workspace, each, folder)]
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


def _feed_rows(
    run: StageRun, feed: str, arrived: Sequence[Arrived], notes: Sequence[FileNote], history: list[HashTask]
) -> FeedRows:
    rows = FeedRows(feed, [_account(each, notes) for each in arrived], history)
    _hide_persons(run, rows, arrived)
    for account in rows.accounts:
        for note in account.notes:
            if account.refused:
                _discard(run, rows.bronze, note)
                continue
            rows.parts += [(account, note, part) for part in sorted(note.good, key=lambda each: each.first_row)]
            rows.quarantined += note.quarantined
        if not account.refused and all(note.bad == note.rows for note in account.notes):
            account.findings.append(_nothing_good(account))
    return rows


def _hide_persons(run: StageRun, rows: FeedRows, arrived: Sequence[Arrived]) -> None:
    """See to it that no column shows a person of another file, or one whom bronze knows."""
    feed, folders = ALL_FEEDS[rows.feed], folders_of(run, rows.bronze)
    if feed.identifier is None:
        return
    notes = [note for account in rows.accounts if not account.refused for note in account.notes]
    parts = [(str(folders.bronze / part.written.path), part.written.rows) for note in notes for part in note.good]
    before = [(task.path, task.size // BYTES_A_ROW) for task in rows.history if task.delivery_id not in rows.own]
    found = strayed(run, notes, [*parts, *before])
    for each, account in zip(arrived, rows.accounts, strict=True):
        if not account.refused:
            account.refused = exchanged(feed, account.notes, found)
        for note in account.notes if len(found) and not account.refused else ():
            pseudonyms = task_of(run.workspace, each, note.file, folders.staging).pseudonyms
            if pseudonyms is not None:
                withhold(note, found, pseudonyms, feed, folders)


def _nothing_good(account: Account) -> str:
    worst = ", ".join(rule for rule, _ in account.rules.most_common(5))
    return (
        f"nothing_good: none of {account.rows_in:,} rows is good, all wait in quarantine; broken: {worst}. "
        "Map the values and replay, or have the delivery corrected"
    )


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
