"""JSON lines, plain or compressed: one object a line.

A block is parsed by Arrow; only a block with a fault is parsed line by line, so that one bad line costs its own row
and no other.
"""

import io
import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from sandbox.feeds.readers import BATCH_ROWS, FAULT, ROW, ReadOptions, unreadable
from sandbox.lakehouse.tables.feeds import Feed


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield batches of the feed's columns; a line that is no object is a fault."""
    first = 1
    try:
        with pa.input_stream(str(path), compression="detect") as stream:
            lines = io.TextIOWrapper(io.BufferedReader(stream), encoding=options.encoding, newline="\n")
            while block := list(islice(lines, BATCH_ROWS)):
                yield _batch(block, options.feed, first)
                first += len(block)
    except (OSError, UnicodeError, LookupError, pa.ArrowInvalid):
        raise unreadable(path.name, f"JSON lines in {options.encoding}") from None


def _batch(lines: list[str], feed: Feed, first: int) -> pa.RecordBatch:
    rows = _parsed_at_once(lines, feed)
    if rows is None:
        rows = _parsed_by_line(lines, feed)
    numbers = pa.array(np.arange(first, first + len(lines), dtype=np.int64))
    return rows.combine_chunks().append_column(ROW, numbers).to_batches()[0]


def _parsed_at_once(lines: list[str], feed: Feed) -> pa.Table | None:
    """Return the block's rows, or None where Arrow can't read it or would skip a line."""
    schema = pa.schema([(column.name, _wire_type(column.type)) for column in feed.columns])
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    block = "".join(lines).encode()
    try:
        rows = pj.read_json(io.BytesIO(block), pj.ReadOptions(block_size=len(block) + 1), options)
    except pa.ArrowInvalid:
        return None
    return rows if rows.num_rows == len(lines) else None


def _parsed_by_line(lines: list[str], feed: Feed) -> pa.Table:
    parsed = [_object(line) for line in lines]
    columns = {
        column.name: pa.array([_text(row.get(column.name)) if row else None for row in parsed], pa.string())
        for column in feed.columns
    }
    fault = pa.array([None if row is not None else "no_json_object" for row in parsed], pa.string())
    return pa.table({**columns, FAULT: fault})


def _object(line: str) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _wire_type(declared: pa.DataType) -> pa.DataType:
    """Return what a well-formed line holds: numbers and flags as such, all else as text."""
    return declared if pa.types.is_integer(declared) or declared in (pa.float64(), pa.bool_()) else pa.string()
