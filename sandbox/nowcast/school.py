"""What could be learnt at an origin, and the models fitted there: by persons other than those whom they will judge."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from joblib import Parallel, delayed
from numpy.typing import NDArray

from sandbox.lakehouse.tables.nowcasts import CATEGORIES, NUMBERS
from sandbox.nowcast import models
from sandbox.nowcast.features import Plan
from sandbox.nowcast.models import Lesson, Model, Recipe, learnt
from sandbox.nowcast.parts import SOONEST_FINAL, Part, month_start
from sandbox.nowcast.regime import Traffic

WINDOW_MONTHS = 36
"""Decided reference months that a model learns from, as Stats NZ's provisional model did."""
FEWEST_MONTHS = 12
"""With fewer decided months of the present regime, all months are learnt from: no model without a whole year."""
FOLDS = 3
"""Groups of persons: who is in one is judged, in a backtest, by models that learnt from the others alone."""
EVERYONE = -1
"""In place of a fold: the model that learnt from all persons, which answers for what nobody knows yet."""
DRAW_STEPS = 2**24

ModelKey = tuple[int, Part, Recipe, int]
"""Origin at which it was fitted, part, recipe, and the fold of persons whom it never saw."""
Models = Mapping[ModelKey, Model]
UndecidedMonths = frozenset[tuple[int, int]]
"""Pairs of origin and reference month with a crossing undecided then."""


@dataclass(frozen=True)
class Schooling:
    """What is needed to fit at past origins: the plan, the months undecided at each, traffic by month, the seed."""

    plan: Plan
    undecided: UndecidedMonths
    traffic: Traffic
    seed: int

    def decided_months(self, origin: int) -> list[int]:
        """Return the reference months that were wholly decided at the origin."""
        months = range(self.plan.learnt_from, origin - SOONEST_FINAL + 1)
        return [month for month in months if (origin, month) not in self.undecided]

    def final_months(self, origin: int) -> list[int]:
        """Return the latest of them that were decided under the regime of the origin; of all, if those are few."""
        decided = self.decided_months(origin)
        alike = self.traffic.resembling(decided, origin)
        return (alike if len(alike) >= FEWEST_MONTHS else decided)[-WINDOW_MONTHS:]

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


def fitted(
    school: Schooling, drawn: Mapping[Part, pa.Table], wanted: Mapping[int, Sequence[Recipe]], jobs: int
) -> Models:
    """Return models of all parts from the crossings drawn in each; `wanted` has the recipes by origin.

    At the vintage all persons are learnt from; at an origin before it, one model a fold of persons learns from
    those outside the fold.
    """
    found: dict[ModelKey, Model] = {}
    for learnt_there in Parallel(n_jobs=jobs)(_tasks(school, drawn, wanted)):
        found |= learnt_there
    return found


def _tasks(school: Schooling, drawn: Mapping[Part, pa.Table], wanted: Mapping[int, Sequence[Recipe]]) -> Iterator[Any]:
    for part, rows in drawn.items():
        in_order = rows.sort_by([("reference_month", "ascending"), ("change_id", "ascending")])
        for origin, recipes in wanted.items():
            lesson = school.lesson(in_order, origin)
            for fold in folds_at(origin, school.plan.vintage):
                key = (origin, part, fold)
                yield delayed(_fitted)(key, without_fold(lesson, fold), recipes, school.seed)


def _fitted(key: tuple[int, Part, int], lesson: Lesson, recipes: Sequence[Recipe], seed: int) -> dict[ModelKey, Model]:
    origin, part, fold = key
    return {(origin, part, recipe, fold): learnt(recipe, lesson, seed) for recipe in recipes}


def folds_at(origin: int, vintage: int) -> tuple[int, ...]:
    """Return the folds that models are fitted for at an origin."""
    return (EVERYONE,) if origin == vintage else tuple(range(FOLDS))


def fold_of(draw: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return each person's fold, by the lowest digits of the draw (its highest ones choose those who calibrate)."""
    return (draw.astype(np.float64) * DRAW_STEPS).astype(np.int64) % FOLDS


def without_fold(lesson: Lesson, fold: int) -> Lesson:
    """Return the lesson without the persons of a fold."""
    if fold == EVERYONE:
        return lesson
    kept = fold_of(lesson.draw) != fold
    return Lesson(lesson.features[kept].reset_index(drop=True), lesson.outcome[kept], lesson.draw[kept])


def known_at(rows: pa.Table, refit: int) -> NDArray[np.int8]:
    """Return each row's outcome as known at the refit of this number, −1 where it was not."""
    outcomes = pc.list_element(rows["known_outcomes"], refit) if rows.num_rows else pa.array([], pa.int8())
    return outcomes.fill_null(-1).to_numpy().astype(np.int8)


def features_of(rows: pa.Table) -> pd.DataFrame:
    """Return the columns that models see, and nothing else of a row."""
    return rows.select([*NUMBERS, *CATEGORIES]).to_pandas()


def lesson_sha256(lesson: Lesson) -> str:
    """Return the hash of what was learnt from, and how: the identity of a model, whenever and wherever it is fitted."""
    digest = hashlib.sha256(Path(models.__file__).read_bytes())
    digest.update(pd.util.hash_pandas_object(lesson.features, index=False).to_numpy().tobytes())
    digest.update(lesson.outcome.tobytes())
    digest.update(lesson.draw.tobytes())
    return digest.hexdigest()
