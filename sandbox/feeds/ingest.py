"""The one path of a row, without Spark: reader → rules → pseudonym → a row for bronze, or for quarantine.

`feed check` runs it on a laptop; ingestion gives the same function to Spark's workers, file by file. A task names
the key by its path: whoever runs the task opens it, so that no plan holds it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.columns import Mask, by_value, mask
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.keepers import opened
from sandbox.feeds.keys import KeyProvider, ThrowawayKeys
from sandbox.feeds.notes import FileNote
from sandbox.feeds.pseudonym import Pseudonyms, Scope
from sandbox.feeds.readers import BATCH_ROWS, FAULT, ROW, ReadOptions, reader_named
from sandbox.feeds.row_text import masked_rows
from sandbox.feeds.rules import Checked, check_rows, identifiers
from sandbox.feeds.suspects import Suspects
from sandbox.lakehouse.table import DAY, INT, TEXT, TIMESTAMP, Column, Table
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.lakehouse.tables.feeds import Feed
from sandbox.settings import Zone

PLACE = (
    Column("file", TEXT, "File of the delivery"),
    Column("row_number", INT, "Row of the file, from 1"),
)
# Digits of an H3 index below resolution 5, and where its resolution stands: coarsening sets the one and the other.
H3_RESOLUTION_SHIFT, H3_COARSEST_POST = 52, 5
H3_UNUSED_DIGITS = (1 << (3 * (15 - H3_COARSEST_POST))) - 1


@dataclass(frozen=True)
class FileTask:
    """One file to read, or some row groups of one, with what is needed to do so anywhere.

    `key_file` refers to the keys; empty means those of a check. `rows_before` are the file's rows before these row
    groups.
    `left_out` are columns that were not agreed on: what a file holds there never gets past its reader.
    `bronze`, `quarantine` and `staging` are the folders that take its rows, and what is known of them by row.
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
    bronze: str = ""
    quarantine: str = ""
    staging: str = ""
    row_groups: tuple[int, ...] = ()
    rows_before: int = 0
    record_sources: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    country: str = ""
    mcc: str = ""
    size: int = 0

    @property
    def keys(self) -> KeyProvider:
        """Whoever can derive the task's keys."""
        return opened(self.key_file) if self.key_file else ThrowawayKeys()

    @property
    def pseudonyms(self) -> Pseudonyms | None:
        """What makes person keys of the file's identifiers; None where the feed has no persons."""
        if ALL_FEEDS[self.feed].identifier is None:
            return None
        return Pseudonyms(self.keys, Scope(self.partner, self.feed, self.epoch, self.purpose))


def good_table(feed: Feed) -> Table:
    """Return the table of rows on their way to bronze."""
    return Table(f"staged_{feed.name}", Zone.BRONZE, "A row on its way to bronze", (*PLACE, *feed.bronze.columns), ())


