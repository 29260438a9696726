"""`feed check`: the row path on a laptop. Nothing is written; keys are thrown away."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.feeds.contract import ALL_FEEDS, Contract
from sandbox.feeds.ingest import FileTask, checked_rows
from sandbox.feeds.keys import FIRST_EPOCH
from sandbox.feeds.notes import FileNote, of_whole_file
from sandbox.feeds.passing import CheckTask
from sandbox.feeds.readers import FORMATS, ReadOptions
from sandbox.feeds.readers.form import Form, form_of
from sandbox.feeds.row_hash import Words, row_hashes
from sandbox.feeds.shares import shares_of

SUFFIXES = {".csv": "csv", ".parquet": "parquet", ".jsonl": "jsonl", ".ndjson": "jsonl"}
# Rows that are named by their numbers for each file and rule.
MOST_NUMBERS = 5
NAMES = pa.dictionary(pa.int32(), pa.string())
BROKEN = pa.schema([("file", NAMES), ("row_number", pa.int64()), ("broken_rules", NAMES)])
BETWEEN = "; "
# Only the office has what these need.
OFFICE_ONLY = "what the office alone can see: rows that came in an earlier delivery, volumes, gaps, drift"


@dataclass(frozen=True)
class Checked:
    """What is told of all files: how they are written down, their rows, what these break, how many repeat a key.

    `broken` has one row a row that breaks a rule (`BROKEN`), in order of files and rows; row 1 is the first after the
    header. No value of a row is told.
    """

    forms: tuple[Form, ...]
    note: FileNote
    repeated: int
    broken: pa.Table
    findings: tuple[str, ...]
    not_checked: tuple[str, ...]

    @property
    def told(self) -> dict[str, object]:
        """Return it for a partner's machine."""
        return self._counts | {
            "broken_rules": dict(sorted(self.note.rules.items())),
            "first_rows": {rule: self._first_rows(rule) for rule in sorted(self.note.rules)},
            "files": [form.told for form in self.forms],
            "findings": list(self.findings),
            "not_checked": list(self.not_checked),
        }

    @property
    def lines(self) -> dict[str, object]:
        """Return it as a person wants to read it."""
        rules = []
        for rule, rows in sorted(self.note.rules.items()):
            first = [f"{file} {', '.join(map(str, numbers))}" for file, numbers in self._first_rows(rule).items()]
            rules.append(f"{rule} {rows:,} (first rows: {'; '.join(first)})")
        told: dict[str, object] = {"files": [str(form) for form in self.forms], **self._counts, "broken_rules": rules}
        return told | {"findings": list(self.findings), "not_checked": list(self.not_checked)}

    @property
    def _counts(self) -> dict[str, object]:
        note = self.note
        return {"rows": note.rows, "good": note.rows - note.bad, "bad": note.bad, "repeated_keys": self.repeated}

    def _first_rows(self, rule: str) -> dict[str, list[int]]:
        """Return, by file, the numbers of the first rows that break a rule."""
        texts = self.broken["broken_rules"].combine_chunks()
        names = pa.array([rule in text.split(BETWEEN) for text in texts.dictionary.to_pylist()], pa.bool_())
        own = self.broken.filter(names.take(texts.indices))
        first = {
            form.file: own.filter(pc.equal(own["file"], form.file))["row_number"][:MOST_NUMBERS].to_pylist()
            for form in self.forms
        }
        return {file: numbers for file, numbers in first.items() if numbers}


def format_of(file: Path) -> str:
    """Return the reader that a file's name stands for; `CallError` where it stands for none."""
    plain = file.with_suffix("") if file.suffix in {".gz", ".zst"} else file
    if plain.suffix not in SUFFIXES:
        raise CallError(f"{file.name} has no ending that tells its format.", "Name the reader with --format.")
    return SUFFIXES[plain.suffix]


