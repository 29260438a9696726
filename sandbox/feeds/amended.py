"""Parts that lose or change rows after they were written: repeated rows, wrong years, identifiers in the open."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sandbox.feeds.columns import Mask, as_text
from sandbox.feeds.notes import Part
from sandbox.feeds.parts import PartWriter, by_row
from sandbox.feeds.readers import BATCH_ROWS
from sandbox.feeds.row_text import WITHHELD, json_lines
from sandbox.feeds.rules import IDENTIFIER_IN, rule_lists
from sandbox.lakehouse.files import PartitionFiles, WrittenFile, with_partition
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import QUARANTINE

NOT_TOLD = ("delivery_id", "partner", "bucket")


class Folders(NamedTuple):
    """Where rows of one feed go."""

    bronze: Path
    quarantine: Path
    staging: Path


class Verdict(NamedTuple):
    """What becomes of a batch's rows: those kept, perhaps changed, and by rule which of those that came are held.

    What a rule `identifier_in:COLUMN` holds is told without what the column has there.
    """

    kept: pa.RecordBatch
    is_kept: Mask
    broken: Mapping[str, Mask]

    @property
    def is_held(self) -> Mask:
        """Rows that break any rule."""
        return np.logical_or.reduce([np.zeros(len(self.is_kept), bool), *self.broken.values()])


class Amended(NamedTuple):
    """What became of a part: its rows written anew, those held for quarantine, and how many by rule."""

    parts: list[Part]
    held: list[WrittenFile]
    rules: Counter[str]


Judge = Callable[[pa.RecordBatch, int], Verdict]


def amended(part: Part, table: Table, file: str, folders: Folders, judge: Judge) -> Amended:
    """Write a part anew as `judge` says of each batch and its first position.

    `file` is the partner's, for quarantine. The part as it was is deleted: no commit has named it.
    """
    old, numbers, rules = folders.bronze / part.written.path, by_row(part).row_number, Counter[str]()
    with (
        PartWriter(table, folders.bronze, folders.staging) as good,
        PartitionFiles(QUARANTINE, folders.quarantine, good.token) as held,
        pq.ParquetFile(old) as source,
    ):
        start = 0
        for stored in source.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
            batch = with_partition(stored, part.written.partition, table)
            row_numbers = np.asarray(numbers[start : start + batch.num_rows])
            verdict = judge(batch, start)
            if verdict.kept.num_rows:
                good.write(verdict.kept, row_numbers[verdict.is_kept])
            if verdict.is_held.any():
                held.write(_held_rows(batch, verdict, row_numbers, table, file))
                rules.update({rule: int(rows.sum()) for rule, rows in verdict.broken.items() if rows.any()})
            start += batch.num_rows
    discard(part, folders.bronze)
    return Amended(good.parts(), held.written(), rules)


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
        return Verdict(batch.filter(pa.array(kept)), kept, {rule: held})

    return judge


def _at(positions: NDArray[np.int64], start: int, rows: int) -> Mask:
    """Return which of `rows` from `start` on stand in `positions`, which are sorted."""
    inside = np.zeros(rows, bool)
    low, high = np.searchsorted(positions, [start, start + rows])
    inside[positions[low:high] - start] = True
    return inside


def _held_rows(
    batch: pa.RecordBatch, verdict: Verdict, row_numbers: NDArray[np.int64], table: Table, file: str
) -> pa.Table:
    chosen = pa.array(verdict.is_held)
    rows = batch.filter(chosen)
    broken = {rule: each[verdict.is_held] for rule, each in verdict.broken.items()}
    texts = {name: as_text(rows.column(name)) for name in table.names if name not in NOT_TOLD}
    known = {
        "delivery_id": rows.column("delivery_id"),
        "feed": table.name,
        "file": file,
        "row_number": pa.array(row_numbers[verdict.is_held]),
        "broken_rules": rule_lists(broken, rows.num_rows),
        "row": json_lines(without_named(texts, broken)),
    }
    return QUARANTINE.rows_from(pa.Table.from_batches([rows]), known)


def without_named(texts: Mapping[str, pa.Array], broken: Mapping[str, Mask]) -> dict[str, pa.Array]:
    """Return columns as text, withheld where a rule says that they name somebody."""
    told = dict(texts)
    for rule, rows in broken.items():
        kind, _, column = rule.partition(":")
        if kind == IDENTIFIER_IN:
            told[column] = pc.if_else(pa.array(rows), pa.scalar(WITHHELD), texts[column])
    return told
