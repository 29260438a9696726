"""What may not be kept any longer is not kept: by the contract's term, and by a row's own last day."""

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from sandbox.airlock import log
from sandbox.airlock.people import Role, enrol
from sandbox.cli import retention as command
from sandbox.errors import CallError, CheckFailedError, PermissionRefusedError
from sandbox.feeds import retention, stage
from sandbox.feeds.delivery import Delivery, land, read_delivery
from sandbox.feeds.erasure import person_keys
from sandbox.feeds.retention import enforce
from sandbox.feeds.search import files_with
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.persons import HOME
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, movement
from tests.feeds.rotating import FEED, PARTNER, bronze, homes, silent, stopped

# The contract of these tests lets rows be kept for 100 months after the period's end, 31 January 2024.
LAST_DAY = date(2032, 5, 31)
EXPIRED = date(2026, 7, 1)


def run_of(workspace: Workspace) -> StageRun:
    return StageRun(workspace, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1)


def take_in(workspace: Workspace, delivery: Delivery) -> None:
    land(delivery, workspace.zone(Zone.LANDING))
    stage.ingest(run_of(workspace))


@pytest.fixture
def taken_in(partner: Workspace, send: Send) -> Workspace:
    """A workspace with two good rows and two bad ones, of each the first with a last day of its own."""
    rows = [
        movement(movement_id="m1", retention_expiry="2026-06-30"),
        movement(movement_id="m2", traveller_id="TRAVELLER-0002"),
        movement(movement_id="q1", direction="X", retention_expiry="2026-06-30"),
        movement(movement_id="q2", direction="X", nationality='"retention_expiry":"2020-01-01"'),
    ]
    take_in(partner, send("one", rows))
    return partner


def kept(workspace: Workspace) -> list[str]:
    """Return movements that any file of bronze still holds, of whatever version."""
    files = BORDER_MOVEMENT.path(workspace).rglob("*.parquet")
    parts = [file for file in files if "_delta_log" not in file.parts]
    return sorted({name for file in parts for name in pq.read_table(file)["movement_id"].to_pylist()})


def kept_in_quarantine(workspace: Workspace) -> list[str]:
    """Return movements that any file of quarantine still holds, of whatever version."""
    files = [file for file in QUARANTINE.path(workspace).rglob("*.parquet") if "_delta_log" not in file.parts]
    rows = [json.loads(row) for file in files for row in pq.read_table(file)["row"].to_pylist()]
    return sorted({row["movement_id"] for row in rows})


@pytest.mark.parametrize(
    ("day", "good", "bad", "files"),
    [
        (date(2026, 6, 30), ["m1", "m2"], ["q1", "q2"], 1),
        (EXPIRED, ["m2"], ["q2"], 0),
        (LAST_DAY, ["m2"], ["q2"], 0),
        (date(2032, 6, 1), [], [], 0),
    ],
)
def test_rows_go_on_the_day_after_their_last_wherever_they_are(
    taken_in: Workspace, day: date, good: list[str], bad: list[str], files: int
) -> None:
    done = enforce(taken_in, day, silent)
    assert (kept(taken_in), kept_in_quarantine(taken_in)) == (good, bad)
    assert store.read_small(taken_in, BORDER_MOVEMENT).num_rows == len(good)
    assert done.past_their_term == (day > LAST_DAY)
    assert len(list(taken_in.zone(Zone.LANDING).rglob("*.csv"))) == files
    assert list(taken_in.zone(Zone.LANDING).rglob("manifest.json")), "that it came stays known"


def test_a_second_run_finds_nothing_to_delete(taken_in: Workspace) -> None:
    enforce(taken_in, date(2033, 1, 1), silent)
    again = enforce(taken_in, date(2033, 1, 1), silent)
    assert (again.past_their_term, again.from_landing, dict(+again.rows)) == (0, 0, {})


def with_homes(workspace: Workspace) -> tuple[int, int]:
    """Write homes as a stage does; return the keys of Ann, a row of whom has a last day, and of Bob."""
    ann, bob = (person_keys(workspace, PARTNER, FEED, [f"TRAVELLER-000{n}"])[0] for n in (1, 2))
    rows = [{"feed": FEED, "person_key": key, "month": date(2024, 1, 1), "bucket": key % 2} for key in (ann, bob)]
    run_of(workspace).write_small(pa.Table.from_pylist(rows, HOME.stored), HOME, feed=FEED)
    return ann, bob


def test_what_was_made_of_persons_goes_with_their_rows(taken_in: Workspace) -> None:
    _, bob = with_homes(taken_in)
    assert enforce(taken_in, EXPIRED, silent).rows["home"] == 1
    assert homes(taken_in) == [(bob, bob % 2)]


def test_a_copy_that_came_in_another_delivery_goes_from_landing_too(taken_in: Workspace, send: Send) -> None:
    take_in(taken_in, send("two", [movement(movement_id="m1", retention_expiry="2026-06-30")], date(2024, 2, 2)))
    take_in(taken_in, send("three", [movement(movement_id="m2", traveller_id="TRAVELLER-0002")], date(2024, 2, 3)))
    enforce(taken_in, EXPIRED, silent)
    assert [file.name for file in taken_in.zone(Zone.LANDING).rglob("*.csv")] == ["three.csv"]


