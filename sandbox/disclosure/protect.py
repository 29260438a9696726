"""Protects one table: primary rules, secondary suppression, and what may then be published."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from sandbox.concepts.codes import TOTAL, CellStatus
from sandbox.disclosure.attack import CONTRADICTION
from sandbox.disclosure.audit import Recipient, audit
from sandbox.disclosure.margins import (
    FLOAT_ERROR,
    Hierarchy,
    Key,
    Lattice,
    Reals,
    completed,
    is_whole,
    lattice,
    rounding_of,
    sums_of,
)
from sandbox.disclosure.primary import Contents, Reasons, check_contents, open_for_good, primary_reasons
from sandbox.disclosure.published import Layout, as_published, code_columns, figures_column, keys_of, numbers_of
from sandbox.disclosure.rules import Rules
from sandbox.disclosure.suppression import Pattern, Task, suppressed, task
from sandbox.errors import CallError, CheckFailedError
from sandbox.persons.files import suffix_of


@dataclass(frozen=True)
class Protected:
    """A table as it may leave, and the same with what must stay inside.

    `greedy`: the solver did not solve it; it is safe but hides more than it had to.
    """

    published: pa.Table
    internal: pa.Table
    greedy: bool = False

    @property
    def summary(self) -> dict[str, int | str]:
        """Number of cells by status; how many are hidden because of which rule stays inside."""
        status = self.internal["status"].to_pylist()
        counts: dict[str, int | str] = {"cells": len(status)}
        counts |= {each.value: status.count(each.value) for each in CellStatus if each.value in status}
        return counts | (
            {"note": "not solved to the optimum: safe, but more is hidden than had to be"} if self.greedy else {}
        )


def internal_path(out: Path) -> Path:
    """Return the name of the file that stays inside: `.internal` before the suffix."""
    suffix = suffix_of(out)
    return out.with_name(out.name.removesuffix(suffix) + ".internal" + suffix)


def rules_for(layout: Layout, rules: Rules) -> Rules:
    """Return the rules with those switched on that the columns given ask for; half a rule is refused."""
    if bool(layout.largest) != bool(layout.second):
        raise CallError("Dominance needs the largest and the second largest contribution.", "Give both columns.")
    return rules.model_copy(
        update={
            "magnitude": rules.magnitude or bool(layout.largest),
            "partners_confidential": rules.partners_confidential or bool(layout.partners),
        }
    )


def protect(rows: pa.Table, layout: Layout, rules: Rules, hierarchy: Hierarchy, secondary: bool = True) -> Protected:
    """Return the table with every hidden cell safe from the attacker; `CheckFailedError` if it can't be made so.

    `rows` has one row a cell; a table without totals gets all of them. Without `secondary` only primary cells are
    hidden and nothing is audited: that is what the audit must find.
    """
    keys, contents = with_margins(keys_of(rows, layout.dimensions), _contents(rows, layout, rules), layout, hierarchy)
    cells = lattice(keys, layout.dimensions, hierarchy)
    check_adds_up(contents.value, cells)
    reasons = primary_reasons(contents, cells, layout.dimensions, rules)
    to_do = table_task(contents, reasons, cells, rules)
    pattern = suppressed([to_do])[0] if secondary else Pattern(to_do.primary, to_do.primary)
    hidden = pattern.hidden[: cells.given]
    shown = np.where(hidden, np.nan, contents.value)
    published = as_published(keys, layout.dimensions, layout.value, shown)
    if secondary:
        _check_safe(published, layout, hierarchy)
    return Protected(published, _internal(keys, contents, reasons, hidden, layout), pattern.greedy)


def with_margins(
    keys: list[Key], contents: Contents, layout: Layout, hierarchy: Hierarchy
) -> tuple[list[Key], Contents]:
    """Return the table with all totals, if it has none.

    Of a total's largest contributions only bounds are known: at most the sums of those of its parts, at least as
    many partners as any part. The rules are tested on these bounds, so that a total may be hidden in vain but is
    never shown wrongly.
    """
    if any(TOTAL in key for key in keys):
        return keys, contents
    cells = lattice(keys, layout.dimensions, hierarchy, whole=True)
    return list(cells.keys), Contents(
        completed(contents.value, cells),
        completed(contents.contributors, cells),
        None if contents.largest is None else completed(contents.largest, cells),
        None if contents.second is None else completed(contents.second, cells),
        None if contents.partners is None else completed(contents.partners, cells, max),
    )


def check_adds_up(values: Reals, cells: Lattice) -> None:
    """Refuse a table whose totals are not the sums of their parts: it can be neither protected nor audited."""
    sums = sums_of(cells, rounding_of(values))
    full = completed(values, cells)
    off = sums.matrix @ full
    slack = CONTRADICTION * (1 + FLOAT_ERROR * abs(sums.matrix) @ np.abs(full))
    wrong = np.flatnonzero((off > sums.high + slack) | (off < sums.low - slack))
    if len(wrong):
        total = cells.keys[cells.equations[wrong[0]].total]
        raise CallError(
            f"{len(wrong)} totals are not the sums of their parts, the first at {', '.join(total)}.",
            "Mend them, or leave the totals out: then they are made.",
        )


def table_task(contents: Contents, reasons: Reasons, cells: Lattice, rules: Rules) -> Task:
    """Return what the protector works on: all cells of the lattice, the implied ones shown nowhere."""
    implied = len(cells.keys) - cells.given
    nothing = np.zeros(implied, dtype=np.bool_)
    return task(
        completed(contents.value, cells),
        np.concatenate([reasons != "", nothing]),
        np.concatenate([open_for_good(contents, reasons, rules), nothing]),
        np.concatenate([np.zeros(cells.given, dtype=np.bool_), ~nothing]),
        sums_of(cells, rounding_of(contents.value)),
        rules,
        is_whole(contents.value),
    )


def _contents(rows: pa.Table, layout: Layout, rules: Rules) -> Contents:
    value = numbers_of(rows, layout.value)
    contents = Contents(
        value,
        numbers_of(rows, layout.contributors) if layout.contributors else np.full(len(value), np.nan),
        numbers_of(rows, layout.largest) if layout.largest else None,
        numbers_of(rows, layout.second) if layout.second else None,
        numbers_of(rows, layout.partners) if layout.partners else None,
    )
    check_contents(contents, rules)
    return contents


def _check_safe(published: pa.Table, layout: Layout, hierarchy: Hierarchy) -> None:
    found = audit(published, [], Recipient(layout.dimensions, layout.value, hierarchy))
    if found.failed:
        raise CheckFailedError(
            "The audit found hidden cells that can be computed: the table is refused.", "Merge categories."
        )


def _internal(
    keys: list[Key],
    contents: Contents,
    reasons: Reasons,
    hidden: np.ndarray[tuple[int], np.dtype[np.bool_]],
    layout: Layout,
) -> pa.Table:
    status = np.where(
        reasons != "", CellStatus.PRIMARY.value, np.where(hidden, CellStatus.SECONDARY.value, CellStatus.OPEN.value)
    )
    columns = {
        layout.value: contents.value,
        layout.contributors: contents.contributors,
        layout.largest: contents.largest,
        layout.second: contents.second,
        layout.partners: contents.partners,
    }
    return pa.table(
        {
            **code_columns(keys, layout.dimensions),
            **{name: figures_column(values) for name, values in columns.items() if name and values is not None},
            "status": pa.array(status.tolist(), pa.string()),
            "rule": pa.array(reasons.tolist(), pa.string()),
        }
    )
