"""The attacker, held against counting every table that fits what is published."""

import numpy as np
import pyarrow as pa
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from sandbox.disclosure.attack import feasible_intervals
from sandbox.disclosure.audit import Recipient, audit
from sandbox.disclosure.margins import Sums

ROW_COLUMN = Recipient(("row", "column"), "n", {})


def published(text: str) -> pa.Table:
    """Rows of a drawn table with totals, `.` for a hidden cell; the last line and column are totals."""
    lines = [line.split() for line in text.strip().splitlines()]
    tall, wide = len(lines) - 1, len(lines[0]) - 1
    cells = [
        ("_T" if i == tall else f"r{i}", "_T" if j == wide else f"c{j}", None if value == "." else float(value))
        for i, line in enumerate(lines)
        for j, value in enumerate(line)
    ]
    rows, columns, values = zip(*cells, strict=True)
    return pa.table({"row": rows, "column": columns, "n": pa.array(values, pa.float64())})


def cell(rows: pa.Table, column: str, *codes: str) -> object:
    return next(line[column] for line in rows.to_pylist() if (line["row"], line["column"]) == codes)


def test_one_hidden_cell_in_a_row_is_computed_from_the_total() -> None:
    found = audit(published(" .  20  23 \n 30  10  40 \n 33  30  63"), [], ROW_COLUMN)
    assert (cell(found.rows, "lower", "r0", "c0"), cell(found.rows, "upper", "r0", "c0")) == (3, 3)
    assert found.failed


def test_four_hidden_cells_in_a_square_hide_each_other() -> None:
    found = audit(published(" .  .  23 \n .  .  40 \n 33  30  63"), [], ROW_COLUMN)
    assert cell(found.rows, "lower", "r0", "c0") == 0
    assert cell(found.rows, "upper", "r0", "c0") == 23
    assert not found.failed


def test_counts_are_whole_so_that_bounds_are() -> None:
    table = pa.table({"a": ["x", "y", "_T"], "n": pa.array([None, None, 25], pa.int64())})
    found = audit(table, [], Recipient(("a",), "n", {}))
    assert found.rows["width"].to_pylist() == [25, 25]


def test_a_bound_between_two_counts_is_brought_to_the_inner_one() -> None:
    twice = Sums(csr_array([[2.0]]), np.array([1.0]), np.array([5.0]))
    found = feasible_intervals(twice, np.array([np.nan]), np.zeros(1), np.array([0]), whole=True)
    assert (found.lower.tolist(), found.upper.tolist()) == ([1], [2])


def test_a_hidden_total_is_not_bounded() -> None:
    found = audit(published(" .  20  . \n 30  10  40 \n .  30  ."), [], ROW_COLUMN)
    assert cell(found.rows, "upper", "r0", "c0") == float("inf")
    assert not found.failed


def test_what_contradicts_itself_is_a_failed_audit_however_wide_the_intervals() -> None:
    found = audit(published(" .  .  23 \n .  .  40 \n 30  10  41 \n 63  40  104"), [], ROW_COLUMN)
    assert min(found.rows["width"].to_pylist()) > 10
    assert found.contradicted
    assert found.too_narrow == 4


def test_a_programme_without_a_solution_is_a_failed_audit() -> None:
    # The hidden cells of the first row would have to hold less than nothing.
    table = pa.table({"a": ["x", "y", "z", "_T"], "n": pa.array([None, None, 30, 20], pa.int64())})
    found = audit(table, [], Recipient(("a",), "n", {}))
    assert found.rows["lower"].to_pylist() == [None, None]
    assert found.too_narrow == 2


def test_a_cell_that_is_marked_hidden_but_has_its_value_is_given_away() -> None:
    rows = published(" 3  20  23 \n 30  10  40 \n 33  30  63")
    marked = rows.append_column("CONF_STATUS", pa.array(["C"] + ["F"] * 8))
    found = audit(marked, [], ROW_COLUMN)
    assert found.rows.to_pylist() == [
        {"row": "r0", "column": "c0", "lower": 3, "upper": 3, "width": 0, "too_narrow": 1}
    ]


