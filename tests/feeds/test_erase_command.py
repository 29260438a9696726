"""`sandbox erase` and `sandbox key new`: who may, how they end, and what the log keeps, whatever happens."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sandbox.airlock import log
from sandbox.airlock.people import Role, enrol
from sandbox.cli import erase, key
from sandbox.errors import CallError, CheckFailedError, PermissionRefusedError, SandboxError
from sandbox.feeds import stage
from sandbox.feeds.delivery import land
from sandbox.feeds.keepers import keeper
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, movement
from tests.feeds.rotating import FEED, PARTNER, run_of

GONE = "TRAVELLER-0001"
ROLES = {"Sam": Role.STEWARD, "Kim": Role.KEY_CUSTODIAN, "Ann": Role.ANALYST}


@pytest.fixture
def office(workspace: Workspace, tmp_path: Path) -> Workspace:
    """A workspace with people and no key yet."""
    for name, role in ROLES.items():
        enrol(workspace, name, (role,), tmp_path / f"{name}.key")
    return workspace


@pytest.fixture
def taken_in(partner: Workspace, office: Workspace, send: Send, tmp_path: Path) -> Workspace:
    """A workspace that holds one person, and a file that names them."""
    land(send("one", [movement()]), partner.zone(Zone.LANDING))
    stage.ingest(run_of(partner))
    (tmp_path / "ask.txt").write_text(f"{GONE}\n", "utf-8")
    return partner


def typed(workspace: Workspace, who: str, *words: str) -> str:
    app = key.app if words[0] == "new" else erase.app
    private = workspace.root.parent / f"{who}.key"
    proof = ["--as", who, "--key", str(private), "--workspace", str(workspace.root)]
    result = CliRunner().invoke(app, [*words, *proof])
    if isinstance(result.exception, SandboxError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def lines(workspace: Workspace) -> list[tuple[str, str, str]]:
    return [(line.who, line.did, line.about) for line in log.verified(workspace)]


def person(workspace: Workspace, who: str, name: str = "ask.txt", partner: str = PARTNER) -> str:
    file = str(workspace.root.parent / name)
    return typed(workspace, who, "person", file, "--partner", partner, "--feed", FEED, "--quiet")


def test_what_an_erasure_did_is_said_and_logged(taken_in: Workspace) -> None:
    said = person(taken_in, "Sam")
    assert "rows erased:\n  border_movement 1\n" in said
    assert "searched for: 1 identifiers and 1 person keys\n" in said
    assert "searched in:\n" in said
    assert said.endswith("found: 0\n")
    assert lines(taken_in) == [
        ("Sam", "asked to erase persons", f"1 of {PARTNER}.{FEED}"),
        ("Sam", "erased persons", f"1 of {PARTNER}.{FEED}: 1 rows"),
    ]


def test_an_erasure_that_ends_with_1_is_logged_too(taken_in: Workspace) -> None:
    (taken_in.root / "note.txt").write_text(GONE, "utf-8")
    with pytest.raises(CheckFailedError):
        person(taken_in, "Sam")
    assert [did for _, did, _ in lines(taken_in)] == ["asked to erase persons", "not done: erased persons"]
    assert "note.txt" in lines(taken_in)[-1][2]
    assert GONE not in log.log_file(taken_in).read_text("utf-8")


def test_a_wrong_name_of_a_partner_ends_with_2(taken_in: Workspace) -> None:
    with pytest.raises(CallError, match="no delivery of border_agancy"):
        person(taken_in, "Sam", partner="border_agancy")
    with pytest.raises(CallError, match="no delivery of nobody"):
        typed(taken_in, "Sam", "partner", "nobody", "--quiet")


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf\n", b"\xff\xfe\x00"])
def test_a_file_that_names_nobody_ends_with_2(taken_in: Workspace, content: bytes) -> None:
    (taken_in.root.parent / "none.txt").write_bytes(content)
    with pytest.raises(CallError, match=r"names nobody|no text"):
        person(taken_in, "Sam", "none.txt")


def test_an_identifier_is_read_without_the_mark_of_its_file(taken_in: Workspace) -> None:
    (taken_in.root.parent / "bom.txt").write_bytes(b"\xef\xbb\xbf" + GONE.encode() + b"\r\n\r\n")
    assert "border_movement 1" in person(taken_in, "Sam", "bom.txt")


def test_each_erasure_has_its_role(taken_in: Workspace) -> None:
    for who in ("Ann", "Kim"):
        with pytest.raises(PermissionRefusedError, match="not steward"):
            person(taken_in, who)
        with pytest.raises(PermissionRefusedError, match="not steward"):
            typed(taken_in, who, "partner", PARTNER, "--quiet")
    with pytest.raises(PermissionRefusedError, match="not key_custodian"):
        typed(taken_in, "Sam", "epoch", "1", "--quiet")
    with pytest.raises(PermissionRefusedError, match=r"not in people\.toml"):
        person(taken_in, "nobody")
    assert lines(taken_in) == []


def test_a_partner_and_an_epoch_are_erased_and_searched_for(taken_in: Workspace) -> None:
    assert "1 person keys in columns" in typed(taken_in, "Sam", "partner", PARTNER, "--quiet")
    said = typed(taken_in, "Kim", "epoch", "1", "--quiet")
    assert "searched for: the key of epoch 1 and those of 1 partners' feeds" in said
    assert [did for _, did, _ in lines(taken_in)] == [
        "asked to erase a partner",
        "erased partner",
        "asked to destroy a key epoch",
        "destroyed key epoch",
    ]


def test_an_office_makes_its_key_and_takes_a_delivery_in(office: Workspace, tmp_path: Path) -> None:
    with pytest.raises(PermissionRefusedError, match="not key_custodian"):
        typed(office, "Sam", "new", "--wrapping-key", str(tmp_path / "apart" / "w.key"))
    said = typed(office, "Kim", "new", "--wrapping-key", str(tmp_path / "apart" / "w.key"))
    assert said.startswith("current epoch: 1\n")
    assert keeper(office).epochs == ["1"]
    assert lines(office) == [("Kim", "asked for the key", "epoch 1"), ("Kim", "made the key", "epoch 1")]


@pytest.mark.parametrize(
    ("app", "verb"), [(erase.app, "person"), (erase.app, "partner"), (erase.app, "epoch"), (key.app, "new")]
)
def test_help_shows_how_to_type_it(app: object, verb: str) -> None:
    said = " ".join(CliRunner().invoke(app, [verb, "--help"]).output.split())  # type: ignore[arg-type]
    assert "Example: sandbox" in said
