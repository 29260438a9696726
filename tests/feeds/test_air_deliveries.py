"""Monthly passengers whose years are compared: none of them good, and rows that come back from quarantine."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from sandbox.feeds import contract as contracts
from sandbox.feeds import stage
from sandbox.feeds.delivery import Delivery, pack
from sandbox.feeds.profile import Account
from sandbox.feeds.replay import repair, replay
from sandbox.settings import Workspace
from tests.feeds.conftest import Row, active_contract, write_csv

MONTH = {"period": "2024-01-01", "origin": "AKL", "destination": "SYD", "measure": "od_true", "carrier": "_T"}
GOOD, BAD = MONTH | {"passengers": "7"}, MONTH | {"measure": "counted", "passengers": "8", "destination": "MEL"}


def taken_in(workspace: Workspace, folder: Path, rows: Sequence[Row]) -> tuple[Delivery, Account | None]:
    contract = workspace.contracts / "civil_aviation.air_od_month.odcs.yaml"
    contract.write_text(active_contract("air_od_month", "civil_aviation"), "utf-8")
    period, at = (date(2024, 1, 1), date(2024, 1, 31)), datetime(2024, 3, 1, tzinfo=UTC)
    file = write_csv(folder / "months.csv", rows)
    delivery = pack(folder / "months", [(file, "csv")], contracts.read(contract), period, at)
    return delivery, stage.ingest_folder(workspace, delivery.folder, lambda _text: None)


def test_one_without_a_good_row_is_put_right_from_quarantine(partner: Workspace, tmp_path: Path) -> None:
    delivery, account = taken_in(partner, tmp_path, [BAD])
    assert account is not None
    assert (account.refused, account.rows_quarantined) == ("", 1)
    repair(stage.steward_run(partner, delivery.id), delivery.id, "measure", "counted", "od_true")
    assert replay(stage.steward_run(partner, delivery.id), delivery.id).placed["rows_bronze"] == 1


def test_a_row_put_right_comes_back_from_quarantine(partner: Workspace, tmp_path: Path) -> None:
    delivery, _ = taken_in(partner, tmp_path, [GOOD, BAD])
    repair(stage.steward_run(partner, delivery.id), delivery.id, "measure", "counted", "od_true")
    assert replay(stage.steward_run(partner, delivery.id), delivery.id).placed["rows_bronze"] == 2
