"""`feed check`: the row path on a laptop. Nothing is written; keys are thrown away."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.feeds.contract import ALL_FEEDS, Contract
from sandbox.feeds.ingest import FileTask, checked_rows
from sandbox.feeds.notes import FileNote, of_whole_file
from sandbox.feeds.pseudonym import FIRST_EPOCH
from sandbox.feeds.row_hash import Words, row_hashes
from sandbox.feeds.shares import shares_of

SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True)
class Checked:
    """What is told of all files: their rows, what they break, and how many repeat the key of another."""

    note: FileNote
    repeated: int

    @property
    def told(self) -> dict[str, object]:
        """Return it as a person wants to read it."""
        note = self.note
        return {
            "rows": note.rows,
            "good": note.rows - note.bad,
            "bad": note.bad,
            "repeated_keys": self.repeated,
            "broken_rules": dict(sorted(note.rules.items())),
        }


def format_of(file: Path) -> str:
    """Return the reader that a file's name stands for; `CallError` where it stands for none."""
    plain = file.with_suffix("") if file.suffix in {".gz", ".zst"} else file
    if plain.suffix not in SUFFIXES:
        raise CallError(f"{file.name} has no ending that tells its format.", "Name the reader with --format.")
    return SUFFIXES[plain.suffix]


def check_files(files: Sequence[Path], file_format: str, agreed: Contract, delivered_on: date | None = None) -> Checked:
    """Take files through the row path, side by side, a batch of each in memory at a time; only counts are kept.

    `DeliveryRefusedError` where one is refused whole. The keys of rows, 8 bytes each, are kept to find repeated ones.
    """
    tasks = [
        task for file in files for task in shares_of(_task(file, file_format or format_of(file), agreed, delivered_on))
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(_checked, tasks))
    for note, _ in results:
        if note.refused:
            raise DeliveryRefusedError(note.refused, "Mend the file; nothing of it would be taken in.")
    for file in files:
        if not sum(note.rows for note, _ in results if note.file == file.name):
            raise DeliveryRefusedError(f"{file.name} has no rows.", "Send nothing rather than an empty file.")
    keys = np.sort(np.concatenate([keys for _, each in results for keys in each] or [np.zeros(0, np.uint64)]))
    return Checked(of_whole_file(note for note, _ in results), int((keys[1:] == keys[:-1]).sum()))


def _checked(task: FileTask) -> tuple[FileNote, list[Words]]:
    note, table = FileNote("", task.file), ALL_FEEDS[task.feed].bronze
    return note, [row_hashes(rows, table.key) for kind, rows in checked_rows(task, note) if kind == "good"]


def _task(file: Path, file_format: str, agreed: Contract, delivered_on: date | None) -> FileTask:
    if not file.is_file():
        raise CallError(f"There is no file {file.name}.", "Check the path.")
    return FileTask(
        path=str(file),
        file=file.name,
        file_format=file_format,
        feed=agreed.feed.name,
        partner=agreed.partner,
        delivery_id="",
        purpose=agreed.purpose,
        epoch=FIRST_EPOCH,
        time_zone=agreed.time_zone,
        encoding=agreed.stated["encoding"],
        delimiter=agreed.stated["delimiter"],
        buckets=1,
        delivered_on=delivered_on,
        record_sources=agreed.record_sources,
    )
