"""Killed (`kill -9`) before any of its acts that touch disk, and run again, ingestion ends with the same tables."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from subprocess import PIPE, STDOUT

import numpy as np
import pytest
from deltalake import DeltaTable

from sandbox.feeds import contract as contracts
from sandbox.feeds.delivery import Delivery, land, pack
from sandbox.feeds.keys import create_key
from sandbox.lakehouse import store
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY, FEED_QUALITY, QUARANTINE
from sandbox.lakehouse.tables.feeds import AIR_OD_MONTH, BORDER_MOVEMENT, MOBILE_EVENT
from sandbox.settings import Workspace, Zone, read_workspace
from tests.conftest import new_workspace
from tests.feeds.conftest import Row, active_contract, movement, write_csv
from tests.journeys.killing import Words, run

TABLES = (BORDER_MOVEMENT, MOBILE_EVENT, AIR_OD_MONTH, QUARANTINE, DELIVERY, FEED_QUALITY)
CONTRACTS = {"border_movement": "border_agency", "mobile_event": "telco", "air_od_month": "civil_aviation"}
EVENLY = 30
COMMITS = {f"{name}, done" for name in ("write_deltalake", "create_table_with_add_actions", "create_write_transaction")}
Held = dict[str, tuple[int, str]]

FIRST = [
    movement(movement_id="m1"),
    movement(movement_id="m2", traveller_id="TRAVELLER-0002"),
    movement(movement_id="m2", traveller_id="TRAVELLER-0002"),
    movement(movement_id="m3", event_date="20224-01-05"),
    movement(movement_id="m1", direction="D"),
    movement(movement_id="m4", direction="arr", traveller_id="TRAVELLER-0003"),
]
CORRECTED = [FIRST[0], FIRST[1], movement(movement_id="m3"), FIRST[5]]
LATER = [
    movement(movement_id="m1"),
    movement(movement_id="m2", nationality="AUS"),
    movement(movement_id="m4", traveller_id="TRAVELLER-0003"),
    movement(movement_id="m9", direction="arr"),
]


def event(number: int, **changed: str) -> Row:
    return {
        "event_id": f"e{number}",
        "subscriber_id": f"SUBSCRIBER-{number % 3:04d}",
        "event_ts": f"2024-01-{number % 28 + 1:02d}T10:00:00Z",
        "cell_id": "C1",
        "event_type": "call",
        "home_mcc": "001",
        "serving_mcc": "001",
    } | changed


def passengers() -> Iterator[Row]:
    """Yield months of two sources, one of which names them by the year that ends in August: rows to be held."""
    for year in range(2015, 2020):
        for month in range(1, 13):
            for source, shift in (("airlines", 0), ("cities", month > 8)):
                yield {
                    "period": f"{year + shift}-{month:02d}-01",
                    "origin": "NZL",
                    "destination": "XAA",
                    "measure": "on_board",
                    "carrier": source,
                    "passengers": str(round(10_000 * 1.1 ** (year - 2015))),
                    "source": source,
                }


def packed(workspace: Workspace, feed: str, name: str, rows: Sequence[Row], day: int, replaces: str = "") -> Delivery:
    agreed = contracts.read(workspace.contracts / f"{CONTRACTS[feed]}.{feed}.odcs.yaml")
    file = write_csv(workspace.root / f"{name}.csv", rows)
    period, at = (date(2024, 1, 1), date(2024, 1, 31)), datetime(2024, 2, day, tzinfo=UTC)
    return pack(workspace.root / "sent" / name, [(file, "csv")], agreed, period, at, replaces)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Words]]:
    """A workspace with two deliveries in landing, and the commands that take in five and put one right."""
    workspace = new_workspace(tmp_path_factory.mktemp("kills") / "workspace")
    settings = workspace.root / "sandbox.toml"
    settings.write_text('key_file = "pseudonym.key"\n' + settings.read_text("utf-8"), "utf-8")
    workspace = read_workspace(workspace.root)
    create_key(workspace.key_file)
    workspace.contracts.mkdir()
    for feed, partner in CONTRACTS.items():
        (workspace.contracts / f"{partner}.{feed}.odcs.yaml").write_text(active_contract(feed, partner), "utf-8")
    events = [event(number) for number in range(12)] + [event(3), event(12, event_type="carrier pigeon")]
    first = packed(workspace, "border_movement", "first", FIRST, 1)
    land(first, workspace.zone(Zone.LANDING))
    land(packed(workspace, "mobile_event", "events", events, 1), workspace.zone(Zone.LANDING))
    months = packed(workspace, "air_od_month", "months", list(passengers()), 2)
    corrected = packed(workspace, "border_movement", "corrected", CORRECTED, 3, replaces=first.id)
    later = packed(workspace, "border_movement", "later", LATER, 4)
    repaired = ("feed", "quarantine", "repair", later.id, "--column", "direction", "--was", "arr", "--becomes", "A")
    commands = [("feed", "ingest", f"sent/{sent.folder.name}", "--quiet") for sent in (months, corrected, later)]
    return workspace.root, [*commands, repaired, ("feed", "quarantine", "replay", later.id, "--quiet")]


@pytest.fixture(scope="module")
def whole(start: tuple[Path, list[Words]]) -> tuple[list[str], Held]:
    """What an undisturbed run does to disk, act by act, and what it leaves."""
    root, commands = start
    done = copied(root, root.parent / "whole")
    assert run(done, commands, told=done.parent / "acts") == 0
    return (done.parent / "acts").read_text("utf-8").splitlines(), held_in(done)


def held_in(root: Path) -> Held:
    """Return rows and canonical hash of every table that ingestion writes."""
    workspace = read_workspace(root)
    return {table.name: _content(workspace, table) for table in TABLES}


def _content(workspace: Workspace, table: Table) -> tuple[int, str]:
    if not DeltaTable.is_deltatable(str(table.path(workspace))):
        return 0, ""
    rows = DeltaTable(str(table.path(workspace))).to_pyarrow_table()
    return rows.num_rows, store.canonical_sha256(rows, table)


def copied(start: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(start, folder))


def points(acts: Sequence[str]) -> list[int]:
    """Return before which acts to kill: just after every commit, and at even distances over the whole run."""
    committed = [number + 2 for number, name in enumerate(acts) if name in COMMITS]
    return sorted({*committed, *np.linspace(1, len(acts), EVENLY).astype(int).tolist()} - {len(acts) + 1})


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_anywhere_and_run_again_ingestion_ends_the_same(
    start: tuple[Path, list[Words]], whole: tuple[list[str], Held]
) -> None:
    (root, commands), (acts, expected) = start, whole
    assert [rows for rows, _ in expected.values()] == [5, 12, 100, 23, 5, expected["feed_quality"][0]]
    chosen, wrong = points(acts), []
    for point in chosen:
        folder = copied(root, root.parent / "killed")
        assert run(folder, commands, point) == -signal.SIGKILL, f"{point}: {acts[point - 1]}"
        assert run(folder, commands) == 0, f"after {point}: {acts[point - 1]}"
        found = held_in(folder)
        wrong += [(point, acts[point - 1], name) for name in expected if found[name] != expected[name]]
    print(f"killed at {len(chosen)} points of {len(acts)} acts")
    assert wrong == []
    assert len(chosen) >= 40


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_with_spark_carrying_the_files_it_ends_the_same(
    start: tuple[Path, list[Words]], whole: tuple[list[str], Held]
) -> None:
    (root, commands), (_, expected) = start, whole
    folder = copied(root, root.parent / "spark")
    assert run(folder, commands, told=root.parent / "acts", spark=True) == 0
    assert held_in(folder) == expected, "workers write what one process writes"
    acts = (root.parent / "acts").read_text("utf-8").splitlines()
    for name in ("noted, done", "create_table_with_add_actions, done"):
        folder = copied(root, root.parent / "spark")
        assert run(folder, commands, acts.index(name) + 1, spark=True) == -signal.SIGKILL, name
        assert run(folder, commands) == 0, name
        assert held_in(folder) == expected, name


def at_once(root: Path, *deliveries: str) -> list[tuple[int, str]]:
    """Take in deliveries in as many processes at once; return their exit codes and what they say."""
    words = [(sys.executable, "-m", "sandbox", "feed", "ingest", f"sent/{name}", "--json") for name in deliveries]
    started = [subprocess.Popen(each, cwd=root, text=True, stdout=PIPE, stderr=STDOUT) for each in words]
    told = [process.communicate()[0] for process in started]
    return [(process.returncode, text) for process, text in zip(started, told, strict=True)]


@pytest.mark.parametrize(
    "deliveries", [("months", "months"), pytest.param(("months", "corrected"), marks=pytest.mark.slow)]
)
def test_of_two_ingestions_at_once_one_waits_its_turn_and_rows_come_once(
    start: tuple[Path, list[Words]], tmp_path: Path, deliveries: tuple[str, str]
) -> None:
    folder = copied(start[0], tmp_path / "workspace")
    answers = at_once(folder, *deliveries)
    assert 0 in [code for code, _ in answers]
    for code, text in answers:
        is_told = "Another run holds the workspace" in text if code else "rows_in" in text or "taken in before" in text
        assert is_told, text
    for name in {*deliveries} - {"months"}:
        assert at_once(folder, name)[0][0] == 0, "who was told to wait comes in the next time"
    book = store.read_small(read_workspace(folder), DELIVERY).to_pylist()
    assert (120, 100, 20) in {(row["rows_in"], row["rows_bronze"], row["rows_quarantined"]) for row in book}
    months = store.read_small(read_workspace(folder), AIR_OD_MONTH).select(["period", "carrier"])
    assert months.num_rows == months.group_by(["period", "carrier"]).aggregate([]).num_rows == 100
