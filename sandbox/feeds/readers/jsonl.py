"""JSON lines of a feed's own columns, plain or packed (gzip, Zstandard): one line is one object is one row.

A block of lines is parsed by Arrow; only a block with a fault is parsed line by line, so that one bad line (no
object, nested without end, or with bytes that are no UTF-8 in a file that is) costs its own row and no other. Members
that the contract does not name are not read.
"""

import io
import json
import re
from collections.abc import Callable, Iterator, Sequence, Set
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.json as pj

from sandbox.feeds.readers import FAULT, ROW, ReadOptions
from sandbox.feeds.readers.csv import Refusals
from sandbox.feeds.readers.dialect import check_is_utf8, dialect_of
from sandbox.feeds.readers.stream import line_blocks
from sandbox.lakehouse.table import Column

# A byte that is no UTF-8, as `surrogateescape` keeps it.
STRANGE = re.compile("[\udc80-\udcff]")

Members = list[tuple[str, Any]]


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield batches of the feed's columns; a line that is no object is a fault."""
    yield from object_batches(path, options.encoding, options.feed.columns)


def object_batches(path: Path, encoding: str, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
    """Yield batches of these members of the objects of a file, with row numbers."""
    first = 1
    with Refusals(path, encoding, "JSON lines"):
        is_judged = False
        for block in line_blocks(path, encoding or dialect_of(path).encoding):
            # Looked at before it is split: Arrow names no encoding when it meets a wrong one.
            text = block.decode("utf-8", "surrogateescape")
            if not is_judged and STRANGE.search(text):
                check_is_utf8(path, encoding, "JSON lines")
                is_judged = True
            lines = text.removesuffix("\n").split("\n")
            yield _batch(lines, columns, first)
            first += len(lines)


def _batch(lines: list[str], columns: Sequence[Column], first: int) -> pa.RecordBatch:
    rows = _parsed_at_once(lines, columns)
    if rows is None:
        rows = _parsed_by_line(lines, columns)
    numbers = pa.array(np.arange(first, first + len(lines), dtype=np.int64))
    return rows.combine_chunks().append_column(ROW, numbers).to_batches()[0]


def _parsed_at_once(lines: list[str], columns: Sequence[Column]) -> pa.Table | None:
    """Return the block's rows, or None where Arrow can't read it or would skip a line."""
    schema = pa.schema([(column.name, _wire_type(column.type)) for column in columns])
    options = pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")
    try:
        block = "\n".join(lines).encode()
        rows = pj.read_json(io.BytesIO(block), pj.ReadOptions(block_size=len(block) + 1), options)
    except (pa.ArrowInvalid, UnicodeEncodeError):
        return None
    return rows if rows.num_rows == len(lines) else None


def _parsed_by_line(lines: list[str], columns: Sequence[Column]) -> pa.Table:
    told_once = partial(_told_once, frozenset(column.name for column in columns))
    parsed = [_object(line, told_once) for line in lines]
    values = {
        column.name: pa.array([_text(row.get(column.name)) if row else None for row in parsed], pa.string())
        for column in columns
    }
    fault = pa.array([None if row is not None else "no_json_object" for row in parsed], pa.string())
    return pa.table({**values, FAULT: fault})


def _object(line: str, made_of: Callable[[Members], dict[str, Any]]) -> dict[str, Any] | None:
    try:
        value = json.loads(line, object_pairs_hook=made_of)
        json.dumps(value, ensure_ascii=False).encode()  # half of a surrogate pair, or a byte that is no UTF-8
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _told_once(columns: Set[str], members: Members) -> dict[str, Any]:
    """Return an object; one that has a column twice says two things, and nobody can tell which is meant."""
    names = [name for name, _ in members if name in columns]
    if len(set(names)) < len(names):
        raise ValueError("a column stands twice")
    return dict(members)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _wire_type(declared: pa.DataType) -> pa.DataType:
    """Return what a well-formed line holds: numbers and flags as such, all else as text."""
    return declared if pa.types.is_integer(declared) or declared in (pa.float64(), pa.bool_()) else pa.string()
