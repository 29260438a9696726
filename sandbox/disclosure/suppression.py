"""Secondary suppression: hides as little as possible until no hidden cell can be computed closely.

The solver protects the sensitive cells; the attacker of `attack.py` then tests every hidden cell, and what is still
too narrow becomes sensitive itself, and so on. Where the solver fails, or after some rounds, cells are added one by
one (own, greedy, not optimal) until the attacker is content. A table that can't be protected so is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from sandbox.disclosure.attack import Intervals, feasible_intervals
from sandbox.disclosure.margins import Reals, Sums
from sandbox.disclosure.rules import Rules
from sandbox.disclosure.solver import Problem, solve
from sandbox.errors import CheckFailedError

Flags = npt.NDArray[np.bool_]

ROUNDS = 4
SOLVER_SECONDS = 60.0


@dataclass(frozen=True)
class Task:
    """One table to protect: values of all cells, those hidden by a rule, those open for good, and the sums.

    `open_zeros`: true zeros are open, which an attacker knows: then no hidden count is 0. `unshown`: implied sums.
    `least`: what an attacker knows each cell to be at least.
    """

    values: Reals
    primary: Flags
    zeros: Flags
    unshown: Flags
    sums: Sums
    rules: Rules
    whole: bool
    least: Reals


@dataclass
class Pattern:
    """What is hidden in one table, and whether the solver's answer was enough."""

    hidden: Flags
    sensitive: Flags
    greedy: bool = field(default=False)


def task(values: Reals, primary: Flags, zeros: Flags, unshown: Flags, sums: Sums, rules: Rules, whole: bool) -> Task:
    """Return the task, with the strictest attacker: one who knows that zeros are open."""
    nonzero = whole and rules.zeros_open and not rules.sensitive_dimensions and not (primary & (values < 1)).any()
    least = np.where(unshown, 0.0, 1.0 if nonzero else 0.0)
    return Task(values, primary, zeros, unshown, sums, rules, whole, least)


def suppressed(tasks: Sequence[Task]) -> list[Pattern]:
    """Return the pattern of each table, primary cells included; the solver gets all of a round at once."""
    patterns = [Pattern(each.primary.copy(), each.primary.copy()) for each in tasks]
    waiting = [number for number, each in enumerate(tasks) if given_away(each, patterns[number].hidden).any()]
    for _ in range(ROUNDS):
        if not waiting:
            return patterns
        answers = solve([_problem(tasks[number], patterns[number]) for number in waiting], SOLVER_SECONDS)
        waiting = [
            number
            for number, found in zip(waiting, answers, strict=True)
            if not _is_safe_now(tasks[number], patterns[number], found)
        ]
    for number in waiting:
        greedily_hidden(tasks[number], patterns[number])
    return patterns


def attacked(task: Task, hidden: Flags) -> tuple[npt.NDArray[np.int64], Intervals]:
    """Return the hidden cells and what the strictest attacker can compute of them."""
    places = np.flatnonzero(hidden)
    shown = np.where(hidden | task.unshown, np.nan, task.values)
    return places, feasible_intervals(task.sums, shown, task.least, places, task.whole)


def given_away(task: Task, hidden: Flags) -> Flags:
    """Return which cells are hidden in vain."""
    places, found = attacked(task, hidden)
    if found.contradicted:
        raise CheckFailedError("The table does not add up, so it can't be protected.", "Mend its totals.")
    narrow = np.zeros(len(hidden), dtype=np.bool_)
    narrow[places] = found.too_narrow(task.rules.minimum_width, task.rules.minimum_width_percent)
    return narrow


def greedily_hidden(task: Task, pattern: Pattern) -> None:
    """Hide, for each cell given away, the cheapest open cell of one of its sums, until none is given away."""
    pattern.greedy = True
    while (narrow := given_away(task, pattern.hidden)).any():
        pattern.hidden[partners_of(task, pattern.hidden, narrow)] = True


def partners_of(task: Task, hidden: Flags, narrow: Flags) -> list[int]:
    """Return for each cell given away one open cell to hide beside it; `CheckFailedError` where none is left."""
    found = [_cheapest_partner(task, hidden, cell) for cell in np.flatnonzero(narrow).tolist()]
    more = sorted({cell for cell in found if cell is not None})
    if not more:
        raise CheckFailedError(
            f"{int(narrow.sum())} hidden cells can't be protected: nothing is left to hide beside them.",
            "Merge categories, or leave the table out.",
        )
    return more


def _is_safe_now(task: Task, pattern: Pattern, found: Flags | None) -> bool:
    if found is None:
        greedily_hidden(task, pattern)
        return True
    pattern.hidden = pattern.sensitive | found
    narrow = given_away(task, pattern.hidden)
    pattern.sensitive |= narrow
    return not narrow.any()


def _problem(task: Task, pattern: Pattern) -> Problem:
    """Return protection levels so wide that the interval is as wide as the rules ask for."""
    rules = task.rules
    share = rules.minimum_width_percent / 100
    upward = np.maximum(rules.minimum_width, task.values * share / (1 - share)) + task.least
    downward = np.minimum(task.values, rules.lower_protection_percent / 100 * task.values)
    may_hide = ~task.zeros & ~task.unshown
    return Problem(task.values, pattern.sensitive, may_hide, task.unshown, upward, downward, task.sums)


def _cheapest_partner(task: Task, hidden: Flags, cell: int) -> int | None:
    """Return the open cell of least cost in the cell's sums; one with few hidden cells comes first."""
    by_row, costs = task.sums.matrix, task.sums.costs(np.abs(task.values))
    best: tuple[int, float, int] | None = None
    for row in task.sums.matrix.tocsc()[:, [cell]].indices.tolist():
        members = by_row.indices[by_row.indptr[row] : by_row.indptr[row + 1]]
        free = members[~(hidden | task.zeros | task.unshown)[members]]
        if len(free):
            cheapest = int(free[np.argmin(costs[free])])
            rank = (int(hidden[members].sum()), float(costs[cheapest]), cheapest)
            best = rank if best is None else min(best, rank)
    return None if best is None else best[2]
