"""Protects every figure of the estimate table, attacks what would be published, and writes both."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from sandbox.concepts.codes import CellStatus, ConfStatus
from sandbox.disclosure.attack import Flags, Intervals
from sandbox.disclosure.families import FOLLOWS, Cells, Row, attackable, difference_of, following, protected_by_rules
from sandbox.disclosure.margins import Key
from sandbox.disclosure.rules import families
from sandbox.disclosure.suppression import attacked, partners_of
from sandbox.errors import CheckFailedError
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.figures import AUDIT, CELL_KEY, ESTIMATE, PROTECTED_CELL

# Linked tables are protected each by itself first; what the joint attack then finds takes a few more cells.
ROUNDS = 100


def run(run: StageRun) -> None:
    """Write what may be said of each cell of the vintage, and the interval that an attacker has for hidden ones."""
    told = [row for row in run.read_small(ESTIMATE, vintage=run.vintage).to_pylist() if _has_value(row)]
    protected, audited = protected_and_audited(told)
    hidden = sum(row["conf_status"] == ConfStatus.CONFIDENTIAL for row in protected)
    narrow = sum(row["too_narrow"] for row in audited)
    run.say(f"{len(protected)} cells, {hidden} hidden, {narrow} of them recoverable")
    run.write_small(pa.Table.from_pylist(protected, PROTECTED_CELL.schema), PROTECTED_CELL, vintage=run.vintage)
    run.write_small(pa.Table.from_pylist(audited, AUDIT.schema), AUDIT, vintage=run.vintage)


def protected_and_audited(rows: Sequence[Row], secondary: bool = True) -> tuple[list[Row], list[Row]]:
    """Return rows of `protected_cell` and of `audit` for rows of `estimate` of one vintage.

    Without `secondary` only primary cells are hidden: then the audit must be red.
    """
    check_families_known(rows)
    decided: dict[str, Cells] = {}
    for family in families():
        own = [row for row in rows if row["indicator"] in family.indicators]
        if own and family.follows:
            decided[family.name] = following(family, own, _is_hidden(decided))
        elif own:
            decided[family.name] = protected_by_rules(family, own, secondary)
    found = {name: _attacked(name, decided, secondary) for name in decided if not decided[name].family.difference}
    bounds = {key: bound for name, each in found.items() for key, bound in _bounds(decided[name], each).items()}
    for name, cells in decided.items():
        if cells.family.difference:
            found[name] = difference_of(cells, bounds)
    audited = [row for name, cells in decided.items() for row in _audit_rows(cells, found[name])]
    return [row for cells in decided.values() for row in _protected_rows(cells)], audited


def check_families_known(rows: Sequence[Row]) -> None:
    """Refuse an indicator that no family has: what no rule was written for is not published."""
    known = {indicator for family in families() for indicator in family.indicators}
    unknown = sorted({row["indicator"] for row in rows} - known)
    if unknown:
        raise CheckFailedError(
            f"No rule was written for {', '.join(unknown)}.", "Give it a family in sandbox/disclosure/rules.toml."
        )


def _attacked(name: str, decided: dict[str, Cells], secondary: bool) -> Intervals:
    """Attack a family; hide more of it, and what follows, until nothing is given away."""
    for _ in range(ROUNDS):
        cells = decided[name]
        _, task = attackable(cells)
        hidden = np.concatenate([cells.hidden, np.zeros(len(task.values) - len(cells.hidden), dtype=np.bool_)])
        places, found = attacked(task, hidden)
        narrow = np.zeros(len(hidden), dtype=np.bool_)
        narrow[places] = _too_narrow(cells, found)
        if not (secondary and narrow.any()):
            return found
        cells.hidden[partners_of(task, hidden, narrow)] = True
        _follow_again(decided)
    raise CheckFailedError(f"The tables of {name} can't be protected together.", "Merge categories.")


def _too_narrow(cells: Cells, found: Intervals) -> Flags:
    return found.too_narrow(cells.family.minimum_width, cells.family.minimum_width_percent)


def _bounds(cells: Cells, found: Intervals) -> dict[Key, tuple[float, float]]:
    """Return what an attacker knows of every cell: the interval of a hidden one, the value of an open one."""
    lower, upper = cells.values.copy(), cells.values.copy()
    lower[cells.hidden], upper[cells.hidden] = found.lower, found.upper
    return dict(zip(cells.keys, zip(lower.tolist(), upper.tolist(), strict=True), strict=True))


def _follow_again(decided: dict[str, Cells]) -> None:
    for name, cells in decided.items():
        if cells.family.follows:
            decided[name] = following(cells.family, cells.rows, _is_hidden(decided))


def _is_hidden(decided: Mapping[str, Cells]) -> dict[Key, bool]:
    return {
        key: bool(hidden) for cells in decided.values() for key, hidden in zip(cells.keys, cells.hidden, strict=True)
    }


def _protected_rows(cells: Cells) -> list[Row]:
    found = zip(cells.rows, cells.hidden.tolist(), cells.reasons.tolist(), strict=True)
    return [
        {
            **_cell(row),
            "family": cells.family.name,
            "status": _status(hidden, reason),
            "conf_status": (ConfStatus.CONFIDENTIAL if hidden else ConfStatus.FREE).value,
            "reason": reason,
        }
        for row, hidden, reason in found
    ]


def _status(hidden: bool, reason: str) -> str:
    if not hidden:
        return CellStatus.OPEN.value
    return (CellStatus.PRIMARY if reason and reason != FOLLOWS else CellStatus.SECONDARY).value


def _audit_rows(cells: Cells, found: Intervals) -> list[Row]:
    """Return one row a hidden cell; a bound or width that is not finite is empty: nothing bounds the cell."""
    hidden = [row for row, is_hidden in zip(cells.rows, cells.hidden.tolist(), strict=True) if is_hidden]
    bounds = (found.lower, found.upper, found.width, _too_narrow(cells, found))
    return [
        {
            **_cell(row),
            "family": cells.family.name,
            "lower": _finite(lower),
            "upper": _finite(upper),
            "width": _finite(width),
            "too_narrow": narrow,
        }
        for row, lower, upper, width, narrow in zip(hidden, *(part.tolist() for part in bounds), strict=True)
    ]


def _cell(row: Row) -> dict[str, object]:
    return {name: row[name] for name in CELL_KEY}


def _has_value(row: Row) -> bool:
    return row["estimate"] is not None and math.isfinite(row["estimate"])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
