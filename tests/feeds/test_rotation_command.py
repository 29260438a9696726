"""`sandbox key rotate`: who may, what is said, and what the log keeps of it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sandbox.airlock import log
from sandbox.airlock.people import Role, enrol
from sandbox.cli import key
from sandbox.errors import CheckFailedError, PermissionRefusedError, SandboxError
from sandbox.feeds import stage
from sandbox.feeds.delivery import land
from sandbox.feeds.forgetting import destroy_landing
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, movement
from tests.feeds.rotating import FEED, PARTNER, run_of


def rotate(workspace: Workspace, who: str, private: Path, *words: str) -> str:
    typed = ["rotate", "--as", who, "--key", str(private), "--workspace", str(workspace.root), "--quiet", *words]
    result = CliRunner().invoke(key.app, typed)
    if isinstance(result.exception, SandboxError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def custodian(partner: Workspace, send: Send, tmp_path: Path) -> Path:
    """The private key of Kim, the custodian of a workspace that holds one person."""
    land(send("one", [movement()]), partner.zone(Zone.LANDING))
    stage.ingest(run_of(partner))
    enrol(partner, "Kim", (Role.KEY_CUSTODIAN,), tmp_path / "kim.key")
    enrol(partner, "Ann", (Role.ANALYST,), tmp_path / "ann.key")
    return tmp_path / "kim.key"


def test_the_custodian_is_told_what_was_done_and_the_log_keeps_it(partner: Workspace, custodian: Path) -> None:
    said = rotate(partner, "Kim", custodian)
    assert said.startswith("ended epoch: 1\ncurrent epoch: 2\npersons linked:\n  border_movement 1 of 1\n")
    assert "histories that end: none\nleft out in landing: none\nrows with new keys:\n  border_movement 1\n" in said
    assert said.endswith("found: 0\n")
    assert [(line.who, line.did, line.about) for line in log.verified(partner)] == [
        ("Kim", "asked for rotation of the key", ""),
        ("Kim", "rotated the key", "epoch 1 to 2"),
    ]


def test_histories_end_only_where_that_is_asked_for(partner: Workspace, custodian: Path) -> None:
    destroy_landing(partner, PARTNER, FEED)
    with pytest.raises(CheckFailedError, match="1 of 1 persons of border_movement"):
        rotate(partner, "Kim", custodian)
    assert "1 of 1 persons of border_movement have no" in rotate(partner, "Kim", custodian, "--end-histories")
    assert "their histories end in epoch 1" in log.verified(partner)[-1].about


def test_nobody_but_the_custodian_rotates_the_key(partner: Workspace, custodian: Path) -> None:
    with pytest.raises(PermissionRefusedError, match="not key_custodian"):
        rotate(partner, "Ann", custodian.with_name("ann.key"))
    with pytest.raises(PermissionRefusedError, match="does not belong to Kim"):
        rotate(partner, "Kim", custodian.with_name("ann.key"))


def test_its_help_shows_how_to_type_it() -> None:
    assert "sandbox key rotate --as" in " ".join(CliRunner().invoke(key.app, ["rotate", "--help"]).output.split())
