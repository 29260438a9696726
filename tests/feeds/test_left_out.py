"""A partner may agree on fewer optional columns: what was left out is not read, wherever it stands."""

import json
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable

from sandbox.errors import CallError
from sandbox.feeds import contract as contracts
from sandbox.feeds import stage
from sandbox.feeds.check import check_files
from sandbox.feeds.delivery import land
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, active_contract, movement, write_csv
from tests.feeds.test_contract import Content, bent, column


def without(name: str) -> str:
    """Return an active contract from which a column was left out."""

    def bend(content: Content) -> None:
        content["schema"][0]["properties"].remove(column(content, name))

    return bent(active_contract("border_movement", "border_agency"), bend)


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    file = tmp_path / "c.odcs.yaml"
    file.write_text(without("visa_class"), "utf-8")
    return file


def test_a_contract_says_what_was_left_out_and_has_no_fault(contract: Path) -> None:
    agreed = contracts.read(contract)
    assert agreed.left_out == ("visa_class",)
    assert "direction" in agreed.columns


def test_a_required_column_cannot_be_left_out(contract: Path) -> None:
    contract.write_text(without("direction"), "utf-8")
    with pytest.raises(CallError, match="Columns of the feed are missing: direction"):
        contracts.read(contract)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_the_checker_tells_of_it_and_does_not_read_it(tmp_path: Path, contract: Path, ending: str) -> None:
    row = movement(visa_class="=1+1")
    file = write_csv(tmp_path / "a.csv", [row]).with_suffix(f".{ending}")
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    checked = check_files([file], "", contracts.read(contract))
    assert dict(checked.note.rules) == {}, "were it read, it would break text:visa_class"
    assert "undeclared columns: 1 (visa_class)" in checked.findings[0]


def test_it_never_reaches_bronze_or_quarantine(partner: Workspace, send: Send) -> None:
    (partner.contracts / "border_agency.border_movement.odcs.yaml").write_text(without("visa_class"), "utf-8")
    rows = [movement(visa_class="W-SECRET"), movement(movement_id="m2", direction="X", visa_class="W-SECRET")]
    land(send("d1", rows), partner.zone(Zone.LANDING))
    stage.ingest(StageRun(partner, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1))
    bronze = DeltaTable(str(BORDER_MOVEMENT.path(partner))).to_pyarrow_table()
    assert bronze["visa_class"].to_pylist() == [None]
    (kept,) = store.read_small(partner, QUARANTINE)["row"].to_pylist()
    assert "allowed:direction" in str(store.read_small(partner, QUARANTINE)["broken_rules"].to_pylist())
    assert "W-SECRET" not in kept
