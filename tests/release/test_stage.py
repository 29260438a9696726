"""The stage on Spark: the folder in the airlock, the rows in the register, and revisions."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from deltalake import write_deltalake
from pyspark.sql import SparkSession

from sandbox.airlock.people import make_office_key
from sandbox.concepts import seal
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables import books, figures
from sandbox.release import stage
from sandbox.release.inputs import newest_revision
from sandbox.release.terms import INPUTS, Sources
from sandbox.settings import Workspace, Zone

MONTH, VINTAGE = date(2025, 11, 1), date(2025, 12, 1)


@pytest.fixture
def run(workspace: Workspace, spark: SparkSession, sources: Sources, tmp_path: Path) -> StageRun:
    make_office_key(workspace, tmp_path / "keys" / "office.key")
    for name, table in INPUTS.items():
        write_deltalake(str(table.path(workspace)), getattr(sources, name), mode="overwrite")
    return StageRun(workspace, "edition", MONTH, VINTAGE, 1)


@pytest.mark.slow
def test_the_stage_leaves_a_folder_and_its_rows_and_a_correction_is_a_new_revision(
    run: StageRun, rows: dict[str, list[dict[str, Any]]], make_sources: Callable[..., Sources]
) -> None:
    stage.run(run)
    folder = run.workspace.zone(Zone.AIRLOCK) / "migration-2025-11-2025-12-r1"
    [row] = run.read_small(books.RELEASE).to_pylist()
    cells = run.read_small(books.RELEASE_CELL, release_id=folder.name)
    assert row["sha256"] == seal.sha256((folder / "SHA256SUMS").read_bytes())
    assert (row["cells"] + row["hidden"], row["hidden"]) == (cells.num_rows, cells["value"].null_count)
    assert run.read_small(books.WITHHELD)["indicator"].to_pylist() == ["NET_AIR"]

    stage.run(run)
    assert run.read_small(books.RELEASE).to_pylist() == [row]

    shutil.copytree(folder, run.workspace.zone(Zone.PUBLISHED) / folder.name)
    stage.run(run)
    assert newest_revision(run.workspace, "migration", MONTH, VINTAGE) == 1

    rows["estimate"][0]["estimate"] += 5
    write_deltalake(str(figures.ESTIMATE.path(run.workspace)), make_sources(rows).estimate, mode="overwrite")
    stage.run(run)
    second = folder.with_name("migration-2025-11-2025-12-r2")
    assert newest_revision(run.workspace, "migration", MONTH, VINTAGE) == 2
    assert (second / "revisions.csv").read_text().count("\n") == 2
    assert store.read_small(run.workspace, books.RELEASE_CELL, {"release_id": folder.name}).equals(cells)

    later = replace(run, vintage=date(2026, 1, 1))
    assert stage.inputs.new_terms(run.workspace, MONTH, later.vintage, 1, 1, {}).previous_release == folder.name
