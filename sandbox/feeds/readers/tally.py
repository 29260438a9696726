"""Counts summed over the lines of a file that say the same: surveys list tickets, `air_od_month` holds a total."""

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import BATCH_ROWS, FAULT, ROW

MOST_ROWS = 8 * BATCH_ROWS


class Tally:
    """Sums of columns by the values of all others; `ROW` is the first line of each sum."""

    def __init__(self, sums: Sequence[str]) -> None:
        self._sums = list(sums)
        self._added: list[pa.Table] = []

    def add(self, rows: pa.RecordBatch) -> None:
        """Take in rows whose sums are numbers."""
        self._added.append(self._summed(pa.Table.from_batches([rows])))
        if sum(table.num_rows for table in self._added) > MOST_ROWS:
            self._added = [self._summed(pa.concat_tables(self._added))]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield the sums, in the order of their first lines."""
        if self._added:
            summed = self._summed(pa.concat_tables(self._added)).sort_by(ROW)
            yield from summed.combine_chunks().to_batches(max_chunksize=BATCH_ROWS)

    def _summed(self, table: pa.Table) -> pa.Table:
        keys = [name for name in table.column_names if name not in {*self._sums, ROW}]
        # A sum of nothing but nothing is nothing.
        each = pc.ScalarAggregateOptions(min_count=1)
        totals = table.group_by(keys, use_threads=False).aggregate(
            [*((name, "sum", each) for name in self._sums), (ROW, "min")]
        )
        names = {f"{name}_sum": name for name in self._sums} | {f"{ROW}_min": ROW}
        return totals.rename_columns([names.get(name, name) for name in totals.column_names])


def countable(batch: pa.RecordBatch, counts: Mapping[str, pa.Array]) -> tuple[pa.RecordBatch, pa.RecordBatch]:
    """Return the rows whose counts are numbers or empty, and those that must be left for the row rules.

    `counts` are the numbers that the batch's columns of those names were read as, empty where they are none.
    """
    readable = pa.repeat(True, batch.num_rows)
    for name, numbers in counts.items():
        readable = pc.and_(readable, pc.or_(numbers.is_valid(), batch[name].is_null()))
    if FAULT in batch.schema.names:
        readable = pc.and_(readable, batch[FAULT].is_null())
    with_numbers = batch
    for name, numbers in counts.items():
        with_numbers = with_numbers.set_column(with_numbers.schema.get_field_index(name), name, numbers)
    good = with_numbers.filter(readable)
    if FAULT in good.schema.names:
        good = good.drop_columns([FAULT])
    return good, batch.filter(pc.invert(readable))
