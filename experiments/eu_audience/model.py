"""Stocks of EU citizens in other EU countries from audience estimates, wave by wave, out of sample.

One row of a wave is one corridor: `origin, destination, mau, floor, censored, stock` (official, NaN if unknown).
A stock is always estimated from other corridors, and of an earlier wave where there is one.
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

from sandbox.benchmark.gates import Gate, GateStatus
from sandbox.benchmark.measures import NAN
from sandbox.benchmark.pairs import HALF_WIDTH

FOLDS = 5
# Effects of origins and destinations are drawn to zero with the weight of one corridor; the slope is not.
SHRINKAGE, SLOPE_SCALE = 1.0, 100.0
# A wave in which the median corridor moves by more is another definition, not migration.
BREAK = 0.25
FEWEST_CORRIDORS = 20


@dataclass(frozen=True)
class Wave:
    """One wave, and the official year that it is compared with."""

    month: str
    year: int
    rows: pd.DataFrame


def waves_of(audience: pd.DataFrame, official: pd.DataFrame) -> list[Wave]:
    """Return the waves in order, each with the stocks of its year, or of the last year published."""
    stocks = official.assign(year=[period.year for period in official["period"]])
    last = int(stocks["year"].max())
    waves = []
    answered = audience.dropna(subset=["mau"])
    for month, rows in answered.groupby(answered["snapshot_ts"].dt.strftime("%Y-%m")):
        year = min(int(str(month)[:4]), last)
        of_year = stocks[stocks["year"] == year].set_index(["partner_area", "area"])["value"]
        corridors = pd.MultiIndex.from_frame(rows[["origin_code", "geo_code"]])
        wave = pd.DataFrame(
            {
                "origin": rows["origin_code"].to_numpy(),
                "destination": rows["geo_code"].to_numpy(),
                "mau": rows["mau"].to_numpy(np.float64),
                "floor": rows["floor_value"].to_numpy(np.float64),
                "censored": rows["is_censored"].to_numpy(bool),
                "stock": of_year.reindex(corridors).to_numpy(np.float64),
            }
        )
        waves.append(Wave(str(month), year, wave.sort_values(["origin", "destination"], ignore_index=True)))
    return waves


def with_estimates(wave: Wave, earlier: Wave | None) -> pd.DataFrame:
    """Return the wave's rows with `estimate, se, lower, upper`, each from a model that has not seen the corridor."""
    training = (earlier or wave).rows
    training = training[training["stock"] > 0]
    told = []
    for fold in range(FOLDS):
        own = wave.rows[_folds(wave.rows) == fold]
        told.append(_estimated(own, training[_folds(training) != fold]))
    return pd.concat(told).sort_index()


def regime_gate(wave: Wave, earlier: Wave | None) -> tuple[Gate, str]:
    """Judge from the inputs alone whether the platform still counts what it counted a wave before."""
    if earlier is None:
        return Gate("regime", NAN, GateStatus.NOT_EVALUABLE, 0), "first wave"
    both = earlier.rows.merge(wave.rows, on=["origin", "destination"], suffixes=("_before", ""))
    both = both[~both["censored"] & ~both["censored_before"]]
    # A floor that was raised hides small corridors: both waves are looked at above the higher floor.
    both = both[(both["mau_before"] > both["floor"]) & (both["mau"] > both["floor_before"])]
    moved = float((both["mau"] / both["mau_before"]).median()) - 1 if len(both) else NAN
    if len(both) < FEWEST_CORRIDORS:
        return Gate("regime", moved, GateStatus.NOT_EVALUABLE, len(both)), "too few corridors in both waves"
    status = GateStatus.WITHHOLD if abs(moved) > BREAK else GateStatus.PUBLISH
    return Gate("regime", moved, status, len(both)), f"median corridor {moved:+.0%} on the wave before"


def log_correlation(rows: pd.DataFrame, above: float) -> tuple[float, int]:
    """Return the correlation of logs of audience and official stock above a floor, and the pairs it rests on."""
    both = rows[(rows["stock"] > 0) & (rows["mau"] > above)]
    if len(both) < 3:
        return NAN, len(both)
    return float(np.corrcoef(np.log(both["mau"]), np.log(both["stock"]))[0, 1]), len(both)


def _estimated(own: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    seen, hidden = own[~own["censored"]], own[own["censored"]]
    parts = [_from_audience(seen, training[~training["censored"]]), _below_floor(hidden, training)]
    return pd.concat([part for part in parts if len(part)])


def _from_audience(own: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """Return log-linear estimates with effects of origin and destination (ridge), and log-normal bounds."""
    if own.empty or training.empty:
        return own.iloc[:0]
    model = _model().fit(_features(training), np.log(training["stock"]))
    residual = np.log(training["stock"]) - model.predict(_features(training))
    return _with_bounds(own, model.predict(_features(own)), float(residual.std(ddof=1)))


def _below_floor(own: pd.DataFrame, training: pd.DataFrame) -> pd.DataFrame:
    """Return for corridors at the floor the stock that corridors at the floor have: the figure itself is no value."""
    censored = training[training["censored"]]
    if own.empty or len(censored) < FEWEST_CORRIDORS:
        return own.iloc[:0]
    logs = np.log(censored["stock"])
    return _with_bounds(own, np.full(len(own), logs.mean()), float(logs.std(ddof=1)))


def _with_bounds(own: pd.DataFrame, log_stock: Any, spread: float) -> pd.DataFrame:
    estimate = np.exp(log_stock)
    return own.assign(
        estimate=estimate,
        se=estimate * spread,
        lower=estimate * np.exp(-HALF_WIDTH * spread),
        upper=estimate * np.exp(HALF_WIDTH * spread),
    )


def _model() -> Pipeline:
    effects = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer([("effects", effects, ["origin", "destination"])], remainder="passthrough")
    return Pipeline([("columns", columns), ("ridge", Ridge(alpha=SHRINKAGE))])


def _features(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[["origin", "destination"]].assign(log_mau=SLOPE_SCALE * np.log(rows["mau"]))


def _folds(rows: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the fold of each corridor: the same in every wave, whatever else is in it."""
    names = rows["origin"] + ">" + rows["destination"]
    return np.array([sha256(name.encode()).digest()[0] % FOLDS for name in names], dtype=np.int64)
