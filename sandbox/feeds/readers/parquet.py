"""Parquet: what its footer claims is checked before a page is read; columns that no contract names are not read."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import BATCH_ROWS, ReadOptions, check_columns, unreadable

# A few hundred KB of Parquet can claim gigabytes (dictionary and run-length encoding).
WORD = 8
MOST_CELLS = 4_000_000_000
MOST_BYTES = 64 << 30
MOST_GROUP_BYTES = 2 << 30
MOST_EXPANSION = 1_000
SMALL_BYTES = 256 << 20


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield batches of the feed's columns, typed as the file has them."""
    with _opened(path) as file:
        check_footer(file.metadata, path)
        names = list(file.schema_arrow.names)
        check_columns(names, options.feed, path.name)
        declared = {column.name for column in options.feed.columns}
        yield from parquet_batches(file, path, [name for name in names if name in declared])


def parquet_batches(file: pq.ParquetFile, path: Path, names: list[str]) -> Iterator[pa.RecordBatch]:
    """Yield batches of these columns."""
    try:
        yield from file.iter_batches(batch_size=BATCH_ROWS, columns=names, use_threads=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError):
        raise unreadable(path.name, "Parquet") from None


def check_footer(footer: pq.FileMetaData, path: Path) -> None:
    """Refuse a file that claims more than a delivery can hold."""
    groups = [footer.row_group(number).total_byte_size for number in range(footer.num_row_groups)]
    # Run-length encoding hides what a column becomes in memory: at least a word a cell.
    claimed = max(sum(groups), footer.num_rows * footer.num_columns * WORD)
    expansion = claimed / max(1, path.stat().st_size)
    if (
        footer.num_rows * footer.num_columns > MOST_CELLS
        or claimed > MOST_BYTES
        or max(groups, default=0) > MOST_GROUP_BYTES
        or (claimed > SMALL_BYTES and expansion > MOST_EXPANSION)
    ):
        raise DeliveryRefusedError(
            f"{path.name} claims {footer.num_rows:,} rows × {footer.num_columns} columns, {claimed:,} bytes unpacked.",
            "Send smaller files; a footer that claims what the file can't hold is refused unread.",
        )


def footer_of(path: Path) -> pq.FileMetaData:
    """Return a file's checked footer."""
    with _opened(path) as file:
        check_footer(file.metadata, path)
        return file.metadata


def _opened(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowInvalid, OSError):
        raise unreadable(path.name, "Parquet") from None
