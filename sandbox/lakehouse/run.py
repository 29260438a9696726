"""What one run of one stage may touch: its month, vintage and seed, and its tables, read and written here only."""

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from sandbox.errors import PermissionRefusedError
from sandbox.lakehouse import store
from sandbox.lakehouse.batches import PersonFunction, written_by_person
from sandbox.lakehouse.carried import Carried
from sandbox.lakehouse.files import WrittenFile
from sandbox.lakehouse.session import spark_session
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY
from sandbox.settings import Workspace, Zone


def _silent(_text: str) -> None:
    """Say nothing."""


def observed_until(vintage: date) -> date:
    """Return the first day that a vintage has not seen whole: the first of the month after it."""
    years, month_index = divmod(vintage.month, 12)
    return date(vintage.year + years, month_index + 1, 1)


@dataclass(frozen=True)
class StageRun:
    """One run of one stage.

    `month` is the newest reference month, `vintage` the month of computing: data are known to the vintage's
    last day and no later. `fingerprint` identifies inputs, parameters and code; it stands in every commit, beside what
    an increment has to know: `code`, `inputs`, and the partitions replaced.
    """

    workspace: Workspace
    stage: str
    month: date
    vintage: date
    seed: int
    fingerprint: str = ""
    code: str = ""
    """Hash of the stage's code, settings and seed: what an earlier run must share for its rows to hold."""
    inputs: Mapping[str, int | None] = field(default_factory=dict)
    """Version of each table that the stage reads."""
    say: Callable[[str], None] = _silent
    written: Counter[str] = field(default_factory=Counter)
    """Rows written so far, by table."""

    @property
    def purpose(self) -> str:
        """What the run is for: every read is for it."""
        return self.workspace.settings.purpose

    @cached_property
    def spark(self) -> SparkSession:
        """The Spark session, started at first use."""
        return spark_session(self.workspace)

    @property
    def observed_until(self) -> date:
        """First day that the vintage has not seen whole."""
        return observed_until(self.vintage)

    def read(self, table: Table) -> DataFrame:
        """Return a table as a Spark frame."""
        self.check_purpose(table)
        return store.read(self.spark, self.workspace, table)

    def read_small(self, table: Table, **where: store.Value) -> pa.Table:
        """Return aggregates as Arrow, rows of these values only, sorted by key."""
        self.check_purpose(table)
        return store.read_small(self.workspace, table, where)

    def write_persons(
        self,
        frame: DataFrame,
        function: PersonFunction,
        table: Table,
        order: Sequence[str],
        carried: Carried | None = None,
        /,
        **replace: store.Value | Sequence[store.Value],
    ) -> None:
        """Replace the partitions that have these values by what `function` makes of whole persons, on the workers.

        With `carried`, `frame` holds the persons whom something new concerns; all others are carried over.
        """
        files = written_by_person(frame, function, table, order, table.path(self.workspace), carried)
        if carried:
            files += carried.untouched({int(file.partition["bucket"]) for file in files})
        self.write_files(files, table, **replace)

    def write_files(
        self, files: Sequence[WrittenFile], table: Table, **replace: store.Value | Sequence[store.Value]
    ) -> None:
        """Replace the partitions that have these values by files that workers have left in the table's folder."""
        replaced = {"replaced": json.dumps(replace, default=str, sort_keys=True)}
        store.commit_files(files, self.workspace, table, replace, self._commit | replaced)
        self.written[table.name] += sum(file.rows for file in files)

    def append_files(self, files: Sequence[WrittenFile], table: Table) -> None:
        """Add files that have been left in the table's folder. Whoever calls sees to it that no row comes twice."""
        store.append_files(files, self.workspace, table, self._commit)
        self.written[table.name] += sum(file.rows for file in files)

    def write_small(self, rows: pa.Table, table: Table, **replace: store.Value | Sequence[store.Value]) -> None:
        """Replace the rows that have these values by aggregates decided outside Spark."""
        store.write_small(rows, self.workspace, table, replace, self._commit)
        self.written[table.name] += rows.num_rows

    def check_purpose(self, table: Table) -> None:
        """Refuse to read what a partner sent for another purpose than the run's."""
        if "delivery_id" not in table.partition or table.zone is not Zone.BRONZE:
            return
        if store.latest_version(self.workspace, DELIVERY) is None:
            return
        booked = store.read_small(self.workspace, DELIVERY, {"feed": table.name})
        others = set(booked["purpose"].drop_null().to_pylist()) - {self.purpose}
        if others:
            raise PermissionRefusedError(
                f"Rows of {table.name} were sent for {', '.join(map(repr, sorted(others)))}; "
                f"this run is for {self.purpose!r}.",
                "Agree with the partner on this purpose, or leave the feed out.",
            )

    @property
    def _commit(self) -> dict[str, str]:
        return {
            "stage": self.stage,
            "month": self.month.isoformat(),
            "vintage": self.vintage.isoformat(),
            "fingerprint": self.fingerprint,
            "code": self.code,
            "inputs": json.dumps(self.inputs, sort_keys=True),
        }
