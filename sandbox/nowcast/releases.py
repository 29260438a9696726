"""The backtest of a plain file: what each of a row of past releases would have said, month by month.

A release's rows depend on nothing but the crossings to its vintage's last day: models are fitted in January and
July whatever releases are asked for, on outcomes as known then, and bands come from totals that were final then.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from joblib import Parallel, delayed
from numpy.typing import NDArray

from sandbox.concepts.rules import Rule
from sandbox.errors import CallError
from sandbox.nowcast.backtest import (
    P_COLUMNS,
    ModelKey,
    Models,
    Schooling,
    features_of,
    judged_rows,
    known_at,
    months_of,
    part_numbers,
    refits_used,
    replayed_predictions,
)
from sandbox.nowcast.baselines import cell_probabilities, class_probabilities
from sandbox.nowcast.features import Plan, crossing_rows
from sandbox.nowcast.models import Model, Recipe
from sandbox.nowcast.movements import Movements
from sandbox.nowcast.parts import PARTS, Part, month_number, month_start

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

MODELS = {"champion": "p_boosting", "logistic": "p_logistic", "prior": "p_prior", "rule_so_far": "p_rule_so_far"}
"""Where the predictions of a model stand; the champion is gradient boosting, or the step that it fell back to."""
REFIT_EVERY = 6
BAND_MONTHS = 27
"""Final reference months whose errors make a band."""
LOOKED_BACK = 48
"""Months before a vintage among which those final months are looked for."""
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
    def judged(self) -> pa.Table:
        """Those of them that the backtest judges."""
        return judged_rows(self.undecided, self.school.plan)

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row each of `judged`, one column a recipe; `outcome` as known by the end of the file."""
        found = replayed_predictions(self.judged, self.school.plan, self.models)
        frame = found.select(["direction", "horizon", "outcome", *P_COLUMNS.values()]).to_pandas()
        return frame.assign(month=months_of(found["reference_month"]), origin=months_of(found["origin"]))

    @cached_property
    def totals(self) -> pd.DataFrame:
        """One row a direction, month and origin (numbers): `decided, expected, undecided`."""
        keys = ["direction", "month", "origin"]
        expected = self.predictions.groupby(keys).agg(expected=("p_boosting", "sum"), undecided=("p_boosting", "size"))
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
    school = Schooling(plan, frozenset(numbers), asked.seed)
    origins = [refit for refit in plan.refits if refit % REFIT_EVERY == 0 and refit <= asked.vintages[-1]]
    tasks = (delayed(school.models)(part, drawn_of(undecided, part), origins, Recipe) for part in PARTS)
    models: dict[ModelKey, Model] = {}
    for fitted in Parallel(n_jobs=asked.jobs)(tasks):
        models |= fitted
    return Replay(asked, school, rows, models)


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
    chosen = found["outcome"].notna() & found["origin"].isin(asked.vintages) & found["horizon"].isin(asked.horizons)
    place = np.flatnonzero(chosen)
    known = found.iloc[place]
    models = {name: known[column].to_numpy() for name, column in MODELS.items()} | _baselines(replay, place)
    keys = known[["direction", "horizon", "outcome"]]
    return pd.concat([keys.assign(model=name, p=p) for name, p in models.items()], ignore_index=True).dropna(subset="p")


def _baselines(replay: Replay, place: Ints) -> dict[str, Reals]:
    """Return `ia` and `ib` for these rows of `judged`."""
    ia, ib = np.full(len(place), np.nan), np.full(len(place), np.nan)
    for refit, part, within in _groups(replay, place):
        features = features_of(replay.judged.take(pa.array(place[within])))
        lesson = replay.school.lesson(drawn_of(replay.undecided, part), refit)
        if len(lesson.outcome):
            ia[within] = class_probabilities(_crossings_known(replay, refit, part.direction), features)
            ib[within] = cell_probabilities(lesson, features)
    return {"ia": ia, "ib": ib}


def _crossings_known(replay: Replay, refit: int, direction: str) -> pd.DataFrame:
    """Return `visa_class, outcome` of all crossings in the months that were final at a refit, as known then."""
    school, rows = replay.school, replay.rows
    everything = rows.filter(pc.equal(rows["origin"], pa.scalar(month_start(school.plan.vintage), pa.date32())))
    final = pa.array([month_start(month) for month in school.final_months(refit)], pa.date32())
    inside = pc.and_(pc.equal(everything["direction"], direction), pc.is_in(everything["reference_month"], final))
    chosen = everything.filter(inside)
    outcome = known_at(chosen, school.plan.refits.index(refit))
    crossings = pd.DataFrame({"visa_class": chosen["visa_class"].to_pandas(), "outcome": outcome})
    return crossings[crossings.outcome >= 0]


def _groups(replay: Replay, place: Ints) -> Iterator[tuple[int, Part, Ints]]:
    """Yield refit, part, and which of the rows at `place` they concern."""
    rows = replay.predictions.iloc[place]
    used = refits_used(rows["origin"].to_numpy(np.int64), replay.models)
    number = part_numbers(rows["direction"].to_numpy(object), rows["horizon"].to_numpy(np.int64))
    for refit in np.unique(used[used >= 0]):
        for part in PARTS:
            within = np.flatnonzero((used == refit) & (number == PARTS.index(part)))
            if len(within):
                yield int(refit), part, within
