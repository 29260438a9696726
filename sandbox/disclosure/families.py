"""Families of the estimate table: tables that are protected each by itself and attacked together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

import numpy as np

from sandbox.disclosure.attack import Intervals
from sandbox.disclosure.margins import (
    Hierarchy,
    Key,
    Lattice,
    Reals,
    additive,
    completed,
    is_whole,
    lattice,
    rounding_of,
    sums_of,
)
from sandbox.disclosure.primary import Contents, Reasons, open_for_good, primary_reasons
from sandbox.disclosure.protect import check_adds_up
from sandbox.disclosure.rules import Family, Follows
from sandbox.disclosure.suppression import Flags, Pattern, Task, suppressed, task
from sandbox.errors import CheckFailedError

Row = Mapping[str, Any]
"""One row of the estimate table."""

DIMENSIONS = ("area", "partner_area", "sex", "age", "subpopulation")
ATTACKED = ("indicator", "period", *DIMENSIONS)
FOLLOWS = "follows"


@dataclass
class Cells:
    """Rows of one family with what is decided of each: hidden or not, and by which rule."""

    family: Family
    rows: list[Row]
    hidden: Flags
    reasons: Reasons

    @property
    def keys(self) -> list[Key]:
        """Indicator, period and codes of each row."""
        return [attacked_key(row) for row in self.rows]

    @property
    def values(self) -> Reals:
        """What an attacker computes."""
        return _column(self.rows, self.family.attacked)


def attacked_key(row: Row) -> Key:
    """Return indicator, period (2025-11 or 2025) and codes of a row."""
    day: date = row["reference_period"]
    period = f"{day:%Y}" if row["frequency"] == "A" else f"{day:%Y-%m}"
    return row["indicator"], period, *(row[name] for name in DIMENSIONS)


def protected_by_rules(family: Family, rows: Sequence[Row], secondary: bool) -> Cells:
    """Return the cells of a family, each of its tables (one indicator in one period) protected by itself.

    Tables of the same contents get the same pattern, computed once.
    """
    ordered = sorted(rows, key=attacked_key)
    tables = [list(part) for _, part in groupby(ordered, key=lambda row: attacked_key(row)[:2])]
    judged = [_judged(family, table) for table in tables]
    patterns = _patterns([each for each, _ in judged], secondary)
    hidden = [found.hidden[: len(table)] for found, table in zip(patterns, tables, strict=True)]
    return Cells(family, ordered, np.concatenate(hidden), np.concatenate([reasons for _, reasons in judged]))


def following(family: Family, rows: Sequence[Row], others: Mapping[Key, bool]) -> Cells:
    """Return the cells of a family that is hidden where another is; `others` says of each key whether it is."""
    ordered = sorted(rows, key=attacked_key)
    hidden = np.array([any(_followed(row, each, others) for each in family.follows) for row in ordered], dtype=np.bool_)
    return Cells(family, ordered, hidden, np.where(hidden, FOLLOWS, ""))


def attackable(part: Cells) -> tuple[Lattice, Task]:
    """Return the task of a whole family: all sums take part, margins and the months of complete years.

    Cells that follow others stay as they are, and so do zeros.
    """
    hierarchy: Hierarchy = {"period": _months_of_complete_years(part.keys)}
    cells = lattice(part.keys, ATTACKED, hierarchy, shown_only=("period",))
    check_adds_up(part.values, cells)
    implied = np.zeros(len(cells.keys) - cells.given, dtype=np.bool_)
    fixed = np.full(cells.given, bool(part.family.follows)) | (part.values == 0)
    return cells, Task(
        completed(part.values, cells),
        np.zeros(len(cells.keys), dtype=np.bool_),
        np.concatenate([fixed, implied]),
        np.concatenate([np.zeros(cells.given, dtype=np.bool_), ~implied]),
        sums_of(cells, rounding_of(part.values)),
        part.family,
        is_whole(part.values),
        np.zeros(len(cells.keys)),
    )


def difference_of(cells: Cells, bounds: Mapping[Key, tuple[float, float]]) -> Intervals:
    """Return what an attacker knows of hidden differences from `bounds`, those of the two parts of each.

    The parts are tied by nothing but open differences, of which there are none where a part is hidden: so the
    least difference is the least first part less the greatest second one.
    """
    if cells.family.difference is None:
        raise CheckFailedError(f"Family {cells.family.name} is no difference.", "Attack it by its sums.")
    names = cells.family.difference
    hidden = [key for key, is_hidden in zip(cells.keys, cells.hidden.tolist(), strict=True) if is_hidden]
    first = np.array([bounds[names[0], *key[1:]] for key in hidden]).reshape(-1, 2)
    second = np.array([bounds[names[1], *key[1:]] for key in hidden]).reshape(-1, 2)
    return Intervals(first[:, 0] - second[:, 1], first[:, 1] - second[:, 0], contradicted=False)


def _judged(family: Family, table: Sequence[Row]) -> tuple[Task, Reasons]:
    """Return the task of one table and the rule that hides each of its cells."""
    cells = lattice([tuple(row[name] for name in DIMENSIONS) for row in table], DIMENSIONS, {})
    value = _column(table, family.attacked)
    names = ("contributors", "largest", "second", "partners")
    persons, *others = (_column(table, name) for name in names)
    if family.pattern_from != family.attacked:
        # Persons of a provisional month are those of earlier months: where nobody is counted or expected, nobody is.
        persons = np.where(value == 0, 0.0, persons)
    contents = Contents(value, persons, *others)
    check_adds_up(value, cells)
    reasons = primary_reasons(contents, cells, DIMENSIONS, family)
    zeros = open_for_good(contents, reasons, family)
    weights = value if family.pattern_from == family.attacked else additive(_column(table, family.pattern_from), cells)
    nothing = np.zeros(len(cells.keys) - cells.given, dtype=np.bool_)
    return task(
        completed(weights, cells),
        np.concatenate([reasons != "", nothing]),
        np.concatenate([zeros, nothing]),
        np.concatenate([np.zeros(cells.given, dtype=np.bool_), ~nothing]),
        sums_of(cells, rounding_of(weights)),
        family,
        is_whole(weights),
    ), reasons


def _patterns(tasks: Sequence[Task], secondary: bool) -> list[Pattern]:
    if not secondary:
        return [Pattern(each.primary, each.primary) for each in tasks]
    contents = [
        b"".join(part.tobytes() for part in (t.values, t.primary, t.zeros, t.sums.matrix.indices)) for t in tasks
    ]
    distinct = {content: place for place, content in reversed(list(enumerate(contents)))}
    found = suppressed([tasks[place] for place in distinct.values()])
    of_content = dict(zip(distinct, found, strict=True))
    return [of_content[content] for content in contents]


def _followed(row: Row, follows: Follows, others: Mapping[Key, bool]) -> bool:
    codes = {ours: row.get(source, source) for ours, source in follows.codes.items()}
    key = attacked_key({**row, "indicator": follows.indicator, **codes})
    if key not in others:
        raise CheckFailedError(
            f"A cell of {row['indicator']} follows a cell of {follows.indicator} that does not exist.",
            "Run the stage estimates again, or give the family a rule of its own.",
        )
    return others[key]


def _months_of_complete_years(keys: Sequence[Key]) -> dict[str, str]:
    months: dict[tuple[str, str], set[str]] = {}
    for indicator, period, *_ in keys:
        if len(period) > 4:
            months.setdefault((indicator, period[:4]), set()).add(period)
    partial = {year for (_, year), told in months.items() if len(told) < 12}
    return {month: year for (_, year), told in months.items() if year not in partial for month in told}


def _column(rows: Sequence[Row], name: str) -> Reals:
    return np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)
