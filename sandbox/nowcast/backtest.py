"""Rolling origin: what each past vintage would have said with what it knew, and what it turned out to be.

A model that is used at an origin was fitted at that origin or before, on the latest decided reference months of
then: months in which every crossing was decided, never the early-decided part of a young month.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.lakehouse.tables.nowcasts import CATEGORIES, NUMBERS, REPLAYED_PREDICTION
from sandbox.nowcast.features import Plan
from sandbox.nowcast.models import Lesson, Model, Recipe, learnt, probabilities
from sandbox.nowcast.parts import BANDS, PARTS, Part, month_number, month_start, part_of

WINDOW_MONTHS = 36
"""Decided reference months that a model learns from, as Stats NZ's provisional model did."""
SOONEST_FINAL = 12
"""A month can't be wholly decided sooner: the 365th day on the new side has not come."""

ModelKey = tuple[int, Part, Recipe]
Models = Mapping[ModelKey, Model]
UndecidedMonths = frozenset[tuple[int, int]]
"""Pairs of origin and reference month with a crossing undecided then."""

NOTHING_LEARNT = Model(Recipe.RULE_SO_FAR, None, 0)
"""Answers at origins before anything could be learnt."""
RECIPES = tuple(Recipe)
P_COLUMNS = {recipe: f"p_{recipe.value}" for recipe in RECIPES}


@dataclass(frozen=True)
class Schooling:
    """What is needed to fit at past origins: the plan, the months undecided at each of them, the seed."""

    plan: Plan
    undecided: UndecidedMonths
    seed: int

    def final_months(self, origin: int) -> list[int]:
        """Return the latest reference months that were wholly decided at the origin."""
        months = range(self.plan.learnt_from, origin - SOONEST_FINAL + 1)
        final = [month for month in months if (origin, month) not in self.undecided]
        return final[-WINDOW_MONTHS:]

    def lesson(self, rows: pa.Table, origin: int) -> Lesson:
        """Return what could be learnt at the origin from drawn `crossing_feature` rows of one part."""
        final = pa.array([month_start(month) for month in self.final_months(origin)], pa.date32())
        was_final = pc.is_in(rows["reference_month"], final)
        was_past = pc.less_equal(rows["origin"], pa.scalar(month_start(origin), pa.date32()))
        chosen = rows.filter(pc.and_(was_final, was_past))
        outcome = known_at(chosen, self.plan.refits.index(origin))
        settled = outcome >= 0
        features = features_of(chosen)[settled].reset_index(drop=True)
        return Lesson(features, outcome[settled], chosen["draw"].to_numpy()[settled])

    def models(self, part: Part, rows: pa.Table, origins: Iterable[int], recipes: Iterable[Recipe]) -> Models:
        """Return the models of one part, fitted at each of the origins."""
        drawn = rows.sort_by([("reference_month", "ascending"), ("change_id", "ascending")])
        fitted: dict[ModelKey, Model] = {}
        for origin in origins:
            lesson = self.lesson(drawn, origin)
            for recipe in recipes:
                fitted[origin, part, recipe] = learnt(recipe, lesson, self.seed)
        return fitted


def known_at(rows: pa.Table, refit: int) -> NDArray[np.int8]:
    """Return each row's outcome as known at the refit of this number, −1 where it was not."""
    outcomes = pc.list_element(rows["known_outcomes"], refit) if rows.num_rows else pa.array([], pa.int8())
    return outcomes.fill_null(-1).to_numpy().astype(np.int8)


def features_of(rows: pa.Table) -> pd.DataFrame:
    """Return the columns that models see, and nothing else of a row."""
    return rows.select([*NUMBERS, *CATEGORIES]).to_pandas()


def lesson_sha256(lesson: Lesson) -> str:
    """Return the hash of what was learnt from: the identity of a model, whenever and wherever it is fitted."""
    digest = hashlib.sha256(pd.util.hash_pandas_object(lesson.features, index=False).to_numpy().tobytes())
    digest.update(lesson.outcome.tobytes())
    digest.update(lesson.draw.tobytes())
    return digest.hexdigest()


def replayed_predictions(rows: pa.Table, plan: Plan, models: Models) -> pa.Table:
    """Return what each recipe would have said of the judged crossings; rows of `replayed_prediction`."""
    judged = judged_rows(rows, plan)
    origin = months_of(judged["origin"])
    month = months_of(judged["reference_month"])
    refit = refits_used(origin, models)
    direction = judged["direction"].to_numpy(zero_copy_only=False)
    given = {column: np.full(judged.num_rows, np.nan) for column in P_COLUMNS.values()}
    number = part_numbers(direction, origin - month)
    for at, part in {(int(r), PARTS[n]) for r, n in zip(refit, number, strict=True)}:
        place = np.flatnonzero((refit == at) & (number == PARTS.index(part)))
        features = features_of(judged.take(pa.array(place)))
        for recipe, column in P_COLUMNS.items():
            model = models.get((at, part, recipe), NOTHING_LEARNT)
            given[column][place] = probabilities(model, features)
    outcome = known_at(judged, len(plan.refits) - 1)
    columns = {name: judged[name] for name in REPLAYED_PREDICTION.names if name in judged.column_names}
    columns |= {name: pa.array(values, from_pandas=True) for name, values in given.items()}
    columns["outcome"] = pa.array(outcome.astype(np.int64), mask=outcome < 0)
    nullable = pa.schema([field.with_nullable(True) for field in REPLAYED_PREDICTION.schema])
    return pa.table(columns).select(list(REPLAYED_PREDICTION.names)).cast(nullable)


