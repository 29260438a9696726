"""Searching every file below a folder for texts and person keys, in whatever form they lie there."""

import gzip
import sqlite3
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CHUNK_BYTES = 16 << 20
LONGEST = 1 << 10
BATCH_ROWS = 131_072


def files_with(
    folder: Path, texts: Sequence[str], keys: Sequence[int], say: Callable[[str], None]
) -> tuple[list[Path], int]:
    """Return the files that hold any of `texts` or, as a number, any of `keys`; and how many files there are.

    Parquet is searched by its values, compressed text unpacked, a database by its rows, anything else by its bytes.
    Keys are looked for in columns of whole numbers of 64 bits, and as text.
    """
    wanted = [text.encode() for text in texts] + [str(key).encode() for key in keys]
    found, searched = [], 0
    for file in sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()):
        searched += 1
        if searched % 1_000 == 0:
            say(f"{searched:,} files searched")
        if _holds(file, wanted, np.array(keys, np.int64)):
            found.append(file)
    return found, searched


def _holds(file: Path, wanted: Sequence[bytes], keys: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    if file.suffix == ".parquet":
        return any(_in_batch(batch, wanted, keys) for batch in _batches(file)) or _in_bytes(_footer(file), wanted)
    if file.suffix == ".db":
        return any(needle in row for row in _database_rows(file) for needle in wanted)
    return any(_in_bytes(chunk, wanted) for chunk in _chunks(file))


def _in_bytes(chunk: bytes, wanted: Sequence[bytes]) -> bool:
    return any(needle in chunk for needle in wanted)


def _in_batch(batch: pa.RecordBatch, wanted: Sequence[bytes], keys: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    for column in batch.columns:
        values = pc.list_flatten(column) if pa.types.is_list(column.type) else column
        if pa.types.is_int64(values.type):
            if pc.any(pc.is_in(values, pa.array(keys))).as_py():
                return True
        elif pa.types.is_string(values.type) or pa.types.is_binary(values.type):
            distinct = pc.unique(values).drop_null().cast(pa.binary())
            if any(pc.any(pc.match_substring(distinct, needle)).as_py() for needle in wanted):
                return True
    return False


def _batches(file: Path) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file) as source:
        yield from source.iter_batches(batch_size=BATCH_ROWS)


def _footer(file: Path) -> bytes:
    """Return what the footer says of the columns: least and greatest values, and the writer's own notes."""
    metadata = pq.read_metadata(file)
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    stated = [group.column(number).statistics for group in groups for number in range(group.num_columns)]
    limits = [str(value) for each in stated if each is not None and each.has_min_max for value in (each.min, each.max)]
    return "\n".join([*limits, str(metadata.metadata)]).encode()


def _chunks(file: Path) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked where it is gzip; chunks overlap, so that nothing is cut in two."""
    tail = b""
    try:
        with gzip.open(file) if file.suffix == ".gz" else file.open("rb") as stream:
            while chunk := stream.read(CHUNK_BYTES):
                yield tail + chunk
                tail = chunk[-LONGEST:]
    except (OSError, EOFError, zlib.error):
        yield tail + file.read_bytes()


def _database_rows(file: Path) -> Iterator[bytes]:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                yield repr(row).encode()
