"""What may not come in, or not yet, is told from what manifest, contract and books say; no clock is asked."""

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.errors import DeliveryRefusedError, ExitCode
from sandbox.feeds import contract as contracts
from sandbox.feeds import stage
from sandbox.feeds.arrivals import arrivals, waiting
from sandbox.feeds.delivery import MANIFEST, Delivery, land, pack, read_delivery
from sandbox.feeds.replay import repair, replay
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, active_contract, movement, write_csv

UNKNOWN = "0123456789abcdef"


def ingest(workspace: Workspace, delivery: Delivery) -> str:
    """Take a delivery in; return why it is refused, or nothing."""
    try:
        account = stage.ingest_folder(workspace, delivery.folder, lambda _: None)
    except DeliveryRefusedError as refusal:
        return refusal.message
    return account.refused if account else "taken in before"


def with_manifest(delivery: Delivery, **changed: Any) -> Delivery:
    file = delivery.folder / MANIFEST
    file.write_text(json.dumps(json.loads(file.read_text("utf-8")) | changed), "utf-8")
    return read_delivery(delivery.folder)


def of_another_partner(workspace: Workspace, replaces: str) -> Delivery:
    file = workspace.contracts / "airline.border_movement.odcs.yaml"
    file.write_text(active_contract("border_movement", "airline"), "utf-8")
    rows = write_csv(workspace.root.parent / "airline.csv", [movement(movement_id="a1")])
    at, period = datetime(2024, 2, 2, tzinfo=UTC), (date(2024, 1, 1), date(2024, 1, 31))
    return pack(workspace.root.parent / "airline", [(rows, "csv")], contracts.read(file), period, at, replaces)


def movements(workspace: Workspace) -> list[str]:
    return sorted(store.read_small(workspace, BORDER_MOVEMENT)["movement_id"].to_pylist())


def test_a_partner_can_not_take_the_place_of_anothers_delivery(partner: Workspace, send: Send) -> None:
    first = send("first", [movement(movement_id="m1")])
    assert ingest(partner, first) == ""
    refused = ingest(partner, of_another_partner(partner, first.id))
    assert refused == f"It corrects delivery {first.id}, and airline.border_movement has no such delivery."
    assert movements(partner) == ["m1"]
    assert not list(partner.zone(Zone.LANDING).glob("airline/*/*")), "nothing is copied"


def test_a_delivery_that_nobody_knows_can_not_be_corrected(partner: Workspace, send: Send) -> None:
    refused = ingest(partner, send("second", [movement()], replaces=UNKNOWN))
    assert refused == f"It corrects delivery {UNKNOWN}, and border_agency.border_movement has no such delivery."


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (
            {"period_from": "2025-01-01", "period_to": "2025-01-31"},
            "The period ends on 2025-01-31, after the hand-over",
        ),
        ({"period_to": "2024-02-03"}, "The period ends on 2024-02-03, after the hand-over on 2024-02-01"),
        ({"delivered_at": "2099-02-01T00:00:00Z"}, "It was handed over on 2099-02-01; rows of a period that ended on"),
    ],
)
def test_times_that_can_not_all_be_true_refuse_the_delivery(
    partner: Workspace, send: Send, changed: dict[str, str], why: str
) -> None:
    assert ingest(partner, with_manifest(send("one", [movement()]), **changed)).startswith(why)


def test_a_day_is_left_for_time_zones(partner: Workspace, send: Send) -> None:
    assert ingest(partner, with_manifest(send("one", [movement()]), period_to="2024-02-02")) == ""


def test_times_that_can_not_be_true_are_not_packed(partner: Workspace, send: Send) -> None:
    with pytest.raises(DeliveryRefusedError, match="after the hand-over on 2024-01-01"):
        send("one", [movement()], date(2024, 1, 1))


def test_a_hand_over_after_the_day_on_which_it_came_is_refused(partner: Workspace, send: Send) -> None:
    delivery = send("one", [movement()], date(2025, 2, 1))
    with pytest.raises(DeliveryRefusedError, match="handed over on 2025-02-01; it came on 2024-02-01") as refusal:
        stage.ingest_folder(partner, delivery.folder, lambda _: None, received=date(2024, 2, 1))
    assert refusal.value.exit_code == ExitCode.REFUSED_WHOLE
    assert stage.ingest_folder(partner, delivery.folder, lambda _: None, received=date(2025, 2, 1)) is not None


def test_what_a_vintage_has_not_seen_waits_and_is_said_to(partner: Workspace, send: Send) -> None:
    delivery, said = send("one", [movement()]), list[str]()
    land(delivery, partner.zone(Zone.LANDING))
    vintage = date(2023, 12, 1)
    assert arrivals(StageRun(partner, "ingest", vintage, vintage, 1, say=said.append)) == ([], [])
    assert said == [
        f"border_agency.border_movement {delivery.id} waits: its period begins on 2024-01-01, after vintage 2023-12"
    ]
    assert waiting(partner) == {
        f"delivery border_agency.border_movement {delivery.id}": "waits for a run: its period begins on 2024-01-01"
    }
    stage.ingest(StageRun(partner, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1))
    assert waiting(partner) == {}


