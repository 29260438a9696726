"""No column shows a person of another file, or one whom bronze knows; nobody is told by anything but a key."""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from sandbox.feeds import contract as contracts
from sandbox.feeds import feed_job, stage
from sandbox.feeds.delivery import Delivery, pack
from sandbox.feeds.profile import Account
from sandbox.feeds.quarantine import shown
from sandbox.feeds.replay import repair, replay
from sandbox.feeds.suspects import forms
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.settings import Workspace
from tests.feeds.conftest import Row, movement, write_csv

SOMEBODY = "TRAVELLER-7777"
SOMEBODYS_OWN = movement(movement_id="m1", traveller_id=SOMEBODY)


def delivered(workspace: Workspace, name: str, *files: Sequence[Row], day: int = 1, replaces: str = "") -> Delivery:
    agreed = contracts.read(workspace.contracts / "border_agency.border_movement.odcs.yaml")
    folder = workspace.root.parent
    sent = [(write_csv(folder / f"{name}_{number}.csv", rows), "csv") for number, rows in enumerate(files)]
    period, at = (date(2024, 1, 1), date(2024, 1, 31)), datetime(2024, 2, day, tzinfo=UTC)
    return pack(folder / name, sent, agreed, period, at, replaces)


def taken_in(workspace: Workspace, delivery: Delivery) -> Account:
    account = stage.ingest_folder(workspace, delivery.folder, lambda _: None)
    assert account is not None
    return account


def bronze(workspace: Workspace) -> list[str]:
    rows = DeltaTable(str(BORDER_MOVEMENT.path(workspace))).to_pyarrow_table().to_pylist()
    assert SOMEBODY not in str(rows)
    return sorted(row["movement_id"] for row in rows)


def told(workspace: Workspace, delivery: Delivery) -> list[tuple[int, list[str], str | None]]:
    rows = shown(workspace, delivery.id, 10)
    assert SOMEBODY not in str(rows)
    return [(row["row_number"], row["broken_rules"], json.loads(row["row"])["itin_id"]) for row in rows]


def test_a_traveller_of_another_file_of_the_delivery_is_withheld(partner: Workspace) -> None:
    showing = [movement(movement_id="m2", itin_id="JOURNEY-1"), movement(movement_id="m3", itin_id=SOMEBODY)]
    delivery = delivered(partner, "two", showing, [SOMEBODYS_OWN])
    account = taken_in(partner, delivery)
    assert (account.rows_in, account.rows_bronze, account.rows_quarantined) == (3, 2, 1)
    assert account.rules == {"identifier_in:itin_id": 1}
    assert bronze(partner) == ["m1", "m2"]
    assert told(partner, delivery) == [(2, ["identifier_in:itin_id"], "[identifier]")]


def test_a_traveller_of_an_earlier_delivery_is_withheld(partner: Workspace) -> None:
    taken_in(partner, delivered(partner, "first", [SOMEBODYS_OWN]))
    delivery = delivered(partner, "second", [movement(movement_id="m2", itin_id=SOMEBODY)], day=2)
    assert taken_in(partner, delivery).rows_bronze == 0
    assert bronze(partner) == ["m1"]
    assert told(partner, delivery) == [(1, ["identifier_in:itin_id"], "[identifier]")]


@pytest.mark.parametrize("column", ["itin_id", "direction", "event_ts", "intended_stay_days", "doc_link_quality"])
def test_a_row_that_waits_in_quarantine_for_another_reason_shows_nobody_either(partner: Workspace, column: str) -> None:
    who = "64021555" if column == "doc_link_quality" else SOMEBODY
    taken_in(partner, delivered(partner, "first", [movement(traveller_id=who)]))
    row = movement(movement_id="m2", mode="bus") | {column: who}
    delivery = delivered(partner, "second", [row], day=2)
    taken_in(partner, delivery)
    (kept,) = shown(partner, delivery.id, 10)
    assert json.loads(kept["row"])[column] == "[identifier]"
    assert {"allowed:mode", f"identifier_in:{column}"} <= set(kept["broken_rules"])
    assert who not in str(kept)