def refits_used(origin: NDArray[np.int64], models: Models) -> NDArray[np.int64]:
    """Return the latest month, not after each origin, at which models were fitted; −1 where there is none."""
    fitted = np.array([-1, *sorted({at for at, _, _ in models})])
    return fitted[np.searchsorted(fitted, origin, side="right") - 1]


def totals_of(decided: pd.DataFrame, expected: pd.DataFrame, final: pd.DataFrame) -> pd.DataFrame:
    """Return one row a direction, reference month and origin, as `backtest_total` has it.

    `decided` has the migrations decided at each origin, `expected` Σ p of the champion and of rule so far,
    `final` the migrations of each month that is wholly decided by now; each with its key columns.
    """
    keys = ["direction", "reference_month", "origin"]
    found = expected.merge(decided, on=keys, how="outer").fillna({"expected": 0.0, "so_far": 0.0, "decided": 0.0})
    found["estimate"] = found["decided"] + found["expected"]
    found["naive"] = found["decided"] + found["so_far"]
    found = found.merge(final, on=["direction", "reference_month"], how="left")
    found["horizon"] = [
        month_number(o) - month_number(m) for o, m in zip(found.origin, found.reference_month, strict=True)
    ]
    return found.sort_values(keys, ignore_index=True)


def with_champion(expected: pd.DataFrame, recipes: Mapping[Part, Recipe]) -> pd.DataFrame:
    """Return the champion's Σ p as `expected` and that of rule so far as `so_far`, from one column a recipe."""
    months = zip(expected.direction, expected.reference_month, expected.origin, strict=True)
    parts = [part_of(side, month_number(origin) - month_number(month)) for side, month, origin in months]
    columns = [P_COLUMNS[recipes[part]] for part in parts]
    values = [expected[column].iloc[row] for row, column in enumerate(columns)]
    keys = expected[["direction", "reference_month", "origin"]]
    return keys.assign(expected=values, so_far=expected[P_COLUMNS[Recipe.RULE_SO_FAR]])


def with_net(totals: pd.DataFrame) -> pd.DataFrame:
    """Append net = arrivals − departures; its `scale` is the gross flow, that of a direction its own estimate."""
    keys = ["reference_month", "origin", "horizon"]
    values = ["decided", "estimate", "naive", "final"]
    sides = [totals[totals.direction == side].set_index(keys)[values] for side in ("A", "D")]
    both = sides[0].index.intersection(sides[1].index)
    net = (sides[0].loc[both] - sides[1].loc[both]).reset_index().assign(direction="net")
    net["scale"] = (sides[0].loc[both].estimate + sides[1].loc[both].estimate).to_numpy()
    return pd.concat([totals.assign(scale=totals.estimate), net], ignore_index=True)


def relative_errors(totals: pd.DataFrame, direction: str, horizon: int) -> NDArray[np.float64]:
    """Return (final − estimate) / scale of this horizon, the oldest first; only where the final figure is known."""
    chosen = totals[(totals.direction == direction) & (totals.horizon == horizon) & totals.final.notna()]
    chosen = chosen.sort_values("reference_month")
    errors: pd.Series[float] = (chosen.final - chosen.estimate) / np.maximum(chosen["scale"], 1.0)
    return np.asarray(errors, np.float64)


def judged_rows(rows: pa.Table, plan: Plan) -> pa.Table:
    """Return the crossings that the backtest judges: undecided at an origin, month and horizon within the plan."""
    first, last = (pa.scalar(month_start(m), pa.date32()) for m in (plan.judged_from, plan.judged_to))
    month = rows["reference_month"]
    inside = pc.and_(pc.greater_equal(month, first), pc.less_equal(month, last))
    inside = pc.and_(
        inside, pc.and_(pc.greater_equal(rows["horizon"], 1), pc.less_equal(rows["horizon"], plan.longest))
    )
    return rows.filter(pc.and_(inside, pc.invert(rows["decided"])))


def months_of(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return the month numbers of dates."""
    return column.to_numpy().astype("datetime64[M]").astype(np.int64) + 1970 * 12


def part_numbers(direction: NDArray[np.object_], horizon: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row's place in `PARTS`; horizons beyond the last band belong to it."""
    bands = np.searchsorted([last for _, last in BANDS[:-1]], horizon, side="left")
    return (direction == "D") * len(BANDS) + bands