def test_what_a_terminal_would_act_on_is_not_repeated(partner: Workspace, send: Send) -> None:
    delivery = send("one", [movement()])
    text = (delivery.folder / MANIFEST).read_text("utf-8").replace('"1.0.0"', '"\\u001b[31mTRAVELLER-0001"')
    (delivery.folder / MANIFEST).write_text(text, "utf-8")
    odd = delivery.folder.rename(delivery.folder.with_name("\x1b[31mone"))
    with pytest.raises(DeliveryRefusedError, match=r"The delivery/manifest\.json: contract_version: ") as refusal:
        read_delivery(odd)
    assert not re.search("\x1b|TRAVELLER", str(refusal.value))


def test_a_manifest_that_says_a_thing_twice_is_refused(partner: Workspace, send: Send) -> None:
    file = send("one", [movement()]).folder / MANIFEST
    file.write_text(file.read_text("utf-8").replace('"partner"', '"partner": "airline", "partner"'), "utf-8")
    with pytest.raises(DeliveryRefusedError, match="is no JSON"):
        read_delivery(file.parent)


def destroyed_as_agreed(workspace: Workspace) -> Workspace:
    file = workspace.contracts / "border_agency.border_movement.odcs.yaml"
    file.write_text(active_contract("border_movement", "border_agency", landingFiles="destroyed"), "utf-8")
    return workspace


def files_left(workspace: Workspace) -> list[str]:
    return [file.name for file in workspace.zone(Zone.LANDING).rglob("*.csv")]


def test_files_of_a_refused_delivery_are_destroyed_as_agreed_and_it_is_said(partner: Workspace, send: Send) -> None:
    run, said = StageRun(destroyed_as_agreed(partner), "ingest", date(2024, 1, 1), date(2024, 3, 1), 1), list[str]()
    run = StageRun(run.workspace, "ingest", run.month, run.vintage, 1, say=said.append)
    delivery = send("fewer", [movement()])
    content = json.loads((delivery.folder / MANIFEST).read_text("utf-8"))
    refused = with_manifest(delivery, files=[content["files"][0] | {"rows": 2}])
    unreadable = land(send("unreadable", [movement(), movement()]), partner.zone(Zone.LANDING))
    (unreadable / MANIFEST).write_text("{", "utf-8")
    half = unreadable.with_name(".half")
    half.mkdir()
    (half / "half.csv").write_text("TRAVELLER-0001", "utf-8")
    land(refused, partner.zone(Zone.LANDING))
    (account,) = stage.ingest(run)
    assert account.refused == "fewer.csv holds 1 rows, the manifest says 2."
    assert files_left(partner) == []
    assert "files of 2 deliveries are destroyed in landing, as its contract says" in said[-1]
    assert stage.ingest(run) == [], "what is gone is not looked at again"
    assert waiting(partner)[f"delivery border_agency.border_movement {refused.id}"].startswith("refused: fewer.csv")


def test_a_refused_delivery_whose_files_are_gone_can_be_sent_again(partner: Workspace, send: Send) -> None:
    delivery = send("one", [movement()])
    place = land(delivery, destroyed_as_agreed(partner).zone(Zone.LANDING))
    (place / "one.csv").write_text("cut", "utf-8")
    assert (
        "SHA-256 differs" in stage.ingest(StageRun(partner, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1))[0].refused
    )
    assert files_left(partner) == []
    assert ingest(partner, delivery) == ""
    assert ingest(partner, delivery) == "taken in before"
    assert movements(partner) == ["m1"]


def test_without_such_an_agreement_files_stay_and_are_looked_at_again(partner: Workspace, send: Send) -> None:
    place = land(send("one", [movement()]), partner.zone(Zone.LANDING))
    good = (place / "one.csv").read_bytes()
    (place / "one.csv").write_text("cut", "utf-8")
    run = StageRun(partner, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1)
    assert stage.ingest(run)[0].refused
    Path(place / "one.csv").write_bytes(good)
    assert stage.ingest(run)[0].refused == ""


def test_files_are_destroyed_once_their_rows_are_taken_in_and_quarantine_needs_none(
    partner: Workspace, send: Send
) -> None:
    delivery = send("one", [movement(), movement(movement_id="m2", direction="X")])
    assert ingest(destroyed_as_agreed(partner), delivery) == ""
    assert files_left(partner) == []
    run = stage.steward_run(partner, delivery.id)
    repair(run, delivery.id, "direction", "X", "A")
    assert replay(run, delivery.id).placed["rows_bronze"] == 2
