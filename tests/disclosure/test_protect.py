import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.disclosure import suppression
from sandbox.disclosure.audit import Recipient, audit
from sandbox.disclosure.protect import protect
from sandbox.disclosure.published import Layout
from sandbox.disclosure.rules import default_rules
from sandbox.errors import CallError

RULES = default_rules()
COUNTS = Layout(("row", "column"), "n", "persons")
NORTH_AND_SOUTH = {"row": {"r0": "north", "r1": "north", "r2": "south", "r3": "south"}}


def counts(matrix: list[list[int]]) -> pa.Table:
    """One row a cell, without totals; persons are the count itself."""
    cells = [(f"r{i}", f"c{j}", n, n) for i, line in enumerate(matrix) for j, n in enumerate(line)]
    return pa.table(dict(zip(("row", "column", "n", "persons"), map(list, zip(*cells, strict=True)), strict=True)))


def solves_nothing(problems: list[object], _seconds: float) -> list[None]:
    return [None] * len(problems)


def statuses(found: pa.Table, status: str) -> set[tuple[str, ...]]:
    return {(line["row"], line["column"]) for line in found.to_pylist() if line["status"] == status}


THREE_BY_THREE = counts([[20, 50, 3], [8, 19, 22], [40, 32, 5]])


def test_a_table_without_totals_gets_all_of_them() -> None:
    found = protect(THREE_BY_THREE, COUNTS, RULES, {})
    codes = {(line["row"], line["column"]) for line in found.published.to_pylist()}
    assert codes == set(product(["r0", "r1", "r2", "_T"], ["c0", "c1", "c2", "_T"]))


def test_what_is_published_tells_nothing_but_codes_value_and_one_status() -> None:
    found = protect(THREE_BY_THREE, COUNTS, RULES, {})
    assert found.published.column_names == ["row", "column", "n", "CONF_STATUS"]
    assert {line["CONF_STATUS"] for line in found.published.to_pylist() if line["n"] is None} == {"C"}
    assert {line["CONF_STATUS"] for line in found.published.to_pylist() if line["n"] is not None} == {"F"}


def test_secondary_cells_are_hidden_so_that_the_audit_passes() -> None:
    found = protect(THREE_BY_THREE, COUNTS, RULES, {})
    assert statuses(found.internal, "primary") == {("r0", "c2"), ("r1", "c0"), ("r2", "c2")}
    assert len(statuses(found.internal, "secondary")) == 3
    assert not audit(found.published, [], Recipient(COUNTS.dimensions, "n", {})).failed


def test_the_audit_is_red_when_secondary_suppression_is_off() -> None:
    found = protect(THREE_BY_THREE, COUNTS, RULES, {}, secondary=False)
    assert audit(found.published, [], Recipient(COUNTS.dimensions, "n", {})).too_narrow == 3


def test_a_true_zero_stays_open() -> None:
    found = protect(counts([[0, 50, 30], [80, 19, 22], [40, 32, 50]]), COUNTS, RULES, {})
    assert found.published["n"].to_pylist()[0] == 0
    assert statuses(found.internal, "open") >= {("r0", "c0")}


def test_a_row_of_sensitive_zeros_is_hidden_with_its_total() -> None:
    sensitive = RULES.model_copy(update={"sensitive_dimensions": ("column",)})
    found = protect(counts([[0, 0, 0], [80, 60, 70], [40, 32, 50]]), COUNTS, sensitive, {})
    assert statuses(found.internal, "primary") == {("r0", "c0"), ("r0", "c1"), ("r0", "c2")}
    assert ("r0", "_T") in statuses(found.internal, "secondary")


def test_a_hierarchy_is_protected_with_its_parents() -> None:
    matrix = [[4, 60, 30], [50, 40, 20], [30, 30, 7], [20, 90, 60]]
    found = protect(counts(matrix), COUNTS, RULES, NORTH_AND_SOUTH)
    assert {"north", "south"} < set(found.published["row"].to_pylist())
    assert not audit(found.published, [], Recipient(COUNTS.dimensions, "n", NORTH_AND_SOUTH)).failed


def test_totals_that_are_no_sums_are_refused() -> None:
    table = pa.table({"row": ["a", "b", "_T"], "n": [20, 30, 60], "persons": [20, 30, 60]})
    with pytest.raises(CallError, match="not the sums"):
        protect(table, Layout(("row",), "n", "persons"), RULES, {})


def test_the_threshold_is_tested_on_persons_whatever_the_weight() -> None:
    table = pa.table({"row": ["a", "b", "c"], "n": [300.5, 900.0, 1200.5], "persons": [3, 90, 120]})
    found = protect(table, Layout(("row",), "n", "persons"), RULES, {})
    assert found.internal["status"].to_pylist()[0] == "primary"


def test_without_the_solver_cells_are_added_one_by_one_and_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "solve", solves_nothing)
    found = protect(THREE_BY_THREE, COUNTS, RULES, {})
    assert found.greedy
    assert "note" in found.summary
    assert not audit(found.published, [], Recipient(COUNTS.dimensions, "n", {})).failed


def test_the_solver_leaves_nothing_where_it_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    protect(THREE_BY_THREE, COUNTS, RULES, {})
    assert not list(tmp_path.iterdir())


def test_linked_margins_of_three_dimensions_are_safe() -> None:
    rng = np.random.default_rng(3)
    layout = Layout(("row", "column", "layer"), "n", "persons")
    codes = list(product("abc", "xyz", "12"))
    n = rng.poisson(rng.gamma(0.7, 40, len(codes))).tolist()
    table = pa.table(
        dict(zip(layout.dimensions, map(list, zip(*codes, strict=True)), strict=True)) | {"n": n, "persons": n}
    )
    found = protect(table, layout, RULES, {})
    assert "primary" in found.summary
    assert not audit(found.published, [], Recipient(layout.dimensions, "n", {})).failed


@pytest.mark.parametrize("solved", [True, False])
def test_no_hidden_cell_of_any_small_table_can_be_computed(solved: bool) -> None:
    @settings(max_examples=12 if solved else 40, deadline=None, derandomize=True)
    @given(st.lists(st.lists(st.integers(0, 60), min_size=3, max_size=3), min_size=2, max_size=4))
    def holds(matrix: list[list[int]]) -> None:
        found = protect(counts(matrix), COUNTS, RULES, {})
        seen = audit(found.published, [], Recipient(COUNTS.dimensions, "n", {}))
        true = {(line["row"], line["column"]): line["n"] for line in found.internal.to_pylist()}
        for line in seen.rows.to_pylist():
            assert line["width"] >= 10
            assert line["lower"] <= true[line["row"], line["column"]] <= line["upper"]
        small = {codes for codes, n in true.items() if 0 < n < 10}
        assert small <= statuses(found.internal, "primary")

    with pytest.MonkeyPatch.context() as patch:
        if not solved:
            patch.setattr(suppression, "solve", solves_nothing)
        holds()


def test_the_file_command_never_imports_spark() -> None:
    code = "import sys, sandbox.cli.disclosure, sandbox.disclosure.protect; sys.exit('pyspark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
