"""`feed check`: the row path on a laptop. Nothing is written; keys are thrown away."""

from collections import deque
from datetime import date
from pathlib import Path

from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.feeds import contract as contracts
from sandbox.feeds.ingest import FileNote, FileTask, checked_rows
from sandbox.feeds.pseudonym import FIRST_EPOCH

SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def format_of(file: Path) -> str:
    """Return the reader that a file's name stands for; `CallError` where it stands for none."""
    plain = file.with_suffix("") if file.suffix in {".gz", ".zst"} else file
    if plain.suffix not in SUFFIXES:
        raise CallError(f"{file.name} has no ending that tells its format.", "Name the reader with --format.")
    return SUFFIXES[plain.suffix]


def checked_file(file: Path, file_format: str, contract: Path, delivered_on: date | None = None) -> FileNote:
    """Take a file through the row path and return what is told of it; `DeliveryRefusedError` if it is refused whole."""
    agreed = contracts.read(contract)
    if not file.is_file():
        raise CallError(f"There is no file {file.name}.", "Check the path.")
    task = FileTask(
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
    )
    note = FileNote("", file.name)
    # All rows pass, one batch in memory at a time; only what is told of them is kept.
    deque(checked_rows(task, note), maxlen=0)
    if note.refused:
        raise DeliveryRefusedError(note.refused, "Mend the file; nothing of it would be taken in.")
    if not note.rows:
        raise DeliveryRefusedError(f"{file.name} has no rows.", "Send nothing rather than an empty file.")
    return note
