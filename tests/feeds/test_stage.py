"""Ingestion on Spark: every row ends up once, in bronze or in quarantine, or is recognised as a copy."""

from datetime import date

import pytest
from deltalake import DeltaTable
from pyspark.sql import SparkSession

from sandbox.errors import PermissionRefusedError
from sandbox.feeds import stage
from sandbox.feeds.delivery import Delivery, land
from sandbox.feeds.profile import Account
from sandbox.feeds.quarantine import counted, shown
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import DELIVERY, FEED_QUALITY, QUARANTINE
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, movement


def ingest(workspace: Workspace, *deliveries: Delivery, vintage: date = date(2024, 3, 1)) -> dict[str, Account]:
    for delivery in deliveries:
        land(delivery, workspace.zone(Zone.LANDING))
    accounts = stage.ingest(StageRun(workspace, "ingest", date(2024, 1, 1), vintage, 1))
    return {account.delivery.id: account for account in accounts}


def counts(account: Account) -> tuple[int, int, int, int]:
    return account.rows_in, account.rows_bronze, account.rows_quarantined, account.rows_duplicate


def bronze(workspace: Workspace) -> list[tuple[str, str]]:
    rows = DeltaTable(str(BORDER_MOVEMENT.path(workspace))).to_pyarrow_table().to_pylist()
    return sorted((row["movement_id"], row["delivery_id"]) for row in rows)


def test_good_rows_bad_rows_copies_and_contradictions(spark: SparkSession, partner: Workspace, send: Send) -> None:
    first = send(
        "first",
        [
            movement(movement_id="m1"),
            movement(movement_id="m2", traveller_id="TRAVELLER-0002"),
            movement(movement_id="m2", traveller_id="TRAVELLER-0002"),
            movement(movement_id="m3", event_date="20224-01-05"),
            movement(movement_id="m1", direction="D"),
        ],
    )
    again = send("again", [movement(movement_id="m1"), movement(movement_id="m9")], date(2024, 2, 2))

    accounts = ingest(partner, first, again)
    assert counts(accounts[first.id]) == (5, 2, 2, 1)
    assert counts(accounts[again.id]) == (2, 1, 0, 1)
    assert bronze(partner) == [("m1", first.id), ("m2", first.id), ("m9", again.id)]
    rules = {row["rule"]: row["rows"] for row in counted(partner)}
    assert rules == {"plausible_date:event_date": 1, "conflict:key": 1} == dict(accounts[first.id].rules)
    assert [row["row_number"] for row in shown(partner, first.id, 10)] == [4, 5]

    booked = {row["delivery_id"]: row for row in store.read_small(partner, DELIVERY).to_pylist()}
    assert booked[first.id]["rows_in"] == 5
    quality = store.read_small(partner, FEED_QUALITY, {"delivery_id": first.id}).to_pylist()
    copies = [(row["value"], row["denominator"]) for row in quality if row["measure"] == "rows_duplicate"]
    assert copies == [(1.0, 5.0)]
    assert {row["measure"] for row in quality} >= {"broken:plausible_date:event_date", "broken:conflict:key"}
    assert not stage.staging_folder(StageRun(partner, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1)).exists()

    later = send("later", [movement(movement_id="m9"), movement(movement_id="m10")], date(2024, 2, 3))
    assert counts(ingest(partner, later)[later.id]) == (2, 1, 0, 1), "a copy of what is in bronze is recognised"
    assert ingest(partner) == {}, "what is booked is not taken in again"


