"""The order of the stages, and how finished work is recognised."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sandbox.errors import CallError, EnvironmentFaultError
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.figures import AUDIT, ESTIMATE, PROTECTED_CELL
from sandbox.pipeline import STAGES, fingerprint, fresh_run, held, stages_named, stands
from sandbox.settings import Workspace, Zone

DISCLOSURE = next(stage for stage in STAGES if stage.name == "disclosure")
INGEST = STAGES[0]


def this_run(workspace: Workspace, seed: int = 7) -> StageRun:
    return StageRun(workspace, "", date(2025, 11, 1), date(2025, 12, 1), seed)


def test_every_table_that_is_read_was_written_by_an_earlier_stage() -> None:
    written: set[str] = set()
    for stage in STAGES:
        assert {table.name for table in stage.reads} <= written, stage.name
        written |= {table.name for table in stage.writes}


def test_no_table_has_two_writers() -> None:
    names = [table.name for stage in STAGES for table in stage.writes]

    assert len(names) == len(set(names))


def test_stages_come_in_the_pipelines_order_whatever_was_typed() -> None:
    assert [stage.name for stage in stages_named(("edition", "presence"))] == ["presence", "edition"]


def test_an_unknown_stage_is_refused_with_those_there_are() -> None:
    with pytest.raises(CallError, match="no stage dance") as refused:
        stages_named(("dance",))

    assert "presence" in refused.value.remedy


def test_the_data_are_seen_to_the_last_day_of_the_vintage(workspace: Workspace) -> None:
    assert this_run(workspace).observed_until == date(2026, 1, 1)


def test_the_fingerprint_changes_with_the_seed_and_with_a_delivery(workspace: Workspace) -> None:
    before = fingerprint(INGEST, this_run(workspace))
    manifest = workspace.zone(Zone.LANDING) / "telco" / "mobile_event" / "1" / "manifest.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("{}", "utf-8")

    assert before != fingerprint(INGEST, this_run(workspace))
    assert before != fingerprint(INGEST, this_run(workspace, seed=8))


def test_work_stands_until_something_it_rests_on_changes(spark: SparkSession, workspace: Workspace) -> None:
    ready = fresh_run(DISCLOSURE, this_run(workspace))
    assert not stands(DISCLOSURE, ready)

    ready.write_small(AUDIT.schema.empty_table(), AUDIT, vintage=ready.vintage)
    assert stands(DISCLOSURE, fresh_run(DISCLOSURE, this_run(workspace)))

    ready.write_small(ESTIMATE.schema.empty_table(), ESTIMATE, vintage=ready.vintage)
    assert not stands(DISCLOSURE, fresh_run(DISCLOSURE, this_run(workspace)))


def test_a_stage_that_was_killed_before_its_last_table_is_not_done(spark: SparkSession, workspace: Workspace) -> None:
    ready = fresh_run(DISCLOSURE, this_run(workspace))

    ready.write_small(PROTECTED_CELL.schema.empty_table(), PROTECTED_CELL, vintage=ready.vintage)

    assert not stands(DISCLOSURE, fresh_run(DISCLOSURE, this_run(workspace)))


def test_one_run_at_a_time_holds_the_workspace(workspace: Workspace) -> None:
    with held(workspace), pytest.raises(EnvironmentFaultError, match="Another run holds"), held(workspace):
        pass


def test_no_stage_names_the_truth() -> None:
    sources = [
        file
        for stage in STAGES
        for file in (Path(__file__).parents[1] / "sandbox" / stage.package).rglob("*.py")
        if "truth" in file.read_text("utf-8").lower()
    ]

    assert sources == []


def test_how_spark_runs_is_no_part_of_the_work(workspace: Workspace) -> None:
    spark = workspace.settings.spark.model_copy(update={"shuffle_partitions": 8})
    other = replace(workspace, settings=workspace.settings.model_copy(update={"spark": spark}))

    assert fingerprint(DISCLOSURE, this_run(workspace)) == fingerprint(DISCLOSURE, this_run(other))
