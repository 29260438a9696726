"""Homes and moves found against the true ones: share of person-months right, F1 by kind, one to one."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

START_WITHIN, LEAST_OVERLAP, SHORTEST_COUNTED = 31, 0.5, 30
NO_END = np.iinfo(np.int64).max


class Score(NamedTuple):
    """Of moves found: how many are right, found and true."""

    right: int
    found: int
    true: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / max(1, self.found + self.true)

    @property
    def precision(self) -> float:
        """Share of the found that is right."""
        return self.right / max(1, self.found)


def homes_right(found: pd.DataFrame, truth: pd.DataFrame) -> float:
    """Return the share of true person-months whose home was found; undetermined and missing count as wrong."""
    both = truth.merge(found[["person_id", "month", "home"]], on=["person_id", "month"], how="left", validate="1:1")
    return float((both["home_x"] == both["home_y"]).mean())


def permanent(found: pd.DataFrame, truth: pd.DataFrame) -> Score:
    """Match by both places and a start within 31 days; all other columns days as numbers."""
    found, truth = (rows[rows["kind"] == "permanent"] for rows in (found, truth))
    pairs = _pairs(found, truth, ["person_id", "from_place", "to_place"])
    distance = np.abs((pairs["start_x"] - pairs["start_y"]).to_numpy(np.float64))
    return Score(
        _one_to_one(pairs[distance <= START_WITHIN], -distance[distance <= START_WITHIN]), len(found), len(truth)
    )


def temporary(found: pd.DataFrame, truth: pd.DataFrame) -> Score:
    """Match by place and half of the days in common; what is found shorter than 30 days counts only if it matches."""
    found, truth = (rows[rows["kind"] == "temporary"] for rows in (found, truth))
    pairs = _pairs(found, truth, ["person_id", "to_place"])
    both = np.minimum(pairs["end_x"], pairs["end_y"]) - np.maximum(pairs["start_x"], pairs["start_y"])
    either = np.maximum(pairs["end_x"], pairs["end_y"]) - np.minimum(pairs["start_x"], pairs["start_y"])
    share = np.asarray(both / either, np.float64)
    matched = pairs[share >= LEAST_OVERLAP]
    right = _one_to_one(matched, share[share >= LEAST_OVERLAP])
    is_long = (found["end"] - found["start"] >= SHORTEST_COUNTED).to_numpy()
    short_right = matched["row_x"].drop_duplicates().isin(np.flatnonzero(~is_long)).sum()
    return Score(right, int(is_long.sum() + short_right), len(truth))


def _pairs(found: pd.DataFrame, truth: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    found, truth = (rows.assign(row=np.arange(len(rows))) for rows in (found, truth))
    pairs: pd.DataFrame = found.merge(truth, on=keys)
    return pairs


def _one_to_one(pairs: pd.DataFrame, quality: NDArray[np.float64]) -> int:
    """Return how many pairs are kept, the best first, each move in one of them at most."""
    found: set[int] = set()
    true: set[int] = set()
    rows = pairs[["row_x", "row_y"]].to_numpy("int64").tolist()
    for each in np.argsort(-quality, kind="stable").tolist():
        one, other = rows[each]
        if one not in found and other not in true:
            found.add(one)
            true.add(other)
    return len(found)
