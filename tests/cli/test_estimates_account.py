"""`sandbox estimates account`: what the office sees of the population account."""

import json
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from sandbox.cli.estimates import account
from sandbox.errors import CallError
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.figures import POPULATION_ACCOUNT
from sandbox.settings import Workspace

NOVEMBER, DECEMBER = date(2025, 11, 1), date(2025, 12, 1)
ROW: dict[str, Any] = {
    "rule_id": "NZ_12_16", "feed": "border_movement", "reference_period": date(2024, 1, 1), "vintage": DECEMBER,
    "stock_start": 1000.0, "immigrants": 1234.5, "emigrants": 6.0, "births": 12.0, "deaths": 10.0,
    "citizenship_in": 1.0, "citizenship_out": 2.0, "adjustment": -77.0, "stock_end": 1003.0,
    "provisional": True, "adjustment_se": 30.0, "consistent": False, "missing": [],
}  # fmt: skip


def write(workspace: Workspace, *rows: dict[str, Any]) -> None:
    told = [{name: (ROW | row).get(name) for name in POPULATION_ACCOUNT.names} for row in rows]
    for vintage in {row["vintage"] for row in told}:
        of_vintage = pa.Table.from_pylist([r for r in told if r["vintage"] == vintage], POPULATION_ACCOUNT.stored)
        store.write_small(of_vintage, workspace, POPULATION_ACCOUNT, {"vintage": vintage}, {})


def test_groups_stand_in_their_order_with_the_total_last(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    write(workspace, {"subpopulation": "_T"}, {"subpopulation": "unknown"}, {"subpopulation": "native_citizen"})
    account(workspace.root, vintage="", as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert [row["subpopulation"] for row in told["account"]] == ["native_citizen", "unknown", "_T"]
    assert told["note"].startswith("Inside the office only")


def test_the_adjustment_and_what_is_not_known_are_told(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = {"births": None, "adjustment": None, "consistent": None, "missing": ["births"]}
    write(workspace, {"subpopulation": "_T"}, {"subpopulation": "native_foreign"} | unknown)
    account(workspace.root, vintage="", as_json=False)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "2024, provisional native foreign all" in lines
    assert "+ births – 12" in lines
    assert "+ adjustment – -77" in lines
    assert "consistent – no" in lines
    assert "Not known: births." in lines
    assert any(line.startswith("Inside the office only") for line in lines)


def test_the_newest_vintage_is_shown_unless_another_is_asked_for(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    write(workspace, {"subpopulation": "_T"}, {"subpopulation": "_T", "vintage": NOVEMBER, "births": 99.0})
    account(workspace.root, vintage="", as_json=True)
    assert json.loads(capsys.readouterr().out)["account"][0]["births"] == 12.0
    account(workspace.root, vintage="2025-11", as_json=True)
    assert json.loads(capsys.readouterr().out)["account"][0]["births"] == 99.0


def test_a_vintage_without_an_account_is_refused_with_those_there_are(workspace: Workspace) -> None:
    write(workspace, {"subpopulation": "_T"})
    with pytest.raises(CallError, match="no population account of this vintage") as refused:
        account(workspace.root, vintage="2025-10", as_json=False)
    assert refused.value.remedy == "Ask for one of 2025-12."


def test_a_workspace_without_the_table_is_told_of(workspace: Workspace) -> None:
    with pytest.raises(CallError, match="no table population_account yet"):
        account(workspace.root, vintage="", as_json=False)