@pytest.mark.parametrize("killed_before", ["_write_bronze", "_write_quarantine", "_book"])
def test_killed_and_run_again_the_result_is_the_same(
    spark: SparkSession, partner: Workspace, send: Send, monkeypatch: pytest.MonkeyPatch, killed_before: str
) -> None:
    delivery = send("one", [movement(movement_id="m1"), movement(movement_id="m2", direction="X")])

    def killed(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(stage, killed_before, killed)
        with pytest.raises(KeyboardInterrupt):
            ingest(partner, delivery)
    assert counts(ingest(partner)[delivery.id]) == (2, 1, 1, 0)
    assert bronze(partner) == [("m1", delivery.id)]
    assert store.read_small(partner, QUARANTINE).num_rows == 1


def test_refused_whole_nothing_is_taken_and_the_others_are(spark: SparkSession, partner: Workspace, send: Send) -> None:
    fewer = send("fewer", [movement(movement_id="m7")])
    (fewer.folder / "manifest.json").write_text(
        (fewer.folder / "manifest.json").read_text("utf-8").replace('"rows": 1', '"rows": 2'), "utf-8"
    )
    fine = send("fine", [movement(movement_id="m8")], date(2024, 2, 2))
    accounts = ingest(partner, stage.read_delivery(fewer.folder), fine)
    refusals = sorted(account.refused for account in accounts.values())
    assert refusals[0] == ""
    assert "holds 1 rows, the manifest says 2" in refusals[1]
    assert bronze(partner) == [("m8", fine.id)]


def test_rows_none_of_which_is_good_wait_for_a_steward_like_any_other(
    spark: SparkSession, partner: Workspace, send: Send
) -> None:
    sent = send("bad", [movement(movement_id=f"m{i}", direction="arr", mode="bus") for i in range(3)])
    account = ingest(partner, sent)[sent.id]
    assert (account.refused, counts(account)) == ("", (3, 0, 3, 0))
    (finding,) = account.findings
    assert finding.startswith("nothing_good: none of 3 rows is good, all wait in quarantine; broken: allowed:direction")
    assert shown(partner, sent.id, 1)[0]["broken_rules"] == ["allowed:direction", "allowed:mode"]
    assert ingest(partner) == {}, "it is taken in, and not looked at again"
    stage.run(StageRun(partner, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1))


def test_days_after_the_vintage_are_left_for_later(spark: SparkSession, partner: Workspace, send: Send) -> None:
    delivery = send("one", [movement()])
    assert ingest(partner, delivery, vintage=date(2023, 12, 1)) == {}
    assert list(ingest(partner)) == [delivery.id]


def test_a_corrected_delivery_takes_the_place_of_the_first_which_stays_a_version(
    spark: SparkSession, partner: Workspace, send: Send
) -> None:
    first = send("first", [movement(movement_id="m1"), movement(movement_id="m2", direction="X")])
    ingest(partner, first)
    corrected = send("corrected", [movement(movement_id="m1", sex="F"), movement(movement_id="m2")], replaces=first.id)
    assert counts(ingest(partner, corrected)[corrected.id]) == (2, 2, 0, 0), "no row contradicts what it corrects"
    assert bronze(partner) == [("m1", corrected.id), ("m2", corrected.id)]
    assert counted(partner) == []
    earlier = DeltaTable(str(BORDER_MOVEMENT.path(partner)), version=0).to_pyarrow_table().to_pylist()
    assert [row["delivery_id"] for row in earlier] == [first.id]
    booked = {row["delivery_id"]: row for row in store.read_small(partner, DELIVERY).to_pylist()}
    assert (booked[first.id]["replaced_by"], booked[corrected.id]["replaces"]) == (corrected.id, first.id)
    assert ingest(partner) == {}, "what was corrected does not come back"


def test_a_correction_that_comes_first_waits_for_what_it_corrects_and_keeps_it_out(
    spark: SparkSession, partner: Workspace, send: Send
) -> None:
    first = send("first", [movement(movement_id="m1")])
    corrected = send("corrected", [movement(movement_id="m1", sex="F")], replaces=first.id)
    early = ingest(partner, corrected)[corrected.id]
    assert early.refused == f"It corrects delivery {first.id}, and border_agency.border_movement has no such delivery."
    accounts = ingest(partner, first)
    assert accounts[first.id].refused == "another delivery corrects it"
    assert accounts[corrected.id].refused == ""
    assert bronze(partner) == [("m1", corrected.id)]


def test_a_run_for_another_purpose_may_not_read_what_was_sent(
    spark: SparkSession, partner: Workspace, send: Send
) -> None:
    ingest(partner, send("first", [movement(movement_id="m1")]))
    other = Workspace(partner.root, partner.settings.model_copy(update={"purpose": "border control"}))
    for workspace, refused in ((partner, False), (other, True)):
        run = StageRun(workspace, "presence", date(2024, 1, 1), date(2024, 3, 1), 1)
        for read in (run.read, run.read_small):
            if refused:
                with pytest.raises(PermissionRefusedError, match="sent for 'migration statistics'"):
                    read(BORDER_MOVEMENT)
            else:
                read(BORDER_MOVEMENT)