def test_one_among_thousands_is_found_by_its_form(partner: Workspace) -> None:
    many = [movement(movement_id=f"m{n}", itin_id=f"{n:06d}") for n in range(5_000)]
    many[4_321]["itin_id"] = SOMEBODY
    delivery = delivered(partner, "two", many, [SOMEBODYS_OWN | {"movement_id": "own"}])
    assert taken_in(partner, delivery).rows_quarantined == 1
    assert told(partner, delivery) == [(4_322, ["identifier_in:itin_id"], "[identifier]")]


def test_a_form_is_what_letters_and_digits_stand_for() -> None:
    of = forms(pa.array(["TRAVELLER-7777", "traveller-0001", "TRAVELLER 7777", "TRAVELLER-777"]))
    assert list(of == of[0]) == [True, True, False, False]


def test_persons_whose_rows_all_wait_in_quarantine_are_looked_for_too(partner: Workspace) -> None:
    bad = SOMEBODYS_OWN | {"direction": "arr"}
    taken_in(partner, delivered(partner, "two", [movement(movement_id="m2", itin_id=SOMEBODY)], [bad]))
    assert not BORDER_MOVEMENT.path(partner).joinpath("_delta_log").exists(), "no row is good"


@pytest.mark.parametrize("by", ["earlier delivery", "other file"])
def test_numbers_of_rows_that_are_persons_refuse_the_delivery(partner: Workspace, by: str) -> None:
    swapped = [
        movement(movement_id=SOMEBODY, traveller_id="m2"),
        movement(movement_id="TRAVELLER-1", traveller_id="m3"),
    ]
    if by == "earlier delivery":
        taken_in(partner, delivered(partner, "first", [SOMEBODYS_OWN]))
        account = taken_in(partner, delivered(partner, "second", swapped, day=2))
    else:
        account = taken_in(partner, delivered(partner, "two", swapped, [SOMEBODYS_OWN]))
    assert account.refused == (
        "movement_id holds identifiers of persons in 1 of the 2 values looked at: "
        "it seems to be exchanged with traveller_id."
    )
    left = [file for zone in ("bronze", "quarantine") for file in (partner.root / zone).rglob("*.parquet")]
    assert all("second" not in file.name and SOMEBODY.encode() not in file.read_bytes() for file in left)


def test_a_correction_of_exchanged_columns_can_be_taken_in(partner: Workspace) -> None:
    wrong = delivered(partner, "wrong", [movement(movement_id=SOMEBODY, traveller_id="MOVE-0001")])
    taken_in(partner, wrong)  # nothing tells: nobody is known yet
    right = [movement(movement_id="MOVE-0001", traveller_id=SOMEBODY)]
    account = taken_in(partner, delivered(partner, "right", right, day=2, replaces=wrong.id))
    assert (account.refused, account.rows_bronze) == ("", 1)


def test_what_was_withheld_waits_until_it_is_mapped(partner: Workspace) -> None:
    delivery = delivered(partner, "two", [movement(movement_id="m2", itin_id=SOMEBODY)], [SOMEBODYS_OWN])
    taken_in(partner, delivery)
    run = stage.steward_run(partner, delivery.id)
    assert replay(run, delivery.id).placed["rows_quarantine"] == 1
    repair(run, delivery.id, "itin_id", "[identifier]", "")
    assert replay(run, delivery.id).placed["rows_quarantine"] == 0
    assert bronze(partner) == ["m1", "m2"]


def test_staging_holds_keys_and_is_gone_at_the_end(partner: Workspace) -> None:
    taken_in(partner, delivered(partner, "two", [movement(movement_id="m2", itin_id=SOMEBODY)], [SOMEBODYS_OWN]))
    assert not list(Path(partner.root / "quarantine").rglob("*.npy"))


def test_what_a_killed_run_left_in_the_open_goes_with_the_next(
    partner: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery = delivered(partner, "two", [movement(movement_id="m2", itin_id=SOMEBODY)], [SOMEBODYS_OWN])
    with monkeypatch.context() as patch:
        patch.setattr(feed_job, "withhold", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            taken_in(partner, delivery)
    stage.ingest(stage.steward_run(partner, delivery.id))
    files = [*BORDER_MOVEMENT.path(partner).rglob("part-*.parquet")]
    assert SOMEBODY not in str([pq.read_table(file).to_pylist() for file in files])
    assert bronze(partner) == ["m1"]
