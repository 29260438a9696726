"""What one run of one stage may touch: its month, vintage and seed, and its tables, read and written here only."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from sandbox.lakehouse import store
from sandbox.lakehouse.batches import PersonFunction, written_by_person
from sandbox.lakehouse.session import spark_session
from sandbox.lakehouse.table import Table
from sandbox.settings import Workspace


def _silent(_text: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class StageRun:
    """One run of one stage.

    `month` is the newest reference month, `vintage` the month of computing: data are known to the vintage's
    last day and no later. `fingerprint` identifies inputs, parameters and code; it stands in every commit.
    """

    workspace: Workspace
    stage: str
    month: date
    vintage: date
    seed: int
    fingerprint: str = ""
    say: Callable[[str], None] = _silent
    written: Counter[str] = field(default_factory=Counter)
    """Rows written so far, by table."""

    @cached_property
    def spark(self) -> SparkSession:
        """The Spark session, started at first use."""
        return spark_session(self.workspace)

    @property
    def observed_until(self) -> date:
        """First day that the vintage has not seen whole: the first of the month after it."""
        years, month_index = divmod(self.vintage.month, 12)
        return date(self.vintage.year + years, month_index + 1, 1)

    def read(self, table: Table) -> DataFrame:
        """Return a table as a Spark frame."""
        return store.read(self.spark, self.workspace, table)

    def read_small(self, table: Table, **where: store.Value) -> pa.Table:
        """Return aggregates as Arrow, rows of these values only, sorted by key."""
        return store.read_small(self.workspace, table, where)

    def write(self, frame: DataFrame, table: Table, **replace: store.Value | Sequence[store.Value]) -> None:
        """Replace the rows that have these values."""
        store.write(frame, self.workspace, table, replace, self._commit)
        self.written[table.name] += store.rows_added(self.workspace, table)

    def write_persons(
        self,
        frame: DataFrame,
        function: PersonFunction,
        table: Table,
        order: Sequence[str],
        **replace: store.Value | Sequence[store.Value],
    ) -> None:
        """Replace the partitions that have these values by what `function` makes of whole persons, on the workers."""
        files = written_by_person(frame, function, table, order, table.path(self.workspace))
        store.commit_files(files, self.workspace, table, replace, self._commit)
        self.written[table.name] += sum(file.rows for file in files)

    def write_small(self, rows: pa.Table, table: Table, **replace: store.Value | Sequence[store.Value]) -> None:
        """Replace the rows that have these values by aggregates decided outside Spark."""
        store.write_small(rows, self.workspace, table, replace, self._commit)
        self.written[table.name] += rows.num_rows

    def write_stream(
        self, rows: pa.RecordBatchReader, table: Table, **replace: store.Value | Sequence[store.Value]
    ) -> None:
        """Replace the rows that have these values by a stream that need not fit in memory."""
        store.write_stream(rows, self.workspace, table, replace, self._commit)
        self.written[table.name] += store.rows_added(self.workspace, table)

    @property
    def _commit(self) -> dict[str, str]:
        return {
            "stage": self.stage,
            "month": self.month.isoformat(),
            "vintage": self.vintage.isoformat(),
            "fingerprint": self.fingerprint,
        }
