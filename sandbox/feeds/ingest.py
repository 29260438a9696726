"""The one path of a row, without Spark: reader → rules → pseudonym → a row for bronze, or for quarantine.

`feed check` runs it on a laptop; ingestion gives the same function to Spark's workers, file by file. A task names
the key by its path: whoever runs the task opens it, so that no plan holds it.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.columns import Mask, mask
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.pseudonym import KeyFile, KeyProvider, ThrowawayKeys, person_keys
from sandbox.feeds.readers import BATCH_ROWS, FAULT, ROW, ReadOptions, reader_named
from sandbox.feeds.rules import Checked, check_rows, masked_rows
from sandbox.lakehouse.table import DAY, INT, TEXT, TEXTS, TIMESTAMP, Column, Table
from sandbox.lakehouse.tables.feeds import Feed
from sandbox.settings import Zone

GOOD, BAD, NOTE = "good", "bad", "note"
STAGED = (
    Column("row_kind", TEXT, "Whether the row goes to bronze or to quarantine, or tells of its file"),
    Column("file", TEXT, "File of the delivery"),
    Column("row_number", INT, "Row of the file, from 1"),
    Column("broken_rules", TEXTS, "Every rule that the row breaks"),
    Column("row", TEXT, "A bad row as sent (JSON), identifiers replaced; or what is told of the file"),
)
# Digits of an H3 index below resolution 5, and where its resolution stands: coarsening sets the one and the other.
H3_RESOLUTION_SHIFT, H3_COARSEST_POST = 52, 5
H3_UNUSED_DIGITS = (1 << (3 * (15 - H3_COARSEST_POST))) - 1


@dataclass(frozen=True)
class FileTask:
    """One file to read, with what is needed to do so anywhere; `key_file` empty means the keys of a check."""

    path: str
    file: str
    file_format: str
    feed: str
    partner: str
    delivery_id: str
    purpose: str
    epoch: str
    time_zone: str
    encoding: str
    delimiter: str
    buckets: int
    delivered_on: date | None = None
    key_file: str = ""

    @property
    def keys(self) -> KeyProvider:
        """Whoever can derive the task's keys."""
        return KeyFile(Path(self.key_file)) if self.key_file else ThrowawayKeys()


@dataclass
class FileNote:
    """What is told of one file: its rows, what they break, what they cover; never a value of a person."""

    delivery_id: str
    file: str
    rows: int = 0
    bad: int = 0
    refused: str = ""
    rules: Counter[str] = field(default_factory=Counter)
    filled: Counter[str] = field(default_factory=Counter)
    days: set[int] = field(default_factory=set)
    persons: int = 0

    def as_json(self) -> str:
        """Return the note as JSON, in one order."""
        values: dict[str, Any] = vars(self) | {"days": sorted(self.days)}
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "FileNote":
        """Read a note that `as_json` wrote."""
        values = json.loads(text)
        counters = {name: Counter(values.pop(name)) for name in ("rules", "filled")}
        return cls(**{**values, **counters, "days": set(values["days"])})


def staging_table(feed: Feed) -> Table:
    """Return the table of rows that have passed the rules or not, on their way to bronze or quarantine."""
    columns = (*STAGED, *feed.bronze.columns)
    return Table(f"staged_{feed.name}", Zone.QUARANTINE, "Row between file and bronze", columns, ())


def staged_bundle(tasks: tuple[FileTask, ...]) -> Iterator[pa.RecordBatch]:
    """Yield what `staged_rows` yields, file after file."""
    for task in tasks:
        yield from staged_rows(task)


def bundled(tasks: list[FileTask], bundles: int) -> list[tuple[FileTask, ...]]:
    """Share files among at most `bundles` bundles of about the same size: a worker costs more than a small file."""
    sizes = {task.path: Path(task.path).stat().st_size for task in tasks}
    shares: list[list[FileTask]] = [[] for _ in range(min(bundles, len(tasks)))]
    filled = [0] * len(shares)
    for task in sorted(tasks, key=lambda each: (-sizes[each.path], each.path)):
        least = filled.index(min(filled))
        shares[least].append(task)
        filled[least] += sizes[task.path] + 1
    return [tuple(share) for share in shares]


def staged_rows(task: FileTask) -> Iterator[pa.RecordBatch]:
    """Yield every row of a file, good or bad, and last the note on it; a file that can't be read is noted refused."""
    feed = ALL_FEEDS[task.feed]
    note = FileNote(task.delivery_id, task.file)
    seen: set[int] = set()
    options = ReadOptions(feed, task.encoding, task.delimiter, task.delivered_on)
    try:
        for batch in reader_named(task.file_format)(Path(task.path), options):
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield from _staged_batch(batch.slice(start, BATCH_ROWS), task, note, seen)
    except DeliveryRefusedError as refusal:
        note.refused = refusal.message
    note.persons = len(seen)
    yield _staged(
        feed, {"row_kind": pa.array([NOTE]), "file": pa.array([task.file]), "row": pa.array([note.as_json()])}, 1
    )


