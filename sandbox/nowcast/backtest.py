"""Rolling origin: what each past vintage would have said with what it knew, and what it turned out to be.

A model that is used at an origin was fitted at that origin or before, on the latest decided reference months of
then: months in which every crossing was decided, never the early-decided part of a young month.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.nowcast.models import Model, Recipe, one_thread, probabilities
from sandbox.nowcast.parts import BANDS, PARTS, Part
from sandbox.nowcast.school import Models, features_of, fold_of

NOTHING_LEARNT = Model(Recipe.RULE_SO_FAR, None, 0)
"""Answers at origins before anything could be learnt."""
DECIDED = "decided"
"""In place of a model: migrations decided at the origin."""
RECIPES = tuple(Recipe)
P_COLUMNS = {recipe: f"p_{recipe.value}" for recipe in RECIPES}


def predicted(rows: pa.Table, models: Models) -> dict[Recipe, NDArray[np.float64]]:
    """Return what each recipe would have said of crossings undecided at an origin, rows of `crossing_feature`.

    A person is judged by the models that were fitted at that origin, or last before it, without that person.
    """
    origin = months_of(rows["origin"])
    refit = refits_used(origin, models)
    fold = fold_of(rows["draw"].to_numpy())
    direction = rows["direction"].to_numpy(zero_copy_only=False)
    number = part_numbers(direction, origin - months_of(rows["reference_month"]))
    given = {recipe: np.full(rows.num_rows, np.nan) for recipe in RECIPES}
    features = features_of(rows)
    with one_thread():
        for place in alike(refit, number, fold):
            asked = features.iloc[place]
            at, part, unseen = int(refit[place[0]]), PARTS[number[place[0]]], int(fold[place[0]])
            for recipe in RECIPES:
                model = models.get((at, part, recipe, unseen), NOTHING_LEARNT)
                given[recipe][place] = probabilities(model, asked)
    return given


def alike(*keys: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return, for each combination of keys that occurs, the places of its rows."""
    order = np.lexsort(keys)
    changes = np.zeros(max(len(order) - 1, 0), np.bool_)
    for key in keys:
        changes |= key[order][1:] != key[order][:-1]
    return np.split(order, np.flatnonzero(changes) + 1) if len(order) else []


def refits_used(origin: NDArray[np.int64], models: Models) -> NDArray[np.int64]:
    """Return the latest month, not after each origin, at which models were fitted; −1 where there is none."""
    fitted = np.array([-1, *sorted({at for at, _, _, _ in models})])
    return fitted[np.searchsorted(fitted, origin, side="right") - 1]


def totals_of(sums: pd.DataFrame, recipes: Mapping[Part, Recipe], final: pd.DataFrame) -> pd.DataFrame:
    """Return one row a direction, reference month and origin, as `backtest_total` has it, and `variance`.

    `sums` has `p` (for `decided`: `n`) and `square` by model; the estimate's are those of the part's recipe in
    `recipes`. `final` has the migrations of each month that is wholly decided by now.
    """
    keys = ["direction", "reference_month", "origin", "horizon"]
    number = part_numbers(sums.direction.to_numpy(object), sums.horizon.to_numpy(np.int64))
    champion = np.array([recipes[part].value for part in PARTS], object)[number]
    mine = sums[sums.model == champion].rename(columns={"p": "expected", "square": "variance"})
    so_far = sums[sums.model == Recipe.RULE_SO_FAR.value].rename(columns={"p": "so_far"})
    decided = sums[sums.model == DECIDED].rename(columns={"n": "decided"})
    found = mine[[*keys, "expected", "variance"]]
    for frame, column in ((so_far, "so_far"), (decided, "decided")):
        found = found.merge(frame[[*keys, column]], on=keys, how="outer")
    found = found.fillna({"expected": 0.0, "variance": 0.0, "so_far": 0.0, "decided": 0.0})
    found["decided"] = found["decided"].astype(np.float64)
    found["estimate"] = found["decided"] + found["expected"]
    found["naive"] = found["decided"] + found["so_far"]
    found = found.merge(final, on=["direction", "reference_month"], how="left")
    return found.sort_values(keys, ignore_index=True)


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


def months_of(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return the month numbers of dates."""
    return column.to_numpy().astype("datetime64[M]").astype(np.int64) + 1970 * 12


def part_numbers(direction: NDArray[np.object_], horizon: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each row's place in `PARTS`; horizons beyond the last band belong to it."""
    bands = np.searchsorted([last for _, last in BANDS[:-1]], horizon, side="left")
    return (direction == "D") * len(BANDS) + bands
