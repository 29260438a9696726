"""Who is erased is nowhere any more: no row, no earlier version, no log, no file in landing."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from deltalake import DeltaTable

from sandbox.errors import CallError, CheckFailedError, EnvironmentFaultError
from sandbox.feeds import erasure, stage
from sandbox.feeds.delivery import Delivery, land, read_delivery
from sandbox.feeds.erasure import erase_epoch, erase_partner, erase_persons, person_keys
from sandbox.feeds.keys import KeyFile
from sandbox.feeds.pseudonym import Scope
from sandbox.feeds.replay import repair, replay
from sandbox.feeds.search import files_with
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import DELIVERY, QUARANTINE
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.persons import HOME
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, movement

GONE, STAYS = "TRAVELLER-0001", "TRAVELLER-0002"
PARTNER, FEED = "border_agency", "border_movement"


def silent(_text: str) -> None:
    """Say nothing."""


def run_of(workspace: Workspace) -> StageRun:
    return StageRun(workspace, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1)


@pytest.fixture
def taken_in(partner: Workspace, send: Send) -> Workspace:
    """A workspace in which both travellers have good and bad rows, and a home that a stage made."""
    rows = [
        movement(movement_id=f"m{number}{who[-1]}", traveller_id=who, direction="A" if number else "X")
        for number in range(3)
        for who in (GONE, STAYS)
    ]
    land(send("one", rows), partner.zone(Zone.LANDING))
    stage.ingest(run_of(partner))
    keys = person_keys(partner, PARTNER, FEED, [GONE, STAYS])
    homes = pa.Table.from_pylist(
        [{"feed": FEED, "person_key": key, "month": date(2024, 1, 1), "bucket": 0} for key in keys], HOME.stored
    )
    run_of(partner).write_small(homes, HOME, feed=FEED)
    return partner


def test_an_erased_person_is_in_no_table_version_or_file_and_the_others_stay(taken_in: Workspace) -> None:
    (key,) = person_keys(taken_in, PARTNER, FEED, [GONE])
    assert files_with(taken_in.root, [GONE], [key], silent)[0], "before, there is something to find"
    erased = erase_persons(taken_in, PARTNER, FEED, [GONE], silent)
    assert dict(+erased.rows) == {FEED: 2, "home": 1, "quarantine": 1}
    assert erased.deliveries == 1
    assert files_with(taken_in.root, [GONE], [key], silent)[0] == []
    assert store.read_small(taken_in, BORDER_MOVEMENT).num_rows == 2
    assert store.read_small(taken_in, QUARANTINE).num_rows == 1
    assert store.read_small(taken_in, HOME).num_rows == 1


def test_erased_rows_are_no_copies_when_the_rest_is_replayed(taken_in: Workspace) -> None:
    erase_persons(taken_in, PARTNER, FEED, [GONE], silent)
    (delivery,) = store.read_small(taken_in, DELIVERY)["delivery_id"].to_pylist()
    repair(run_of(taken_in), delivery, "direction", "X", "D")
    placed = replay(run_of(taken_in), delivery).placed
    assert (placed["rows_bronze"], placed["rows_quarantine"], placed["rows_duplicate"]) == (3, 0, 0)


@pytest.mark.parametrize("left_out", ["forget_versions", "destroy_landing", "deleted", "deleted_persons"])
def test_the_search_finds_what_a_missing_step_leaves(
    taken_in: Workspace, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    monkeypatch.setattr(erasure, left_out, lambda *_: 0)
    with pytest.raises(CheckFailedError, match="still hold what was to be erased"):
        erase_persons(taken_in, PARTNER, FEED, [GONE], silent)


def test_a_delivery_that_waits_would_bring_the_person_back(taken_in: Workspace, send: Send) -> None:
    land(send("two", [movement(movement_id="m9")], date(2024, 2, 2)), taken_in.zone(Zone.LANDING))
    with pytest.raises(CallError, match="not taken in yet"):
        erase_persons(taken_in, PARTNER, FEED, [GONE], silent)


def test_a_partner_is_erased_with_all_that_was_made_of_its_persons(taken_in: Workspace) -> None:
    keys = person_keys(taken_in, PARTNER, FEED, [GONE, STAYS])
    erased = erase_partner(taken_in, PARTNER, silent)
    assert dict(+erased.rows) == {FEED: 4, "home": 2, "quarantine": 2}
    assert files_with(taken_in.root, [GONE, STAYS], keys, silent)[0] == []
    assert stage.ingest(run_of(taken_in)) == [], "its deliveries stay booked and do not come back"


@pytest.mark.parametrize("left_out", ["forget_versions", "destroy_landing", "deleted"])
def test_the_search_finds_what_is_left_of_a_partner(
    taken_in: Workspace, monkeypatch: pytest.MonkeyPatch, left_out: str
) -> None:
    monkeypatch.setattr(erasure, left_out, lambda *_: 0)
    with pytest.raises(CheckFailedError, match="still hold what was to be erased"):
        erase_partner(taken_in, PARTNER, silent)


@pytest.mark.parametrize("place", ["logs/job.log", "mlruns/1/model.pkl", "gold/_delta_log/0.json"])
def test_a_partners_persons_are_looked_for_wherever_they_may_be(taken_in: Workspace, place: str) -> None:
    (key,) = person_keys(taken_in, PARTNER, FEED, [STAYS])
    file = taken_in.root / place
    file.parent.mkdir(parents=True)
    file.write_bytes(b"array " + key.to_bytes(8, "little", signed=True) if "pkl" in place else f"of {key}".encode())
    with pytest.raises(CheckFailedError, match=f"1 of .* files .*: {place}"):
        erase_partner(taken_in, PARTNER, silent)


def test_what_was_searched_and_for_what_is_said(taken_in: Workspace) -> None:
    searched = erase_partner(taken_in, PARTNER, silent).searched
    assert searched.told == "2 person keys in columns; 2 of them and 2 identifiers in text"
    assert {"bronze", "landing", "quarantine", "silver", "contracts"} <= set(searched.files)
    assert searched.summary["files_searched"] == searched.files.total() > 0


def from_another(workspace: Workspace, delivery: Delivery) -> None:
    """Take in a delivery as if another partner had sent it."""
    file = workspace.contracts / f"other_agency.{FEED}.odcs.yaml"
    file.write_text(
        (workspace.contracts / f"{PARTNER}.{FEED}.odcs.yaml").read_text("utf-8").replace(PARTNER, "other_agency")
    )
    manifest = delivery.folder / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace(PARTNER, "other_agency"), "utf-8")
    land(read_delivery(delivery.folder), workspace.zone(Zone.LANDING))
    stage.ingest(run_of(workspace))


def test_what_another_partner_sent_of_the_person_is_its_own_and_is_said(taken_in: Workspace, send: Send) -> None:
    from_another(taken_in, send("theirs", [movement(movement_id="x1"), movement(movement_id="x2", direction="X")]))
    told = erase_persons(taken_in, PARTNER, FEED, [GONE], silent).told
    assert told["also_sent_by_others_and_theirs_to_keep"] == [f"other_agency.{FEED}: 1 files"]
    rows = store.read_small(taken_in, BORDER_MOVEMENT).to_pylist()
    assert [row["movement_id"] for row in rows if row["partner"] == "other_agency"] == ["x1"]


def test_a_person_key_in_anothers_delivery_is_no_text_of_theirs(taken_in: Workspace, send: Send) -> None:
    (key,) = person_keys(taken_in, PARTNER, FEED, [GONE])
    from_another(taken_in, send("theirs", [movement(movement_id="x1", flight_no=str(key)[-6:])]))
    (folder,) = (taken_in.zone(Zone.LANDING) / "other_agency" / FEED).iterdir()
    (folder / "note.txt").write_text(f"{GONE} is {key}", "utf-8")
    with pytest.raises(CheckFailedError, match=r"note\.txt"):
        erase_persons(taken_in, PARTNER, FEED, [GONE], silent)


def test_rows_of_others_that_name_the_person_in_another_column_go_too(taken_in: Workspace) -> None:
    rows = DeltaTable(str(BORDER_MOVEMENT.path(taken_in))).to_pyarrow_table()
    named = pc.if_else(pc.equal(rows["movement_id"], "m12"), f"see {GONE} there", rows["flight_no"])
    written = rows.set_column(rows.column_names.index("flight_no"), "flight_no", named)
    delivery = rows["delivery_id"][0].as_py()
    run_of(taken_in).write_small(written, BORDER_MOVEMENT, delivery_id=delivery)
    erased = erase_persons(taken_in, PARTNER, FEED, [GONE], silent)
    assert erased.rows["border_movement (named in other columns)"] == 1
    assert store.read_small(taken_in, BORDER_MOVEMENT)["movement_id"].to_pylist() == ["m22"]
    assert files_with(taken_in.root, [GONE], [], silent)[0] == []


@pytest.mark.parametrize(
    ("name", "feed", "said"),
    [
        ("border_agancy", FEED, f"{PARTNER}.{FEED}"),
        (PARTNER, "mobile_event", f"{PARTNER}.{FEED}"),
        (PARTNER, "network", FEED),
    ],
)
def test_an_unknown_partner_or_feed_is_told_which_there_are(
    taken_in: Workspace, name: str, feed: str, said: str
) -> None:
    with pytest.raises(CallError) as refusal:
        erase_persons(taken_in, name, feed, [GONE], silent)
    assert said in refusal.value.remedy
    with pytest.raises(CallError, match="no delivery of nobody"):
        erase_partner(taken_in, "nobody", silent)


def test_nobody_named_is_nobody_erased(taken_in: Workspace) -> None:
    with pytest.raises(CallError, match="nobody to erase"):
        erase_persons(taken_in, PARTNER, FEED, [], silent)


def test_an_identifier_too_short_for_text_is_looked_for_by_its_key_and_that_is_said(taken_in: Workspace) -> None:
    told = erase_persons(taken_in, PARTNER, FEED, ["P-1", GONE], silent).told
    assert told["searched_for"] == (
        "1 identifiers and 2 person keys (1 identifiers of less than 6 characters by their keys alone)"
    )


def test_a_zone_that_lies_elsewhere_is_searched_too(taken_in: Workspace, tmp_path: Path) -> None:
    elsewhere = tmp_path / "gold"
    elsewhere.mkdir()
    (elsewhere / "note.txt").write_text(GONE, "utf-8")
    apart = replace(taken_in, settings=taken_in.settings.model_copy(update={"zones": {Zone.GOLD: str(elsewhere)}}))
    with pytest.raises(CheckFailedError, match=r"note\.txt"):
        erase_persons(apart, PARTNER, FEED, [GONE], silent)


def test_the_key_of_an_epoch_is_looked_for_when_it_is_destroyed(taken_in: Workspace) -> None:
    keys = KeyFile(taken_in.key_file)
    derived = keys.derived("1", Scope(PARTNER, FEED, "1", taken_in.settings.purpose).text).hex()
    (taken_in.root / "notes.txt").write_text(f"key {derived}", "utf-8")
    with pytest.raises(CheckFailedError, match=r"notes\.txt"):
        erase_epoch(taken_in, "1", silent)
    assert keys.epochs == ["2"], "it is destroyed all the same"
    (taken_in.root / "notes.txt").unlink()
    told = erase_epoch(taken_in, "2", silent)
    assert (told["destroyed_epoch"], told["current_epoch"], told["found"]) == ("2", "3", 0)
    with pytest.raises(CallError, match="no key of epoch 1"):
        erase_epoch(taken_in, "1", silent)


def test_without_its_key_nobody_finds_a_person_again(taken_in: Workspace, send: Send) -> None:
    keys, before = KeyFile(taken_in.key_file), person_keys(taken_in, PARTNER, FEED, [GONE])
    secret = json.loads(taken_in.key_file.read_text("utf-8"))["epochs"]["1"]
    keys.destroy("1")
    assert secret not in taken_in.key_file.read_text("utf-8")
    assert (keys.epochs, keys.current_epoch) == (["2"], "2")
    assert person_keys(taken_in, PARTNER, FEED, [GONE]) != before
    with pytest.raises(EnvironmentFaultError, match="epoch 1"):
        keys.derived("1", "scope")
