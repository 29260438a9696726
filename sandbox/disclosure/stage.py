"""Protects every figure of the estimate table, attacks what would be published, and writes both."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from sandbox.concepts.codes import CellStatus, ConfStatus
from sandbox.disclosure.attack import Intervals
from sandbox.disclosure.families import FOLLOWS, Cells, Row, attackable, following, protected_by_rules
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
    audited: list[Row] = []
    for group in dict.fromkeys(cells.family.group for cells in decided.values()):
        audited += _audited_group(group, decided, secondary)
    return [row for cells in decided.values() for row in _protected_rows(cells)], audited


def check_families_known(rows: Sequence[Row]) -> None:
    """Refuse an indicator that no family has: what no rule was written for is not published."""
    known = {indicator for family in families() for indicator in family.indicators}
    unknown = sorted({row["indicator"] for row in rows} - known)
    if unknown:
        raise CheckFailedError(
            f"No rule was written for {', '.join(unknown)}.", "Give it a family in sandbox/disclosure/rules.toml."
        )


def _audited_group(group: str, decided: dict[str, Cells], secondary: bool) -> list[Row]:
    """Attack the families of a group together; hide more, and what follows it, until nothing is given away."""
    names = [name for name, cells in decided.items() if cells.family.group == group]
    for _ in range(ROUNDS):
        parts = [decided[name] for name in names]
        _, joint, hidden = attackable(parts)
        places, found = attacked(joint, hidden)
        narrow = np.zeros(len(hidden), dtype=np.bool_)
        narrow[places] = found.too_narrow(joint.rules.minimum_width, joint.rules.minimum_width_percent)
        if not (secondary and narrow.any()):
            break
        _hide(parts, partners_of(joint, hidden, narrow))
        _follow_again(decided)
    return _audit_rows(parts, found, narrow)


def _hide(parts: Sequence[Cells], places: Sequence[int]) -> None:
    start = 0
    for part in parts:
        own = [place - start for place in places if start <= place < start + len(part.rows)]
        part.hidden[own] = True
        start += len(part.rows)


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


def _audit_rows(
    parts: Sequence[Cells], found: Intervals, narrow: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> list[Row]:
    """Return one row a hidden cell; a bound or width that is not finite is empty: nothing bounds the cell."""
    cells = [(part.family.name, row) for part in parts for row in part.rows]
    bounds = zip(found.lower.tolist(), found.upper.tolist(), found.width.tolist(), strict=True)
    hidden = np.flatnonzero(np.concatenate([part.hidden for part in parts])).tolist()
    return [
        {
            **_cell(cells[place][1]),
            "family": cells[place][0],
            "lower": _finite(lower),
            "upper": _finite(upper),
            "width": _finite(width),
            "too_narrow": bool(narrow[place]),
        }
        for place, (lower, upper, width) in zip(hidden, bounds, strict=True)
    ]


def _cell(row: Row) -> dict[str, object]:
    return {name: row[name] for name in CELL_KEY}


def _has_value(row: Row) -> bool:
    return row["estimate"] is not None and math.isfinite(row["estimate"])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
