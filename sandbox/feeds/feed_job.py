"""From landing to bronze, by few jobs.

One takes all files of all feeds through the row path, one finds keys that come twice, and each feed is one commit.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow.dataset import Dataset, dataset
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.feeds.arrivals import Arrived, file_tasks
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.duplicates import conflict_rows, sorted_out, with_key_hash
from sandbox.feeds.ingest import BAD, NOTE, FileNote, bundled, good_table, stage_bundle
from sandbox.feeds.profile import Account, whole_refusal
from sandbox.feeds.years import with_calendar_years
from sandbox.lakehouse import store
from sandbox.lakehouse.batches import by_file
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.settings import Zone

# Files that one task of Spark reads together; a worker costs more than a small file.
BUNDLE_BYTES = 4 << 20


@dataclass(frozen=True)
class FeedRows:
    """The rows of one feed's deliveries after the rules; `before` is what bronze holds of other deliveries.

    `as_staged` where no rule over the set has changed or held back a row since it was staged.
    """

    feed: str
    accounts: list[Account]
    good: DataFrame
    broken: DataFrame
    before: DataFrame | None
    as_staged: bool

    @property
    def bronze(self) -> Table:
        """Table that good rows go to."""
        return ALL_FEEDS[self.feed].bronze

    @property
    def taken(self) -> list[str]:
        """Deliveries that are not refused, by time of delivery."""
        return [account.delivery.id for account in self.accounts if not account.refused]


def staging_folder(run: StageRun) -> Path:
    """Folder of rows between file and bronze; identifiers are replaced there already."""
    return run.workspace.zone(Zone.QUARANTINE) / "staging"


def staged(run: StageRun, arrived: Sequence[Arrived]) -> list[FileNote]:
    """Take all files of all feeds through the row path, on the workers; return what they tell of each file."""
    tasks = []
    for each in arrived:
        folder = staging_folder(run) / each.delivery.manifest.feed
        tasks += file_tasks(run, each, folder)
    for folder in {Path(task.staging) for task in tasks}:
        shutil.rmtree(folder, ignore_errors=True)
        for kind in ("good", "bad"):
            (folder / kind).mkdir(parents=True)
    size = sum(Path(task.path).stat().st_size for task in tasks)
    least = 2 * run.spark.sparkContext.defaultParallelism
    notes = by_file(run.spark, bundled(tasks, max(least, size // BUNDLE_BYTES)), stage_bundle, NOTE)
    return [FileNote.from_json(row["note"]) for row in notes.collect()]


def feed_rows(run: StageRun, feed: str, arrived: Sequence[Arrived], notes: Sequence[FileNote]) -> FeedRows:
    """Decide which deliveries of a feed are refused whole, and return the rows of the others."""
    accounts = [_account(each, notes) for each in arrived]
    taken = [account.delivery.id for account in accounts if not account.refused]
    good = _staged_rows(run, feed, "good", good_table(ALL_FEEDS[feed]), taken)
    broken = _staged_rows(run, feed, "bad", BAD, taken)
    before = _bronze_before(run, ALL_FEEDS[feed].bronze, taken)
    has_years = feed == "air_od_month"
    if has_years:
        contracts = {each.delivery.id: each.contract for each in arrived}
        good, held = with_calendar_years(good, before, accounts, contracts)
        broken = broken.unionByName(held)
    return FeedRows(feed, accounts, good, broken, before, not has_years)


def repeated_keys(feeds: Iterable[FeedRows]) -> tuple[DataFrame, set[str]]:
    """Return hashes of keys that come more than once, by feed, and the feeds that have any: nearly always none."""
    hashes = []
    for rows in feeds:
        for frame in (rows.good, rows.before):
            if frame is not None:
                hashes.append(with_key_hash(frame, rows.bronze).select(F.lit(rows.feed).alias("feed"), "key_hash"))
    counted = reduce(DataFrame.unionByName, hashes).groupBy("feed", "key_hash").count()
    repeated = counted.where("count > 1").select("feed", "key_hash").persist()
    return repeated, {row["feed"] for row in repeated.select("feed").distinct().collect()}


def written(run: StageRun, rows: FeedRows, repeated: DataFrame | None) -> DataFrame:
    """Write a feed's good rows to bronze, copies left out; return its rows for quarantine."""
    good, broken = rows.good, rows.broken
    if repeated is not None:
        hashes = repeated.where(F.col("feed") == rows.feed).select("key_hash")
        told = sorted_out(good, rows.before, rows.bronze, hashes, rows.taken)
        good, broken = told.fresh, broken.unionByName(conflict_rows(told.conflicts, rows.bronze))
        copies = {row["delivery_id"]: row["count"] for row in told.copies.groupBy("delivery_id").count().collect()}
        for account in rows.accounts:
            account.rows_duplicate = copies.get(account.delivery.id, 0)
    if rows.taken and repeated is None and rows.as_staged:
        run.write_stream(_staged_stream(run, rows), rows.bronze, delivery_id=rows.taken)
    elif rows.taken:
        run.write(good, rows.bronze, delivery_id=rows.taken)
    for account in rows.accounts:
        if not account.refused:
            account.rows_bronze = rows_of(run, rows.bronze, account.delivery.id)
    return broken.withColumn("feed", F.lit(rows.feed))


def rows_of(run: StageRun, table: Table, delivery_id: str) -> int:
    """Count a delivery's rows in a table, by the table's own log."""
    counted: int = dataset_of(run, table).count_rows(filter=pc.field("delivery_id") == delivery_id)
    return counted


def dataset_of(run: StageRun, table: Table) -> Dataset:
    """Return a table as Arrow reads it, without Spark."""
    return DeltaTable(str(table.path(run.workspace))).to_pyarrow_dataset()


def _account(arrived: Arrived, notes: Sequence[FileNote]) -> Account:
    mine = sorted((n for n in notes if n.delivery_id == arrived.delivery.id), key=lambda note: note.file)
    account = Account(arrived.delivery, mine)
    account.refused = whole_refusal(account)
    return account


def _staged_rows(run: StageRun, feed: str, kind: str, table: Table, taken: Sequence[str]) -> DataFrame:
    folder = staging_folder(run) / feed / kind
    rows = run.spark.read.schema(store.spark_schema(table)).parquet(str(folder))
    return rows.where(F.col("delivery_id").isin(list(taken)))


def _staged_stream(run: StageRun, rows: FeedRows) -> pa.RecordBatchReader:
    """Return the good rows as the workers left them, without Spark: nothing more is to be decided about them."""
    folder = staging_folder(run) / rows.feed / "good"
    staged_rows = dataset(folder, schema=good_table(ALL_FEEDS[rows.feed]).stored, format="parquet")
    taken = pc.field("delivery_id").isin(rows.taken)
    return staged_rows.scanner(columns=list(rows.bronze.names), filter=taken).to_reader()


def _bronze_before(run: StageRun, bronze: Table, taken: Sequence[str]) -> DataFrame | None:
    """Return bronze without the deliveries at hand: a killed run may have left theirs."""
    if store.latest_version(run.workspace, bronze) is None:
        return None
    return run.read(bronze).where(~F.col("delivery_id").isin(list(taken)))
