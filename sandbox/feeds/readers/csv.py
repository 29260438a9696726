"""CSV, plain or compressed (.gz, .zst): every value as text; a row of another number of fields is kept as a fault."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv

from sandbox.feeds.readers import FAULT, ROW, ReadOptions, check_columns, unreadable

DELIMITERS = (",", ";", "\t", "|")
BLOCK_BYTES = 8 << 20
HEADER_BYTES = 1 << 16


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield batches of text columns; refuse what is no text of the stated encoding."""
    yield from text_batches(path, options.encoding, options.delimiter, options)


def text_batches(
    path: Path, encoding: str, delimiter: str, options: ReadOptions | None = None
) -> Iterator[pa.RecordBatch]:
    """Yield batches of text columns, with row numbers; `options` restricts them to columns of a feed."""
    faults: list[int] = []
    try:
        header = _header(path, encoding)
        mark = delimiter or max(DELIMITERS, key=header.count)
        names = [name.strip().strip('"') for name in header.split(mark)]
        if options is not None:
            check_columns(names, options.feed, path.name)
        with pa.input_stream(str(path), compression="detect") as stream:
            batches = pv.open_csv(stream, *_csv_options(names, mark, encoding, faults))
            yield from _numbered(batches, faults, _kept(names, options))
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError, UnicodeError, LookupError):
        raise unreadable(path.name, f"CSV in {encoding}") from None


def number(values: pa.Array) -> pa.Array:
    """Return figures as the source writes them (`3e+06`, `NA`); anything else stays text, for the row rules."""
    stated = pc.if_else(pc.equal(values, "NA"), pa.scalar(None, pa.string()), values)
    try:
        return pc.cast(stated, pa.float64())
    except pa.ArrowInvalid:
        return stated


def mapped(values: pa.Array, function: Callable[[str], str]) -> pa.Array:
    """Apply a function of text to the distinct values."""
    encoded = pc.dictionary_encode(values)
    results = pa.array([function(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return results.take(encoded.indices)


def _header(path: Path, encoding: str) -> str:
    with pa.input_stream(str(path), compression="detect") as stream:
        first = stream.read(HEADER_BYTES).split(b"\n", 1)[0]
    header = first.decode("utf-8-sig" if encoding.lower() in {"utf-8", "utf8"} else encoding).rstrip("\r")
    if not header.strip():
        raise unreadable(path.name, "CSV with a header")
    return header


def _csv_options(
    names: list[str], mark: str, encoding: str, faults: list[int]
) -> tuple[pv.ReadOptions, pv.ParseOptions, pv.ConvertOptions]:
    def keep_number(row: pv.InvalidRow) -> str:
        faults.append(row.number - 1)
        return "skip"

    return (
        pv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, encoding=encoding, column_names=names, skip_rows=1),
        pv.ParseOptions(
            delimiter=mark, newlines_in_values=True, invalid_row_handler=keep_number, ignore_empty_lines=False
        ),
        pv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _kept(names: list[str], options: ReadOptions | None) -> list[str]:
    declared = names if options is None else [column.name for column in options.feed.columns]
    return [name for name in names if name in declared]


def _numbered(batches: pv.CSVStreamingReader, faults: list[int], kept: list[str]) -> Iterator[pa.RecordBatch]:
    """Add the number of each row in its file; rows that could not be split come as faults after the others."""
    first = 1
    for batch in batches:
        # Every fault before the end of this batch is known: its block was parsed before.
        numbers = np.arange(first, first + batch.num_rows + len(faults), dtype=np.int64)
        numbers = numbers[~np.isin(numbers, faults)][: batch.num_rows]
        if batch.num_rows:
            first = int(numbers[-1]) + 1
        columns = [batch.column(name) for name in kept]
        yield pa.record_batch([*columns, pa.array(numbers)], names=[*kept, ROW])
    if faults:
        empty = [pa.nulls(len(faults), pa.string()) for _ in kept]
        why = pa.array(["number_of_fields"] * len(faults))
        yield pa.record_batch([*empty, pa.array(faults, pa.int64()), why], names=[*kept, ROW, FAULT])
