"""The way of one edition through the commands that people type."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from sandbox.airlock.people import demo_people
from sandbox.cli import airlock, log
from sandbox.concepts import seal
from sandbox.errors import CheckFailedError, PermissionRefusedError, SandboxError
from sandbox.settings import Workspace, Zone

PASSED = (("hashes", "passed"),)


def typed(app: object, *words: str | Path) -> Result:
    result = CliRunner().invoke(app, [str(word) for word in words])  # type: ignore[arg-type]
    if isinstance(result.exception, SandboxError):
        raise result.exception
    return result


@pytest.fixture
def folder(workspace: Workspace) -> str:
    return str(workspace.root)


def test_an_edition_that_fails_its_checks_cannot_be_requested(
    edition: Path, keys: dict[str, Path], folder: str
) -> None:
    with pytest.raises(CheckFailedError, match="label"):
        typed(airlock.app, "request", edition.name, "--as", "author", "--key", keys["author"], "--workspace", folder)


def test_a_checker_cannot_release(edition: Path, keys: dict[str, Path], folder: str) -> None:
    words = ("release", edition.name, "--as", "checker_one", "--key", keys["checker_one"])
    with pytest.raises(PermissionRefusedError, match="not releaser"):
        typed(airlock.app, *words, "--office-key", keys["office"], "--workspace", folder)


def test_a_person_can_be_enrolled_and_an_office_key_made(workspace: Workspace, folder: str, tmp_path: Path) -> None:
    key = tmp_path / "keys" / "zoe.key"
    said = typed(airlock.app, "enrol", "Zoe", "--role", "checker", "--key", key, "--workspace", folder)
    assert "roles: checker" in said.output
    typed(airlock.app, "office-key", "--key", tmp_path / "keys" / "office.key", "--workspace", folder)
    assert seal.read_public(workspace.trusted_key_file.read_text(), "office.pub")


def test_show_says_what_waits_for_whom(workspace: Workspace, edition: Path, tmp_path: Path, folder: str) -> None:
    from sandbox.airlock import door
    from sandbox.airlock.people import Role, signer

    keys = demo_people(workspace, tmp_path / "keys")
    author = signer(workspace, "author", keys["author"], Role.ANALYST)
    door.open_request(workspace, edition.name, PASSED, author, "2025-12-20")
    assert "two checkers" in typed(airlock.app, "show", "--workspace", folder).output
    words = ("approve", edition.name, "--as", "checker_one", "--key", keys["checker_one"], "--workspace", folder)
    assert "state: approved_once" in typed(airlock.app, *words, "--at", "2025-12-20T12:00:00Z").output
    assert "chain: holds" in typed(log.app, "verify", "--workspace", folder).output


def test_a_broken_log_is_named(workspace: Workspace, folder: str) -> None:
    from sandbox.airlock import log as chain

    chain.append(workspace, "2025-12-20", "Ana", "request", "r1", "")
    file = chain.log_file(workspace)
    file.write_text(file.read_text().replace("Ana", "Eve"))
    with pytest.raises(CheckFailedError, match="line 1"):
        typed(log.app, "verify", "--workspace", folder)
    assert not workspace.zone(Zone.PUBLISHED).exists()
