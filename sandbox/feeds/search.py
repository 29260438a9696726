"""Searching every file below a folder for texts and person keys, in whatever form they lie there.

What a file is, its first bytes tell, not its name: Parquet is searched by its values at any depth and by its footer,
a database by its rows and its bytes, what is packed (gzip, Zstandard, bzip2, xz, each file of a zip) by what it unpacks
to, anything else by its bytes.
"""

import bz2
import json
import lzma
import sqlite3
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

CHUNK_BYTES = 16 << 20
# Of a packed file that is cut off, no more than this is lost before the cut.
UNPACKED_BYTES = 1 << 16
LONGEST = 1 << 10
BATCH_ROWS = 131_072
PARQUET, DATABASE, ZIP = b"PAR1", b"SQLite format 3\x00", b"PK\x03\x04"
PACKED: dict[bytes, Callable[[Path], BinaryIO | pa.NativeFile]] = {
    b"\x1f\x8b": lambda file: pa.input_stream(str(file), compression="gzip"),
    b"\x28\xb5\x2f\xfd": lambda file: pa.input_stream(str(file), compression="zstd"),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\x00": lzma.LZMAFile,
}
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException, sqlite3.Error)


@dataclass(frozen=True)
class Sought:
    """What is looked for: texts in any bytes, keys in columns of numbers, and the `spoken` ones in any bytes."""

    texts: tuple[str, ...]
    keys: pa.Array
    spoken: tuple[int, ...]

    @classmethod
    def of(cls, texts: Collection[str], keys: Collection[int], spoken: Collection[int] | None = None) -> "Sought":
        """Return it; all keys are spoken unless said otherwise: each of them is looked for by itself."""
        numbers = pa.array(np.fromiter(keys, np.int64, len(keys)))
        return cls(tuple(texts), numbers, tuple(keys if spoken is None else spoken))

    @cached_property
    def needles(self) -> list[bytes]:
        """Texts and spoken keys as they may stand in bytes: as they are, as JSON escapes them, a key as 64 bits."""
        written = {json.dumps(text)[1:-1] for text in self.texts} | {*self.texts, *map(str, self.spoken)}
        return sorted(text.encode() for text in written)

    @cached_property
    def bits(self) -> list[bytes]:
        """Spoken keys as 64 bits, as arrays are saved."""
        return [np.int64(key).tobytes() for key in self.spoken]


def files_with(
    folder: Path, texts: Sequence[str], keys: Sequence[int], say: Callable[[str], None]
) -> tuple[list[Path], int]:
    """Return the files that hold any of `texts` or of `keys`; and how many files there are."""
    sought, found, searched = Sought.of(texts, keys), [], 0
    for file in files_of(folder):
        searched += 1
        if searched % 1_000 == 0:
            say(f"{searched:,} files searched")
        if holds(file, sought):
            found.append(file)
    return found, searched


def files_of(folder: Path) -> list[Path]:
    """Return all files below a folder, in order; links are not followed."""
    return sorted(each for each in folder.rglob("*") if each.is_file() and not each.is_symlink())


def holds(file: Path, sought: Sought) -> bool:
    """Tell whether a file holds anything of what is looked for."""
    needles, start = sought.needles, _start_of(file)
    try:
        if start.startswith(PARQUET):
            return any(_in_batch(batch, needles, sought) for batch in _batches(file)) or _in(_footer(file), needles)
        if start.startswith(DATABASE) and any(_in(row, needles) for row in _database_rows(file)):
            return True
    except UNREADABLE:  # it is not what it begins like: its bytes are looked through
        pass
    return any(_in(chunk, needles) or _in(chunk, sought.bits) for chunk in _chunks(file, start))


def _start_of(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(16)


def _in(chunk: bytes, needles: Collection[bytes]) -> bool:
    return any(needle in chunk for needle in needles)


def _in_batch(batch: pa.RecordBatch, needles: Sequence[bytes], sought: Sought) -> bool:
    return any(_in_values(values, needles, sought) for column in batch.columns for values in _leaves(column))


def _leaves(column: pa.Array) -> Iterator[pa.Array]:
    """Yield the values of a column that are no containers of others."""
    kind = column.type
    if isinstance(column, pa.ExtensionArray):
        yield from _leaves(column.storage)
    elif pa.types.is_dictionary(kind):
        yield from _leaves(column.dictionary)
    elif pa.types.is_struct(kind):
        for each in column.flatten():
            yield from _leaves(each)
    elif pa.types.is_map(kind):
        yield from (*_leaves(column.keys), *_leaves(column.items))
    elif pa.types.is_nested(kind):  # lists, of whatever kind
        yield from _leaves(column.flatten())
    else:
        yield column


def _in_values(values: pa.Array, needles: Sequence[bytes], sought: Sought) -> bool:
    kind = values.type
    if pa.types.is_int64(kind) or pa.types.is_float64(kind):  # a column with gaps may have become one of floats
        return bool(pc.any(pc.is_in(values, sought.keys.cast(kind, safe=False))).as_py())
    if pa.types.is_string_view(kind) or pa.types.is_binary_view(kind):
        values = values.cast(pa.large_binary())
    if pa.types.is_fixed_size_binary(kind):
        values = values.cast(pa.binary())
    is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if is_text or pa.types.is_binary(values.type) or pa.types.is_large_binary(values.type):
        distinct = pc.unique(values).drop_null().cast(pa.large_binary())
        return any(pc.any(pc.match_substring(distinct, needle)).as_py() for needle in needles)
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


def _chunks(file: Path, start: bytes) -> Iterator[bytes]:
    """Yield a file's bytes, unpacked where it is packed; chunks overlap, so that nothing is cut in two."""
    try:
        if start.startswith(ZIP):
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    yield name.encode()
                    with archive.open(name) as stream:
                        yield from _overlapping(stream, UNPACKED_BYTES)
            return
        packed = next((kind for magic, kind in PACKED.items() if start.startswith(magic)), None)
        if packed is not None:
            with packed(file) as stream:
                yield from _overlapping(stream, UNPACKED_BYTES)
            return
    except (*UNREADABLE, RuntimeError, NotImplementedError):  # cut off, locked, or nothing of the kind
        pass
    with file.open("rb") as stream:
        yield from _overlapping(stream, CHUNK_BYTES)


def _overlapping(stream: IO[bytes] | pa.NativeFile, size: int) -> Iterator[bytes]:
    tail = b""
    while chunk := stream.read(size):
        yield tail + chunk
        tail = chunk[-LONGEST:]


def _database_rows(file: Path) -> Iterator[bytes]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in database.execute(f'SELECT * FROM "{table}"'):
                yield b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
