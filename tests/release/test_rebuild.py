"""A release made again from Delta tables; written here without Spark, as the stages would leave them."""

import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, write_deltalake

from sandbox.airlock.people import make_office_key
from sandbox.errors import CallError, CheckFailedError
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import figures, persons
from sandbox.release.provenance import read_terms
from sandbox.release.rebuild import compare, environment
from sandbox.release.stage import built, rebuilt, written
from sandbox.release.terms import INPUTS, Sources
from sandbox.settings import Workspace, Zone

MONTH, VINTAGE = date(2025, 11, 1), date(2025, 12, 1)
COMMIT = {"stage": "estimates", "month": "2025-11-01", "vintage": "2025-12-01", "fingerprint": "f" * 64}


def put(workspace: Workspace, table: Table, rows: pa.Table) -> None:
    write_deltalake(
        str(table.path(workspace)),
        rows,
        mode="overwrite",
        commit_properties=CommitProperties(custom_metadata={"userMetadata": json.dumps(COMMIT)}),
    )


@pytest.fixture
def run(workspace: Workspace, sources: Sources, tmp_path: Path) -> StageRun:
    make_office_key(workspace, tmp_path / "keys" / "office.key")
    for name, table in INPUTS.items():
        put(workspace, table, getattr(sources, name))
    return StageRun(workspace, "edition", MONTH, VINTAGE, 1)


@pytest.fixture
def edition(run: StageRun, tmp_path: Path) -> Path:
    _, terms, files = built(run)
    folder = written(run.workspace, terms.release_id, files)
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    shutil.rmtree(run.workspace.zone(Zone.AIRLOCK))
    return copy


def made_again(workspace: Workspace, folder: Path, newest: bool = False) -> list[str]:
    terms = read_terms((folder / "provenance.json").read_bytes())
    return compare(folder, rebuilt(workspace, terms, newest))


def test_a_release_is_made_again_from_delta_versions_alone(edition: Path, run: StageRun) -> None:
    assert made_again(run.workspace, edition) == []


def test_its_provenance_alone_is_enough(edition: Path, run: StageRun) -> None:
    terms = read_terms((edition / "provenance.json").read_bytes())
    assert compare(edition / "provenance.json", rebuilt(run.workspace, terms)) == []


def test_later_versions_of_the_tables_change_nothing(
    edition: Path, run: StageRun, rows: dict[str, list[dict[str, Any]]], make_sources: Callable[..., Sources]
) -> None:
    rows["estimate"][0]["estimate"] += 1
    put(run.workspace, figures.ESTIMATE, make_sources(rows).estimate)
    assert made_again(run.workspace, edition) == []
    assert "data.csv" in made_again(run.workspace, edition, newest=True)


def test_one_gold_value_changed_in_place_is_found(edition: Path, run: StageRun) -> None:
    [file] = figures.ESTIMATE.path(run.workspace).glob("*.parquet")
    table = pq.read_table(file)
    first, *others = table["estimate"].to_pylist()
    place = table.column_names.index("estimate")
    pq.write_table(table.set_column(place, "estimate", pa.array([first + 1, *others])), file)
    log = figures.ESTIMATE.path(run.workspace) / "_delta_log" / f"{0:020}.json"
    log.write_text(re.sub(r'"size":\d+', f'"size":{file.stat().st_size}', log.read_text()))
    assert {"data.csv", "index.html", "data.xlsx"} <= set(made_again(run.workspace, edition))


def test_a_damaged_table_is_named_in_a_sentence(edition: Path, run: StageRun) -> None:
    [file] = figures.ESTIMATE.path(run.workspace).glob("*.parquet")
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(CheckFailedError, match="Version 0 of table estimate"):
        made_again(run.workspace, edition)


def test_a_file_changed_in_the_folder_is_named(edition: Path, run: StageRun) -> None:
    (edition / "quality.html").write_bytes(b"nothing")
    assert made_again(run.workspace, edition) == ["quality.html"]


def test_provenance_names_versions_and_the_work_that_wrote_them(edition: Path) -> None:
    terms = read_terms((edition / "provenance.json").read_bytes())
    by_name = {table.name: table for table in terms.tables}
    assert (by_name["estimate"].version, by_name["estimate"].fingerprint) == (0, "f" * 64)
    assert environment(terms)["code"] == "the same"


def test_models_are_named_without_a_word_on_persons(run: StageRun) -> None:
    columns = {c.name: pa.nulls(2, c.type) for c in persons.PREDICTION.columns}
    columns |= {
        "model": pa.array(["nowcast_A/3", "nowcast_D/2"]),
        "vintage": pa.array([VINTAGE, VINTAGE]),
        "person_key": pa.array([77777777, 88888888]),
    }
    put(run.workspace, persons.PREDICTION, pa.table(columns))
    _, terms, files = built(run)
    assert terms.models == ("nowcast_A/3", "nowcast_D/2")
    assert not any(b"77777777" in content for content in files.values())


def test_an_edition_of_another_vintage_is_not_mixed_in(run: StageRun, make_sources: Any, rows: Any) -> None:
    other = [row | {"vintage": date(2026, 1, 1), "estimate": 7.0} for row in rows["estimate"]]
    before = built(run)[2]["data.csv"]
    put(run.workspace, figures.ESTIMATE, make_sources(rows | {"estimate": rows["estimate"] + other}).estimate)
    assert built(run)[2]["data.csv"] == before


def test_without_the_office_key_nothing_is_built(run: StageRun) -> None:
    run.workspace.trusted_key_file.unlink()
    with pytest.raises(CallError, match="public key"):
        built(run)


def test_tables_that_no_stage_wrote_are_empty_but_verdicts_are_needed(run: StageRun) -> None:
    shutil.rmtree(figures.BACKTEST_TOTAL.path(run.workspace))
    assert b'id="revisions"' not in built(run)[2]["index.html"]
    shutil.rmtree(figures.VERDICT.path(run.workspace))
    with pytest.raises(CallError, match="verdict"):
        built(run)
