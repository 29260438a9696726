"""Scores of probabilities, from sums over narrow bins: persons stay on the workers, only sums come back."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BINS = 500
"""Bins of probability, each 0.002 wide: fine enough that ten bins of equal count can be made of them."""
UNITS = 1e9
"""Sums are of whole billionths: the same whatever order the rows come in."""
LOG_FLOOR = 1e-6
"""The rule so far says 0 and 1; its log loss is taken at this distance, else it would be infinite."""
EQUAL_BINS = 10
BIN_KEY = ["direction", "horizon", "model", "bin"]


def bin_sums(rows: pd.DataFrame) -> pd.DataFrame:
    """Return sums by direction, horizon, model and bin, of rows with `p` and known `outcome`; reals in billionths."""
    p = rows["p"].clip(LOG_FLOOR, 1 - LOG_FLOOR)
    y = rows["outcome"].astype(np.int64)
    units = {
        "p": rows["p"],
        "square": (rows["p"] - y) ** 2,
        "log": -(y * np.log(p) + (1 - y) * np.log(1 - p)),
    }
    whole = {name: np.round(values * UNITS).astype(np.int64) for name, values in units.items()}
    place = np.minimum((rows["p"] * BINS).astype(int), BINS - 1)
    sums = rows[["direction", "horizon", "model"]].assign(bin=place, n=1, outcome=y, **whole)
    return sums.groupby(BIN_KEY, as_index=False)[["n", "p", "outcome", "square", "log"]].sum()


def in_ones(sums: pd.DataFrame) -> pd.DataFrame:
    """Return sums of billionths as reals."""
    columns = [name for name in ("p", "square", "log") if name in sums]
    return sums.assign(**{name: sums[name] / UNITS for name in columns})


def binned(rows: pd.DataFrame) -> pd.DataFrame:
    """Return sums by direction, horizon, model and bin, of rows with `p` and known `outcome`."""
    return in_ones(bin_sums(rows))


def scored(bins: pd.DataFrame) -> pd.DataFrame:
    """Return `model, direction, horizon, n, brier, log_loss, ece` of binned sums."""
    scores = [
        {"model": model, "direction": direction, "horizon": horizon, **_score(group)}
        for (model, direction, horizon), group in bins.groupby(["model", "direction", "horizon"])
    ]
    columns = ["model", "direction", "horizon", "n", "brier", "log_loss", "ece"]
    return pd.DataFrame(scores, columns=columns)


def reliability(bins: pd.DataFrame) -> pd.DataFrame:
    """Return ten bins of nearly equal count: mean probability `p`, share of migrations `outcome`, `n`."""
    n, p, outcome = (_by_bin(bins, column) for column in ("n", "p", "outcome"))
    middle = n.cumsum() - n / 2
    tenth = np.minimum((middle / n.sum() * EQUAL_BINS).astype(int), EQUAL_BINS - 1)
    n, p, outcome = (np.bincount(tenth, values, EQUAL_BINS).astype(np.float64) for values in (n, p, outcome))
    filled = n > 0
    return pd.DataFrame(
        {"n": n[filled], "p": (p / np.maximum(n, 1))[filled], "outcome": (outcome / np.maximum(n, 1))[filled]}
    )


def _score(group: pd.DataFrame) -> dict[str, float]:
    n = int(group.n.sum())
    tenths = reliability(group)
    ece = float((tenths.n / n * (tenths.p - tenths.outcome).abs()).sum())
    return {"n": n, "brier": float(group.square.sum() / n), "log_loss": float(group["log"].sum() / n), "ece": ece}


def _by_bin(bins: pd.DataFrame, column: str) -> NDArray[np.float64]:
    return np.bincount(bins["bin"].to_numpy(np.int64), bins[column].to_numpy(np.float64), BINS).astype(np.float64)