def test_the_width_asked_for_is_ten_or_a_tenth_of_the_upper_bound() -> None:
    parts = published(" .  .  1009 \n 991 10 1001 \n 1990  20  2010")  # both between 0 and 10
    wide = audit(parts, [], ROW_COLUMN)
    assert cell(wide.rows, "width", "r0", "c1") == 0
    small = pa.table({"a": ["x", "y", "_T"], "n": pa.array([None, None, 9], pa.int64())})
    assert audit(small, [], Recipient(("a",), "n", {})).too_narrow == 2
    assert audit(small, [], Recipient(("a",), "n", {}, least_width=9)).too_narrow == 0


def test_a_table_of_before_with_the_value_gives_the_cell_away() -> None:
    now = published(" .  .  23 \n .  .  40 \n 33  30  63")
    before = published(" 3  .  23 \n .  .  40 \n 33  30  63")
    found = audit(now, [before], ROW_COLUMN)
    assert found.rows["width"].to_pylist() == [0, 0, 0, 0]


def test_a_coarser_table_of_before_joins_the_system() -> None:
    now = published(" .  .  23 \n .  .  40 \n .  .  63")
    before = pa.table({"column": ["c0", "c1", "_T"], "n": pa.array([33, 30, 63])})
    alone, joined = audit(now, [], ROW_COLUMN), audit(now, [before], ROW_COLUMN)
    assert cell(alone.rows, "width", "_T", "c0") == 63
    assert cell(joined.rows, "width", "_T", "c0") == 0


def test_another_vintage_ties_cells_by_the_revisions_that_are_seen() -> None:
    # Figures only grew, and only in the first row and column: the two more persons are in their one common cell.
    now = published(" .  .  25 \n .  .  40 \n 35  30  65")
    before = published(" 3  20  23 \n 30  10  40 \n 33  30  63")
    found = audit(now, [before], ROW_COLUMN)
    assert (cell(found.rows, "lower", "r0", "c0"), cell(found.rows, "upper", "r0", "c0")) == (5, 5)


def test_a_total_of_before_bounds_one_that_is_hidden_now() -> None:
    now = pa.table({"a": ["x", "y", "_T"], "n": pa.array([None, 20, None], pa.int64())})
    before = pa.table({"a": ["x", "y", "_T"], "n": pa.array([3, 20, 23], pa.int64())})
    recipient = Recipient(("a",), "n", {})
    assert audit(now, [], recipient).rows["upper"].to_pylist() == [float("inf")] * 2
    assert audit(now, [before], recipient).rows["upper"].to_pylist() == [3, 23]


def test_a_hierarchy_is_attacked_too() -> None:
    table = pa.table({"area": ["n1", "n2", "n", "s", "_T"], "n": pa.array([None, 40, None, 30, 75], pa.int64())})
    found = audit(table, [], Recipient(("area",), "n", {"area": {"n1": "n", "n2": "n"}}))
    assert found.rows["lower"].to_pylist() == found.rows["upper"].to_pylist() == [5, 45]


def test_an_open_table_has_nothing_to_attack() -> None:
    assert audit(published(" 20  20 \n 20  20"), [], ROW_COLUMN).rows.num_rows == 0


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.lists(st.integers(0, 2), min_size=6, max_size=6), st.lists(st.booleans(), min_size=12, max_size=12))
def test_bounds_are_those_of_counting_all_tables(inner: list[int], hidden: list[bool]) -> None:
    total = sum(inner)
    assume(total <= 6)
    full = with_totals(np.array(inner).reshape(1, 2, 3))[0]
    mask = np.array(hidden).reshape(3, 4)
    mask[2, 3] = False  # an open grand total keeps the tables countable
    drawn = "\n".join(" ".join("." if mask[i, j] else str(full[i, j]) for j in range(4)) for i in range(3))
    found = audit(published(drawn), [], ROW_COLUMN)
    every = np.indices((total + 1,) * 6).reshape(6, -1).T
    tables = with_totals(every[every.sum(axis=1) == total].reshape(-1, 2, 3))
    fitting = tables[(tables == full)[:, ~mask].all(axis=1)]
    assert found.rows["lower"].to_pylist() == fitting.min(axis=0)[mask].tolist()
    assert found.rows["upper"].to_pylist() == fitting.max(axis=0)[mask].tolist()


def with_totals(inner: np.ndarray) -> np.ndarray:
    wide = np.concatenate([inner, inner.sum(axis=2, keepdims=True)], axis=2)
    return np.concatenate([wide, wide.sum(axis=1, keepdims=True)], axis=1)
