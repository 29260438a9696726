"""After a rotation the same persons have other keys everywhere, and nothing is left that tells which was which."""

import json
import pickle
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sandbox.errors import CheckFailedError
from sandbox.feeds import rotation, runs, stage, workers
from sandbox.feeds.bridge import beside
from sandbox.feeds.delivery import land
from sandbox.feeds.erasure import erase_persons
from sandbox.feeds.forgetting import destroy_landing
from sandbox.feeds.keys import KeyFile
from sandbox.feeds.replay import repair, replay
from sandbox.feeds.rotation import rotate
from sandbox.feeds.search import files_with
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.books import DELIVERY, QUARANTINE
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, movement
from tests.feeds.rotating import (
    ANN,
    BOB,
    CAT,
    FEED,
    PARTNER,
    ROWS,
    an_office,
    bronze,
    is_rotated,
    key_of,
    run_of,
    silent,
    taken_in,
)


@pytest.fixture
def office(partner: Workspace, send: Send) -> Workspace:
    return an_office(partner, send)


def test_every_row_gets_its_persons_new_key_and_bucket_and_what_was_broken_stays_as_sent(office: Workspace) -> None:
    before, ann = store.read_small(office, QUARANTINE), key_of(office, ANN)
    done = rotate(office, False, silent)
    assert is_rotated(office, ann)
    assert done.persons == {FEED: (3, 3)}
    assert {table: rows for table, rows in done.rows.items() if rows} == {FEED: 3, "quarantine": 3, "home": 2}
    after = store.read_small(office, QUARANTINE)
    assert after.drop(["row"]) == before.drop(["row"])
    changed = [json.loads(text) for text in after["row"].to_pylist()]
    assert [row | {"person_key": ""} for row in changed] == [
        json.loads(text) | {"person_key": ""} for text in before["row"].to_pylist()
    ]


def test_neither_the_old_key_nor_an_old_person_key_is_left_anywhere(office: Workspace, tmp_path: Path) -> None:
    secret, old = KeyFile(office.key_file).secret("1"), [key_of(office, who) for who in (ANN, BOB, CAT)]
    assert files_with(tmp_path, [secret], old, silent)[0], "before, there is something to find"
    rotate(office, False, silent)
    assert files_with(tmp_path, [secret], old, silent)[0] == []
    as_bytes = [bytes.fromhex(secret), *(np.int64(key).tobytes() for key in old)]
    assert not [
        file for file in tmp_path.rglob("*") if file.is_file() and any(b in file.read_bytes() for b in as_bytes)
    ]


@pytest.mark.parametrize("bridged", [True, False])
def test_a_person_seen_before_and_after_has_one_history_only_over_the_bridge(
    office: Workspace, send: Send, bridged: bool
) -> None:
    if bridged:
        rotate(office, False, silent)
    else:
        KeyFile(office.key_file).destroy("1")  # as `sandbox erase epoch` does
    taken_in(office, send("two", [movement(movement_id="a3"), ROWS[0]], date(2024, 2, 2)))
    found = bronze(office)
    assert (found["a1"] == found["a3"]) is bridged
    (_, book) = sorted(store.read_small(office, DELIVERY).to_pylist(), key=lambda row: row["received_at"])
    assert (book["rows_duplicate"] == 1) is bridged, "a row that comes again is known as a copy by its person too"


def test_a_row_in_quarantine_is_replayed_into_its_persons_history(office: Workspace) -> None:
    rotate(office, False, silent)
    (delivery,) = store.read_small(office, DELIVERY)["delivery_id"].to_pylist()
    repair(run_of(office), delivery, "direction", "arr", "A")
    replay(run_of(office), delivery)
    found = bronze(office)
    assert found["c1"] == key_of(office, CAT)
    assert "b2" not in found, "its nationality breaks a rule"


def test_a_person_is_erased_by_identifier_after_a_rotation_too(office: Workspace) -> None:
    rotate(office, False, silent)
    erased = erase_persons(office, PARTNER, FEED, [BOB], silent)
    assert dict(+erased.rows) == {FEED: 1, "home": 1, "quarantine": 1}
    assert sorted(bronze(office)) == ["a1", "a2"]


def test_persons_without_an_identifier_in_landing_stop_the_rotation_before_anything_has_changed(
    office: Workspace,
) -> None:
    destroy_landing(office, PARTNER, FEED)
    keys_before, rows = office.key_file.read_text("utf-8"), bronze(office)
    with pytest.raises(CheckFailedError, match="3 of 3 persons of border_movement have no identifier left in landing"):
        rotate(office, False, silent)
    assert (office.key_file.read_text("utf-8"), bronze(office)) == (keys_before, rows)
    assert [file.name for file in office.key_file.parent.iterdir()] == [office.key_file.name]
    assert not office.rotation_file.exists()


def test_a_delivery_that_waits_in_landing_links_those_whom_it_names(office: Workspace, send: Send) -> None:
    destroy_landing(office, PARTNER, FEED)
    land(send("two", [movement(movement_id="a3")], date(2024, 2, 2)), office.zone(Zone.LANDING))
    before = bronze(office)
    done = rotate(office, True, silent)
    assert done.persons == {FEED: (3, 1)}
    assert done.lost == [
        "2 of 3 persons of border_movement have no identifier left in landing: their histories end in epoch 1"
    ]
    stage.ingest(run_of(office))
    found = bronze(office)
    assert found["a1"] == found["a3"] == key_of(office, ANN)
    assert found["b1"] == before["b1"] != key_of(office, BOB)


def test_a_file_that_is_no_more_what_its_manifest_says_links_nobody(office: Workspace) -> None:
    (file,) = office.zone(Zone.LANDING).rglob("*.csv")
    file.write_text(file.read_text("utf-8").replace(ANN, "TRAVELLER-9999"), "utf-8")
    with pytest.raises(CheckFailedError, match=r"3 of 3 .*one.csv is not the file of the manifest"):
        rotate(office, False, silent)


def test_the_search_finds_what_earlier_versions_would_tell(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "forget_versions", lambda *_: None)
        with pytest.raises(CheckFailedError, match="still hold what was to be erased"):
            rotate(office, False, silent)
    assert "1" in KeyFile(office.key_file).epochs, "the old key goes only when nothing is left"


def test_what_travels_to_the_workers_names_key_and_bridge_and_holds_neither(
    office: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets, travelled = [KeyFile(office.key_file).secret("1"), str(key_of(office, ANN))], []

    def carried(*arguments: Any) -> list[str]:
        travelled.append(pickle.dumps(arguments[1:]))
        return workers.told_by_workers(*arguments)

    monkeypatch.setattr(rotation, "told_by_workers", carried)
    rotate(office, False, silent)
    secrets += [KeyFile(office.key_file).secret("2"), str(key_of(office, ANN))]
    assert len(travelled) == 5
    assert not [secret for secret in secrets for task in travelled if secret.encode() in task]
    assert str(beside(office.key_file).folder).encode() in travelled[-1]


def test_more_persons_than_are_sorted_at_a_time_are_linked_too(
    partner: Workspace, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "ROWS_AT_A_TIME", 64)
    rows = [movement(movement_id=f"m{n}", traveller_id=f"TRAVELLER-{n % 300:04d}") for n in range(500)]
    taken_in(partner, send("many", rows))
    assert rotate(partner, False, silent).persons == {FEED: (300, 300)}
    assert bronze(partner) == {f"m{n}": key_of(partner, f"TRAVELLER-{n % 300:04d}") for n in range(500)}
