"""The backtest of a plain file: what each of a row of past releases would have said, month by month.

A release's rows depend on nothing but the crossings to its vintage's last day: models are fitted in January and
July whatever releases are asked for, on outcomes as known then, and bands come from totals that were final then.
"""

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.concepts.rules import Rule
from sandbox.errors import CallError
from sandbox.nowcast.backtest import alike, months_of, part_numbers, predicted, refits_used
from sandbox.nowcast.baselines import cell_probabilities, class_probabilities
from sandbox.nowcast.features import Plan, crossing_rows, is_judged
from sandbox.nowcast.models import Lesson, Recipe
from sandbox.nowcast.movements import Movements
from sandbox.nowcast.parts import PARTS, Part, month_number, month_start
from sandbox.nowcast.regime import Traffic
from sandbox.nowcast.school import FOLDS, Models, Schooling, features_of, fitted, fold_of, known_at, without_fold

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

CHAMPION = Recipe.BOOSTING
MODELS = {
    "champion": CHAMPION,
    "logistic": Recipe.LOGISTIC,
    "prior": Recipe.PRIOR,
    "rule_so_far": Recipe.RULE_SO_FAR,
}
"""Where the predictions of a model stand; the champion is gradient boosting, or the step that it fell back to."""
REFIT_EVERY = 6
LOOKED_BACK = 60
"""Months before a vintage among which final months, whose errors make a band, are looked for."""
YEAR = 12
LONGEST = 16 + YEAR
"""A year that ends at horizon 16 began at horizon 27."""


@dataclass(frozen=True)
class Asked:
    """What was asked for: rule, vintages and horizons from first to last, repair, seed, processes."""

    rule: Rule
    vintages: range
    horizons: range
    repair: str
    seed: int
    jobs: int = 1


