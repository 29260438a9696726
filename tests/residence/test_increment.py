"""A new delivery, or a new month, rewrites the persons whom it concerns, and the tables are those of a full run."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from sandbox.lakehouse import store
from sandbox.lakehouse.files import PartitionFiles
from sandbox.lakehouse.increment import base_of
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.persons import RESIDENCE_CHANGE, SPELL
from sandbox.residence import stage
from sandbox.settings import Workspace
from tests.conftest import new_workspace

BUCKETS, PERSONS = 4, 300
FIRST, MARCH, MAY = date(2021, 1, 1), date(2024, 3, 1), date(2024, 5, 1)
TABLES = (SPELL, RESIDENCE_CHANGE)


def history(seed: int = 3) -> pa.Table:
    """Crossings of many persons to the end of May 2024, from one to a dozen each, a few of them impossible."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(PERSONS):
        day, arrives = int(rng.integers(0, 1200)), bool(rng.integers(0, 2))
        while day < (date(2024, 6, 1) - FIRST).days:
            at = FIRST + timedelta(day)
            rows.append(
                {
                    "person_key": person,
                    "bucket": person % BUCKETS,
                    "movement_id": f"{person}-{len(rows)}",
                    "event_date": at,
                    "direction": "A" if arrives else "D",
                    "visa_class": "visitor" if person % 3 else None,
                    "nationality": "NZL",
                }
            )
            arrives = not arrives if rng.random() > 0.01 else arrives
            day += int(rng.lognormal(4, 1.5)) + 1
    return BORDER_MOVEMENT.rows_from(pa.Table.from_pylist(rows), {})


def delivered(workspace: Workspace, rows: pa.Table, name: str) -> None:
    folder, run = BORDER_MOVEMENT.path(workspace), StageRun(workspace, "ingest", MARCH, MARCH, 1)
    sent = rows.set_column(rows.column_names.index("delivery_id"), "delivery_id", pa.repeat(name, rows.num_rows))
    with PartitionFiles(BORDER_MOVEMENT, folder, name) as files:
        files.write(sent)
    if store.latest_version(workspace, BORDER_MOVEMENT) is None:
        run.write_files(files.written(), BORDER_MOVEMENT)
    else:
        run.append_files(files.written(), BORDER_MOVEMENT)


def judged(workspace: Workspace, vintage: date, *, code: str = "this code", said: list[str] | None = None) -> None:
    version = store.latest_version(workspace, BORDER_MOVEMENT)
    say = said.append if said is not None else lambda _text: None
    run = StageRun(workspace, "residence", MARCH, vintage, 1, code=code, inputs={"border_movement": version}, say=say)
    stage.from_crossings(run)


def hashes(workspace: Workspace, vintage: date) -> list[str]:
    return [store.canonical_sha256(store.read_small(workspace, table, {"vintage": vintage}), table) for table in TABLES]


def parts(rows: pa.Table) -> tuple[pa.Table, pa.Table]:
    """A first delivery, and one of a tenth of the persons: what they did since March, and a late row or two."""
    key = rows["person_key"].to_numpy()
    is_new = (key % 10 == 0) & (np.random.default_rng(1).random(len(key)) < 0.3)
    return rows.filter(pa.array(~is_new)), rows.filter(pa.array(is_new))


@pytest.mark.parametrize("vintage", [MARCH, MAY])
def test_an_increment_leaves_the_tables_of_a_full_run(
    spark: SparkSession, workspace: Workspace, tmp_path_factory: pytest.TempPathFactory, vintage: date
) -> None:
    before, added = parts(history())
    delivered(workspace, before, "first")
    judged(workspace, MARCH)
    delivered(workspace, added, "second")
    said: list[str] = []
    judged(workspace, vintage, said=said)

    whole = new_workspace(tmp_path_factory.mktemp("whole"))
    delivered(whole, before, "first")
    delivered(whole, added, "second")
    judged(whole, vintage)

    assert any("all others as before" in text for text in said)
    assert hashes(workspace, vintage) == hashes(whole, vintage)


def test_other_code_is_no_base(spark: SparkSession, workspace: Workspace) -> None:
    delivered(workspace, history(), "first")
    judged(workspace, MARCH, code="other code")
    run = StageRun(workspace, "residence", MARCH, MAY, 1, code="this code")

    assert base_of(run, TABLES, BORDER_MOVEMENT, BORDER_MOVEMENT.name) is None
    assert base_of(replace(run, code="other code"), TABLES, BORDER_MOVEMENT, BORDER_MOVEMENT.name) is not None


def test_a_source_that_lost_rows_is_no_base(spark: SparkSession, workspace: Workspace) -> None:
    rows = history()
    delivered(workspace, rows, "first")
    judged(workspace, MARCH)
    run = StageRun(workspace, "residence", MARCH, MAY, 1, code="this code")
    _written_anew(run, rows.slice(1), BORDER_MOVEMENT)

    assert base_of(run, TABLES, BORDER_MOVEMENT, BORDER_MOVEMENT.name) is None


def _written_anew(run: StageRun, rows: pa.Table, table: Table) -> None:
    with PartitionFiles(table, table.path(run.workspace), "anew") as files:
        files.write(
            rows.set_column(rows.column_names.index("delivery_id"), "delivery_id", pa.repeat("first", len(rows)))
        )
    run.write_files(files.written(), table)
