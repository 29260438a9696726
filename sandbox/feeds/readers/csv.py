"""CSV of a feed's own columns, plain or packed (gzip, Zstandard): one line is one row, the first names the columns.

What the contract leaves open of encoding, delimiter and quotation mark is told from the file (`dialect.py`); a file
that is not of the stated encoding is refused whole. Every value comes as text; a line of another number of fields, or
with bytes that are no UTF-8 in a file that is, costs its own row and no other. Columns that the contract does not name
are not read.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from sandbox.feeds.columns import NUMBER, keep, mask
from sandbox.feeds.readers import FAULT, ROW, ReadOptions, check_columns, check_source_columns, unreadable
from sandbox.feeds.readers.dialect import Dialect, check_is_utf8, dialect_of, header_of, wrong_encoding
from sandbox.feeds.readers.stream import BLOCK_BYTES, endless_line, opened_text


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield batches of text columns; refuse what is no text of the stated encoding."""
    with Refusals(path, options.encoding):
        dialect, names = own_header(path, options)
        declared = {column.name for column in options.feed.columns}
        is_judged = False
        for batch in text_batches(path, dialect, names, [name for name in names if name in declared], is_trusted=True):
            if not is_judged and _has_strange_bytes(batch):
                check_is_utf8(path, options.encoding, "CSV")
                is_judged = True
            yield batch


def own_header(path: Path, options: ReadOptions) -> tuple[Dialect, list[str]]:
    """Return how a CSV of the feed's own columns is written down, and the names in its header."""
    dialect = dialect_of(path, options.encoding, options.delimiter)
    options.hear(dialect)
    names = header_of(path, dialect)
    check_columns(names, options.feed, path.name)
    return dialect, names


def source_batches(
    path: Path, options: ReadOptions, needed: Iterable[str], delimiter: str = ","
) -> Iterator[pa.RecordBatch]:
    """Yield batches of a published source, all its columns as text; refuse a file that lacks one of `needed`."""
    with Refusals(path, options.encoding):
        dialect = dialect_of(path, options.encoding, delimiter)
        options.hear(dialect)
        names = header_of(path, dialect)
        check_source_columns(names, needed, path.name)
        # The first of two columns of one name; an unnamed one (a row label of R or pandas) is not read.
        yield from text_batches(path, dialect, names, [name for name in dict.fromkeys(names) if name])


def text_batches(
    path: Path,
    dialect: Dialect,
    names: list[str],
    kept: list[str],
    skipped_lines: int = 1,
    *,
    is_trusted: bool = False,
) -> Iterator[pa.RecordBatch]:
    """Yield batches of the columns `kept` as text, with row numbers; `names` name the fields of a line.

    `is_trusted`: the caller looks for bytes that are no UTF-8; else they end the reading.
    """
    faults: list[int] = []
    unique = [name if name and name not in names[:place] else f"\0{place}" for place, name in enumerate(names)]
    reading, parsing, converting = _csv_options(unique, dialect, faults, kept, skipped_lines)
    converting.check_utf8 = not is_trusted
    with opened_text(path, dialect.encoding) as stream:
        yield from _numbered(pv.open_csv(stream, reading, parsing, converting), faults, kept)


def _has_strange_bytes(batch: pa.RecordBatch) -> bool:
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid:
        return True
    return False


class Refusals:
    """Turns what Arrow and Python raise over a file's bytes into the refusal of that file."""

    def __init__(self, path: Path, encoding: str, expected: str = "CSV") -> None:
        self._path, self._encoding, self._expected = path, encoding, expected

    def __enter__(self) -> None:
        """Watch what follows."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Raise the refusal in place of what was raised."""
        if isinstance(error, pa.ArrowInvalid) and "straddling" in str(error):
            raise endless_line(self._path.name) from None
        if isinstance(error, (UnicodeError, pa.ArrowInvalid)) and "UTF8" in str(error).upper().replace("-", ""):
            raise wrong_encoding(self._path, self._encoding, self._expected) from None
        if isinstance(error, (pa.ArrowInvalid, pa.ArrowKeyError, OSError, UnicodeError, LookupError)):
            described = f"{self._expected} in {self._encoding}" if self._encoding else self._expected
            raise unreadable(self._path.name, described) from None


def number(values: pa.Array) -> pa.Array:
    """Return figures as the source writes them (`3e+06`, `NA`); anything else stays text, for the row rules."""
    stated = pc.if_else(pc.equal(values, "NA"), pa.scalar(None, pa.string()), values)
    try:
        return pc.cast(stated, pa.float64())
    except pa.ArrowInvalid:
        return stated


def figures(values: pa.Array) -> pa.Array:
    """Return figures as numbers, nothing where a value is none: for what is derived from them."""
    return pc.cast(keep(values, mask(pc.match_substring_regex(values, NUMBER))), pa.float64())


def mapped(values: pa.Array, function: Callable[[str], str | None]) -> pa.Array:
    """Apply a function of text to the distinct values; nothing stays nothing."""
    encoded = pc.dictionary_encode(values)
    results = pa.array([function(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return results.take(encoded.indices)


def joined(parts: Sequence[pa.Array], between: str) -> pa.Array:
    """Return texts joined row by row; what is nothing is left out (Arrow's own `skip` loses rows of nothing)."""
    led = [pc.fill_null(pc.binary_join_element_wise(between, part, ""), "") for part in parts]
    return pc.utf8_slice_codeunits(pc.binary_join_element_wise(*led, ""), len(between))


def _csv_options(
    names: list[str], dialect: Dialect, faults: list[int], kept: list[str], skipped_lines: int
) -> tuple[pv.ReadOptions, pv.ParseOptions, pv.ConvertOptions]:
    def keep_number(row: pv.InvalidRow) -> str:
        faults.append(row.number - skipped_lines)
        return "skip"

    return (
        pv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=names, skip_rows=skipped_lines),
        pv.ParseOptions(
            delimiter=dialect.delimiter,
            quote_char=dialect.quote,
            newlines_in_values=True,
            invalid_row_handler=keep_number,
            ignore_empty_lines=False,
        ),
        pv.ConvertOptions(
            include_columns=kept,
            column_types=dict.fromkeys(kept, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _numbered(batches: pv.CSVStreamingReader, faults: list[int], kept: list[str]) -> Iterator[pa.RecordBatch]:
    """Add the number of each row in its file; rows that could not be split come as faults after the others."""
    first = 1
    for batch in batches:
        # Every fault before the end of this batch is known: its block was parsed before.
        numbers = np.arange(first, first + batch.num_rows + len(faults), dtype=np.int64)
        numbers = numbers[~np.isin(numbers, faults)][: batch.num_rows]
        if batch.num_rows:
            first = int(numbers[-1]) + 1
        yield pa.record_batch([*batch.columns, pa.array(numbers)], names=[*kept, ROW])
    if faults:
        empty = [pa.nulls(len(faults), pa.string()) for _ in kept]
        why = pa.array(["number_of_fields"] * len(faults))
        yield pa.record_batch([*empty, pa.array(faults, pa.int64()), why], names=[*kept, ROW, FAULT])
