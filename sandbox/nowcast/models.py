"""The models of an undecided crossing, from the plainest up, and how one is fitted and asked.

All are binary: 1 if the crossing turns out a migration. A model that lacks rows falls back a step (boosting,
logistic regression, rate of the visa class, rule so far) and says so by its `recipe`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from threadpoolctl import threadpool_limits

from sandbox.lakehouse.tables.nowcasts import CATEGORIES, NUMBERS

Reals = NDArray[np.float64]

ROWS_FOR_BOOSTING = 500
ROWS_FOR_LOGISTIC = 200
OUTCOMES_FOR_A_MODEL = 40
"""Fewest rows of the rarer outcome: ten for each of a handful of effective parameters (Peduzzi et al. 1996)."""
ROWS_FOR_ISOTONIC = 100_000
"""Below this a sigmoid is fitted: with 30,000 rows of boosting isotonic calibration still lost 1 % of the Brier score
to it (seed 7 of the synthetic country; Niculescu-Mizil & Caruana 2005 say from when on it overfits)."""
FEWEST_OF_A_CODE = 30
MOST_CODES = 40
FARTHEST = 1e-4
"""No undecided crossing is certain: probabilities stay this far from 0 and 1."""


class Recipe(StrEnum):
    """A kind of model, the best first; each falls back to the next."""

    BOOSTING = "boosting"
    LOGISTIC = "logistic"
    PRIOR = "prior"
    RULE_SO_FAR = "rule_so_far"


@dataclass(frozen=True)
class Rates:
    """Rate of migration by visa class among the rows of training; a class never seen has the rate of all."""

    overall: float
    by_class: dict[str, float]


@dataclass(frozen=True)
class Model:
    """One fitted model. `estimator` is scikit-learn's for the first two recipes, `Rates` for the third, else None."""

    recipe: Recipe
    estimator: Any
    rows: int
    calibration: str = ""


@dataclass(frozen=True)
class Lesson:
    """Rows to learn from: `features` (one row a replayed crossing), its `outcome` (0/1) and its person's `draw`."""

    features: pd.DataFrame
    outcome: NDArray[np.int8]
    draw: NDArray[np.float32]


def one_thread() -> threadpool_limits:
    """Return a context in which models work alone: boosting's threads wait in a busy loop beside Spark's workers.

    It takes milliseconds to enter, so it is entered around many calls.
    """
    return threadpool_limits(1)


def learnt(recipe: Recipe, lesson: Lesson, seed: int) -> Model:
    """Return the model of this recipe, or of the next one that these rows are enough for."""
    if recipe in (Recipe.BOOSTING, Recipe.LOGISTIC):
        needed = ROWS_FOR_BOOSTING if recipe is Recipe.BOOSTING else ROWS_FOR_LOGISTIC
        if _enough(lesson, needed):
            return _calibrated(recipe, lesson, seed)
        return learnt(Recipe.LOGISTIC if recipe is Recipe.BOOSTING else Recipe.PRIOR, lesson, seed)
    if recipe is Recipe.PRIOR and len(lesson.outcome):
        return Model(recipe, class_rates(lesson.features["visa_class"], lesson.outcome), len(lesson.outcome))
    return Model(Recipe.RULE_SO_FAR, None, 0)


def probabilities(model: Model, features: pd.DataFrame) -> Reals:
    """Return each row's probability after calibration."""
    if not len(features):
        return np.zeros(0)
    if model.recipe is Recipe.RULE_SO_FAR:
        return features["rule_so_far"].to_numpy(np.float64)
    if model.recipe is Recipe.PRIOR:
        rates: Rates = model.estimator
        given = features["visa_class"].map(rates.by_class).fillna(rates.overall).to_numpy(np.float64)
    else:
        given = model.estimator.predict_proba(features)[:, 1]
    return np.asarray(np.clip(given, FARTHEST, 1 - FARTHEST), np.float64)


