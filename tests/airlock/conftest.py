"""An edition that waits in the airlock, and the people of an office with keys outside the workspace."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sandbox.airlock.people import Role, Signer, demo_people, signer
from sandbox.concepts import seal
from sandbox.settings import Workspace, Zone

RELEASE = "migration-2025-11-2025-12-r1"
ROLES = {
    "author": Role.ANALYST,
    "checker_one": Role.CHECKER,
    "checker_two": Role.CHECKER,
    "releaser": Role.RELEASER,
}


@pytest.fixture
def keys(workspace: Workspace, tmp_path: Path) -> dict[str, Path]:
    return demo_people(workspace, tmp_path / "keys")


@pytest.fixture
def as_person(workspace: Workspace, keys: dict[str, Path]) -> Callable[[str], Signer]:
    return lambda name: signer(workspace, name, keys[name], ROLES[name])


@pytest.fixture
def edition(workspace: Workspace, keys: dict[str, Path]) -> Path:
    folder = workspace.zone(Zone.AIRLOCK) / RELEASE
    folder.mkdir(parents=True)
    files = {"data.csv": b"figures\n", seal.OFFICE_KEY_FILE: workspace.trusted_key_file.read_bytes()}
    for name, content in (files | {seal.SUMS_FILE: seal.sums_text(files)}).items():
        (folder / name).write_bytes(content)
    return folder
