"""Crossings replayed to past vintages: outcome and features as they were known then, and never later.

What was `Seen` is cut from a `History` at each origin; outcomes and features are computed from those arrays alone,
so that what comes after the origin is not filtered out but absent.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.concepts.rules import Rule
from sandbox.kernels.features import FEATURES, crossing_features
from sandbox.kernels.outcomes import outcomes
from sandbox.kernels.walk import NO_DAY, UNKNOWN, Outcomes
from sandbox.lakehouse.tables.nowcasts import CATEGORIES, CROSSING_FEATURE
from sandbox.nowcast.history import INSERTED, History, Seen
from sandbox.nowcast.parts import SOONEST_FINAL, month_start
from sandbox.persons.movements import Initial

Ints = NDArray[np.int64]
NOT_SEEN = np.int8(-1)
MISSING = "missing"


class Kept(StrEnum):
    """Which replayed crossings are kept: those to learn from and to foretell, those to be judged by, or both."""

    LEARNT = "learnt"
    JUDGED = "judged"
    ALL = "all"


@dataclass(frozen=True)
class Plan:
    """Which crossings are replayed to which origins; months are numbers (`parts`).

    `vintage` is the month of computing. Reference months `learnt_from` on are replayed to one horizon drawn in
    each band, for training; `judged_from` to `judged_to` to every horizon up to `longest`, for the backtest. At
    `refits` models are fitted, in order, the last at the vintage. Nothing is replayed to a month after `last_origin`
    but the vintage. With `every_crossing` those that are decided at the vintage are kept too, not only migrations.
    """

    rule: Rule
    vintage: int
    learnt_from: int
    judged_from: int
    judged_to: int
    last_origin: int
    longest: int
    refits: tuple[int, ...]
    repair: str
    every_crossing: bool = False
    kept: Kept = Kept.ALL

    @property
    def origins(self) -> tuple[int, ...]:
        """Every month to which something is replayed."""
        first, last = self.learnt_from + 1, self.last_origin
        if self.kept is Kept.JUDGED:
            first, last = self.judged_from + 1, min(last, self.judged_to + self.longest)
        return (*range(first, min(last + 1, self.vintage)), self.vintage)


@dataclass
class Replayed:
    """Rows of one origin: `row` in the history, outcome as known (−1 undecided), features (NaN where decided)."""

    row: Ints
    origin: int
    is_migration: NDArray[np.int8]
    drawn: NDArray[np.bool_]
    numbers: NDArray[np.float32]


def crossing_rows(rows: pa.Table, plan: Plan, initial: Initial | None = None) -> pa.Table:
    """Return `crossing_feature` rows of whole persons' movements, sorted by person and time.

    `initial` has one element a person, in the order of the rows.
    """
    history = History.of(rows, initial)
    known = np.full((len(history.day), len(plan.refits)), NOT_SEEN, np.int8)
    parts = [_replayed(history, origin, plan, known) for origin in plan.origins]
    return _as_table(rows, history, parts, known, plan)


def _replayed(history: History, origin: int, plan: Plan, known: NDArray[np.int8]) -> Replayed:
    seen = history.seen(_day_number(month_start(origin + 1)), plan.repair)
    found = _outcomes(seen, plan.rule, seen.cutoff)
    own = np.flatnonzero(seen.source != INSERTED)
    outcome, row = found.is_migration[own], seen.source[own]
    if origin in plan.refits:
        known[row, plan.refits.index(origin)] = outcome
    month = history.month[row]
    drawn = (history.drawn[row] == (origin - month)[:, None]).any(axis=1)
    wanted = np.zeros(len(row), np.bool_)
    if plan.kept is not Kept.JUDGED:
        wanted |= _is_learnt(outcome, month, origin, drawn, plan)
    if plan.kept is not Kept.LEARNT:
        wanted |= (outcome != 0) & is_judged(month, origin, plan)
    numbers = _numbers(seen, own[wanted], found, plan.rule)
    return Replayed(row[wanted], origin, outcome[wanted], drawn[wanted], numbers)


def is_judged(month: Ints, origin: Ints | int, plan: Plan) -> NDArray[np.bool_]:
    """Tell which pairs of reference month and origin the backtest judges."""
    horizon = origin - month
    inside = (month >= plan.judged_from) & (month <= plan.judged_to)
    return np.asarray(inside & (horizon >= 1) & (horizon <= plan.longest), np.bool_)


def _is_learnt(
    outcome: NDArray[np.int8], month: Ints, origin: int, drawn: NDArray[np.bool_], plan: Plan
) -> NDArray[np.bool_]:
    """Tell which crossings are kept to learn from, to know which months were decided, and to foretell."""
    late = (origin in plan.refits) & (origin - month >= SOONEST_FINAL)
    wanted = (outcome < 0) & (month >= plan.learnt_from) & (drawn | late)
    if origin == plan.vintage:
        settled = (month >= plan.judged_from) & (outcome == 1)
        if plan.every_crossing:
            settled = (month >= plan.learnt_from) & (outcome >= 0)
        wanted |= (outcome < 0) | settled
    return np.asarray(wanted, np.bool_)


def _outcomes(seen: Seen, rule: Rule, until: int) -> Outcomes:
    """Return the outcomes of what was seen, the last stay lasting until `until`.

    An initial status that was fixed after the cut-off was not known then.
    """
    was_known = seen.initial.decided_on <= seen.cutoff
    status = np.where(was_known, seen.initial.status, UNKNOWN)
    fixed = np.where(was_known, seen.initial.decided_on, NO_DAY)
    return outcomes(seen.offsets, seen.day, seen.direction, status, fixed, rule.window_days, rule.threshold_days, until)


def _numbers(seen: Seen, kept: Ints, found: Outcomes, rule: Rule) -> NDArray[np.float32]:
    """Return the kernel's features and rule so far, float32[len(kept), …]; NaN where the crossing is decided."""
    table = np.full((len(kept), len(FEATURES) + 1), np.nan, np.float32)
    undecided = np.flatnonzero(found.is_migration[kept] < 0)
    if len(undecided):
        rows = kept[undecided]
        known = (found.resident_before, found.days_migrating, found.days_returned)
        table[undecided, :-1] = crossing_features(seen.offsets, seen.day, seen.direction, rows, *known, seen.cutoff)
        # If nobody crossed again for twice the window, every crossing would be decided: the rule so far.
        going_on = _outcomes(seen, rule, seen.cutoff + 2 * rule.window_days)
        table[undecided, -1] = np.maximum(going_on.is_migration[rows], 0)
    return table