def raw_probabilities(model: Model, features: pd.DataFrame) -> Reals:
    """Return each row's probability as the model gives it before calibration."""
    if not len(features) or model.recipe not in (Recipe.BOOSTING, Recipe.LOGISTIC):
        return probabilities(model, features)
    given = model.estimator.calibrated_classifiers_[0].estimator.predict_proba(features)[:, 1]
    return np.asarray(given, np.float64)


def class_rates(visa_class: "pd.Series[str]", outcome: NDArray[np.int8]) -> Rates:
    """Return the share of migrations by visa class."""
    grouped = pd.Series(outcome.astype(np.float64)).groupby(visa_class.to_numpy()).mean()
    return Rates(float(outcome.mean()), {str(name): float(rate) for name, rate in grouped.items()})


def halves(draw: NDArray[np.float32]) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return rows to fit on and rows to calibrate by, twice: each half of the persons in either part once."""
    first, second = (np.flatnonzero(half) for half in (draw < 0.5, draw >= 0.5))
    return [(first, second), (second, first)]


def _enough(lesson: Lesson, rows: int) -> bool:
    parts = [lesson.outcome[half] for half, _ in halves(lesson.draw)]
    rarer = min(min(int((part == 0).sum()), int((part == 1).sum())) for part in parts)
    return len(lesson.outcome) >= rows and rarer >= OUTCOMES_FOR_A_MODEL / 4


def _calibrated(recipe: Recipe, lesson: Lesson, seed: int) -> Model:
    """Fit on all rows; calibrate on what each half of the persons is told by a fit on the other half."""
    seen = lesson.features
    levels = _levels(seen)
    pipeline = _boosting(levels, _with_values(lesson), seed) if recipe is Recipe.BOOSTING else _logistic(levels)
    method = "isotonic" if len(seen) >= ROWS_FOR_ISOTONIC else "sigmoid"
    calibrated = CalibratedClassifierCV(pipeline, method=method, cv=halves(lesson.draw), ensemble=False)
    with one_thread():
        calibrated.fit(seen, lesson.outcome)
    # The numbers of the rows have no use any more, and would lie in the model's file.
    calibrated.set_params(cv=None)
    return Model(recipe, calibrated, len(lesson.outcome), method)


def _boosting(levels: list[list[str]], numbers: list[str], seed: int) -> Pipeline:
    codes = OrdinalEncoder(categories=levels, handle_unknown="use_encoded_value", unknown_value=np.nan)
    encode = ColumnTransformer([("class", codes, list(CATEGORIES)), ("number", "passthrough", numbers)])
    boost = HistGradientBoostingClassifier(
        max_iter=80,
        learning_rate=0.1,
        max_leaf_nodes=15,
        min_samples_leaf=40,
        l2_regularization=1.0,
        categorical_features=list(range(len(CATEGORIES))),
        early_stopping=False,
        random_state=seed,
    )
    return Pipeline([("encode", encode), ("classify", boost)])


def _logistic(levels: list[list[str]]) -> Pipeline:
    indicators = OneHotEncoder(categories=levels, handle_unknown="ignore", sparse_output=False)
    # A column without any value has no median; its indicator says so, and 0 stands for it.
    fill = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    scaled = Pipeline([("fill", fill), ("scale", StandardScaler())])
    encode = ColumnTransformer([("class", indicators, list(CATEGORIES)), ("number", scaled, list(NUMBERS))])
    return Pipeline([("encode", encode), ("classify", LogisticRegression(solver="newton-cholesky", max_iter=200))])


def _with_values(lesson: Lesson) -> list[str]:
    """Return the numbers that have a value in either half: boosting can't bin a column without one."""
    fitted = [lesson.features.iloc[rows] for rows, _ in halves(lesson.draw)]
    return [name for name in NUMBERS if all(half[name].notna().any() for half in fitted)]


def _levels(features: pd.DataFrame) -> list[list[str]]:
    """Return the codes of each category that are frequent enough to learn from; the others count as unseen."""
    found = []
    for name in CATEGORIES:
        counts = features[name].value_counts()
        frequent = counts[counts >= FEWEST_OF_A_CODE].index[:MOST_CODES]
        found.append(sorted(str(code) for code in frequent) or [str(counts.index[0])])
    return found
