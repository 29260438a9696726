"""Primary rules: which cells say too much by themselves (SDC Handbook, ch. 4.2; Hundepool et al. 2012)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sandbox.concepts.codes import TOTAL
from sandbox.disclosure.margins import Equation, Lattice, Reals
from sandbox.disclosure.rules import Rules
from sandbox.errors import CallError

Reasons = npt.NDArray[np.str_]


@dataclass(frozen=True)
class Contents:
    """What is in each cell: its value, persons counted, and where given its largest contributions and partners."""

    value: Reals
    contributors: Reals
    largest: Reals | None = None
    second: Reals | None = None
    partners: Reals | None = None


def primary_reasons(contents: Contents, cells: Lattice, dimensions: Sequence[str], rules: Rules) -> Reasons:
    """Return for each given cell the rule that hides it, empty for none; the first rule in order names it.

    A rule that can't be computed from what is given raises `CallError`: it never passes.
    """
    check_contents(contents, rules)
    reasons = np.full(cells.given, "", dtype="<U12")
    for name, broken in (
        ("threshold", _few_contributors(contents, rules)),
        ("partners", _few_partners(contents, rules)),
        ("dominance", _dominated(contents, rules)),
        ("p_percent", _estimable(contents, rules)),
        ("group", _concentrated(contents, cells, dimensions, rules)),
        ("zero", _sensitive_zeros(contents, cells, dimensions, rules)),
    ):
        reasons[(reasons == "") & broken] = name
    return reasons


def check_contents(contents: Contents, rules: Rules) -> None:
    """Refuse what rules can't be computed from."""
    _refuse(~np.isfinite(contents.value), "has no value", "Give every cell its value; a true zero is 0.")
    _refuse(contents.value < 0, "is below zero", "Protect flows in and out apart; a net follows from both.")
    if not rules.aggregate_input:
        counts = contents.contributors
        _refuse(~np.isfinite(counts), "has no number of contributors", "The threshold is tested on persons counted.")
        _refuse((counts < 0) | (counts != np.rint(counts)), "has contributors that are no count", "Give raw counts.")
    if rules.magnitude:
        largest, second = contents.largest, contents.second
        if largest is None or second is None:
            raise CallError("Dominance needs the largest and the second largest contribution.", "Give both columns.")
        _refuse(~np.isfinite(largest) | ~np.isfinite(second), "has no largest contributions", "Fill both columns.")
        _refuse((second < 0) | (second > largest), "has a second contribution above the largest", "Mend the row.")
        above = largest + second > contents.value * (1 + 1e-9) + 1e-9
        _refuse(above, "has contributions above its value", "Give contributions in the unit of the value.")
    if rules.partners_confidential:
        if contents.partners is None:
            raise CallError("The partners are confidential but are not counted.", "Give the column of partners.")
        _refuse(~np.isfinite(contents.partners), "has no number of partners", "Fill the column of partners.")


def true_zeros(contents: Contents, rules: Rules) -> npt.NDArray[np.bool_]:
    """Return the cells of which all is zero, if the rules leave them open."""
    counts = np.zeros_like(contents.value) if rules.aggregate_input else contents.contributors
    return (contents.value == 0) & (counts == 0) & rules.zeros_open


def open_for_good(contents: Contents, reasons: Reasons, rules: Rules) -> npt.NDArray[np.bool_]:
    """Return the cells that secondary suppression may not hide: true zeros, unless zeros are sensitive somewhere."""
    if rules.sensitive_dimensions:
        return np.zeros(len(contents.value), dtype=np.bool_)
    return true_zeros(contents, rules) & (reasons == "")


def _few_contributors(contents: Contents, rules: Rules) -> npt.NDArray[np.bool_]:
    if rules.aggregate_input:
        return np.zeros(len(contents.value), dtype=np.bool_)
    return (contents.contributors < rules.minimum_contributors) & ~true_zeros(contents, rules)


def _few_partners(contents: Contents, rules: Rules) -> npt.NDArray[np.bool_]:
    if not rules.partners_confidential or contents.partners is None:
        return np.zeros(len(contents.value), dtype=np.bool_)
    return (contents.partners < rules.minimum_partners) & ~true_zeros(contents, rules)


def _dominated(contents: Contents, rules: Rules) -> npt.NDArray[np.bool_]:
    """(n, k): the n largest contributors have more than k per cent of the value."""
    broken = np.zeros(len(contents.value), dtype=np.bool_)
    if not rules.magnitude or contents.largest is None or contents.second is None:
        return broken
    of_first = {1: contents.largest, 2: contents.largest + contents.second}
    for n, percent in rules.dominance:
        if n not in of_first:
            raise CallError(f"The rule ({n}, {percent:g}) needs {n} contributions; two are given.", "Use n = 1 or 2.")
        broken |= of_first[n] > percent / 100 * contents.value
    return broken


def _estimable(contents: Contents, rules: Rules) -> npt.NDArray[np.bool_]:
    """Rule p %: what neither of the two largest has is less than p per cent of the largest."""
    if not rules.magnitude or contents.largest is None or contents.second is None:
        return np.zeros(len(contents.value), dtype=np.bool_)
    rest = contents.value - contents.largest - contents.second
    return rest < rules.p_percent / 100 * contents.largest


def _concentrated(contents: Contents, cells: Lattice, dimensions: Sequence[str], rules: Rules) -> npt.NDArray[np.bool_]:
    """Group disclosure: nearly all of a row or column is in one sensitive category."""
    broken = np.zeros(len(contents.value), dtype=np.bool_)
    for name in rules.sensitive_dimensions:
        for each in _sums_over(name, cells, dimensions):
            parts = np.array([part for part in each.parts if part < cells.given], dtype=np.int64)
            limit = rules.group_share_percent / 100 * contents.value[list(each.parts)].sum()
            broken[parts[contents.value[parts] > max(limit, 0.0)]] = True
    return broken


def _sensitive_zeros(
    contents: Contents, cells: Lattice, dimensions: Sequence[str], rules: Rules
) -> npt.NDArray[np.bool_]:
    broken = np.zeros(len(contents.value), dtype=np.bool_)
    for name in rules.sensitive_dimensions:
        place = dimensions.index(name)
        broken |= np.array([key[place] != TOTAL for key in cells.keys[: cells.given]]) & (contents.value == 0)
    return broken


def _sums_over(name: str, cells: Lattice, dimensions: Sequence[str]) -> list[Equation]:
    if name not in dimensions:
        raise CallError(f"The rules name {name} sensitive, which is no dimension of the table.", "Add the dimension.")
    place = dimensions.index(name)
    over = [each for each in cells.equations if cells.keys[each.total][place] != cells.keys[each.parts[0]][place]]
    if not over or any(part >= cells.given for each in over for part in each.parts):
        raise CallError(
            f"Group disclosure in {name} can't be computed: the table lacks sums over it.", "Add rows with `_T`."
        )
    return over


def _refuse(wrong: npt.NDArray[np.bool_], what: str, remedy: str) -> None:
    rows = np.flatnonzero(wrong)
    if len(rows):
        raise CallError(f"{len(rows)} cells can't be judged: cell {rows[0] + 1} {what}.", remedy)
