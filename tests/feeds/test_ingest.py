"""The path of a row: what is good, what is coarse enough, and how files are shared among workers."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import h3.api.basic_int as h3
import pyarrow as pa

from sandbox.feeds.ingest import FileTask, checked_rows, coarsened
from sandbox.feeds.notes import FileNote
from sandbox.feeds.workers import bundled
from tests.feeds.conftest import movement, write_csv


def task(path: Path, buckets: int = 4) -> FileTask:
    return FileTask(
        str(path), path.name, "csv", "border_movement", "border_agency", "d", "p", "1", "UTC", "utf-8", "", buckets,
        date(2024, 2, 1),
    )  # fmt: skip


def test_a_good_row_has_the_persons_key_and_bucket_and_no_identifier(tmp_path: Path) -> None:
    note = FileNote("d", "a.csv")
    movements = [movement(movement_id=f"m{i}", traveller_id=f"TRAVELLER-{i // 2}") for i in range(20)]
    ((kind, batch),) = checked_rows(task(write_csv(tmp_path / "a.csv", movements)), note)
    rows = batch.to_pylist()
    assert kind == "good"
    assert "traveller_id" not in rows[0]
    assert rows[0]["person_key"] == rows[1]["person_key"] != rows[2]["person_key"]
    assert [row["bucket"] for row in rows] == [row["person_key"] % 4 for row in rows]
    assert (note.rows, note.bad, note.persons_counted, len(note.days)) == (20, 0, 10, 1)


def test_a_note_survives_its_way_as_text(tmp_path: Path) -> None:
    note = FileNote("d", "a.csv")
    list(checked_rows(task(write_csv(tmp_path / "a.csv", [movement(direction="X"), movement()])), note))
    assert FileNote.from_json(note.as_json()) == note


def test_posts_are_no_finer_than_resolution_5() -> None:
    fine, coarse = h3.latlng_to_cell(-28.0, -127.0, 9), h3.latlng_to_cell(-28.0, -127.0, 4)
    cells = coarsened(pa.array([fine, coarse, None], pa.int64())).to_pylist()
    assert cells == [h3.cell_to_parent(fine, 5), coarse, None]


def test_every_file_is_in_one_bundle(tmp_path: Path) -> None:
    sizes = [5_000, 10, 10, 4_900, 10]
    tasks = [replace(task(tmp_path / f"{number}.csv"), size=size) for number, size in enumerate(sizes)]
    names = sorted(sorted(Path(each.path).name for each in bundle) for bundle in bundled(tasks, 2))
    assert names == [["0.csv"], ["1.csv", "2.csv", "3.csv", "4.csv"]]
