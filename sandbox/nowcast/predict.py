"""Which model answers for a part, and the probabilities of what is undecided at the vintage."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.lakehouse.tables.persons import PREDICTION
from sandbox.nowcast.models import Model, Recipe, one_thread, probabilities, raw_probabilities
from sandbox.nowcast.parts import PARTS, Part
from sandbox.nowcast.registry import Registered, open_model
from sandbox.nowcast.school import features_of

FEED = "border_movement"
DECIMALS = 12
COMPARED = (Recipe.BOOSTING, Recipe.LOGISTIC)
"""Recipes that may become champion; they have to beat the other two, which need no fitting worth the name."""


@dataclass(frozen=True)
class Answering:
    """The model that answers for one part: a registered version, or a plain one where too little could be learnt."""

    registered: Registered | None = None
    plain: Model | None = None

    @property
    def label(self) -> str:
        """What stands in the column `model`."""
        if self.registered is not None:
            return self.registered.label
        return self.plain.recipe.value if self.plain is not None else Recipe.RULE_SO_FAR.value

    def model(self) -> Model:
        """Return the model, opened from its file (and checked against its hash) if it is a registered one."""
        if self.registered is not None:
            return open_model(self.registered.file, self.registered.sha256, self.registered.recipe)
        return self.plain or Model(Recipe.RULE_SO_FAR, None, 0)


Answers = Mapping[Part, Answering]


def best_recipe(bins: pd.DataFrame, part: Part) -> Recipe:
    """Return the recipe with the least Brier score in the backtest of a part; boosting where nothing was judged."""
    scores = brier_by_recipe(bins, part)
    return min(scores, key=lambda recipe: scores[recipe]) if scores else Recipe.BOOSTING


def brier_by_recipe(bins: pd.DataFrame, part: Part) -> dict[Recipe, float]:
    """Return the Brier score of each recipe over the horizons of a part; `bins` as `scores.binned` makes them."""
    inside = (bins.direction == part.direction) & bins.horizon.between(part.first, part.last)
    sums = bins[inside].groupby("model")[["square", "n"]].sum()
    return {recipe: sums.square[recipe] / sums.n[recipe] for recipe in Recipe if recipe.value in sums.index}


def is_promoted(challenger: Recipe, incumbent: Recipe | None, scores: Mapping[Recipe, float]) -> bool:
    """Tell whether a challenger takes over: no incumbent, the same recipe on newer data, or a better score.

    Recipes are compared, not fits: an old fit has seen outcomes that the backtest would judge it by.
    """
    if incumbent is None or challenger is incumbent:
        return True
    return scores.get(challenger, np.inf) < scores.get(incumbent, np.inf)


def predictions(rows: pa.Table, vintage: pa.Scalar, answers: Answers) -> pa.Table:
    """Return a `prediction` row for each `crossing_feature` row that is undecided at the vintage."""
    undecided = rows.filter(pc.and_(pc.equal(rows["origin"], vintage), pc.invert(rows["decided"])))
    raw = np.zeros(undecided.num_rows)
    p = np.zeros(undecided.num_rows)
    label = np.full(undecided.num_rows, "", object)
    keys = pd.DataFrame({"direction": undecided["direction"].to_pandas(), "horizon": undecided["horizon"].to_pandas()})
    for part in PARTS:
        last_band = part.last == PARTS[-1].last
        inside = (keys.direction == part.direction) & (keys.horizon >= (part.first if part.first > 1 else 0))
        place = np.flatnonzero(inside & (last_band | (keys.horizon <= part.last)))
        if len(place):
            answering = answers[part]
            features = features_of(undecided.take(pa.array(place)))
            model = answering.model()
            with one_thread():
                raw[place], p[place] = raw_probabilities(model, features), probabilities(model, features)
            label[place] = answering.label
    columns = {name: undecided[name] for name in PREDICTION.names if name in undecided.column_names}
    columns["feed"] = pa.array(np.full(undecided.num_rows, FEED, object), pa.string())
    # The last digits of a model's answer hang on how many rows it is asked about at once.
    columns |= {"model": pa.array(label, pa.string()), "p_raw": raw.round(DECIMALS), "p": p.round(DECIMALS)}
    return pa.table(columns).select(list(PREDICTION.names)).cast(PREDICTION.stored)
