"""The audit of a published table: reads only what would be published, now and before."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pyarrow as pa
from scipy.sparse import block_diag, csr_array, vstack

from sandbox.concepts.codes import TOTAL, ConfStatus
from sandbox.disclosure.attack import Flags, Intervals, feasible_intervals
from sandbox.disclosure.margins import Hierarchy, Key, Lattice, Reals, Sums, lattice, rounding_of, sums_of
from sandbox.disclosure.published import CONF_STATUS, code_columns, figures_column, keys_of, numbers_of
from sandbox.disclosure.rules import default_rules


@dataclass(frozen=True)
class Recipient:
    """How the published tables are read; a width of None asks for the default, 10 or 10 % of the upper bound."""

    dimensions: tuple[str, ...]
    value: str
    hierarchy: Hierarchy
    least_width: float | None = None


@dataclass(frozen=True)
class Audited:
    """One row a hidden cell: its codes, `lower, upper, width, too_narrow`; `contradicted`: no programme could say."""

    rows: pa.Table
    too_narrow: int
    contradicted: bool

    @property
    def failed(self) -> bool:
        """Whether the table must not go out."""
        return self.too_narrow > 0


@dataclass(frozen=True)
class _Shown:
    """One published table: its cells, the sums between them, and what is shown of each."""

    cells: Lattice
    shown: Reals
    hidden: Flags


def audit(published: pa.Table, earlier: Sequence[pa.Table], recipient: Recipient) -> Audited:
    """Return what an attacker can compute of each hidden cell of `published`, knowing the `earlier` tables too.

    A hidden cell is one without a value, or one with the status C: if that has a value nevertheless, it is known.
    """
    names = _all_dimensions(published, earlier, recipient)
    tables = [_shown(rows, names, recipient) for rows in (published, *earlier)]
    values = np.concatenate([np.where(table.hidden, np.nan, table.shown) for table in tables])
    shown = np.concatenate([table.shown for table in tables])
    values = np.where(np.isnan(values), shown, values)
    own = tables[0]
    wanted = np.flatnonzero(own.hidden)
    whole = all(rounding_of(table.shown) == 0.0 for table in tables)
    in_vain = ~np.isnan(values[wanted])
    found = feasible_intervals(_joined(tables), values, np.zeros(len(values)), wanted, whole)
    lower, upper = np.where(in_vain, values[wanted], found.lower), np.where(in_vain, values[wanted], found.upper)
    intervals = Intervals(lower, upper, found.contradicted)
    narrow = intervals.too_narrow(*_asked(recipient))
    keys = [tuple(own.cells.keys[cell][names.index(name)] for name in recipient.dimensions) for cell in wanted]
    contradicted = bool(len(wanted)) and found.contradicted
    return Audited(_as_rows(keys, recipient, intervals, narrow), int(narrow.sum()), contradicted)


def _asked(recipient: Recipient) -> tuple[float, float]:
    if recipient.least_width is not None:
        return recipient.least_width, 0.0
    rules = default_rules()
    return rules.minimum_width, rules.minimum_width_percent


def _as_rows(keys: Sequence[Key], recipient: Recipient, found: Intervals, narrow: Flags) -> pa.Table:
    return pa.table(
        {
            **code_columns(keys, recipient.dimensions),
            "lower": figures_column(found.lower),
            "upper": figures_column(found.upper),
            "width": figures_column(found.width),
            "too_narrow": pa.array(narrow.astype(np.int8)),
        }
    )


def _all_dimensions(published: pa.Table, earlier: Sequence[pa.Table], recipient: Recipient) -> list[str]:
    """Return the named dimensions, and columns of earlier tables that have totals: they are dimensions too."""
    names = list(recipient.dimensions)
    keys_of(published, names)
    for rows in earlier:
        for name in rows.column_names:
            codes = rows[name].combine_chunks()
            if name not in names and pa.types.is_string(codes.type) and TOTAL in codes.to_pylist():
                names.append(name)
    return names


def _shown(rows: pa.Table, names: Sequence[str], recipient: Recipient) -> _Shown:
    """Return a table over all dimensions; one that it lacks is summed over."""
    totals = pa.array([TOTAL] * rows.num_rows, pa.string())
    wide = rows
    for name in names:
        wide = wide if name in wide.column_names else wide.append_column(name, totals)
    keys = keys_of(wide, names)
    cells = lattice(keys, names, recipient.hierarchy)
    shown = numbers_of(rows, recipient.value)
    hidden = np.isnan(shown)
    if CONF_STATUS in rows.column_names:
        codes = rows[CONF_STATUS].cast(pa.string()).to_pylist()
        hidden |= np.array([code == ConfStatus.CONFIDENTIAL.value for code in codes], dtype=np.bool_)
    implied = len(cells.keys) - cells.given
    return _Shown(
        cells,
        np.concatenate([shown, np.full(implied, np.nan)]),
        np.concatenate([hidden, np.zeros(implied, dtype=np.bool_)]),
    )


def _joined(tables: Sequence[_Shown]) -> Sums:
    """Return the sums of all tables, each with its own unknowns, tied where two tables tell of the same cell."""
    parts = [sums_of(table.cells, rounding_of(table.shown)) for table in tables]
    matrix = csr_array(block_diag([part.matrix for part in parts], format="csr"))
    low = np.concatenate([part.low for part in parts])
    high = np.concatenate([part.high for part in parts])
    starts = np.cumsum([0, *[part.cells for part in parts]]).tolist()
    for first, second in combinations(range(len(parts)), 2):
        tie = _tie(tables[first], tables[second], starts[first], starts[second], starts[-1])
        matrix = csr_array(vstack([matrix, tie.matrix], format="csr"))
        low, high = np.concatenate([low, tie.low]), np.concatenate([high, tie.high])
    return Sums(matrix, low, high)


def _tie(newer: _Shown, older: _Shown, newer_start: int, older_start: int, cells: int) -> Sums:
    """Return what ties cells that both tables tell of: they are equal, or revised by no more than those shown.

    If all that both show is equal, the tables tell of the same counts, and hidden cells are equal too. If figures
    only grew, so did the hidden ones, and by no more than the most that is seen; so for revisions of either sign.
    """
    place = {key: index for index, key in enumerate(older.cells.keys)}
    pairs = np.array(
        [(index, place[key]) for index, key in enumerate(newer.cells.keys) if key in place], dtype=np.int64
    ).reshape(-1, 2)
    change = newer.shown[pairs[:, 0]] - older.shown[pairs[:, 1]]
    seen = change[~np.isnan(change)]
    rounding = rounding_of(newer.shown) + rounding_of(older.shown)
    rows = np.arange(len(pairs))
    signs = np.concatenate([np.ones(len(pairs)), -np.ones(len(pairs))])
    columns = np.concatenate([newer_start + pairs[:, 0], older_start + pairs[:, 1]])
    matrix = csr_array((signs, (np.concatenate([rows, rows]), columns)), shape=(len(pairs), cells))
    low = np.full(len(pairs), seen.min(initial=0.0) - rounding)
    high = np.full(len(pairs), seen.max(initial=0.0) + rounding)
    return Sums(matrix, low, high)