def _as_table(rows: pa.Table, history: History, parts: list[Replayed], known: NDArray[np.int8], plan: Plan) -> pa.Table:
    row = np.concatenate([part.row for part in parts])
    origin = np.concatenate([np.full(len(part.row), part.origin) for part in parts])
    outcome = np.concatenate([part.is_migration for part in parts])
    numbers = np.concatenate([part.numbers for part in parts])
    taken = rows.take(pa.array(row))
    month = history.month[row]
    decided = outcome >= 0
    columns = {
        "person_key": taken["person_key"],
        "bucket": taken["bucket"],
        "rule_id": pa.array([plan.rule.id]).take(pa.array(np.zeros(len(row), np.int64))),
        "vintage": _month_starts(np.full(len(row), plan.vintage)),
        "change_id": taken["movement_id"],
        "direction": taken["direction"],
        "reference_month": _month_starts(month),
        "origin": _month_starts(origin),
        "horizon": pa.array((origin - month).astype(np.int32)),
        "decided": pa.array(decided),
        "is_migration": pa.array(outcome == 1, mask=~decided),
        "known_outcomes": _known(known[row]),
        "drawn": pa.array(np.concatenate([part.drawn for part in parts])),
        "draw": pa.array(history.draw[row]),
        **{name: pa.array(numbers[:, k], from_pandas=True) for k, name in enumerate((*FEATURES, "rule_so_far"))},
        "months_since": pa.array((origin - month).astype(np.float32)),
        **_covariates(taken, month),
    }
    return pa.table(columns).select(list(CROSSING_FEATURE.names)).cast(CROSSING_FEATURE.stored)


def _covariates(taken: pa.Table, month: Ints) -> dict[str, pa.Array]:
    def number(name: str) -> NDArray[np.float32]:
        if name not in taken.column_names:
            return np.full(taken.num_rows, np.nan, np.float32)
        return taken[name].cast(pa.float32()).to_numpy()

    return {
        "calendar_month": pa.array((month % 12 + 1).astype(np.float32)),
        "age": pa.array((month // 12).astype(np.float32) - number("birth_year_band"), from_pandas=True),
        "intended_stay_days": pa.array(number("intended_stay_days"), from_pandas=True),
        "one_way_ticket": pa.array(number("one_way_ticket"), from_pandas=True),
        **{name: _filled(taken, name) for name in CATEGORIES},
    }


def _filled(taken: pa.Table, name: str) -> pa.Array:
    if name not in taken.column_names:
        return pa.array([MISSING]).take(pa.array(np.zeros(taken.num_rows, np.int64)))
    return taken[name].cast(pa.string()).fill_null(MISSING)


def _known(known: NDArray[np.int8]) -> pa.Array:
    offsets = np.arange(len(known) + 1, dtype=np.int32) * known.shape[1]
    values = known.ravel()
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values, mask=values < 0))


def _month_starts(months: Ints) -> pa.Array:
    days = (months - 1970 * 12).astype("datetime64[M]").astype("datetime64[D]")
    return pa.array(days)


def _day_number(day: date) -> int:
    return (day - date(1970, 1, 1)).days
