"""Attack 1 and 2 of the list in the design: recovery of hidden cells, and differencing between releases."""

import numpy as np
import pyarrow as pa
import pytest

from sandbox.disclosure.audit import Recipient, audit
from sandbox.disclosure.protect import Protected, protect
from sandbox.disclosure.published import Layout
from sandbox.disclosure.rules import default_rules

LAYOUT = Layout(("from", "to"), "n", "n")
RECIPIENT = Recipient(("from", "to"), "n", {})
SMALL_BELOW_THE_DIAGONAL = [[3, 40, 50], [5, 4, 60], [7, 2, 6]]


def protected(matrix: list[list[int]], secondary: bool = True) -> Protected:
    cells = [(f"r{i}", f"c{j}", n) for i, line in enumerate(matrix) for j, n in enumerate(line)]
    table = pa.table(dict(zip(("from", "to", "n"), map(list, zip(*cells, strict=True)), strict=True)))
    return protect(table, LAYOUT, default_rules(), {}, secondary)


def recovered(published: pa.Table, *earlier: pa.Table) -> tuple[int, int]:
    """Cells that the attacker knows too closely, of those hidden."""
    found = audit(published, list(earlier), RECIPIENT)
    return found.too_narrow, found.rows.num_rows


def test_primary_suppression_alone_lets_all_cells_be_recovered() -> None:
    assert recovered(protected(SMALL_BELOW_THE_DIAGONAL, secondary=False).published) == (6, 6)


def test_after_secondary_suppression_none_is() -> None:
    known, hidden = recovered(protected(SMALL_BELOW_THE_DIAGONAL).published)
    assert known == 0
    assert hidden > 6


@pytest.mark.parametrize("seed", range(4))
def test_nor_in_tables_of_any_other_content(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.poisson(rng.gamma(0.6, 50, (5, 4))).tolist()
    assert recovered(protected(matrix).published)[0] == 0


def test_a_release_of_before_that_showed_a_cell_gives_it_away_and_the_audit_says_so() -> None:
    now = protected(SMALL_BELOW_THE_DIAGONAL).published
    codes = [(line["from"], line["to"]) for line in now.to_pylist()]
    shown = [3 if code == ("r0", "c0") else value for code, value in zip(codes, now["n"].to_pylist(), strict=True)]
    before = now.set_column(2, "n", pa.array(shown, pa.int64())).drop_columns("CONF_STATUS")
    assert recovered(now, now) == (0, recovered(now)[1])
    assert recovered(now, before)[0] > 0