def check_files(files: Sequence[Path], file_format: str, agreed: Contract, delivered_on: date | None = None) -> Checked:
    """Take files through the row path, side by side, a batch of each in memory at a time; no row is kept.

    `DeliveryRefusedError` where one is refused whole. Kept are the keys of rows, 8 bytes each, to find repeated ones,
    and 16 bytes for each row that breaks a rule.
    """
    wholes = [_task(file, file_format or format_of(file), agreed, delivered_on) for file in files]
    forms = tuple(_form(task, agreed) for task in wholes)
    # What was told of the encoding is not told twice: that would read the file twice.
    tasks = [
        task
        for whole, form in zip(wholes, forms, strict=True)
        for task in shares_of(replace(whole, encoding=form.encoding or whole.encoding))
    ]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(_checked, tasks))
    _check_whole(files, [result.note for result in results])
    keys = np.sort(np.concatenate([keys for result in results for keys in result.keys] or [np.zeros(0, np.uint64)]))
    return Checked(
        forms,
        of_whole_file(result.note for result in results),
        int((keys[1:] == keys[:-1]).sum()),
        pa.concat_tables([BROKEN.empty_table(), *(result.broken for result in results)]).unify_dictionaries(),
        _findings(forms, agreed),
        _not_checked(delivered_on),
    )


@dataclass(frozen=True)
class _Result:
    """What came of one file, or of some of its row groups."""

    note: FileNote
    keys: list[Words]
    broken: pa.Table


def _checked(task: FileTask) -> _Result:
    note, key = FileNote("", task.file), ALL_FEEDS[task.feed].bronze.key
    keys: list[Words] = []
    broken = [BROKEN.empty_table()]
    for kind, rows in checked_rows(task, note):
        if kind == "good":
            keys.append(row_hashes(rows, key))
        else:
            broken.append(_told(rows))
    # A line that could not be split comes after the others.
    return _Result(note, keys, pa.concat_tables(broken).unify_dictionaries().sort_by("row_number"))


def _told(bad: pa.RecordBatch) -> pa.Table:
    """Return file, number and rules of rows on their way to quarantine."""
    rules = pc.binary_join(bad["broken_rules"], BETWEEN).dictionary_encode()
    return pa.table([bad["file"].dictionary_encode(), bad["row_number"], rules], schema=BROKEN)


def _check_whole(files: Sequence[Path], notes: Sequence[FileNote]) -> None:
    """Refuse all where one file is refused whole, or is empty."""
    for note in notes:
        if note.refused:
            raise DeliveryRefusedError(note.refused, note.remedy or "Mend the file; nothing of it would be taken in.")
    for file in files:
        if not sum(note.rows for note in notes if note.file == file.name):
            raise DeliveryRefusedError(f"{file.name} has no rows.", "Send nothing rather than an empty file.")


def _form(task: FileTask, agreed: Contract) -> Form:
    options = ReadOptions(agreed.feed, task.encoding, task.delimiter, task.delivered_on)
    return form_of(Path(task.path), task.file_format, options, frozenset(agreed.columns))


def _findings(forms: Sequence[Form], agreed: Contract) -> tuple[str, ...]:
    """Return what is to be said of the files as wholes."""
    strange = sorted({form.format for form in forms} - set(agreed.formats))
    formats = [
        f"{name} is no format of the contract ({', '.join(agreed.formats)}): refused in a delivery" for name in strange
    ]
    return (*(form.finding for form in forms if form.finding), *formats)


def _not_checked(delivered_on: date | None) -> tuple[str, ...]:
    if delivered_on is not None:
        return (OFFICE_ONLY,)
    return ("after_delivery: rows later than the day of delivery, which --delivered-on states", OFFICE_ONLY)


def _task(file: Path, file_format: str, agreed: Contract, delivered_on: date | None) -> FileTask:
    if not file.is_file():
        raise CallError(f"There is no file {file.name}.", "Check the path.")
    if file_format not in FORMATS:
        raise CallError(f"There is no format {file_format}.", f"Choose one of: {', '.join(FORMATS)}.")
    return CheckTask(
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
        left_out=agreed.left_out,
    )
