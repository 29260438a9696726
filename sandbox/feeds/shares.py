"""A large file of Parquet is read in shares, side by side: each some of its row groups."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from sandbox.feeds.ingest import FileTask
from sandbox.feeds.readers.parquet import group_rows

# Rows of one share.
SHARE_ROWS = 1 << 20


def shares_of(whole: FileTask) -> list[FileTask]:
    """Return tasks of about a million rows each where a file's row groups allow it; else the file as one."""
    if whole.file_format != "parquet":
        return [whole]
    rows = group_rows(Path(whole.path))
    starts = np.concatenate([[0], np.cumsum(rows)])
    share = (starts[:-1] // SHARE_ROWS).astype(int)
    tasks = []
    for number in np.unique(share):
        groups = np.flatnonzero(share == number)
        size = whole.size * int(rows[groups].sum()) // max(1, int(starts[-1]))
        row_groups = tuple(int(group) for group in groups)
        tasks.append(replace(whole, row_groups=row_groups, rows_before=int(starts[groups[0]]), size=size))
    return tasks or [whole]
