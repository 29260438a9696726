"""Identifiers that strayed into other columns: of persons of another file, or of a delivery that is in bronze already.

What could be an identifier (`suspects`) is compared, as keys, with the person keys of all deliveries of the run and of
the feed's bronze. A row that shows somebody goes to quarantine with that value withheld; where the numbers of rows are
persons, columns have been exchanged, and the delivery is refused whole. Not seen: an identifier that has more text
around it, one of a person who comes in a later delivery only or of whom bronze has no row, and beyond the samples one
that has another form than the identifiers of its own file, or is a number of a row.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sandbox.feeds.amended import Folders, Judge, Verdict, amended, without_named
from sandbox.feeds.columns import Mask, spread
from sandbox.feeds.feed_rows import staging_folder
from sandbox.feeds.mentions import Hashes
from sandbox.feeds.notes import FileNote
from sandbox.feeds.pseudonym import Pseudonyms
from sandbox.feeds.readers import BATCH_ROWS
from sandbox.feeds.row_text import json_lines, names_kept, rows_in
from sandbox.feeds.rules import IDENTIFIER_IN, distinct_values, long_number, looked_through, rule_lists
from sandbox.feeds.runs import Numbers, between, loaded, shares
from sandbox.feeds.suspects import row_number_of, runs_of
from sandbox.feeds.workers import told_by_workers
from sandbox.lakehouse.files import PartitionFiles, WrittenFile, with_partition
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.lakehouse.tables.feeds import Feed

SUSPECTED = ("values", "row_numbers")


@dataclass(frozen=True)
class PersonsTask:
    """One file of bronze in which these keys are looked for among the persons; those found go to `out`."""

    path: str
    wanted: str
    out: str
    size: int


def find_persons(tasks: tuple[PersonsTask, ...]) -> Iterator[pa.RecordBatch]:
    """Write which of the keys are persons of some files; yield nothing."""
    for task in tasks:
        wanted, found = Hashes(np.load(task.wanted).view(np.uint64)), [np.zeros(0, np.int64)]
        with pq.ParquetFile(task.path) as file:
            for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=["person_key"], use_threads=False):
                keys = batch.column(0).drop_null().to_numpy()
                found.append(np.unique(keys[wanted.hold(keys.view(np.uint64))]))
        np.save(task.out, np.unique(np.concatenate(found)))
    yield from ()


def strayed(run: StageRun, notes: Sequence[FileNote], files: Sequence[tuple[str, int]]) -> Numbers:
    """Return, sorted, suspected keys that are persons of `files` of bronze (path, rows) or of rows for quarantine."""
    suspects, persons = ([loaded(path) for path in _runs(notes, kinds)] for kinds in (SUSPECTED, ("persons",)))
    found = [np.zeros(0, np.int64)]
    for low, high in shares(sum(each.shape[1] for each in suspects)):
        wanted = between(suspects, low, high, 1)[0]
        if len(wanted):
            found.append(wanted[np.isin(wanted, between(persons, low, high, 1)[0])])
            found += _found_in(run, wanted, files)
    return np.unique(np.concatenate(found))


def _found_in(run: StageRun, wanted: Numbers, files: Sequence[tuple[str, int]]) -> list[Numbers]:
    folder = staging_folder(run)
    name = folder / f"{uuid.uuid4().hex}.wanted.npy"
    np.save(name, wanted)
    # One column is read of many: a row costs about a byte of a whole file.
    tasks = [PersonsTask(path, str(name), f"{name}-{number}.npy", rows) for number, (path, rows) in enumerate(files)]
    told_by_workers(run.workspace, tasks, find_persons)
    return [np.load(task.out) for task in tasks]


def exchanged(feed: Feed, notes: Iterable[FileNote], found: Numbers) -> str:
    """Return why a delivery is refused whole whose numbers of rows are persons; nothing where they are not."""
    sampled = [loaded(path)[0] for path in _runs(notes, ("row_numbers",))]
    numbers = np.unique(np.concatenate([np.zeros(0, np.int64), *sampled]))
    persons = int(np.isin(numbers, found).sum())
    if not persons:
        return ""
    return (
        f"{row_number_of(feed)} holds identifiers of persons in {persons:,} of the {len(numbers):,} values looked at: "
        f"it seems to be exchanged with {feed.identifier}."
    )


def withhold(note: FileNote, found: Numbers, pseudonyms: Pseudonyms, feed: Feed, folders: Folders) -> None:
    """Write a file's rows anew where they show somebody: all go to quarantine, and there the value is withheld."""
    own = [loaded(path)[0] for path in _runs([note], ("values",))]
    if not any(np.isin(found, keys).any() for keys in own):
        return
    look = _Look(feed, found, pseudonyms)
    outcomes = [amended(part, feed.bronze, note.file, folders, look.judge()) for part in note.good]
    note.good = [part for outcome in outcomes for part in outcome.parts]
    kept, counted = _masked(note.quarantined, look, folders)
    note.quarantined = [*kept, *(file for outcome in outcomes for file in outcome.held)]
    held = sum(file.rows for outcome in outcomes for file in outcome.held)
    note.bad += held
    note.rules.update(sum((outcome.rules for outcome in outcomes), counted))