def test_rows_that_a_correction_replaced_go_from_earlier_versions_too(partner: Workspace, send: Send) -> None:
    wrong = send("wrong", [movement(movement_id="w1", retention_expiry="2026-06-30")])
    take_in(partner, wrong)
    take_in(partner, send("right", [movement(movement_id="r1")], date(2024, 2, 2), replaces=wrong.id))
    assert kept(partner) == ["r1", "w1"]
    enforce(partner, date(2026, 6, 30), silent)
    assert kept(partner) == ["r1", "w1"], "a correction's earlier version stays readable as long as it may be kept"
    enforce(partner, EXPIRED, silent)
    assert kept(partner) == ["r1"]


@pytest.mark.parametrize("step", ["forget_versions", "deleted", "destroy_landing"])
@pytest.mark.parametrize("after", [False, True])
def test_killed_anywhere_and_run_again_nothing_is_left(
    taken_in: Workspace, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    ann, _ = with_homes(taken_in)
    with stopped(monkeypatch, retention, step, 1, after):
        enforce(taken_in, EXPIRED, silent)
    enforce(taken_in, EXPIRED, silent)
    assert files_with(HOME.path(taken_in), [], [ann], silent)[0] == []
    assert (kept(taken_in), kept_in_quarantine(taken_in)) == (["m2"], ["q2"])
    assert not list(taken_in.zone(Zone.LANDING).rglob("*.csv"))


def without_a_contract(workspace: Workspace) -> None:
    (workspace.contracts / f"{PARTNER}.{FEED}.odcs.yaml").unlink()


def test_a_contract_that_is_missing_stops_its_own_partners_terms_alone(taken_in: Workspace, send: Send) -> None:
    contract = (taken_in.contracts / f"{PARTNER}.{FEED}.odcs.yaml").read_text("utf-8")
    gone = send("gone", [movement()])
    other = gone.folder / "manifest.json"
    text = other.read_text("utf-8").replace(PARTNER, "closed_agency")
    other.write_text(text, "utf-8")
    (taken_in.contracts / f"closed_agency.{FEED}.odcs.yaml").write_text(
        contract.replace(PARTNER, "closed_agency"), "utf-8"
    )
    take_in(taken_in, read_delivery(gone.folder))
    (taken_in.contracts / f"closed_agency.{FEED}.odcs.yaml").unlink()
    done = enforce(taken_in, date(2032, 6, 1), silent)
    assert list(done.not_judged) == [f"closed_agency.{FEED}"]
    assert "There is no contract closed_agency" in done.not_judged[f"closed_agency.{FEED}"]
    assert (done.past_their_term, sorted(bronze(taken_in))) == (1, ["m1"]), "the others' terms are enforced"


def test_of_a_partner_of_whom_nothing_is_left_no_contract_is_needed(taken_in: Workspace) -> None:
    enforce(taken_in, date(2033, 1, 1), silent)
    without_a_contract(taken_in)
    assert enforce(taken_in, date(2033, 1, 1), silent).not_judged == {}


def typed(workspace: Workspace, *words: str) -> str:
    result = CliRunner().invoke(command.app, ["run", "--workspace", str(workspace.root), "--quiet", *words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_the_command_says_what_it_did_and_the_log_keeps_it(taken_in: Workspace) -> None:
    said = typed(taken_in, "--on", "2026-07-01")
    assert "rows deleted:\n  border_movement 1\n  quarantine 1\nnot judged: none\n" in said
    assert [(line.who, line.did, line.about) for line in log.verified(taken_in)] == [
        ("retention job", "asked for retention", "2026-07-01"),
        ("retention job", "enforced retention", "2026-07-01: 2 rows, files of 1 deliveries"),
    ]


def test_the_command_ends_with_1_where_a_contract_is_missing(taken_in: Workspace) -> None:
    without_a_contract(taken_in)
    with pytest.raises(CheckFailedError, match=f"{PARTNER}.{FEED} can't be told"):
        typed(taken_in)
    assert f"not judged: {PARTNER}.{FEED}" in log.verified(taken_in)[-1].about


def test_whoever_runs_it_by_name_proves_it(taken_in: Workspace, tmp_path: Path) -> None:
    enrol(taken_in, "Sam", (Role.STEWARD,), tmp_path / "sam.key")
    enrol(taken_in, "Ann", (Role.ANALYST,), tmp_path / "ann.key")
    typed(taken_in, "--as", "Sam", "--key", str(tmp_path / "sam.key"))
    assert log.verified(taken_in)[-1].who == "Sam"
    with pytest.raises(PermissionRefusedError):
        typed(taken_in, "--as", "Ann", "--key", str(tmp_path / "ann.key"))
    for wrong in (("--as", "Sam"), ("--on", "yesterday")):
        with pytest.raises(CallError):
            typed(taken_in, *wrong)
