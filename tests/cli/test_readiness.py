"""Readiness tells what can be produced from the tables that are there."""

import json

import pytest

from sandbox.cli.readiness import readiness
from sandbox.concepts.indicators import INDICATORS
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.feeds import AIR_OD_MONTH
from sandbox.settings import Workspace


def said(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    readiness(workspace.root, as_json=True)
    found: dict[str, dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_every_indicator_is_told_of(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert set(said(workspace, capsys)) == set(INDICATORS)


def test_an_indicator_is_ready_once_its_tables_are_there(
    workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(workspace, capsys)["NET_AIR"] == {"ready": False, "absent": ["air_od_month"]}

    store.write_small(AIR_OD_MONTH.stored.empty_table(), workspace, AIR_OD_MONTH, {"delivery_id": "none"}, {})

    assert said(workspace, capsys)["NET_AIR"] == {"ready": True, "absent": []}
