"""Parts that lose or change rows after they were written: repeated rows, years that are wrong."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sandbox.feeds.columns import Mask, as_text
from sandbox.feeds.notes import Part
from sandbox.feeds.parts import PartWriter, by_row
from sandbox.feeds.readers import BATCH_ROWS
from sandbox.feeds.row_text import json_lines
from sandbox.lakehouse.files import PartitionFiles, WrittenFile
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import QUARANTINE

NOT_TOLD = ("delivery_id", "partner", "bucket")


class Folders(NamedTuple):
    """Where rows of one feed go."""

    bronze: Path
    quarantine: Path
    staging: Path


class Verdict(NamedTuple):
    """What becomes of a batch's rows: those kept, perhaps changed, and which of those that came are held, and why."""

    kept: pa.RecordBatch
    is_kept: Mask
    is_held: Mask
    rule: str


Judge = Callable[[pa.RecordBatch, int], Verdict]


def amended(
    part: Part, table: Table, file: str, folders: Folders, judge: Judge
) -> tuple[list[Part], list[WrittenFile]]:
    """Write a part anew as `judge` says of each batch and its first position; return it, and rows for quarantine.

    `file` is the partner's, for quarantine. The part as it was is deleted: no commit has named it.
    """
    old, numbers = folders.bronze / part.written.path, by_row(part).row_number
    with (
        PartWriter(table, folders.bronze, folders.staging) as good,
        PartitionFiles(QUARANTINE, folders.quarantine, good.token) as held,
        pq.ParquetFile(old) as source,
    ):
        start = 0
        for stored in source.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
            batch = _with_partition(stored, part, table)
            row_numbers = np.asarray(numbers[start : start + batch.num_rows])
            verdict = judge(batch, start)
            if verdict.kept.num_rows:
                good.write(verdict.kept, row_numbers[verdict.is_kept])
            if verdict.is_held.any():
                held.write(_held_rows(batch, verdict, row_numbers, table, file))
            start += batch.num_rows
    discard(part, folders.bronze)
    return good.parts(), held.written()


def discard(part: Part, bronze: Path) -> None:
    """Delete a part that no commit will name."""
    (bronze / part.written.path).unlink(missing_ok=True)
    Path(part.by_row).unlink(missing_ok=True)


def dropped(copies: NDArray[np.int64], conflicts: NDArray[np.int64], rule: str) -> Judge:
    """Return a judge that leaves out the rows at these positions, and holds the latter under `rule`."""
    conflicts = np.sort(conflicts)
    gone = np.sort(np.concatenate([copies, conflicts]))

    def judge(batch: pa.RecordBatch, start: int) -> Verdict:
        kept, held = ~_at(gone, start, batch.num_rows), _at(conflicts, start, batch.num_rows)
        return Verdict(batch.filter(pa.array(kept)), kept, held, rule)

    return judge


def _at(positions: NDArray[np.int64], start: int, rows: int) -> Mask:
    """Return which of `rows` from `start` on stand in `positions`, which are sorted."""
    inside = np.zeros(rows, bool)
    low, high = np.searchsorted(positions, [start, start + rows])
    inside[positions[low:high] - start] = True
    return inside


def _with_partition(stored: pa.RecordBatch, part: Part, table: Table) -> pa.RecordBatch:
    """Return the table's columns: those of its partition stand in the file's path, not in the file."""
    columns = [
        pa.repeat(pa.scalar(part.written.partition[field.name], field.type), stored.num_rows)
        if field.name in part.written.partition
        else stored.column(field.name).cast(field.type)
        for field in table.stored
    ]
    return pa.record_batch(columns, schema=table.stored)


def _held_rows(
    batch: pa.RecordBatch, verdict: Verdict, row_numbers: NDArray[np.int64], table: Table, file: str
) -> pa.Table:
    chosen = pa.array(verdict.is_held)
    rows = batch.filter(chosen)
    names = [name for name in table.names if name not in NOT_TOLD]
    known = {
        "delivery_id": rows.column("delivery_id"),
        "feed": table.name,
        "file": file,
        "row_number": pa.array(row_numbers[verdict.is_held]),
        "broken_rules": pa.array([[verdict.rule]] * rows.num_rows, pa.list_(pa.string())),
        "row": json_lines({name: as_text(rows.column(name)) for name in names}),
    }
    return QUARANTINE.rows_from(pa.Table.from_batches([rows]), known)
