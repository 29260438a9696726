"""Whatever a partner sends: no crash, no row lost or made, and nobody shown in anything that is kept or told."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds import contract as contracts
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.delivery import Delivery, pack
from sandbox.feeds.ingest import FileTask, checked_rows
from sandbox.feeds.keys import create_key
from sandbox.feeds.notes import FileNote
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.books import DELIVERY
from sandbox.settings import Workspace, read_workspace
from tests.conftest import new_workspace
from tests.feeds.conftest import active_contract, movement
from tests.journeys.killing import run
from tests.properties.hostile import INSIDE, Hostile, hostile_files, write

ANY = settings(deadline=None, suppress_health_check=list(HealthCheck))
EVENT_LOG = '\n[spark.conf]\n"spark.eventLog.enabled" = "true"\n"spark.eventLog.dir" = "{}"\n'


def through(hostile: Hostile, folder: Path) -> tuple[FileNote, list[pa.RecordBatch]]:
    """Take a hostile file through the row path."""
    path, note = write(hostile, folder, "sent"), FileNote("d", "sent")
    task = FileTask(
        str(path), path.name, hostile.file_format, hostile.feed.name, "partner", "d", "p", "1", "Pacific/Pitcairn",
        "utf-8", "", 4, date(2024, 2, 1),
    )  # fmt: skip
    return note, [batch for _, batch in checked_rows(task, note)]


def values_of(rows: list[dict[str, Any]]) -> Iterator[str]:
    """Yield every value as text, and those inside a row of quarantine, which is JSON."""
    for row in rows:
        for name, value in row.items():
            yield from map(str, json.loads(value).values() if name == "row" else (value,))


def named(people: Iterable[str], texts: Iterable[str]) -> list[str]:
    """Return the texts in which anyone of the people is named."""
    return [text for text in texts if any(person in text for person in people)]


def check(hostile: Hostile, folder: Path) -> None:
    note, batches = through(hostile, folder)
    rows_out = sum(batch.num_rows for batch in batches)
    if not note.refused:
        assert note.rows == rows_out
        assert hostile.rows in (None, rows_out)
    texts = [text for batch in batches for text in values_of(batch.to_pylist())]
    assert named(hostile.persons, [*texts, note.as_json()]) == []


@settings(ANY, max_examples=200)
@given(hostile=hostile_files())
def test_any_file_is_accounted_for_and_shows_nobody(tmp_path: Path, hostile: Hostile) -> None:
    check(hostile, tmp_path)


@pytest.mark.slow
@settings(ANY, max_examples=2_000)
@given(hostile=hostile_files())
def test_two_thousand_files_are_accounted_for_and_show_nobody(tmp_path: Path, hostile: Hostile) -> None:
    check(hostile, tmp_path)


@pytest.mark.parametrize("around", INSIDE)
@pytest.mark.parametrize("direction", ["A", "X"])
def test_an_identifier_inside_other_text_is_shown_to_nobody(tmp_path: Path, around: str, direction: str) -> None:
    shown = movement(movement_id="m1", port=around.format("TRAVELLER-0002"), direction=direction)
    own = movement(movement_id="m2", port=around.format("TRAVELLER-0002"), traveller_id="TRAVELLER-0002")
    lines = "\n".join(json.dumps(row) for row in (shown, own)) + "\n"
    hostile = Hostile(ALL_FEEDS["border_movement"], "jsonl", lines.encode(), 2, frozenset({"TRAVELLER-0002"}))
    check(hostile, tmp_path)


def some_files(number: int, folder: Path) -> list[Hostile]:
    """Return hostile files of many feeds and formats, the same every time; some rows are good and some are not."""
    kinds: dict[tuple[str, str], list[Hostile]] = {}

    @settings(ANY, max_examples=400, derandomize=True, database=None, phases=[Phase.generate])
    @given(hostile=hostile_files())
    def draw(hostile: Hostile) -> None:
        note, _ = through(hostile, folder)
        if 0 < note.bad < note.rows and not note.refused:
            kinds.setdefault((hostile.feed.name, hostile.file_format), []).append(hostile)

    draw()
    taking_turns = chain.from_iterable(zip_longest(*kinds.values()))
    return list(islice(filter(None, taking_turns), number))


def delivered(workspace: Workspace, hostile: Hostile, number: int) -> Delivery | None:
    """Pack a hostile file as a delivery of a partner of its own; None where no reader can count its rows."""
    partner, feed = f"partner_{number}", hostile.feed.name
    contract = workspace.contracts / f"{partner}.{feed}.odcs.yaml"
    contract.write_text(active_contract(feed, partner), "utf-8")
    file = write(hostile, workspace.root.parent, f"file_{number}")
    at, period = datetime(2024, 2, 1, tzinfo=UTC), (date(2024, 1, 1), date(2024, 1, 31))
    try:
        return pack(
            workspace.root / "sent" / partner, [(file, hostile.file_format)], contracts.read(contract), period, at
        )
    except DeliveryRefusedError:
        return None


def left_by(workspace: Workspace) -> Iterator[tuple[str, str]]:
    """Yield all that ingestion leaves outside landing, after its delivery: values of rows, other files as they are."""
    for file in workspace.root.rglob("*"):
        kept = file.relative_to(workspace.root).parts[0] not in ("landing", "sent", "contracts")
        if file.is_file() and kept:
            delivery = next((part[12:] for part in file.parts if part.startswith("delivery_id=")), "")
            is_rows = file.suffix == ".parquet"
            rows = pq.read_table(file, partitioning=None).to_pylist() if is_rows else []
            texts = values_of(rows) if is_rows else (file.read_bytes().decode("utf-8", "replace"),)
            yield from ((delivery, text) for text in texts)


@pytest.mark.slow
def test_twenty_deliveries_through_spark_lose_nothing_and_show_nobody(tmp_path: Path) -> None:
    workspace = new_workspace(tmp_path / "workspace")
    settings_file, events = workspace.root / "sandbox.toml", workspace.root / "events"
    events.mkdir()
    text = 'key_file = "../pseudonym.key"\n' + settings_file.read_text("utf-8") + EVENT_LOG.format(events)
    settings_file.write_text(text, "utf-8")
    workspace = read_workspace(workspace.root)
    create_key(workspace.key_file)
    workspace.contracts.mkdir()
    files = some_files(20, tmp_path)
    sent = [(hostile, delivered(workspace, hostile, number)) for number, hostile in enumerate(files)]
    arrived = [(hostile, delivery) for hostile, delivery in sent if delivery is not None]
    assert len(arrived) == 20
    commands = [("feed", "ingest", str(delivery.folder)) for _, delivery in arrived]
    assert run(workspace.root, commands, spark=True) == 0

    book = {row["delivery_id"]: row for row in store.read_small(workspace, DELIVERY).to_pylist()}
    for hostile, delivery in arrived:
        row = book[delivery.id]
        places = [row[f"rows_{place}"] for place in ("bronze", "quarantined", "duplicate")]
        print(f"{hostile.feed.name} {hostile.file_format}: {row['rows_in']} rows = {places}")
        assert row["rows_in"] == sum(places)
        assert row["rows_in"] == hostile.rows
    left, people = list(left_by(workspace)), {delivery.id: hostile.persons for hostile, delivery in arrived}
    people[""] = frozenset().union(*people.values())
    assert any("SparkListener" in text for _, text in left), "the event log is among what is looked through"
    assert [text for delivery, text in left if named(people[delivery], [text])] == []
