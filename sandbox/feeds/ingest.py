"""The one path of a row, without Spark: reader → rules → pseudonym → a row for bronze, or for quarantine.

`feed check` runs it on a laptop; ingestion gives the same function to Spark's workers, file by file. A task names
the key by its path: whoever runs the task opens it, so that no plan holds it.
"""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.columns import Mask, mask
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.pseudonym import KeyFile, KeyProvider, ThrowawayKeys, person_keys
from sandbox.feeds.readers import BATCH_ROWS, FAULT, ROW, ReadOptions, reader_named
from sandbox.feeds.rules import Checked, check_rows, masked_rows
from sandbox.lakehouse.table import DAY, INT, TEXT, TEXTS, TIMESTAMP, Column, Table
from sandbox.lakehouse.tables.feeds import Feed
from sandbox.settings import Zone

PLACE = (
    Column("file", TEXT, "File of the delivery"),
    Column("row_number", INT, "Row of the file, from 1"),
)
BAD = Table(
    "staged_bad",
    Zone.QUARANTINE,
    "A row on its way to quarantine",
    (
        Column("delivery_id", TEXT, "Delivery"),
        *PLACE,
        Column("broken_rules", TEXTS, "Every rule that the row breaks"),
        Column("row", TEXT, "The row as sent (JSON), identifiers replaced"),
    ),
    (),
)
NOTE = Table("staged_note", Zone.QUARANTINE, "What is told of one file", (Column("note", TEXT, "JSON"),), ())
# Digits of an H3 index below resolution 5, and where its resolution stands: coarsening sets the one and the other.
H3_RESOLUTION_SHIFT, H3_COARSEST_POST = 52, 5
H3_UNUSED_DIGITS = (1 << (3 * (15 - H3_COARSEST_POST))) - 1


@dataclass(frozen=True)
class FileTask:
    """One file to read, with what is needed to do so anywhere; `key_file` empty means the keys of a check.

    `staging` is the folder that takes its rows: `good` and `bad` below it.
    """

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
    staging: str = ""

    @property
    def staged_name(self) -> str:
        """Name of the file that its rows are staged in."""
        return f"{self.delivery_id}-{self.file}.parquet"

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


def good_table(feed: Feed) -> Table:
    """Return the table of rows on their way to bronze."""
    return Table(f"staged_{feed.name}", Zone.BRONZE, "A row on its way to bronze", (*PLACE, *feed.bronze.columns), ())


def stage_bundle(tasks: tuple[FileTask, ...]) -> Iterator[pa.RecordBatch]:
    """Write the rows of each file to its task's staging folder, good and bad apart; yield the notes.

    A worker writes Parquet itself: rows that went through Spark here would cost ten times the row path.
    A file appears under its name only when it is whole, so that a task may be run twice.
    """
    for task in tasks:
        note = FileNote(task.delivery_id, task.file)
        tables = {"good": good_table(ALL_FEEDS[task.feed]), "bad": BAD}
        with ExitStack() as stack:
            writers: dict[str, pq.ParquetWriter] = {}
            for kind, batch in checked_rows(task, note):
                if kind not in writers:
                    hidden = Path(task.staging, kind, f".{task.staged_name}")
                    writers[kind] = stack.enter_context(pq.ParquetWriter(hidden, tables[kind].stored))
                writers[kind].write_batch(batch)
        for kind in writers:
            Path(task.staging, kind, f".{task.staged_name}").rename(Path(task.staging, kind, task.staged_name))
        yield pa.record_batch({"note": [note.as_json()]})


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


def checked_rows(task: FileTask, note: FileNote) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield every row of a file, `good` for bronze or `bad` for quarantine; what is told of it goes into `note`.

    A file that can't be read is noted as refused: whoever commits decides on the whole delivery.
    """
    seen: set[int] = set()
    options = ReadOptions(ALL_FEEDS[task.feed], task.encoding, task.delimiter, task.delivered_on)
    try:
        for batch in reader_named(task.file_format)(Path(task.path), options):
            for start in range(0, batch.num_rows, BATCH_ROWS):
                yield from _checked_batch(batch.slice(start, BATCH_ROWS), task, note, seen)
    except DeliveryRefusedError as refusal:
        note.refused = refusal.message
    note.persons = len(seen)


def _checked_batch(
    batch: pa.RecordBatch, task: FileTask, note: FileNote, seen: set[int]
) -> Iterator[tuple[str, pa.RecordBatch]]:
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
        yield "good", _good_rows(checked, ~bad, keys, numbers, task)
    if bad.any():
        yield "bad", _bad_rows(checked, bad, keys, numbers, task)


def _good_rows(
    checked: Checked, rows: Mask, keys: pa.Array | None, numbers: pa.Array, task: FileTask
) -> pa.RecordBatch:
    chosen, n = pa.array(rows), int(rows.sum())
    columns = {name: pc.filter(values, chosen) for name, values in checked.typed.items()}
    columns |= _constant(n, file=task.file, partner=task.partner, delivery_id=task.delivery_id)
    columns["row_number"] = pc.filter(numbers, chosen)
    if task.feed == "geotagged_post":
        columns["h3"] = coarsened(columns["h3"])
    if keys is not None:
        person = pc.filter(keys, chosen)
        columns["person_key"] = person
        columns["bucket"] = pa.array(np.mod(person.to_numpy(), task.buckets).astype(np.int32))
    return _conformed(columns, good_table(checked.feed), n)


def _bad_rows(checked: Checked, rows: Mask, keys: pa.Array | None, numbers: pa.Array, task: FileTask) -> pa.RecordBatch:
    n = int(rows.sum())
    columns = _constant(n, file=task.file, delivery_id=task.delivery_id)
    columns["row_number"] = pc.filter(numbers, pa.array(rows))
    columns["broken_rules"] = checked.broken_of(rows)
    columns["row"] = masked_rows(checked, rows, keys)
    return _conformed(columns, BAD, n)


def coarsened(h3: pa.Array) -> pa.Array:
    """Return each H3 cell's parent of resolution 5, or the cell itself where it is no finer."""
    cells = pc.fill_null(h3, 0).to_numpy()
    resolution = (cells >> H3_RESOLUTION_SHIFT) & 0xF
    parent = (cells & ~(0xF << H3_RESOLUTION_SHIFT)) | (H3_COARSEST_POST << H3_RESOLUTION_SHIFT) | H3_UNUSED_DIGITS
    kept = np.where(resolution > H3_COARSEST_POST, parent, cells)
    return pa.array(kept, mask=~mask(h3.is_valid()))


def _conformed(columns: dict[str, pa.Array], table: Table, rows: int) -> pa.RecordBatch:
    schema = table.stored
    arrays = [columns[f.name] if f.name in columns else pa.nulls(rows, f.type) for f in schema]
    return pa.record_batch([pc.cast(values, f.type) for values, f in zip(arrays, schema, strict=True)], schema=schema)


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
