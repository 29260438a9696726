"""Killed (`kill -9`) before any of its acts that touch disk, and typed again, a rotation loses and doubles nobody."""

import signal
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from sandbox.airlock.people import Role, enrol
from sandbox.feeds import contract as contracts
from sandbox.feeds import stage
from sandbox.feeds.delivery import land
from sandbox.feeds.erasure import person_keys
from sandbox.feeds.keys import KeyFile, create_key
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.persons import HOME
from sandbox.settings import Workspace, Zone, read_workspace
from tests.conftest import new_workspace
from tests.feeds.conftest import active_contract, movement
from tests.journeys.killing import Words, run
from tests.journeys.test_kills import copied, packed

EVENLY = 40
FEED, PARTNER = "border_movement", "border_agency"
PEOPLE = [f"TRAVELLER-{number:04d}" for number in range(5)]
ROWS = [
    movement(movement_id=f"m{number}", traveller_id=who, direction="arr" if number == 4 else "A")
    for number, who in enumerate(PEOPLE)
]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Words]:
    """A workspace that holds five persons in bronze, quarantine and homes, and the command that rotates its key."""
    folder = tmp_path_factory.mktemp("kills")
    workspace = new_workspace(folder / "workspace")
    settings = workspace.root / "sandbox.toml"
    settings.write_text('key_file = "keys/pseudonym.key"\n' + settings.read_text("utf-8"), "utf-8")
    workspace = read_workspace(workspace.root)
    create_key(workspace.key_file)
    workspace.contracts.mkdir()
    file = workspace.contracts / f"{PARTNER}.{FEED}.odcs.yaml"
    file.write_text(active_contract(FEED, PARTNER), "utf-8")
    assert contracts.read(file).status == "active"
    enrol(workspace, "Kim", (Role.KEY_CUSTODIAN,), folder / "kim.key")
    land(packed(workspace, FEED, "one", ROWS, 1), workspace.zone(Zone.LANDING))
    month = StageRun(workspace, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1)
    stage.ingest(month)
    homes = [
        {"feed": FEED, "person_key": key, "month": month.month, "bucket": key % 2}
        for key in person_keys(workspace, PARTNER, FEED, PEOPLE)
    ]
    month.write_small(pa.Table.from_pylist(homes, HOME.stored), HOME, feed=FEED)
    return workspace.root, ("key", "rotate", "--as", "Kim", "--key", str(folder / "kim.key"), "--quiet")


def wrong_in(workspace: Workspace) -> list[str]:
    """Return what is not as a rotation leaves it."""
    keys = {who: person_keys(workspace, PARTNER, FEED, [who]) for who in PEOPLE}
    bronze, homes, held = (
        DeltaTable(str(table.path(workspace))).to_pyarrow_table() for table in (BORDER_MOVEMENT, HOME, QUARANTINE)
    )
    expected = {f"m{number}": keys[who] for number, who in enumerate(PEOPLE[:4])}
    found = {row["movement_id"]: [row["person_key"]] for row in bronze.to_pylist()}
    holds = {
        "one epoch": KeyFile(workspace.key_file).epochs == ["2"],
        "bronze": bronze.num_rows == 4 and found == expected,
        "homes": sorted([key] for key in homes["person_key"].to_pylist()) == sorted(keys.values()),
        "buckets": all(row["bucket"] == row["person_key"] % 2 for t in (bronze, homes) for row in t.to_pylist()),
        "quarantine": held.num_rows == 1 and f'"{keys[PEOPLE[4]][0]}"' in held["row"][0].as_py(),
        "keys alone": [file.name for file in workspace.key_file.parent.iterdir()] == [workspace.key_file.name],
        "free": not workspace.rotation_file.exists(),
    }
    return [name for name, held_true in holds.items() if not held_true]


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_anywhere_and_typed_again_a_rotation_loses_and_doubles_nobody(start: tuple[Path, Words]) -> None:
    root, command = start
    whole = copied(root, root.parent / "whole")
    assert run(whole, [command], told=root.parent / "acts") == 0
    assert wrong_in(read_workspace(whole)) == []
    acts = (root.parent / "acts").read_text("utf-8").splitlines()
    killed, wrong = 0, []
    for point in sorted(set(np.linspace(1, len(acts), EVENLY).astype(int).tolist())):
        folder = copied(root, root.parent / "killed")
        code = run(folder, [command], point)
        # The new keys are random, and so is into how many buckets rows go: a run may have some acts less.
        assert code in (0, -signal.SIGKILL), f"{point}: {acts[point - 1]}"
        killed += code != 0
        workspace = read_workspace(folder)
        if workspace.rotation_file.exists() or KeyFile(workspace.key_file).epochs != ["2"]:
            assert run(folder, [command]) == 0, f"after {point}: {acts[point - 1]}"
        wrong += [(point, acts[point - 1], name) for name in wrong_in(workspace)]
    print(f"killed at {killed} points of {len(acts)} acts")
    assert wrong == []
    assert killed >= 35


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_workers_of_spark_rotate_as_one_process_does(start: tuple[Path, Words]) -> None:
    root, command = start
    folder = copied(root, root.parent / "spark")
    assert run(folder, [command], spark=True) == 0
    assert wrong_in(read_workspace(folder)) == []
