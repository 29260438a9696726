"""The two baselines of Stats NZ's provisional estimates: rates by visa class, and by a table of cells."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandbox.nowcast.models import Lesson

CELL = ("visa_class", "is_on_new_side", "resident_before", "crossings_since")
MOST_CROSSINGS = 3
"""Three or more crossings since count alike: cells beyond are too small for a rate."""


def class_probabilities(crossings: pd.DataFrame, features: pd.DataFrame) -> NDArray[np.float64]:
    """Return `ia`: the rate of each row's visa class among all `crossings` (`visa_class, outcome`)."""
    rates = crossings.groupby("visa_class")["outcome"].mean()
    return np.asarray(features["visa_class"].map(rates).fillna(crossings["outcome"].mean()), np.float64)


def cell_probabilities(lesson: Lesson, features: pd.DataFrame) -> NDArray[np.float64]:
    """Return `ib`: the rate of visa class × side × status × crossings so far; of the class, or of all, where unseen."""
    cells = _cells(lesson.features).assign(outcome=lesson.outcome)
    asked = _cells(features)
    rate = cells.groupby(list(CELL))["outcome"].mean().rename("rate").reset_index()
    found = asked.merge(rate, on=list(CELL), how="left")["rate"]
    of_class = asked["visa_class"].map(cells.groupby("visa_class")["outcome"].mean())
    return np.asarray(found.fillna(of_class).fillna(float(lesson.outcome.mean())), np.float64)


def _cells(features: pd.DataFrame) -> pd.DataFrame:
    cells = features[list(CELL)].reset_index(drop=True)
    # Status not known yet is a third value of its own.
    return cells.assign(
        resident_before=cells["resident_before"].fillna(-1.0),
        crossings_since=cells["crossings_since"].clip(upper=MOST_CROSSINGS),
    )
