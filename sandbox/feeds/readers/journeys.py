"""Lines that belong together: the coupons of one ticket, the legs of one itinerary; folded one batch at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import BATCH_ROWS, FAULT


@dataclass
class Together:
    """Hands on whole groups: the last group of a batch waits for the next one; a group that comes again is refused.

    A group is a run of lines with the same text in each of `keys`. `unsplit` keeps lines that are no row at all.
    """

    keys: Sequence[str]
    file: str
    unsplit: list[pa.RecordBatch] = field(default_factory=list)
    _seen: NDArray[np.uint64] = field(default_factory=lambda: np.zeros(0, np.uint64))

    def groups(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield batches that begin and end with a group's border."""
        waiting: pa.RecordBatch | None = None
        for batch in batches:
            split = self._split(batch)
            rows = split if waiting is None else pa.concat_batches([waiting, split])
            if not rows.num_rows:
                continue
            border = int(np.flatnonzero(self.borders(rows))[-1])
            if rows.num_rows - border > BATCH_ROWS:
                raise self._refused(f"has more than {BATCH_ROWS:,} lines of one {self.keys[0]}")
            yield from self._handed_on(rows.slice(0, border))
            waiting = rows.slice(border)
        if waiting is not None:
            yield from self._handed_on(waiting)

    def borders(self, rows: pa.RecordBatch) -> NDArray[np.bool_]:
        """Return where a group begins."""
        begins = np.zeros(rows.num_rows, bool)
        begins[0] = True
        for key in self.keys:
            codes = pc.dictionary_encode(pc.fill_null(rows[key], "")).indices.to_numpy()
            begins[1:] |= codes[1:] != codes[:-1]
        return begins

    def _split(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Return the rows of a batch; keep aside those that could not be split."""
        if FAULT not in batch.schema.names:
            return batch
        self.unsplit.append(batch.filter(batch[FAULT].is_valid()))
        return batch.filter(batch[FAULT].is_null()).drop_columns([FAULT])

    def _handed_on(self, rows: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        if not rows.num_rows:
            return
        first_lines = rows.filter(pa.array(self.borders(rows)))
        names = pc.binary_join_element_wise(*[pc.fill_null(first_lines[key], "") for key in self.keys], "\0")
        known = np.sort(pd.util.hash_array(names.to_numpy(zero_copy_only=False), categorize=False))
        again = np.isin(known, self._seen, assume_unique=False).any() or (known[1:] == known[:-1]).any()
        if again:
            raise self._refused(f"has lines of one {self.keys[0]} that don't stand together")
        self._seen = np.concatenate([self._seen, known])
        yield rows

    def _refused(self, what: str) -> DeliveryRefusedError:
        return DeliveryRefusedError(f"{self.file} {what}.", f"Sort it by {', '.join(self.keys)} and send it again.")
