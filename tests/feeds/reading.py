"""What a reader makes of a file, whole: its rows, and the rules that they break."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.readers import FAULT, ROW, ReadOptions, reader_named
from sandbox.feeds.rules import check_rows

DELIVERED = date(2025, 11, 1)


def rows_of(path: Path, file_format: str, feed: str, **stated: Any) -> pd.DataFrame:
    """Return all rows of a file; no two of them have one number."""
    options = ReadOptions(ALL_FEEDS[feed], **{"delivered_on": DELIVERED, **stated})
    parts = [batch.to_pandas() for batch in reader_named(file_format)(path, options) if batch.num_rows]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()
    assert ROW not in rows or rows[ROW].is_unique
    return rows


def broken_rules(path: Path, file_format: str, feed: str, **stated: Any) -> dict[str, int]:
    """Return how many rows of a file break each rule; rows that could not be split are counted as such."""
    options = ReadOptions(ALL_FEEDS[feed], **{"delivered_on": DELIVERED, **stated})
    found: Counter[str] = Counter()
    for batch in reader_named(file_format)(path, options):
        is_fault = batch[FAULT].is_valid() if FAULT in batch.schema.names else pa.repeat(False, batch.num_rows)
        found["unsplit"] += pc.sum(is_fault).as_py() or 0
        broken = check_rows(batch.filter(pc.invert(is_fault)), options.feed, "UTC", DELIVERED).broken
        found.update({rule: int(rows.sum()) for rule, rows in broken.items() if rows.any()})
    return dict(+found)
