"""Ingestion: every delivery that has come, each of its rows exactly once in bronze or in quarantine.

Order of writing: bronze, quarantine, quality, and last the book of deliveries. Each write replaces the deliveries
that it is about, and only a booked delivery counts as taken in: killed anywhere and run again, the result is the same.
"""

import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.arrivals import Arrived, arrivals, booked_in, check_before_reading
from sandbox.feeds.coverage import profiled
from sandbox.feeds.delivery import land, read_delivery
from sandbox.feeds.feed_job import committed, read_in
from sandbox.feeds.feed_rows import FeedRows, dataset_of, staging_folder
from sandbox.feeds.keepers import keeper
from sandbox.feeds.landing import destroy_as_agreed
from sandbox.feeds.profile import Account, delivery_rows, quality_rows, told
from sandbox.feeds.pseudonym import collision_probability
from sandbox.feeds.replay import find
from sandbox.feeds.set_rules import volume_findings
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import DELIVERY, FEED_QUALITY, QUARANTINE
from sandbox.settings import Workspace, Zone

# Small feeds wait for Delta's log, not for the processor: several at a time.
FEEDS_AT_A_TIME = 4


def run(run: StageRun) -> None:
    """Take in all deliveries that lie in landing, hold days that the vintage has seen, and are not booked.

    The profile is of all that is booked: a run that was killed may have booked what it did not profile.
    """
    ingest(run)
    if store.latest_version(run.workspace, DELIVERY) is not None:
        profiled(run, pc.unique(run.read_small(DELIVERY)["feed"]).sort().to_pylist())


def ingest(run: StageRun) -> list[Account]:
    """Take in what has arrived; return what became of each delivery."""
    arrived, accounts = arrivals(run)
    if arrived:
        keeper(run.workspace).current_epoch  # noqa: B018 (a missing key is said before Spark starts)
        feeds = read_in(run, arrived)
        accounts += [account for rows in feeds for account in rows.accounts]
        _write_bronze(run, feeds, arrived)
        _write_quarantine(run, feeds, accounts)
    _book(run, accounts)
    destroy_as_agreed(run.workspace, run.say)
    return accounts


def _write_bronze(run: StageRun, feeds: Sequence[FeedRows], arrived: Sequence[Arrived]) -> None:
    with ThreadPoolExecutor(FEEDS_AT_A_TIME) as pool:
        contracts = {each.delivery.id: each.contract for each in arrived}
        list(pool.map(lambda rows: committed(run, rows, contracts), feeds))


def _write_quarantine(run: StageRun, feeds: Sequence[FeedRows], accounts: Sequence[Account]) -> None:
    taken = [delivery for rows in feeds for delivery in (*rows.taken, *rows.replaced)]
    if not taken:
        return
    files = [file for rows in feeds for file in rows.quarantined]
    run.write_files(files, QUARANTINE, feed=sorted(rows.feed for rows in feeds), delivery_id=taken)
    counts = _quarantined(run, taken)
    for account in accounts:
        account.rows_quarantined = counts.get(account.delivery.id, 0)


def _quarantined(run: StageRun, taken: Sequence[str]) -> dict[str, int]:
    rows = dataset_of(run, QUARANTINE).to_table(
        columns=["delivery_id"], filter=pc.field("delivery_id").isin(list(taken))
    )
    counted = rows["delivery_id"].value_counts().to_pylist()
    return {each["values"]: each["counts"] for each in counted}


def _book(run: StageRun, accounts: Sequence[Account]) -> None:
    """Check that no row is lost, add what the set shows, and book quality and deliveries."""
    if not accounts:
        return
    _find_volumes(run, accounts)
    for account in accounts:
        account.check()
        run.say(told(account))
    persons = max((note.persons_counted for account in accounts for note in account.notes), default=0)
    if persons:
        run.say(f"chance that any two of {persons:,} persons share a key: {collision_probability(persons):.1e}")
    ids = [account.delivery.id for account in accounts]
    run.write_small(quality_rows(accounts), FEED_QUALITY, delivery_id=ids)
    run.write_small(_with_replaced(run, accounts), DELIVERY, delivery_id=[*ids, *_replaced(accounts)])
    shutil.rmtree(staging_folder(run), ignore_errors=True)


def _replaced(accounts: Sequence[Account]) -> dict[str, str]:
    """Return deliveries that these correct, each with the one that does."""
    both = [(account.delivery.manifest.replaces, account.delivery.id) for account in accounts if not account.refused]
    return {old: new for old, new in both if old}


def _with_replaced(run: StageRun, accounts: Sequence[Account]) -> pa.Table:
    """Return the book's rows of these deliveries, and of those in it that they correct."""
    new, replaced = delivery_rows(accounts), _replaced(accounts)
    if not replaced or store.latest_version(run.workspace, DELIVERY) is None:
        return new
    ids = {account.delivery.id for account in accounts}
    book = [row for row in run.read_small(DELIVERY).to_pylist() if row["delivery_id"] in replaced.keys() - ids]
    old = [row | {"replaced_by": replaced[row["delivery_id"]]} for row in book]
    return pa.concat_tables([new, pa.Table.from_pylist(old, schema=DELIVERY.stored)])


def _find_volumes(run: StageRun, accounts: Sequence[Account]) -> None:
    """Compare each delivery's rows per day with the same partner's before it."""
    past: dict[tuple[str, str], list[float]] = {}
    if store.latest_version(run.workspace, DELIVERY) is not None:
        for row in run.read_small(DELIVERY).sort_by("received_at").to_pylist():
            days = (row["period_to"] - row["period_from"]).days + 1
            past.setdefault((row["partner"], row["feed"]), []).append(row["rows_in"] / days)
    for account in accounts:
        manifest = account.delivery.manifest
        if not account.refused:
            history = past.setdefault((manifest.partner, manifest.feed), [])
            history.append(account.rows_in / ((manifest.period_to - manifest.period_from).days + 1))
            account.findings += [f"{finding.rule}: {finding.text}" for finding in volume_findings(history)]


def steward_run(workspace: Workspace, delivery_id: str, say: Callable[[str], None] = lambda _: None) -> StageRun:
    """Return a run in which a steward works on one delivery: of the month in which it came."""
    month = find(workspace, delivery_id).delivery.delivered_on.replace(day=1)
    return StageRun(workspace, "ingest", month, month, 0, say=say)


def ingest_folder(
    workspace: Workspace, folder: Path, say: Callable[[str], None], received: date | None = None
) -> Account | None:
    """Check a folder, land it, take in what has arrived by its day; return its account, or None if taken in before.

    A delivery is refused before anything is copied wherever its manifest, hashes or footers tell; `received` is the
    day on which it came, where whoever types the command vouches for it.
    """
    delivery = read_delivery(folder)
    if delivery.id in booked_in(workspace).taken:
        return None
    check_before_reading(workspace, delivery)
    if received is not None and delivery.delivered_on > received + timedelta(days=1):
        raise DeliveryRefusedError(
            f"The manifest says that it was handed over on {delivery.delivered_on}; it came on {received}.",
            "Have delivered_at mended in the manifest.",
        )
    keeper(workspace).current_epoch  # noqa: B018 (without a key nothing is landed)
    land(delivery, workspace.zone(Zone.LANDING))
    month = max(delivery.delivered_on, delivery.manifest.period_from).replace(day=1)
    accounts = ingest(StageRun(workspace, "ingest", month, month, 0, say=say))
    return next(account for account in accounts if account.delivery.id == delivery.id)