def _staged_batch(batch: pa.RecordBatch, task: FileTask, note: FileNote, seen: set[int]) -> Iterator[pa.RecordBatch]:
    feed = ALL_FEEDS[task.feed]
    checked = check_rows(batch, feed, task.time_zone, task.delivered_on)
    numbers = batch.column(ROW) if ROW in batch.schema.names else _numbered(note.rows, batch.num_rows)
    if FAULT in batch.schema.names:
        _mark_unsplit(checked, batch.column(FAULT))
    keys = None
    if feed.identifier is not None:
        identifiers = checked.typed[feed.identifier]
        keys = person_keys(task.keys, task.partner, task.feed, task.epoch, task.purpose, identifiers)
    bad = checked.bad
    _note_batch(note, checked, bad)
    if keys is not None:
        seen.update(pc.unique(keys.filter(pa.array(~bad))).to_pylist())
    if not bad.all():
        yield _good_rows(checked, ~bad, keys, numbers, task)
    if bad.any():
        yield _bad_rows(checked, bad, keys, numbers, task)


def _good_rows(
    checked: Checked, rows: Mask, keys: pa.Array | None, numbers: pa.Array, task: FileTask
) -> pa.RecordBatch:
    chosen, n = pa.array(rows), int(rows.sum())
    columns = {name: pc.filter(values, chosen) for name, values in checked.typed.items()}
    columns |= _constant(n, row_kind=GOOD, file=task.file, partner=task.partner, delivery_id=task.delivery_id)
    columns["row_number"] = pc.filter(numbers, chosen)
    if task.feed == "geotagged_post":
        columns["h3"] = coarsened(columns["h3"])
    if keys is not None:
        person = pc.filter(keys, chosen)
        columns["person_key"] = person
        columns["bucket"] = pa.array(np.mod(person.to_numpy(), task.buckets).astype(np.int32))
    return _staged(checked.feed, columns, n)


def _bad_rows(checked: Checked, rows: Mask, keys: pa.Array | None, numbers: pa.Array, task: FileTask) -> pa.RecordBatch:
    n = int(rows.sum())
    columns = _constant(n, row_kind=BAD, file=task.file, partner=task.partner, delivery_id=task.delivery_id)
    columns["row_number"] = pc.filter(numbers, pa.array(rows))
    columns["broken_rules"] = checked.broken_of(rows)
    columns["row"] = masked_rows(checked, rows, keys)
    return _staged(checked.feed, columns, n)


def coarsened(h3: pa.Array) -> pa.Array:
    """Return each H3 cell's parent of resolution 5, or the cell itself where it is no finer."""
    cells = pc.fill_null(h3, 0).to_numpy()
    resolution = (cells >> H3_RESOLUTION_SHIFT) & 0xF
    parent = (cells & ~(0xF << H3_RESOLUTION_SHIFT)) | (H3_COARSEST_POST << H3_RESOLUTION_SHIFT) | H3_UNUSED_DIGITS
    kept = np.where(resolution > H3_COARSEST_POST, parent, cells)
    return pa.array(kept, mask=~mask(h3.is_valid()))


def _staged(feed: Feed, columns: dict[str, pa.Array], rows: int) -> pa.RecordBatch:
    table = staging_table(feed)
    arrays = [columns[c.name] if c.name in columns else pa.nulls(rows, c.type) for c in table.columns]
    return pa.record_batch([pc.cast(a, c.type) for a, c in zip(arrays, table.columns, strict=True)], list(table.names))


def _constant(rows: int, **values: str) -> dict[str, pa.Array]:
    return {name: pa.repeat(pa.scalar(value, pa.string()), rows) for name, value in values.items()}


def _numbered(before: int, rows: int) -> pa.Array:
    return pa.array(np.arange(before + 1, before + rows + 1, dtype=np.int64))


def _mark_unsplit(checked: Checked, faults: pa.Array) -> None:
    """Let a row that could not be split break that one rule: that its columns are empty is no rule of its own."""
    unsplit = mask(faults.is_valid())
    for rule in checked.broken:
        checked.broken[rule] = checked.broken[rule] & ~unsplit
    for name in pc.unique(faults).drop_null().to_pylist():
        checked.mark(f"row:{name}", mask(pc.equal(faults, name)))


def _note_batch(note: FileNote, checked: Checked, bad: Mask) -> None:
    note.rows += checked.rows
    note.bad += int(bad.sum())
    note.rules.update({rule: int(rows.sum()) for rule, rows in checked.broken.items() if rows.any()})
    good = pa.array(~bad)
    for column in checked.feed.columns:
        values = pc.filter(checked.typed[column.name], good)
        note.filled[column.name] += len(values) - values.null_count
    clock = next((c for c in checked.feed.columns if c.required and c.type in (DAY, TIMESTAMP)), None)
    if clock is not None:
        days = pc.filter(checked.typed[clock.name], good).cast(pa.date32(), safe=False)
        note.days.update(pc.unique(days.cast(pa.int32())).drop_null().to_pylist())
