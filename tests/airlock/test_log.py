import pytest

from sandbox.airlock import log
from sandbox.errors import CheckFailedError
from sandbox.settings import Workspace


@pytest.fixture
def lines(workspace: Workspace) -> list[str]:
    for number in range(1, 5):
        log.append(workspace, f"2025-12-0{number}T00:00:00Z", "Ana", "request", "r1", "a" * 64)
    return log.log_file(workspace).read_text("utf-8").splitlines()


def rewrite(workspace: Workspace, lines: list[str]) -> None:
    log.log_file(workspace).write_text("\n".join(lines) + "\n", "utf-8")


def test_an_untouched_log_holds(workspace: Workspace, lines: list[str]) -> None:
    assert [line.number for line in log.verified(workspace)] == [1, 2, 3, 4]


def test_an_edited_line_is_named(workspace: Workspace, lines: list[str]) -> None:
    rewrite(workspace, [lines[0], lines[1].replace("Ana", "Eve"), *lines[2:]])
    with pytest.raises(CheckFailedError, match="line 2"):
        log.verified(workspace)


def test_a_line_taken_out_is_found_where_it_lacks(workspace: Workspace, lines: list[str]) -> None:
    rewrite(workspace, [lines[0], *lines[2:]])
    with pytest.raises(CheckFailedError, match="line 2"):
        log.verified(workspace)


def test_two_lines_that_changed_places_are_found(workspace: Workspace, lines: list[str]) -> None:
    rewrite(workspace, [lines[0], lines[2], lines[1], lines[3]])
    with pytest.raises(CheckFailedError, match="line 2"):
        log.verified(workspace)


def test_a_line_that_is_no_json_is_named(workspace: Workspace, lines: list[str]) -> None:
    rewrite(workspace, [*lines[:3], "scribble"])
    with pytest.raises(CheckFailedError, match="line 4"):
        log.verified(workspace)


def test_nothing_is_appended_to_a_broken_chain(workspace: Workspace, lines: list[str]) -> None:
    rewrite(workspace, lines[1:])
    with pytest.raises(CheckFailedError, match="line 1"):
        log.append(workspace, "2025-12-09T00:00:00Z", "Ana", "approve", "r1", "a" * 64)
