"""What may not be kept any longer is not kept: by the contract's term, and by a row's own last day."""

from datetime import date

import pyarrow.parquet as pq
import pytest

from sandbox.feeds import stage
from sandbox.feeds.delivery import land
from sandbox.feeds.replay import repair, replay
from sandbox.feeds.retention import enforce
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, active_contract, movement

# The contract of these tests lets rows be kept for 100 months after the period's end, 31 January 2024.
LAST_DAY = date(2032, 5, 31)


@pytest.fixture
def taken_in(partner: Workspace, send: Send) -> Workspace:
    rows = [movement(movement_id="m1", retention_expiry="2026-06-30"), movement(movement_id="m2")]
    land(send("one", [*rows, movement(movement_id="m3", direction="X")]), partner.zone(Zone.LANDING))
    stage.ingest(StageRun(partner, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1))
    return partner


def kept(workspace: Workspace) -> list[str]:
    """Return movements that any file of bronze still holds, of whatever version."""
    files = BORDER_MOVEMENT.path(workspace).rglob("part-*.parquet")
    return sorted({name for file in files for name in pq.read_table(file)["movement_id"].to_pylist()})


@pytest.mark.parametrize(
    ("day", "movements", "files"),
    [
        (date(2026, 6, 30), ["m1", "m2"], 1),
        (date(2026, 7, 1), ["m2"], 1),
        (LAST_DAY, ["m2"], 1),
        (date(2032, 6, 1), [], 0),
    ],
)
def test_rows_and_deliveries_go_on_the_day_after_their_last(
    taken_in: Workspace, day: date, movements: list[str], files: int
) -> None:
    told = enforce(taken_in, day, lambda _: None).told
    assert kept(taken_in) == movements
    assert told["deliveries_past_their_term"] == 1 - files
    assert len(list(taken_in.zone(Zone.LANDING).rglob("*.csv"))) == files
    assert store.read_small(taken_in, BORDER_MOVEMENT).num_rows == len(movements)


def test_a_second_run_finds_nothing_to_delete(taken_in: Workspace) -> None:
    enforce(taken_in, date(2033, 1, 1), lambda _: None)
    assert enforce(taken_in, date(2033, 1, 1), lambda _: None).told == {"deliveries_past_their_term": 0}


def test_files_as_sent_are_destroyed_where_the_contract_says_so(partner: Workspace, send: Send) -> None:
    file = partner.contracts / "border_agency.border_movement.odcs.yaml"
    file.write_text(active_contract("border_movement", "border_agency", landingFiles="destroyed"), "utf-8")
    run = StageRun(partner, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1)
    nothing_good = send("bad", [movement(direction="X")])
    taken = send("one", [movement(), movement(movement_id="m2", direction="X")], date(2024, 2, 2))
    for delivery in (nothing_good, taken):
        land(delivery, partner.zone(Zone.LANDING))
    stage.ingest(run)
    left = {file.parent.name for file in partner.zone(Zone.LANDING).rglob("*.csv")}
    assert left == {nothing_good.id}, "a refused delivery is looked at again"
    repair(run, taken.id, "direction", "X", "A")
    assert replay(run, taken.id).placed["rows_bronze"] == 2, "quarantine needs no file"
    assert stage.ingest(run)[0].refused, "only the refused one comes again"
