"""A rotation that was stopped ends as it would have, when it is typed again; until then nothing else may run."""

from typing import Any

import numpy as np
import pytest

from sandbox.errors import EnvironmentFaultError
from sandbox.feeds import keys, rotation
from sandbox.feeds.bridge import beside
from sandbox.feeds.keys import KeyFile
from sandbox.feeds.rotation import Rotation, rotate
from sandbox.lakehouse import store
from sandbox.pipeline import held
from sandbox.settings import Workspace
from tests.feeds.conftest import Send
from tests.feeds.rotating import (
    ANN,
    FEED,
    an_office,
    is_rotated,
    key_of,
    key_of_epoch,
    silent,
    stopped,
)


@pytest.fixture
def office(partner: Workspace, send: Send) -> Workspace:
    return an_office(partner, send)


STEPS = [
    (KeyFile, "begin", 1),
    (rotation, "told_by_workers", 1),
    (rotation, "told_by_workers", 2),
    (rotation.Bridge, "build", 1),
    (Rotation, "save", 1),
    *((rotation, "told_by_workers", number) for number in (3, 4, 5)),
    *((store, "commit_files", number) for number in (1, 2, 3)),
    *((rotation, "forget_versions", number) for number in (1, 2, 3)),
    (Rotation, "save", 2),
    (rotation, "check_gone", 1),
    (KeyFile, "destroy", 1),
    (keys, "_write_keys", 2),
    (keys, "_overwrite", 2),
    (rotation.Bridge, "destroy", 2),
]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("owner", "name", "call"), STEPS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_stopped_at_any_step_and_typed_again_it_ends_the_same(
    office: Workspace, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int, after: bool
) -> None:
    ann = key_of(office, ANN)
    with stopped(monkeypatch, owner, name, call, after):
        rotate(office, False, silent)
    rotate(office, False, silent)
    assert is_rotated(office, ann)


def test_stopped_with_the_bridge_deleted_by_hand_it_is_made_again(
    office: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = key_of(office, ANN)
    with stopped(monkeypatch, store, "commit_files", 2, after=True):
        rotate(office, False, silent)
    beside(office.key_file).destroy()
    assert rotate(office, False, silent).persons == {FEED: (3, 3)}
    assert is_rotated(office, ann)


def test_between_two_keys_nothing_else_may_run(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with stopped(monkeypatch, store, "commit_files", 1, after=True):
        rotate(office, False, silent)
    with pytest.raises(EnvironmentFaultError, match="stopped half-way"), held(office):
        pass
    with held(office, to_rotate=True):
        rotate(office, False, silent)
    with held(office):
        pass


def test_the_bridge_is_for_its_owner_only(office: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with stopped(monkeypatch, Rotation, "save", 1, after=False):
        rotate(office, False, silent)
    bridge = beside(office.key_file)
    assert bridge.folder.stat().st_mode & 0o777 == 0o700
    assert not bridge.folder.is_relative_to(office.root)
    old = key_of_epoch(office, ANN, "1")
    assert bridge.of(np.array([old, 5])).tolist() == [key_of_epoch(office, ANN, "2"), 5]
