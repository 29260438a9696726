"""A workspace of three persons whose key is rotated, and what is looked at afterwards."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable

from sandbox.feeds import stage
from sandbox.feeds.delivery import Delivery, land
from sandbox.feeds.erasure import person_keys
from sandbox.feeds.keys import KeyFile
from sandbox.feeds.pseudonym import Pseudonyms, Scope
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.persons import HOME
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import Send, movement

PARTNER, FEED = "border_agency", "border_movement"
ANN, BOB, CAT = "TRAVELLER-0001", "TRAVELLER-0002", "TRAVELLER-0003"
ROWS = [
    movement(movement_id="a1"),
    movement(movement_id="a2", direction="D"),
    movement(movement_id="a2", direction="A"),
    movement(movement_id="b1", traveller_id=BOB),
    movement(movement_id="b2", traveller_id=BOB, direction="arr", nationality='"person_key":"1"'),
    movement(movement_id="c1", traveller_id=CAT, direction="arr"),
    movement(movement_id="n1", traveller_id="", direction="arr"),
]


def silent(_text: str) -> None:
    """Say nothing."""


def run_of(workspace: Workspace) -> StageRun:
    return StageRun(workspace, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1)


def taken_in(workspace: Workspace, delivery: Delivery) -> None:
    land(delivery, workspace.zone(Zone.LANDING))
    stage.ingest(run_of(workspace))


def key_of(workspace: Workspace, identifier: str) -> int:
    """Return the person's key in the one epoch that there is."""
    (key,) = person_keys(workspace, PARTNER, FEED, [identifier])
    return key


def bronze(workspace: Workspace) -> dict[str, int]:
    rows = DeltaTable(str(BORDER_MOVEMENT.path(workspace))).to_pyarrow_table()
    assert len(rows) == len(set(rows["movement_id"].to_pylist())), "no row is there twice"
    assert rows["bucket"].to_pylist() == [key % workspace.settings.buckets for key in rows["person_key"].to_pylist()]
    return dict(zip(rows["movement_id"].to_pylist(), rows["person_key"].to_pylist(), strict=True))


def quarantined(workspace: Workspace) -> dict[str, str | None]:
    rows = [json.loads(text) for text in store.read_small(workspace, QUARANTINE)["row"].to_pylist()]
    return {row["movement_id"]: row["person_key"] for row in rows}


def homes(workspace: Workspace) -> list[tuple[int, int]]:
    return [(row["person_key"], row["bucket"]) for row in store.read_small(workspace, HOME).to_pylist()]


def an_office(partner: Workspace, send: Send) -> Workspace:
    """Return a workspace with rows of Ann and Bob in bronze, of all three and nobody in quarantine, two homes."""
    taken_in(partner, send("one", ROWS))
    rows = [
        {"feed": FEED, "person_key": key, "month": date(2024, 1, 1), "bucket": key % partner.settings.buckets}
        for key in (key_of(partner, ANN), key_of(partner, BOB))
    ]
    run_of(partner).write_small(pa.Table.from_pylist(rows, HOME.stored), HOME, feed=FEED)
    return partner


def is_rotated(workspace: Workspace, ann: int) -> bool:
    """Tell whether every row has the new key of its person, whose old one `ann` is one of, and all else is gone."""
    new = {who: key_of(workspace, who) for who in (ANN, BOB, CAT)}
    assert KeyFile(workspace.key_file).epochs == ["2"]
    assert bronze(workspace) == {"a1": new[ANN], "a2": new[ANN], "b1": new[BOB]}
    assert quarantined(workspace) == {"a2": str(new[ANN]), "b2": str(new[BOB]), "c1": str(new[CAT]), "n1": None}
    assert sorted(homes(workspace)) == sorted((new[who], new[who] % 2) for who in (ANN, BOB))
    assert [file.name for file in workspace.key_file.parent.iterdir()] == [workspace.key_file.name]
    assert not workspace.rotation_file.exists()
    return new[ANN] != ann


def key_of_epoch(workspace: Workspace, identifier: str, epoch: str) -> int:
    scope = Scope(PARTNER, FEED, epoch, workspace.settings.purpose)
    (key,) = Pseudonyms(KeyFile(workspace.key_file), scope).of(pa.array([identifier])).to_pylist()
    return int(key)


@contextmanager
def stopped(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, call: int, after: bool) -> Iterator[None]:
    """Stop before or after the n-th call of a function, as Ctrl-C would."""
    original, calls = getattr(owner, name), 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and not after:
            raise KeyboardInterrupt
        result = original(*arguments, **named)
        if calls == call:
            raise KeyboardInterrupt
        return result

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, counted)
        with pytest.raises(KeyboardInterrupt):
            yield
