"""Who is erased is nowhere any more: no row, no earlier version, no log, no file in landing."""

import gzip
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.errors import CallError, CheckFailedError, EnvironmentFaultError
from sandbox.feeds import erasure, stage
from sandbox.feeds.delivery import land
from sandbox.feeds.erasure import erase_partner, erase_persons, person_keys
from sandbox.feeds.pseudonym import KeyFile
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


@pytest.mark.parametrize("left_out", ["forget_versions", "destroy_landing", "_deleted"])
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


def test_without_its_key_nobody_finds_a_person_again(taken_in: Workspace, send: Send) -> None:
    keys, before = KeyFile(taken_in.key_file), person_keys(taken_in, PARTNER, FEED, [GONE])
    secret = json.loads(taken_in.key_file.read_text("utf-8"))["epochs"]["1"]
    keys.destroy("1")
    assert secret not in taken_in.key_file.read_text("utf-8")
    assert (keys.epochs, keys.current_epoch) == (["2"], "2")
    assert person_keys(taken_in, PARTNER, FEED, [GONE]) != before
    with pytest.raises(EnvironmentFaultError, match="epoch 1"):
        keys.derived("1", "scope")


Maker = Callable[[Path], object]


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("text.log", lambda file: file.write_text(f"about {GONE}")),
        ("number.json", lambda file: file.write_text('{"key": -77}')),
        ("packed.csv.gz", lambda file: file.write_bytes(gzip.compress(f"a,{GONE}".encode()))),
        ("column.parquet", lambda file: pq.write_table(pa.table({"a": [1, -77]}), file)),
        ("text.parquet", lambda file: pq.write_table(pa.table({"a": [f"x{GONE}"]}), file)),
        ("list.parquet", lambda file: pq.write_table(pa.table({"a": [[GONE]]}), file)),
        (
            "noted.parquet",
            lambda file: pq.write_table(pa.table({"a": ["b"]}).replace_schema_metadata({"n": GONE}), file),
        ),
    ],
)
def test_the_search_looks_into_every_kind_of_file(tmp_path: Path, name: str, make: Maker) -> None:
    (tmp_path / "nothing.txt").write_text("nothing here")
    make(tmp_path / name)
    assert files_with(tmp_path, [GONE], [-77], silent) == ([tmp_path / name], 2)
