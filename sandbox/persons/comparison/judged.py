"""Crossings judged by every rule that applies to them, and what the rules say of a month and of one another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.concepts.codes import Direction
from sandbox.concepts.rules import RULES, AppliesTo, Rule
from sandbox.persons.columns import days
from sandbox.persons.crossings import Repair, crossings_decided
from sandbox.persons.linkage import linked_in_file
from sandbox.persons.movements import PLAIN_FILE

CROSSING_RULES = tuple(rule for rule in RULES.values() if rule.applies_to is not AppliesTo.PRESENCE)
NOT_MIGRATION, MIGRATION, UNDECIDED, IN_ERROR = range(4)
OUTCOMES = ("not_migrations", "migrations", "undecided", "in_error")
DIRECTIONS = (Direction.ARRIVAL, Direction.DEPARTURE)


@dataclass(frozen=True)
class Judged:
    """Crossings with a date and a direction, under each rule.

    `outcome` int8[rules, n]: the place of the outcome in `OUTCOMES`; an error is one under every rule.
    `month` int64[n]: months since 1970; `direction` int8[n]: its place in `DIRECTIONS`.
    """

    rules: tuple[Rule, ...]
    outcome: NDArray[np.int8]
    month: NDArray[np.int64]
    direction: NDArray[np.int8]
    unreadable: int
    observed_until: date | None
    repair: str

    @property
    def months(self) -> range:
        """From the first month with a crossing to the last."""
        return range(int(self.month.min()), int(self.month.max()) + 1) if len(self.month) else range(0)


@dataclass(frozen=True)
class Pair:
    """What two rules say of the crossings of one direction; `undecided` if either can't say yet."""

    rule: Rule
    other: Rule
    direction: Direction
    both: int
    only_rule: int
    only_other: int
    neither: int
    undecided: int


def judged_by_all(
    rows: pa.Table,
    observed_until: date | None,
    repair: str,
    initial: pa.Table | None = None,
    say: Callable[[str], None] = lambda _rule_id: None,
) -> Judged:
    """Apply every rule to the rows of a file (columns of `sandbox rule apply`), one after the other.

    Linkage is repaired once: what is repaired does not depend on the rule.
    """
    outcomes = []
    judged = rows
    mended = linked_in_file(rows, observed_until, initial=initial) if repair == Repair.FULL else repair
    for rule in CROSSING_RULES:
        say(rule.id)
        judged = crossings_decided(rows, rule, observed_until, mended, initial=initial)
        outcome = pc.fill_null(judged["is_migration"], UNDECIDED).to_numpy().astype(np.int8)
        outcome[pc.is_valid(judged["error"]).to_numpy()] = IN_ERROR
        outcomes.append(outcome)
    ways = pc.index_in(judged[PLAIN_FILE.direction].cast(pa.string()), pa.array(list(DIRECTIONS)))
    direction = pc.fill_null(ways, -1).to_numpy().astype(np.int8)
    month = days(judged[PLAIN_FILE.day]).astype("datetime64[D]").astype("datetime64[M]")
    readable = (direction >= 0) & ~np.isnat(month)
    return Judged(
        CROSSING_RULES,
        np.array(outcomes)[:, readable],
        month[readable].astype(np.int64),
        direction[readable],
        int((~readable).sum()),
        observed_until,
        str(repair),
    )


def counted(judged: Judged) -> NDArray[np.int64]:
    """Return counts int64[rules, months, directions, outcomes]."""
    months = judged.months
    shape = (len(months), len(DIRECTIONS), len(OUTCOMES))
    cell = (judged.month - months.start) * shape[1] * shape[2] + judged.direction * np.int64(shape[2])
    return np.array([np.bincount(cell + each, minlength=int(np.prod(shape))).reshape(shape) for each in judged.outcome])


def decided_months(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell the months of which every rule has decided every crossing: in them the definition alone differs."""
    return np.asarray(counts[..., UNDECIDED].sum(axis=(0, 2)) == 0)


def pairs(judged: Judged) -> Iterator[Pair]:
    """Compare every two rules, crossing by crossing."""
    for number, direction in enumerate(DIRECTIONS):
        of_direction = judged.outcome[:, judged.direction == number]
        for first, second in combinations(range(len(judged.rules)), 2):
            both = np.bincount(of_direction[first] * len(OUTCOMES) + of_direction[second], minlength=len(OUTCOMES) ** 2)
            table = both.reshape(len(OUTCOMES), len(OUTCOMES))
            decided = table[:UNDECIDED, :UNDECIDED]
            yield Pair(
                judged.rules[first],
                judged.rules[second],
                direction,
                both=int(decided[MIGRATION, MIGRATION]),
                only_rule=int(decided[MIGRATION, NOT_MIGRATION]),
                only_other=int(decided[NOT_MIGRATION, MIGRATION]),
                neither=int(decided[NOT_MIGRATION, NOT_MIGRATION]),
                undecided=int(table[:IN_ERROR, :IN_ERROR].sum() - decided.sum()),
            )


def month_named(number: int) -> str:
    """Return `YYYY-MM` of a month since 1970."""
    return str(np.datetime64(int(number), "M"))
