"""The one job of one feed: all its files through the row path, duplicates told apart, bronze written."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow.dataset import Dataset
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.feeds.arrivals import Arrived, file_tasks
from sandbox.feeds.contract import ALL_FEEDS, Contract
from sandbox.feeds.duplicates import conflict_rows, repeated_hashes, sorted_out
from sandbox.feeds.ingest import BAD, GOOD, NOTE, FileNote, bundled, staged_bundle, staging_table
from sandbox.feeds.profile import Account, whole_refusal
from sandbox.feeds.years import with_calendar_years
from sandbox.lakehouse import store
from sandbox.lakehouse.batches import by_file
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.settings import Zone

# Files that one task of Spark reads together.
BUNDLE_BYTES = 4 << 20


@dataclass(frozen=True)
class Ingested:
    """What one feed's job leaves behind: bronze is written, its rows for quarantine are still to be."""

    accounts: list[Account]
    quarantine: DataFrame


@dataclass(frozen=True)
class FeedIngestion:
    """The one job of one feed."""

    run: StageRun
    feed: str
    arrived: Sequence[Arrived]

    def done(self) -> Ingested:
        """Read all files, decide, write bronze."""
        bronze = ALL_FEEDS[self.feed].bronze
        staged = self._staged()
        accounts = self._accounts(staged)
        taken = [account.delivery.id for account in accounts if not account.refused]
        good = _of_kind(staged, GOOD, taken).select("file", "row_number", *bronze.names)
        broken = _of_kind(staged, BAD, taken).select("delivery_id", "file", "row_number", "broken_rules", "row")
        if self.feed == "air_od_month":
            good, held = with_calendar_years(good, self._bronze_before(taken), accounts, self._contracts)
            broken = broken.unionByName(held)
        before = self._bronze_before(taken)
        repeated = repeated_hashes(good, before, bronze).persist()
        if repeated.count():
            told = sorted_out(good, before, bronze, repeated, [each.delivery.id for each in self.arrived])
            good, broken = told.fresh, broken.unionByName(conflict_rows(told.conflicts, bronze))
            self._count_copies(told.copies, accounts)
        if taken:
            self.run.write(good, bronze, delivery_id=taken)
        self._count_bronze(accounts, bronze)
        return Ingested(accounts, broken.withColumn("feed", F.lit(self.feed)))

    @property
    def _contracts(self) -> dict[str, Contract]:
        return {each.delivery.id: each.contract for each in self.arrived}

    def _staged(self) -> DataFrame:
        """Take all files through the row path once, and keep what comes out until the end of the run."""
        spark, table = self.run.spark, staging_table(ALL_FEEDS[self.feed])
        folder = str(staging_folder(self.run) / self.feed)
        tasks = [task for each in self.arrived for task in file_tasks(self.run, each)]
        size = sum(Path(task.path).stat().st_size for task in tasks)
        bundles = bundled(tasks, 1 + size // BUNDLE_BYTES)
        by_file(spark, bundles, staged_bundle, table).write.mode("overwrite").parquet(folder)
        return spark.read.schema(store.spark_schema(table)).parquet(folder)

    def _accounts(self, staged: DataFrame) -> list[Account]:
        notes = [
            FileNote.from_json(row["row"]) for row in staged.where(F.col("row_kind") == NOTE).select("row").collect()
        ]
        accounts = []
        for each in self.arrived:
            mine = sorted((n for n in notes if n.delivery_id == each.delivery.id), key=lambda note: note.file)
            account = Account(each.delivery, mine)
            account.refused = whole_refusal(account)
            accounts.append(account)
        return accounts

    def _bronze_before(self, taken: Sequence[str]) -> DataFrame | None:
        """Return bronze without the deliveries at hand: a killed run may have left theirs."""
        bronze = ALL_FEEDS[self.feed].bronze
        if store.latest_version(self.run.workspace, bronze) is None:
            return None
        return self.run.read(bronze).where(~F.col("delivery_id").isin(list(taken)))

    def _count_copies(self, copies: DataFrame, accounts: list[Account]) -> None:
        counted = {row["delivery_id"]: row["count"] for row in copies.groupBy("delivery_id").count().collect()}
        for account in accounts:
            account.rows_duplicate = counted.get(account.delivery.id, 0)

    def _count_bronze(self, accounts: list[Account], bronze: Table) -> None:
        for account in accounts:
            if not account.refused:
                account.rows_bronze = rows_of(self.run, bronze, account.delivery.id)


def staging_folder(run: StageRun) -> Path:
    """Folder of rows between file and bronze; identifiers are replaced there already."""
    return run.workspace.zone(Zone.QUARANTINE) / "staging"


def _of_kind(staged: DataFrame, kind: str, taken: Sequence[str]) -> DataFrame:
    return staged.where((F.col("row_kind") == kind) & F.col("delivery_id").isin(list(taken)))


def rows_of(run: StageRun, table: Table, delivery_id: str) -> int:
    """Count a delivery's rows in a table, by the table's own log."""
    counted: int = dataset_of(run, table).count_rows(filter=pc.field("delivery_id") == delivery_id)
    return counted


def dataset_of(run: StageRun, table: Table) -> Dataset:
    """Return a table as Arrow reads it, without Spark."""
    return DeltaTable(str(table.path(run.workspace))).to_pyarrow_dataset()