@dataclass(frozen=True)
class Replay:
    """All crossings replayed, and the models of past origins."""

    asked: Asked
    school: Schooling
    rows: pa.Table
    models: Models

    @cached_property
    def undecided(self) -> pa.Table:
        """Crossings as they were known at an origin where they were undecided."""
        return self.rows.filter(pc.invert(self.rows["decided"]))

    @cached_property
    def learnt_from(self) -> dict[Part, int]:
        """The first origin at which each part had the champion itself, nothing that it falls back to."""
        never = self.school.plan.vintage + 1
        first = dict.fromkeys(PARTS, never)
        for part in PARTS:
            kinds = {
                at: {self.models[at, part, CHAMPION, fold].recipe for fold in range(FOLDS)}
                for at, of, recipe, _ in self.models
                if of == part and recipe is CHAMPION
            }
            first[part] = min((at for at, kind in kinds.items() if kind == {CHAMPION}), default=never)
        return first

    @cached_property
    def judged(self) -> pa.Table:
        """Those of them that the backtest judges."""
        month, origin = (months_of(self.undecided[name]) for name in ("reference_month", "origin"))
        return self.undecided.filter(pa.array(is_judged(month, origin, self.school.plan)))

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row each of `judged`, one column a recipe; `outcome` as known by the end of the file, or −1."""
        rows = self.judged
        keys = {
            "direction": rows["direction"].to_numpy(zero_copy_only=False),
            "month": months_of(rows["reference_month"]),
            "origin": months_of(rows["origin"]),
            "fold": fold_of(rows["draw"].to_numpy()),
            "outcome": known_at(rows, len(self.school.plan.refits) - 1),
        }
        given = predicted(rows, self.models)
        found = pd.DataFrame(keys | {recipe.value: p for recipe, p in given.items()})
        return found.assign(horizon=found.origin - found.month)

    def lesson(self, refit: int, part: Part) -> Lesson:
        """Return what could be learnt of a part at a refit."""
        return self.school.lesson(drawn_of(self.undecided, part), refit)

    def crossings_known(self, refit: int, direction: str) -> pd.DataFrame:
        """Return `visa_class, outcome, fold` of all crossings in the months that were final at a refit."""
        school, rows = self.school, self.rows
        everything = rows.filter(pc.equal(rows["origin"], pa.scalar(month_start(school.plan.vintage), pa.date32())))
        final = pa.array([month_start(month) for month in school.final_months(refit)], pa.date32())
        inside = pc.and_(pc.equal(everything["direction"], direction), pc.is_in(everything["reference_month"], final))
        chosen = everything.filter(inside)
        outcome = known_at(chosen, school.plan.refits.index(refit))
        fold = fold_of(chosen["draw"].to_numpy())
        crossings = pd.DataFrame({"visa_class": chosen["visa_class"].to_pandas(), "outcome": outcome, "fold": fold})
        return crossings[crossings.outcome >= 0]

    @cached_property
    def totals(self) -> pd.DataFrame:
        """One row a direction, month and origin (numbers): `decided, expected, variance, undecided`."""
        keys = ["direction", "month", "origin"]
        p = self.predictions[CHAMPION.value]
        sums = self.predictions[keys].assign(expected=p, variance=p * (1 - p), undecided=1)
        expected = sums.groupby(keys).sum()
        migrations = self.rows.filter(pc.fill_null(self.rows["is_migration"], False))
        found = migrations.select(["direction"]).to_pandas()
        found = found.assign(month=months_of(migrations["reference_month"]), origin=months_of(migrations["origin"]))
        decided = found.groupby(keys).size().rename("decided")
        return expected.join(decided, how="outer").fillna(0.0).reset_index()

    @cached_property
    def final(self) -> pd.Series:
        """Migrations by direction and month, of months that are wholly decided by the end of the file."""
        plan = self.school.plan
        last = self.totals[self.totals.origin == plan.vintage].set_index(["direction", "month"])["decided"]
        settled = [
            month
            for month in range(plan.learnt_from, plan.vintage)
            if (plan.vintage, month) not in self.school.undecided
        ]
        index = pd.MultiIndex.from_product([("A", "D"), settled], names=["direction", "month"])
        return last.reindex(index, fill_value=0.0)


def replayed(movements: Movements, asked: Asked) -> Replay:
    """Replay the crossings of a file to every month that the releases need, and fit the models of past origins."""
    plan = plan_of(movements.rows, asked)
    rows = crossing_rows(movements.rows, plan, movements.initial)
    undecided = rows.filter(pc.invert(rows["decided"]))
    pairs = pa.table({"origin": undecided["origin"], "month": undecided["reference_month"]}).group_by(
        ["origin", "month"]
    )
    months = pairs.aggregate([]).to_pydict()
    numbers = zip(map(month_number, months["origin"]), map(month_number, months["month"]), strict=True)
    traffic = Traffic.of(months_of(movements.rows["event_date"]))
    school = Schooling(plan, frozenset(numbers), traffic, asked.seed)
    drawn = {part: drawn_of(undecided, part) for part in PARTS}
    return Replay(asked, school, rows, fitted(school, drawn, _wanted(plan, asked), asked.jobs))


def _wanted(plan: Plan, asked: Asked) -> dict[int, tuple[Recipe, ...]]:
    """Return the recipes to fit at each refit: all where a release asked for is scored, before it what totals need."""
    refits = [refit for refit in plan.refits if refit % REFIT_EVERY == 0 and refit <= asked.vintages[-1]]
    return {
        refit: tuple(Recipe) if refit + REFIT_EVERY > asked.vintages[0] else (CHAMPION, Recipe.RULE_SO_FAR)
        for refit in refits
    }


def plan_of(rows: pa.Table, asked: Asked) -> Plan:
    """Return which crossings of a file are replayed to which months."""
    first, end = (month_number(day) for day in pc.min_max(rows["event_date"]).as_py().values())
    last = asked.vintages[-1]
    judged_from = max(first, asked.vintages[0] - LOOKED_BACK - YEAR)
    if last > end:
        raise CallError(
            f"The last release asked for is {month_start(last):%Y-%m}, "
            f"but the movements end in {month_start(end):%Y-%m}.",
            "Ask for releases that the file has seen.",
        )
    fitted = [month for month in range(judged_from - REFIT_EVERY + 1, last + 1) if month % REFIT_EVERY == 0]
    refits = [month for month in fitted if first <= month < end]
    # The file's last month stands for what is known in the end.
    return Plan(
        asked.rule, end, first, judged_from, last, last, LONGEST, (*refits, end), asked.repair, every_crossing=True
    )


def drawn_of(undecided: pa.Table, part: Part) -> pa.Table:
    """Return the crossings drawn to learn from in one part."""
    inside = pc.and_(pc.equal(undecided["direction"], part.direction), undecided["drawn"])
    horizon = undecided["horizon"]
    inside = pc.and_(inside, pc.and_(pc.greater_equal(horizon, part.first), pc.less_equal(horizon, part.last)))
    return undecided.filter(inside)


def scored_rows(replay: Replay) -> pd.DataFrame:
    """Return one row a crossing, vintage asked for and model: `direction, horizon, outcome, model, p`.

    Over all crossings undecided at the vintage whose outcome is known by the end of the file.
    """
    asked, found = replay.asked, replay.predictions
    chosen = (found["outcome"] >= 0) & found["origin"].isin(asked.vintages) & found["horizon"].isin(asked.horizons)
    place = np.flatnonzero(chosen)
    known = found.iloc[place]
    models = {name: known[recipe.value].to_numpy() for name, recipe in MODELS.items()} | _baselines(replay, place)
    keys = known[["direction", "horizon", "outcome"]]
    return pd.concat([keys.assign(model=name, p=p) for name, p in models.items()], ignore_index=True).dropna(subset="p")


def _baselines(replay: Replay, place: Ints) -> dict[str, Reals]:
    """Return `ia` and `ib` for these rows of `judged`: like the models, learnt without the persons they judge."""
    ia, ib = np.full(len(place), np.nan), np.full(len(place), np.nan)
    lesson_of, crossings_of = cache(replay.lesson), cache(replay.crossings_known)
    rows = replay.predictions.iloc[place]
    used = refits_used(rows["origin"].to_numpy(np.int64), replay.models)
    number = part_numbers(rows["direction"].to_numpy(object), rows["horizon"].to_numpy(np.int64))
    for within in alike(used, number, rows["fold"].to_numpy()):
        refit, part, fold = int(used[within[0]]), PARTS[number[within[0]]], int(rows["fold"].iloc[within[0]])
        lesson = without_fold(lesson_of(refit, part), fold) if refit >= 0 else None
        if lesson is not None and len(lesson.outcome):
            features = features_of(replay.judged.take(pa.array(place[within])))
            known = crossings_of(refit, part.direction)
            ia[within] = class_probabilities(known[known.fold != fold], features)
            ib[within] = cell_probabilities(lesson, features)
    return {"ia": ia, "ib": ib}
