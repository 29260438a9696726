"""What a steward puts right goes its way again, and ends up in bronze exactly once."""

from datetime import date

import pytest
from deltalake import DeltaTable

from sandbox.errors import CallError
from sandbox.feeds import replay as replays
from sandbox.feeds import stage
from sandbox.feeds.delivery import Delivery, land
from sandbox.feeds.profile import Account
from sandbox.feeds.quarantine import counted, shown
from sandbox.feeds.replay import repair, replay
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import DELIVERY
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, movement

ROWS = [
    movement(movement_id="m1"),
    movement(movement_id="m2", direction="arr", traveller_id="TRAVELLER-0002"),
    movement(movement_id="m3", direction="arr", traveller_id="TRAVELLER-0001"),
    movement(movement_id="m4", direction="?"),
]


def run_of(workspace: Workspace) -> StageRun:
    return StageRun(workspace, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1)


def taken_in(workspace: Workspace, delivery: Delivery) -> Account:
    land(delivery, workspace.zone(Zone.LANDING))
    (account,) = stage.ingest(run_of(workspace))
    return account


def bronze(workspace: Workspace) -> dict[str, int]:
    rows = DeltaTable(str(BORDER_MOVEMENT.path(workspace))).to_pyarrow_table()
    assert len(rows) == len(set(rows["movement_id"].to_pylist())), "no row is there twice"
    return dict(zip(rows["movement_id"].to_pylist(), rows["person_key"].to_pylist(), strict=True))


def test_a_mapped_value_brings_its_rows_to_bronze_with_their_persons(partner: Workspace, send: Send) -> None:
    delivery = send("one", ROWS)
    taken_in(partner, delivery)
    assert repair(run_of(partner), delivery.id, "direction", "arr", "A") == 2
    account = replay(run_of(partner), delivery.id)

    assert account.placed == {
        "delivery": delivery.id, "rows_bronze": 3, "rows_quarantine": 1, "rows_duplicate": 0
    }  # fmt: skip
    keys = bronze(partner)
    assert sorted(keys) == ["m1", "m2", "m3"]
    assert keys["m1"] == keys["m3"] != keys["m2"], "who crossed is known from quarantine, by the key alone"
    assert counted(partner) == [
        {"feed": "border_movement", "delivery_id": delivery.id, "rule": "allowed:direction", "rows": 1}
    ]
    assert [row["row_number"] for row in shown(partner, delivery.id, 9)] == [4], "a row keeps its number"
    (book,) = store.read_small(partner, DELIVERY).to_pylist()
    assert (book["rows_in"], book["rows_bronze"], book["rows_quarantined"]) == (4, 3, 1)


def test_a_row_that_names_nobody_stays_in_quarantine(partner: Workspace, send: Send) -> None:
    delivery = send("one", [*ROWS, movement(movement_id="m5", traveller_id="")])
    taken_in(partner, delivery)
    repair(run_of(partner), delivery.id, "direction", "arr", "A")
    assert replay(run_of(partner), delivery.id).placed["rows_quarantine"] == 2
    assert sorted(bronze(partner)) == ["m1", "m2", "m3"]
    assert {each["rule"] for each in counted(partner)} == {"allowed:direction", "required:traveller_id"}


def test_a_second_replay_changes_nothing(partner: Workspace, send: Send) -> None:
    delivery = send("one", ROWS)
    taken_in(partner, delivery)
    repair(run_of(partner), delivery.id, "direction", "arr", "A")
    first = replay(run_of(partner), delivery.id).placed
    assert replay(run_of(partner), delivery.id).placed == first
    assert sorted(bronze(partner)) == ["m1", "m2", "m3"]


def test_killed_between_the_two_commits_a_replay_ends_the_same(
    partner: Workspace, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = send("one", ROWS)
    taken_in(partner, delivery)
    repair(run_of(partner), delivery.id, "direction", "arr", "A")
    with monkeypatch.context() as patch:
        patch.setattr(StageRun, "write_files", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            replay(run_of(partner), delivery.id)
    assert replay(run_of(partner), delivery.id).placed["rows_bronze"] == 3
    assert sorted(bronze(partner)) == ["m1", "m2", "m3"]


def test_a_repaired_row_that_is_in_bronze_already_is_a_copy(partner: Workspace, send: Send) -> None:
    first = send("first", [movement(movement_id="m2")])
    taken_in(partner, first)
    second = send("second", [movement(movement_id="m2", direction="arr"), movement(movement_id="m5")], date(2024, 2, 2))
    taken_in(partner, second)
    repair(run_of(partner), second.id, "direction", "arr", "A")
    assert replay(run_of(partner), second.id).placed["rows_duplicate"] == 1
    assert sorted(bronze(partner)) == ["m2", "m5"]


def test_an_identifier_can_not_be_repaired(partner: Workspace, send: Send) -> None:
    delivery = send("one", ROWS)
    taken_in(partner, delivery)
    with pytest.raises(CallError, match="no column 'traveller_id'"):
        repair(run_of(partner), delivery.id, "traveller_id", "a", "b")


def test_a_delivery_that_there_is_not_is_named(partner: Workspace) -> None:
    with pytest.raises(CallError, match="There is no delivery"):
        replays.find(partner, "0123456789abcdef")
