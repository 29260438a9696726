"""A write replaces what it names, fits the declaration or says why not, and tells what work it was."""

from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from sandbox.errors import CallError, TableMismatchError
from sandbox.lakehouse import store
from sandbox.lakehouse.batches import PersonFunction, written_by_person
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.figures import FLOW_BALANCE
from sandbox.lakehouse.tables.persons import HOME
from sandbox.settings import Workspace

JANUARY, FEBRUARY = date(2025, 1, 1), date(2025, 2, 1)


def balance(vintage: date, *stayed: int) -> pa.Table:
    rows = [
        {
            "feed": "mobile_event",
            "rule_id": "INT_50",
            "vintage": vintage,
            "reference_period": date(2024, number + 1, 1),
            "stayed": persons,
            "moved": 1,
            "appeared": 0,
            "unseen": 0,
        }
        for number, persons in enumerate(stayed)
    ]
    return pa.Table.from_pylist(rows, FLOW_BALANCE.schema)


def written(spark: SparkSession, workspace: Workspace, rows: pa.Table, vintage: date) -> None:
    store.write_small(rows, workspace, FLOW_BALANCE, {"vintage": vintage}, {"stage": "estimates"})


def stayed(workspace: Workspace, **where: date) -> list[int]:
    return store.read_small(workspace, FLOW_BALANCE, where)["stayed"].to_pylist()


def test_the_same_write_twice_leaves_the_same_rows(spark: SparkSession, workspace: Workspace) -> None:
    for _ in range(2):
        written(spark, workspace, balance(JANUARY, 5, 6), JANUARY)

    assert stayed(workspace) == [5, 6]


def test_a_write_leaves_other_vintages_alone(spark: SparkSession, workspace: Workspace) -> None:
    written(spark, workspace, balance(JANUARY, 5), JANUARY)
    written(spark, workspace, balance(FEBRUARY, 9), FEBRUARY)
    written(spark, workspace, balance(FEBRUARY, 7), FEBRUARY)

    assert (stayed(workspace, vintage=JANUARY), stayed(workspace, vintage=FEBRUARY)) == ([5], [7])


def test_rows_outside_what_the_write_names_are_refused(spark: SparkSession, workspace: Workspace) -> None:
    written(spark, workspace, balance(JANUARY, 5), JANUARY)

    with pytest.raises(TableMismatchError, match="flow_balance: rows lie outside what is replaced"):
        written(spark, workspace, balance(FEBRUARY, 9), JANUARY)


def test_a_commit_tells_which_work_it_was(spark: SparkSession, workspace: Workspace) -> None:
    written(spark, workspace, balance(JANUARY, 5), JANUARY)

    assert store.commits(workspace, FLOW_BALANCE) == [{"stage": "estimates"}]


def test_an_older_version_can_be_read_again(spark: SparkSession, workspace: Workspace) -> None:
    written(spark, workspace, balance(JANUARY, 5), JANUARY)
    before = store.latest_version(workspace, FLOW_BALANCE)
    written(spark, workspace, balance(JANUARY, 8), JANUARY)

    assert store.read_small(workspace, FLOW_BALANCE, version=before)["stayed"].to_pylist() == [5]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(TableMismatchError, match="flow_balance: column unseen is missing"):
        FLOW_BALANCE.exact(balance(JANUARY, 5).drop_columns("unseen"))


def test_a_wrong_type_is_named_with_both_types() -> None:
    rows = balance(JANUARY, 5)
    texts = rows.set_column(rows.column_names.index("stayed"), "stayed", pa.array(["5"]))
    with pytest.raises(TableMismatchError, match="column stayed is string, expected int64"):
        FLOW_BALANCE.exact(texts)


def test_a_table_that_nobody_wrote_is_a_sentence(workspace: Workspace) -> None:
    with pytest.raises(CallError, match="no table flow_balance yet"):
        store.read_small(workspace, FLOW_BALANCE)


def test_the_canonical_hash_does_not_know_the_order_of_rows() -> None:
    rows = balance(JANUARY, 5, 6, 7)

    assert store.canonical_sha256(rows, FLOW_BALANCE) == store.canonical_sha256(rows.take([2, 0, 1]), FLOW_BALANCE)
    assert store.canonical_sha256(rows, FLOW_BALANCE) != store.canonical_sha256(balance(JANUARY, 5, 6, 8), FLOW_BALANCE)


def test_every_table_lies_in_its_zone(workspace: Workspace) -> None:
    assert FLOW_BALANCE.path(workspace) == Path(workspace.root, "gold", "flow_balance")


def test_rows_of_whole_persons_are_written_by_the_workers_as_spark_would(
    spark: SparkSession, workspace: Workspace
) -> None:
    written_by_workers(spark, workspace, {1: 3, 2: 4})

    assert months_seen(workspace) == {1: 3, 2: 4}
    assert store.read(spark, workspace, HOME).count() == 2


def test_workers_replace_the_partitions_that_are_named_and_no_others(spark: SparkSession, workspace: Workspace) -> None:
    written_by_workers(spark, workspace, {1: 3}, feed="mobile_event")
    written_by_workers(spark, workspace, {2: 4}, feed="geotagged_post")
    written_by_workers(spark, workspace, {3: 5}, feed="mobile_event")

    assert months_seen(workspace) == {2: 4, 3: 5}


def test_workers_rows_outside_what_is_replaced_are_refused(spark: SparkSession, workspace: Workspace) -> None:
    with pytest.raises(TableMismatchError, match="outside what is replaced"):
        written_by_workers(spark, workspace, {1: 3}, feed="mobile_event", replaced="geotagged_post")


def test_files_that_no_commit_names_count_for_nothing(spark: SparkSession, workspace: Workspace) -> None:
    written_by_workers(spark, workspace, {1: 3})
    persons = pa.table({"person_key": pa.array([9]), "bucket": pa.array([1], pa.int32())})
    frame = spark.createDataFrame(persons)

    written_by_person(frame, homes_seen({9: 9}, "mobile_event"), HOME, (), HOME.path(workspace))

    assert months_seen(workspace) == {1: 3}


def homes_seen(days: dict[int, int], feed: str) -> PersonFunction:
    def homes(persons: pa.Table) -> pa.Table:
        seen = pa.array([days[key] for key in persons["person_key"].to_pylist()], pa.int64())
        return HOME.rows_from(persons, {"feed": feed, "month": JANUARY, "days_seen": seen})

    return homes


def written_by_workers(
    spark: SparkSession, workspace: Workspace, days: dict[int, int], feed: str = "mobile_event", replaced: str = ""
) -> None:
    buckets = pa.array([key % 2 for key in days], pa.int32())
    frame = spark.createDataFrame(pa.table({"person_key": pa.array(list(days)), "bucket": buckets}))
    run = StageRun(workspace, "residence", JANUARY, JANUARY, 0)
    run.write_persons(frame, homes_seen(days, feed), HOME, (), feed=replaced or feed)


def months_seen(workspace: Workspace) -> dict[int, int]:
    rows = store.read_small(workspace, HOME).to_pylist()
    return {row["person_key"]: row["days_seen"] for row in rows}
