"""Rows on their way to bronze as files: a worker writes Parquet into the table's own folder, and a commit names it.

Until then the files count for nothing. Beside each lies, in staging, what finding repeated rows needs: three words a
row, `key` and `content` (hashes) and `row_number` (in the partner's file).
"""

import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.ingest import FileTask, checked_rows
from sandbox.feeds.notes import FileNote, Part
from sandbox.feeds.readers import BATCH_ROWS
from sandbox.feeds.row_hash import Words, row_hashes
from sandbox.feeds.suspects import Suspects
from sandbox.lakehouse.files import PartitionFiles
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import QUARANTINE

NOT_CONTENT = ("delivery_id", "bucket")


class ByRow(NamedTuple):
    """What is known of each row of a part; arrays of one length."""

    key: Words
    content: Words
    row_number: NDArray[np.int64]


@dataclass(frozen=True)
class HashTask:
    """One file of bronze whose keys are hashed anew, to find rows that come again; `wanted` limits it to these keys."""

    path: str
    feed: str
    delivery_id: str
    out: str
    wanted: str = ""
    size: int = 0


class PartWriter:
    """Writes good rows of one file, and by row what is known of them."""

    def __init__(self, table: Table, folder: Path, staging: Path) -> None:
        """Write into `folder`, the table's own, and into `staging`."""
        self.token = uuid.uuid4().hex
        self._table, self._by_row = table, staging / f"{self.token}.words"
        self._files = PartitionFiles(table, folder, self.token)
        self._stream = self._by_row.open("wb")
        self._first_row = 0

    def write(self, rows: pa.RecordBatch, row_numbers: NDArray[np.int64]) -> None:
        """Append rows that have the table's columns, with their numbers in the partner's file."""
        self._files.write(pa.Table.from_batches([rows]))
        self._first_row = self._first_row or int(row_numbers[0])
        key, content = (row_hashes(rows, names) for names in (self._table.key, content_of(self._table)))
        np.stack([key, content, row_numbers.view(np.uint64)], axis=1).tofile(self._stream)

    def parts(self) -> list[Part]:
        """Return what was written, once the writer is closed: one part, or none where there was no row."""
        return [Part(file, str(self._by_row), self._first_row) for file in self._files.written()]

    def __enter__(self) -> Self:
        """Return the writer; a file is opened with its first row."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the files."""
        self._files.close()
        self._stream.close()


def content_of(table: Table) -> tuple[str, ...]:
    """Return the columns that two copies of a row have alike."""
    return tuple(name for name in table.names if name not in NOT_CONTENT)


def by_row(part: Part) -> ByRow:
    """Return what is known of each row of a part, in its order; read from disk as it is looked at."""
    words = np.memmap(part.by_row, np.uint64, mode="r").reshape(-1, 3)
    return ByRow(words[:, 0], words[:, 1], words[:, 2].view(np.int64))


def written_notes(tasks: tuple[FileTask | HashTask, ...]) -> Iterator[pa.RecordBatch]:
    """Do the tasks of one bundle on a worker; yield a note for each file read.

    A worker writes Parquet itself: rows that went through Spark here would cost ten times the row path.
    """
    for task in tasks:
        if isinstance(task, HashTask):
            hash_keys(task)
        else:
            yield pa.record_batch({"note": [written(task).as_json()]})


def written(task: FileTask) -> FileNote:
    """Take one file through the row path into files of bronze and quarantine; return what is told of it."""
    note, table = FileNote(task.delivery_id, task.file), ALL_FEEDS[task.feed].bronze
    with (
        PartWriter(table, Path(task.bronze), Path(task.staging)) as good,
        PartitionFiles(QUARANTINE, Path(task.quarantine), good.token) as bad,
        _suspects(task, note, good.token) as suspects,
    ):
        for kind, batch in checked_rows(task, note, suspects):
            if kind == "good":
                good.write(batch.select(list(table.names)), batch.column("row_number").to_numpy())
            else:
                bad.write(pa.Table.from_batches([batch]))
    note.good, note.quarantined = good.parts(), bad.written()
    return note


def _suspects(task: FileTask, note: FileNote, token: str) -> AbstractContextManager[Suspects | None]:
    """Return what gathers keys of possible identifiers, named in the note; nothing for a feed without persons."""
    pseudonyms = task.pseudonyms
    if pseudonyms is None:
        return nullcontext()
    note.suspects = [str(Path(task.staging) / token)]
    return Suspects(note.suspects[0], pseudonyms)


def hash_keys(task: HashTask) -> None:
    """Write the key hashes of a file of bronze; with `wanted`, key and content hashes of rows with such keys."""
    table = ALL_FEEDS[task.feed].bronze
    wanted = np.load(task.wanted) if task.wanted else None
    names = content_of(table) if task.wanted else table.key
    with pq.ParquetFile(task.path) as file, Path(task.out).open("wb") as stream:
        for batch in file.iter_batches(batch_size=BATCH_ROWS, columns=list(names), use_threads=False):
            exact = batch.cast(pa.schema([table.stored.field(name) for name in names]))
            key = row_hashes(exact, table.key)
            if wanted is None:
                key.tofile(stream)
            else:
                chosen = np.isin(key, wanted)
                np.stack([key, row_hashes(exact, names)], axis=1)[chosen].tofile(stream)
