from collections.abc import Callable
from dataclasses import replace

import pytest

from sandbox.airlock.people import Signer, read_people
from sandbox.airlock.request import (
    Request,
    State,
    approved,
    as_json,
    check_signatures,
    from_json,
    refused,
    released,
    requested,
    waits_for,
)
from sandbox.errors import CheckFailedError, PermissionRefusedError
from sandbox.settings import Workspace

AsPerson = Callable[[str], Signer]
PASSED = (("hashes", "passed"),)
AT = "2025-12-20T10:00:00+00:00"


@pytest.fixture
def opened(as_person: AsPerson) -> Request:
    return requested("r1", b"sums", PASSED, as_person("author"), AT)


@pytest.fixture
def approved_twice(opened: Request, as_person: AsPerson) -> Request:
    return approved(approved(opened, as_person("checker_one"), AT), as_person("checker_two"), AT)


def test_a_request_waits_for_two_checkers(opened: Request) -> None:
    assert opened.state is State.REQUESTED
    assert "two checkers" in waits_for(opened.state)


def test_a_request_whose_checks_said_no_is_not_opened(as_person: AsPerson) -> None:
    with pytest.raises(CheckFailedError, match="audit"):
        requested("r1", b"sums", (("audit", "a cell can be recovered"),), as_person("author"), AT)


def test_one_approval_is_not_enough_to_release(opened: Request, as_person: AsPerson) -> None:
    once = approved(opened, as_person("checker_one"), AT)
    assert once.state is State.APPROVED_ONCE
    with pytest.raises(PermissionRefusedError, match="approved_once"):
        released(once, as_person("releaser"), AT)


def test_two_approvals_make_a_request_approved(approved_twice: Request) -> None:
    assert approved_twice.state is State.APPROVED


def test_the_author_cannot_approve(opened: Request, as_person: AsPerson) -> None:
    with pytest.raises(PermissionRefusedError, match="made the request"):
        approved(opened, as_person("author"), AT)


def test_the_same_checker_cannot_approve_twice(opened: Request, as_person: AsPerson) -> None:
    once = approved(opened, as_person("checker_one"), AT)
    with pytest.raises(PermissionRefusedError, match="approved already"):
        approved(once, as_person("checker_one"), AT)


def test_the_author_cannot_approve_under_another_name_with_the_same_key(opened: Request, as_person: AsPerson) -> None:
    author = as_person("author")
    disguised = Signer(replace(author.person, name="checker_nine"), author.private_key)
    with pytest.raises(PermissionRefusedError, match="made the request"):
        approved(opened, disguised, AT)


def test_a_refused_request_cannot_be_approved(opened: Request, as_person: AsPerson) -> None:
    closed = refused(opened, as_person("checker_one"), "the map is wrong", AT)
    assert closed.state is State.REFUSED
    with pytest.raises(PermissionRefusedError, match="refused"):
        approved(closed, as_person("checker_two"), AT)


def test_an_approved_request_can_still_be_refused(approved_twice: Request, as_person: AsPerson) -> None:
    assert refused(approved_twice, as_person("checker_one"), "late doubt", AT).state is State.REFUSED


def test_a_released_request_is_closed(approved_twice: Request, as_person: AsPerson) -> None:
    out = released(approved_twice, as_person("releaser"), AT)
    assert out.state is State.RELEASED
    with pytest.raises(PermissionRefusedError, match="released"):
        released(out, as_person("releaser"), AT)
    with pytest.raises(PermissionRefusedError, match="released"):
        refused(out, as_person("checker_one"), "too late", AT)


def test_signatures_fit_the_request_that_was_signed(approved_twice: Request, workspace: Workspace) -> None:
    check_signatures(approved_twice, read_people(workspace))


def test_signatures_do_not_fit_another_request(approved_twice: Request, workspace: Workspace) -> None:
    other = replace(approved_twice, sums_sha256="0" * 64)
    with pytest.raises(PermissionRefusedError, match="does not fit"):
        check_signatures(other, read_people(workspace))


def test_an_approval_copied_under_the_second_name_is_found(approved_twice: Request, workspace: Workspace) -> None:
    first, second = approved_twice.approvals
    forged = replace(approved_twice, approvals=(first, replace(first, name=second.name)))
    with pytest.raises(PermissionRefusedError, match="does not fit"):
        check_signatures(forged, read_people(workspace))


def test_a_request_survives_being_written_and_read(approved_twice: Request) -> None:
    assert from_json(as_json(approved_twice)) == approved_twice


def test_a_request_edited_on_disk_is_not_read(opened: Request) -> None:
    with pytest.raises(CheckFailedError, match="changed"):
        from_json(as_json(opened).replace('"author": "author"', '"author": "nobody"'))