@dataclass(frozen=True)
class _Look:
    """Looks for the keys found among the values of a feed's columns."""

    feed: Feed
    found: Numbers
    pseudonyms: Pseudonyms

    def in_columns(self, columns: Mapping[str, pa.Array]) -> dict[str, Mask]:
        """Return by rule which rows show somebody."""
        rules = {name: self._in(values) for name, values in columns.items()}
        return {f"{IDENTIFIER_IN}:{name}": rows for name, rows in rules.items() if rows.any()}

    def judge(self) -> Judge:
        """Return a judge of good rows."""

        def judge(batch: pa.RecordBatch, _start: int) -> Verdict:
            broken = self.in_columns({name: long_number(batch.column(name)) for name in looked_through(self.feed)})
            kept = ~np.logical_or.reduce([np.zeros(batch.num_rows, bool), *broken.values()])
            return Verdict(batch.filter(pa.array(kept)), kept, broken)

        return judge

    def _in(self, values: pa.Array) -> Mask:
        texts = values.dictionary_encode() if pa.types.is_string(values.type) else values
        distinct = distinct_values(texts)
        keys = self.pseudonyms.once(pc.fill_null(distinct, ""))
        return spread(np.isin(keys, self.found), texts)


def _masked(files: Sequence[WrittenFile], look: _Look, folders: Folders) -> tuple[list[WrittenFile], Counter[str]]:
    """Write files of quarantine anew without what shows somebody; return them, and rows by rule."""
    kept, counted = list[WrittenFile](), Counter[str]()
    for file in files:
        path = folders.quarantine / file.path
        with pq.ParquetFile(path) as source, PartitionFiles(QUARANTINE, folders.quarantine, uuid.uuid4().hex) as out:
            for stored in source.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                rows = with_partition(stored, file.partition, QUARANTINE)
                broken = look.in_columns(_as_sent(rows, look.feed))
                counted.update({rule: int(each.sum()) for rule, each in broken.items()})
                out.write(pa.Table.from_batches([_without(rows, broken, look.feed) if broken else rows]))
        path.unlink()
        kept += out.written()
    return kept, counted


def _as_sent(rows: pa.RecordBatch, feed: Feed) -> dict[str, pa.Array]:
    sent = rows_in(rows.column("row"), names_kept(feed)).combine_chunks()
    return {name: sent[name].combine_chunks() for name in sent.column_names if name != "person_key"}


def _without(rows: pa.RecordBatch, broken: Mapping[str, Mask], feed: Feed) -> pa.RecordBatch:
    sent = rows_in(rows.column("row"), names_kept(feed))
    texts = without_named({name: sent[name].combine_chunks() for name in sent.column_names}, broken)
    lists = _joined(rows.column("broken_rules"), rule_lists(broken, rows.num_rows))
    columns = {"row": json_lines(texts), "broken_rules": lists}
    for name, values in columns.items():
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), values)
    return rows


def _joined(first: pa.ListArray, second: pa.ListArray) -> pa.ListArray:
    """Return lists end to end, row by row."""
    rows = np.concatenate([pc.list_parent_indices(each).to_numpy() for each in (first, second)])
    values = pa.concat_arrays([pc.list_flatten(each) for each in (first, second)])
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=len(first)))])
    order = np.argsort(rows, kind="stable")
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), values.take(pa.array(order)))


def _runs(notes: Iterable[FileNote], kinds: Iterable[str]) -> list[Path]:
    return [path for note in notes for name in note.suspects for kind in kinds for path in runs_of(name, kind)]
