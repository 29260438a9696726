"""A table as rows of codes and figures, as it comes from a file and as it may be published."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import TOTAL, ConfStatus
from sandbox.disclosure.margins import Hierarchy, Key, Reals, is_whole
from sandbox.errors import CallError
from sandbox.persons.files import read_table

CONF_STATUS = "CONF_STATUS"
WRITTEN = {CONF_STATUS, "status", "rule"}


@dataclass(frozen=True)
class Layout:
    """Which columns of a file are what; empty where the file has none."""

    dimensions: tuple[str, ...]
    value: str
    contributors: str = ""
    largest: str = ""
    second: str = ""
    partners: str = ""
    cell_key: str = ""

    def __post_init__(self) -> None:
        """Refuse a column that is both a code and a figure, or that is named like one that is written."""
        figures = {self.value, self.contributors, self.largest, self.second, self.partners, self.cell_key}
        twice = sorted(set(self.dimensions) & (figures | WRITTEN)) or sorted(figures & WRITTEN)
        if twice:
            raise CallError(f"The column {twice[0]} can't be what it is named for.", "Rename it, or name another.")


def dimension_names(text: str) -> tuple[str, ...]:
    """Return the names in `A,B,C`; `CallError` if there is none or one comes twice."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names or len(set(names)) < len(names):
        raise CallError(f"--dimensions {text!r} names no columns, or one twice.", "Give names with commas.")
    return names


def keys_of(rows: pa.Table, dimensions: Sequence[str]) -> list[Key]:
    """Return the codes of each row; every cell may stand there once only."""
    columns = [_column(rows, name).cast(pa.string()).to_pylist() for name in dimensions]
    keys: list[Key] = list(zip(*columns, strict=True))
    empty = sum(None in key for key in keys)
    if empty:
        raise CallError(f"{empty} rows have no code in a dimension.", f"Write {TOTAL} for a total.")
    if len(set(keys)) < len(keys):
        raise CallError(f"{len(keys) - len(set(keys))} cells stand in the table twice.", "Name every dimension.")
    return keys


def numbers_of(rows: pa.Table, name: str) -> Reals:
    """Return a column of figures, not a number where it is empty; `CallError` where it holds anything else."""
    column = _column(rows, name)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        text = pc.utf8_trim_whitespace(column)
        column = pc.if_else(pc.equal(text, ""), None, text)
    try:
        figures = pc.cast(column, pa.float64())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # Arrow's own message quotes the value.
        raise CallError(f"Column {name} holds something that is no number.", "Leave hidden values empty.") from None
    values = np.asarray(pc.fill_null(figures, np.nan).to_numpy(), dtype=np.float64)
    if np.isinf(values).any():
        raise CallError(f"Column {name} holds an infinite value.", "Leave hidden values empty.")
    return values


def read_hierarchy(path: Path | None) -> Hierarchy:
    """Return parents by dimension and code from a file of `dimension, code, parent`; a loop is refused."""
    hierarchy: dict[str, dict[str, str]] = {}
    if path is None:
        return hierarchy
    rows = read_table(path, ("dimension", "code", "parent"))
    columns = (rows[name].cast(pa.string()).to_pylist() for name in ("dimension", "code", "parent"))
    for dimension, code, parent in zip(*columns, strict=True):
        if parent:
            hierarchy.setdefault(str(dimension), {})[str(code)] = str(parent)
    for dimension, parents in hierarchy.items():
        for start in parents:
            _check_ends(dimension, start, parents)
    return hierarchy


def as_published(keys: Sequence[Key], dimensions: Sequence[str], value: str, shown: Reals) -> pa.Table:
    """Return the rows that may leave: codes, value (empty when hidden), one status for every hidden cell alike."""
    hidden = np.isnan(shown)
    status = np.where(hidden, ConfStatus.CONFIDENTIAL.value, ConfStatus.FREE.value)
    return pa.table(
        {
            **code_columns(keys, dimensions),
            value: figures_column(shown),
            CONF_STATUS: pa.array(status.tolist(), pa.string()),
        }
    )


def code_columns(keys: Sequence[Key], dimensions: Sequence[str]) -> dict[str, pa.Array]:
    """Return one column of codes a dimension."""
    return {name: pa.array([key[place] for key in keys], pa.string()) for place, name in enumerate(dimensions)}


def figures_column(values: Reals) -> pa.Array:
    """Return figures, empty where not a number; counts stay whole."""
    empty = np.isnan(values)
    if is_whole(values) and not np.isinf(values).any():
        return pa.array(np.where(empty, 0, values).astype(np.int64), pa.int64(), mask=empty)
    return pa.array(values, pa.float64(), mask=empty)


def _check_ends(dimension: str, start: str, parents: dict[str, str]) -> None:
    code, seen = start, {start}
    while code in parents and parents[code] != TOTAL:
        code = parents[code]
        if code in seen:
            raise CallError(f"In the hierarchy of {dimension} a code is its own ancestor.", "Mend the parents.")
        seen.add(code)


def _column(rows: pa.Table, name: str) -> pa.ChunkedArray:
    if name not in rows.column_names:
        raise CallError(f"The table has no column {name}; it has {', '.join(rows.column_names)}.", "Name another.")
    return rows[name]
