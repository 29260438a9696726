from pathlib import Path

import pytest

from sandbox.airlock.people import Role, demo_people, enrol, make_office_key, read_people, signer
from sandbox.errors import CallError, PermissionRefusedError
from sandbox.settings import Workspace


def test_a_person_is_proved_by_the_key_that_was_enrolled(workspace: Workspace, tmp_path: Path) -> None:
    enrol(workspace, "Ana", (Role.CHECKER,), tmp_path / "ana.key")
    assert signer(workspace, "Ana", tmp_path / "ana.key", Role.CHECKER).person.name == "Ana"


def test_another_key_proves_nothing(workspace: Workspace, tmp_path: Path) -> None:
    enrol(workspace, "Ana", (Role.CHECKER,), tmp_path / "ana.key")
    enrol(workspace, "Ben", (Role.CHECKER,), tmp_path / "ben.key")
    with pytest.raises(PermissionRefusedError, match="does not belong"):
        signer(workspace, "Ana", tmp_path / "ben.key", Role.CHECKER)


def test_a_role_that_is_not_held_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    enrol(workspace, "Ana", (Role.ANALYST,), tmp_path / "ana.key")
    with pytest.raises(PermissionRefusedError, match="not checker"):
        signer(workspace, "Ana", tmp_path / "ana.key", Role.CHECKER)


def test_a_private_key_may_not_lie_in_the_workspace(workspace: Workspace) -> None:
    with pytest.raises(PermissionRefusedError, match="lies in the workspace"):
        enrol(workspace, "Ana", (Role.ANALYST,), workspace.root / "ana.key")


def test_nobody_is_analyst_and_key_custodian(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(CallError, match="both analyst and key_custodian"):
        enrol(workspace, "Ana", (Role.ANALYST, Role.KEY_CUSTODIAN), tmp_path / "ana.key")


def test_two_people_cannot_share_a_key(workspace: Workspace, tmp_path: Path) -> None:
    enrol(workspace, "Ana", (Role.ANALYST,), tmp_path / "one.key")
    with pytest.raises(CallError, match="shares"):
        enrol(workspace, "Ben", (Role.CHECKER,), tmp_path / "one.key")


def test_a_private_key_is_readable_by_its_owner_alone(workspace: Workspace, tmp_path: Path) -> None:
    enrol(workspace, "Ana", (Role.ANALYST,), tmp_path / "ana.key")
    assert (tmp_path / "ana.key").stat().st_mode & 0o777 == 0o600


def test_people_toml_holds_no_private_key(workspace: Workspace, tmp_path: Path) -> None:
    files = demo_people(workspace, tmp_path / "keys")
    assert set(read_people(workspace)) == {"author", "checker_one", "checker_two", "releaser"}
    assert "PRIVATE" not in workspace.people_file.read_text("utf-8")
    assert set(files) == {"author", "checker_one", "checker_two", "releaser", "office"}


def test_the_demo_has_the_same_keys_from_the_same_secret(workspace: Workspace, tmp_path: Path) -> None:
    first = demo_people(workspace, tmp_path / "keys", secret="seed 1")
    kept = {name: file.read_bytes() for name, file in first.items()}
    workspace.people_file.unlink()
    workspace.trusted_key_file.unlink()
    second = demo_people(workspace, tmp_path / "again", secret="seed 1")
    assert {name: file.read_bytes() for name, file in second.items()} == kept


def test_the_office_keeps_its_key(workspace: Workspace, tmp_path: Path) -> None:
    make_office_key(workspace, tmp_path / "office.key")
    with pytest.raises(CallError, match="another key"):
        make_office_key(workspace, tmp_path / "second.key")