def checked_rows(
    task: FileTask, note: FileNote, suspects: Suspects | None = None
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield every row of a file, `good` for bronze or `bad` for quarantine; what is told of it goes into `note`.

    With `suspects`, keys of what could be an identifier of another file's person are gathered there. A file that can't
    be read is noted as refused: whoever commits decides on the whole delivery.
    """
    pseudonyms = task.pseudonyms
    try:
        for batch in _batches(task):
            yield from _checked_batch(batch, task, note, pseudonyms, suspects)
    except DeliveryRefusedError as refusal:
        note.refused, note.remedy = refusal.message, refusal.remedy
    note.persons_counted = len(note.persons)


def identifiers_of(task: FileTask) -> Iterator[pa.Array]:
    """Yield the distinct identifiers of each batch of a file, as `checked_rows` makes person keys of them."""
    for batch in _batches(task):
        yield identifiers(batch, ALL_FEEDS[task.feed])


def _batches(task: FileTask) -> Iterator[pa.RecordBatch]:
    options = ReadOptions(
        ALL_FEEDS[task.feed],
        task.encoding,
        task.delimiter,
        task.delivered_on,
        country=task.country,
        mcc=task.mcc,
        row_groups=task.row_groups,
    )
    for batch in reader_named(task.file_format)(Path(task.path), options):
        agreed = batch.select([name for name in batch.schema.names if name not in task.left_out])
        for start in range(0, agreed.num_rows, BATCH_ROWS):
            yield agreed.slice(start, BATCH_ROWS)


def _checked_batch(
    batch: pa.RecordBatch, task: FileTask, note: FileNote, pseudonyms: Pseudonyms | None, suspects: Suspects | None
) -> Iterator[tuple[str, pa.RecordBatch]]:
    feed = ALL_FEEDS[task.feed]
    checked = check_rows(batch, feed, task.time_zone, task.delivered_on)
    numbers = batch.column(ROW) if ROW in batch.schema.names else _numbered(task.rows_before + note.rows, checked.rows)
    _check_sources(checked, task)
    if FAULT in batch.schema.names:
        _mark_unsplit(checked, batch.column(FAULT))
    keys = pseudonyms.of(checked.typed[feed.identifier]) if pseudonyms and feed.identifier else None
    if suspects is not None and keys is not None:
        suspects.add(checked, keys)
    yield from good_and_bad(checked, keys, numbers, task, note)


def good_and_bad(
    checked: Checked, keys: pa.Array | None, numbers: pa.Array, task: FileTask, note: FileNote
) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Yield the rows of a batch after the rules, `good` and `bad` apart; `numbers` are theirs in the file."""
    bad = checked.bad
    good = _good_rows(checked, ~bad, keys, numbers, task)
    _note_batch(note, checked, good)
    if good.num_rows:
        yield "good", good
    if bad.any():
        yield "bad", _bad_rows(checked, bad, keys, numbers, task)


def _good_rows(
    checked: Checked, rows: Mask, keys: pa.Array | None, numbers: pa.Array, task: FileTask
) -> pa.RecordBatch:
    chosen, n = pa.array(rows), int(rows.sum())
    columns = checked.typed | {"row_number": numbers} | ({} if keys is None else {"person_key": keys})
    if n < checked.rows:
        columns = {name: pc.filter(values, chosen) for name, values in columns.items()}
    columns |= _constant(n, file=task.file, partner=task.partner, delivery_id=task.delivery_id)
    if task.feed == "geotagged_post":
        columns["h3"] = coarsened(columns["h3"])
    if keys is not None:
        columns["bucket"] = pa.array(np.mod(columns["person_key"].to_numpy(), task.buckets).astype(np.int32))
    return _conformed(columns, good_table(checked.feed), n)


def _bad_rows(checked: Checked, rows: Mask, keys: pa.Array | None, numbers: pa.Array, task: FileTask) -> pa.RecordBatch:
    n = int(rows.sum())
    columns = _constant(n, file=task.file, delivery_id=task.delivery_id, feed=task.feed)
    columns["row_number"] = pc.filter(numbers, pa.array(rows))
    columns["broken_rules"] = checked.broken_of(rows)
    columns["row"] = masked_rows(checked, rows, keys)
    return _conformed(columns, QUARANTINE, n)


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


def _check_sources(checked: Checked, task: FileTask) -> None:
    """Mark records of a source that the contract does not name: they were collected under another statute."""
    if task.record_sources:
        named, sources = pa.array(task.record_sources), checked.typed["source"]
        strange = by_value(sources, lambda text: mask(pc.invert(pc.is_in(text, named))))
        checked.mark("contract:source", strange & mask(sources.is_valid()))


def _mark_unsplit(checked: Checked, faults: pa.Array) -> None:
    """Let a row that could not be split break that one rule: that its columns are empty is no rule of its own."""
    unsplit = mask(faults.is_valid())
    for rule in checked.broken:
        checked.broken[rule] = checked.broken[rule] & ~unsplit
    for name in pc.unique(faults).drop_null().to_pylist():
        checked.mark(f"row:{name}", mask(pc.equal(faults, name)))


def _note_batch(note: FileNote, checked: Checked, good: pa.RecordBatch) -> None:
    note.rows += checked.rows
    note.bad += checked.rows - good.num_rows
    note.rules.update({rule: int(rows.sum()) for rule, rows in checked.broken.items() if rows.any()})
    kept = [column for column in checked.feed.columns if not column.identifier]
    note.filled.update({column.name: len(good) - good.column(column.name).null_count for column in kept})
    clock = next((c for c in kept if c.required and c.type in (DAY, TIMESTAMP)), None)
    if clock is not None:
        days = good.column(clock.name).cast(pa.date32(), safe=False)
        note.days.update(pc.unique(days.cast(pa.int32())).drop_null().to_pylist())
    if checked.feed.identifier is not None:
        note.persons.add(good.column("person_key"))
