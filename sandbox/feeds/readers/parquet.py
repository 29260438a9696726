"""Parquet of a feed's own columns, typed as the file has them: one row is one row.

What its footer claims is checked before a page is read; columns that the contract does not name are not read.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import BATCH_ROWS, ReadOptions, check_columns, unreadable

# A few hundred KB of Parquet can claim gigabytes (dictionary and run-length encoding).
WORD = 8
MOST_CELLS = 4_000_000_000
MOST_BYTES = 64 << 30
MOST_GROUP_BYTES = 2 << 30
MOST_EXPANSION = 1_000
SMALL_BYTES = 256 << 20
MOST_BATCH_BYTES = 128 << 20
# A column chunk below so many bytes a value is a dictionary and short codes.
DICTIONARY_BYTES = 4


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield batches of the feed's columns, typed as the file has them; text of few values dictionary-encoded."""
    footer = footer_of(path)
    names = list(footer.schema.to_arrow_schema().names)
    check_columns(names, options.feed, path.name)
    declared = {column.name for column in options.feed.columns}
    wanted = [name for name in names if name in declared]
    with checked_file(path, _repeating(footer, wanted)) as file:
        yield from parquet_batches(file, path, wanted, options.row_groups)


def parquet_batches(
    file: pq.ParquetFile, path: Path, names: list[str], row_groups: Sequence[int] = ()
) -> Iterator[pa.RecordBatch]:
    """Yield batches of these columns, of these row groups or of all."""
    groups = list(row_groups) or list(range(file.metadata.num_row_groups))
    most = max(SMALL_BYTES, MOST_EXPANSION * path.stat().st_size)
    try:
        rows = _batch_rows(path, file.metadata, names, groups)
        for batch in file.iter_batches(batch_size=rows, row_groups=groups, columns=names, use_threads=False):
            most -= sum(_text_bytes(column) for column in batch.columns)
            if most < 0:
                raise DeliveryRefusedError(
                    f"{path.name} unpacks to far more than a file of its size can hold.",
                    "Send smaller files; a long text that stands in every row is refused.",
                )
            yield batch
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError):
        raise unreadable(path.name, "Parquet") from None


def _batch_rows(path: Path, footer: pq.FileMetaData, names: Sequence[str], groups: Sequence[int]) -> int:
    """Return how many rows can be held at a time, were every text the longest of its dictionary.

    No footer tells that: the dictionaries are read, before any row.
    """
    widest = 1
    for group in groups:
        found = footer.row_group(group)
        chunks = [found.column(number) for number in range(found.num_columns)]
        texts = [each for each in chunks if each.path_in_schema in names and each.physical_type == "BYTE_ARRAY"]
        width = sum(each.total_uncompressed_size // max(1, each.num_values) for each in texts)
        packed = [each.path_in_schema for each in texts if each.has_dictionary_page]
        if packed:
            with pq.ParquetFile(path, read_dictionary=packed) as file:
                first = next(
                    file.iter_batches(batch_size=1, row_groups=[group], columns=packed, use_threads=False), None
                )
            width += sum(_longest(column) for column in first.columns) if first else 0
        widest = max(widest, width)
    return max(1, min(BATCH_ROWS, MOST_BATCH_BYTES // widest))


def _longest(values: pa.Array) -> int:
    if not isinstance(values, pa.DictionaryArray) or not len(values.dictionary):
        return 0
    return int(pc.max(pc.binary_length(values.dictionary)).as_py() or 0)


def _text_bytes(values: pa.Array) -> int:
    """Return the bytes of text, as many times as it stands there."""
    if not isinstance(values, pa.DictionaryArray):
        return int(values.nbytes)
    lengths = pc.binary_length(values.dictionary) if pa.types.is_string(values.type.value_type) else None
    return int(pc.sum(lengths.take(values.indices)).as_py() or 0) if lengths is not None else 0


def _repeating(footer: pq.FileMetaData, names: Sequence[str]) -> list[str]:
    """Return the columns of text that the first row group keeps as a dictionary: a few bytes a value."""
    if not footer.num_row_groups:
        return []
    group = footer.row_group(0)
    chunks = [group.column(number) for number in range(group.num_columns)]
    return [
        chunk.path_in_schema
        for chunk in chunks
        if chunk.path_in_schema in names
        and chunk.physical_type == "BYTE_ARRAY"
        and chunk.has_dictionary_page
        and chunk.total_uncompressed_size < DICTIONARY_BYTES * chunk.num_values
    ]


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
    with checked_file(path) as file:
        return file.metadata


def group_rows(path: Path) -> NDArray[np.int64]:
    """Return the rows of each row group, by the checked footer."""
    footer = footer_of(path)
    return np.array([footer.row_group(number).num_rows for number in range(footer.num_row_groups)], np.int64)


def checked_file(path: Path, read_dictionary: Sequence[str] = ()) -> pq.ParquetFile:
    """Open a file whose footer claims no more than a delivery can hold."""
    try:
        file = pq.ParquetFile(path, read_dictionary=list(read_dictionary))
    except (pa.ArrowInvalid, OSError):
        raise unreadable(path.name, "Parquet") from None
    check_footer(file.metadata, path)
    return file
