import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.airlock import door, log
from sandbox.airlock.people import Signer
from sandbox.airlock.request import State
from sandbox.concepts import seal
from sandbox.errors import CallError, CheckFailedError, PermissionRefusedError
from sandbox.settings import Workspace, Zone

AsPerson = Callable[[str], Signer]
PASSED = (("hashes", "passed"),)
AT = "2025-12-20T10:00:00+00:00"


def approve_twice(workspace: Workspace, release_id: str, as_person: AsPerson) -> None:
    door.open_request(workspace, release_id, PASSED, as_person("author"), AT)
    door.approve(workspace, release_id, as_person("checker_one"), AT)
    door.approve(workspace, release_id, as_person("checker_two"), AT)


def test_an_approved_edition_goes_out_byte_for_byte_and_signed(
    workspace: Workspace, edition: Path, keys: dict[str, Path], as_person: AsPerson
) -> None:
    approve_twice(workspace, edition.name, as_person)
    out = door.release(workspace, edition.name, as_person("releaser"), keys["office"], AT)
    assert out == workspace.zone(Zone.PUBLISHED) / edition.name
    assert all((out / file.name).read_bytes() == file.read_bytes() for file in edition.iterdir())
    office = seal.read_public((out / "office.pub").read_text(), "office.pub")
    message = seal.release_message((out / "SHA256SUMS").read_bytes(), (out / "approvals.json").read_bytes())
    assert seal.is_signed(office, (out / "signature").read_text().strip(), message)
    assert json.loads((out / "approvals.json").read_text())["author"] == "author"


def test_every_act_is_a_line_in_the_log(
    workspace: Workspace, edition: Path, keys: dict[str, Path], as_person: AsPerson
) -> None:
    approve_twice(workspace, edition.name, as_person)
    door.release(workspace, edition.name, as_person("releaser"), keys["office"], AT)
    acts = [(line.who, line.did) for line in log.verified(workspace)]
    assert acts == [
        ("author", "request"),
        ("checker_one", "approve"),
        ("checker_two", "approve"),
        ("releaser", "release"),
    ]


def test_nothing_is_published_before_two_approvals(
    workspace: Workspace, edition: Path, keys: dict[str, Path], as_person: AsPerson
) -> None:
    door.open_request(workspace, edition.name, PASSED, as_person("author"), AT)
    with pytest.raises(PermissionRefusedError):
        door.release(workspace, edition.name, as_person("releaser"), keys["office"], AT)
    assert not workspace.zone(Zone.PUBLISHED).exists()


@pytest.mark.parametrize("changed", ["data.csv", "office.pub"])
def test_a_file_changed_after_the_request_stops_the_next_step(
    workspace: Workspace, edition: Path, as_person: AsPerson, changed: str
) -> None:
    door.open_request(workspace, edition.name, PASSED, as_person("author"), AT)
    (edition / changed).write_bytes(b"other")
    with pytest.raises(CheckFailedError, match=changed):
        door.approve(workspace, edition.name, as_person("checker_one"), AT)


def test_a_file_added_after_approval_stops_the_door(
    workspace: Workspace, edition: Path, keys: dict[str, Path], as_person: AsPerson
) -> None:
    approve_twice(workspace, edition.name, as_person)
    (edition / "persons.csv").write_bytes(b"smuggled")
    with pytest.raises(CheckFailedError, match=r"persons\.csv"):
        door.release(workspace, edition.name, as_person("releaser"), keys["office"], AT)


def test_a_link_in_place_of_a_file_stops_the_door(
    workspace: Workspace, edition: Path, tmp_path: Path, as_person: AsPerson
) -> None:
    (tmp_path / "elsewhere").write_bytes((edition / "data.csv").read_bytes())
    (edition / "data.csv").unlink()
    (edition / "data.csv").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CheckFailedError, match=r"data\.csv"):
        door.open_request(workspace, edition.name, PASSED, as_person("author"), AT)


def test_another_key_than_the_one_in_the_edition_does_not_sign(
    workspace: Workspace, edition: Path, keys: dict[str, Path], as_person: AsPerson
) -> None:
    approve_twice(workspace, edition.name, as_person)
    with pytest.raises(PermissionRefusedError, match="office's key"):
        door.release(workspace, edition.name, as_person("releaser"), keys["author"], AT)


def test_a_release_that_was_stopped_before_its_log_line_can_be_done_again(
    workspace: Workspace, edition: Path, keys: dict[str, Path], as_person: AsPerson
) -> None:
    approve_twice(workspace, edition.name, as_person)
    file = workspace.zone(Zone.AIRLOCK) / "requests" / f"{edition.name}.json"
    standing = file.read_bytes()
    out = door.release(workspace, edition.name, as_person("releaser"), keys["office"], AT)
    signature = (out / "signature").read_bytes()
    file.write_bytes(standing)
    door.release(workspace, edition.name, as_person("releaser"), keys["office"], "2025-12-21T00:00:00Z")
    assert (out / "signature").read_bytes() == signature
    assert door.read_request(workspace, edition.name).state is State.RELEASED


def test_an_edition_built_again_needs_a_new_request(workspace: Workspace, edition: Path, as_person: AsPerson) -> None:
    door.open_request(workspace, edition.name, PASSED, as_person("author"), AT)
    with pytest.raises(PermissionRefusedError, match="requested already"):
        door.open_request(workspace, edition.name, PASSED, as_person("author"), AT)
    files = {path.name: path.read_bytes() for path in edition.iterdir()} | {"data.csv": b"new\n"}
    for name, content in (files | {"SHA256SUMS": seal.sums_text(files)}).items():
        (edition / name).write_bytes(content)
    assert door.open_request(workspace, edition.name, PASSED, as_person("author"), AT).state is State.REQUESTED


@pytest.mark.parametrize("name", ["../gold", "a/b", ""])
def test_a_name_that_leads_elsewhere_is_no_edition(workspace: Workspace, name: str) -> None:
    with pytest.raises(CallError):
        door.edition_folder(workspace, name)


def test_a_refusal_stands_with_its_reason(workspace: Workspace, edition: Path, as_person: AsPerson) -> None:
    door.open_request(workspace, edition.name, PASSED, as_person("author"), AT)
    door.refuse(workspace, edition.name, as_person("checker_two"), "the story misleads", AT)
    refusal = door.read_request(workspace, edition.name).refusal
    assert refusal is not None
    assert refusal.reason == "the story misleads"
