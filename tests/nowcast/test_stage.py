"""The stage on Spark and Delta: small, but every table that it owes."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from pyspark.sql import SparkSession

from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.figures import BACKTEST_SCORE, BACKTEST_TOTAL, INTERVAL_BAND
from sandbox.lakehouse.tables.persons import PREDICTION
from sandbox.nowcast import stage
from sandbox.settings import Workspace

# MLflow maps its tables with an option that SQLAlchemy 2.1 warns of, and warns of type hints of its own.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType"),
]
VINTAGE = date(2022, 6, 1)
WRITTEN = (PREDICTION, BACKTEST_TOTAL, BACKTEST_SCORE, INTERVAL_BAND)


def in_bronze(movements: pa.Table, spark: SparkSession, workspace: Workspace) -> StageRun:
    columns = [
        movements[field.name]
        if field.name in movements.column_names
        else pa.nulls(movements.num_rows, field.type).fill_null("x")
        if field.name in ("partner", "delivery_id")
        else pa.nulls(movements.num_rows, field.type)
        for field in BORDER_MOVEMENT.schema
    ]
    schema = pa.schema([field.with_nullable(True) for field in BORDER_MOVEMENT.schema])
    rows = pa.Table.from_arrays([column.cast(f.type) for column, f in zip(columns, schema, strict=True)], schema=schema)
    frame = spark.createDataFrame(rows, schema=store.spark_schema(BORDER_MOVEMENT))
    store.write(frame, workspace, BORDER_MOVEMENT, {}, {})
    return StageRun(workspace, "nowcast", date(2022, 5, 1), VINTAGE, 1)


def contents(workspace: Workspace) -> dict[str, str]:
    return {table.name: store.canonical_sha256(store.read_small(workspace, table), table) for table in WRITTEN}


@pytest.fixture(scope="module")
def before(border: pa.Table, spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = new_workspace(tmp_path_factory.mktemp("before"))
    stage.run(in_bronze(border, spark, workspace))
    return workspace


def new_workspace(root: Path) -> Workspace:
    from sandbox.settings import read_workspace

    country = '[country]\ncode = "XAA"\nname = "Aurelia"\ntime_zone = "Pacific/Pitcairn"\nmcc = "001"\n'
    (root / "sandbox.toml").write_text(country, "utf-8")
    return read_workspace(root)


def rows(workspace: Workspace, table: Table) -> pa.Table:
    return store.read_small(workspace, table)


def test_every_undecided_crossing_gets_one_probability(before: Workspace) -> None:
    found = rows(before, PREDICTION)
    assert found.num_rows > 100
    assert len(set(found["change_id"].to_pylist())) == found.num_rows
    assert pc.min(found["p"]).as_py() >= 0
    assert pc.max(found["p"]).as_py() <= 1


def test_a_total_is_what_was_decided_and_what_is_expected(before: Workspace) -> None:
    found = rows(before, BACKTEST_TOTAL)
    assert pc.all(pc.greater_equal(found["estimate"], found["decided"])).as_py()
    assert set(found["direction"].to_pylist()) == {"A", "D"}


def test_bands_are_there_for_arrivals_departures_and_net(before: Workspace) -> None:
    found = rows(before, INTERVAL_BAND)
    assert set(found["direction"].to_pylist()) == {"A", "D", "net"}
    assert set(found["state"].to_pylist()) <= {"steady", "widened", "withheld"}


def test_four_models_are_scored(before: Workspace) -> None:
    assert set(rows(before, BACKTEST_SCORE)["model"].to_pylist()) == {"champion", "logistic", "prior", "rule_so_far"}


def test_what_comes_after_the_vintage_changes_no_byte(
    before: Workspace, border: pa.Table, spark: SparkSession, workspace: Workspace
) -> None:
    seen = border.filter(pc.less(border["event_date"], pa.scalar(date(2022, 7, 1), pa.date32())))
    assert seen.num_rows < border.num_rows
    stage.run(in_bronze(seen, spark, workspace))
    assert contents(workspace) == contents(before)
