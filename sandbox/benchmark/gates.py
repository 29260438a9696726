"""The gates: each turns one measure into publish, caution, withhold or not evaluable, by the thresholds."""

from dataclasses import dataclass
from enum import StrEnum
from math import expm1, isfinite, log, log1p

import numpy as np
import pandas as pd
from scipy import stats

from sandbox.benchmark import measures
from sandbox.benchmark.measures import MONTHS_PER_YEAR, NAN
from sandbox.benchmark.pairs import HALF_WIDTH, Floats, Pairs
from sandbox.benchmark.thresholds import Band, thresholds

LEAST_PAST_CHANGES = 3


class GateStatus(StrEnum):
    """What one gate says, from best to worst."""

    PUBLISH = "publish"
    NOT_EVALUABLE = "not_evaluable"
    CAUTION = "caution"
    WITHHOLD = "withhold"


@dataclass(frozen=True)
class Gate:
    """One gate: its value (NaN if it can't be computed), what it says, and the pairs that it rests on."""

    id: str
    value: float
    status: GateStatus
    n: int


def all_gates(pairs: Pairs) -> list[Gate]:
    """Return every gate that applies to this kind of series, evaluable or not."""
    if pairs.signed:
        own = [signed_error(pairs), signed_equivalence(pairs)]
    else:
        own = [wmape(pairs), equivalence(pairs), cell_cv(pairs)]
    matrix = [cpc(pairs)] if pairs.is_matrix else []
    return [*own, growth_sign(pairs), *matrix, coverage_95(pairs), interval_score(pairs)]


def at_most(gate: str, value: float, band: Band, n: int) -> Gate:
    """Judge a measure of which less is better."""
    if not isfinite(value) or n == 0:
        return Gate(gate, value, GateStatus.NOT_EVALUABLE, n)
    return Gate(gate, value, _status(value <= band.publish, value <= band.caution), n)


def wmape(pairs: Pairs) -> Gate:
    """Judge the leading measure of level."""
    value = measures.level(pairs).get("wmape", NAN)
    return at_most("wmape", value, thresholds().wmape, len(pairs.matched))


def equivalence(pairs: Pairs) -> Gate:
    """Judge the smallest margin within which the mean ratio is shown to lie (TOST, Schuirmann 1987)."""
    limits = thresholds().equivalence
    rows = pairs.matched[(pairs.matched["estimate"] > 0) & (pairs.matched["official"] > 0)]
    ratio = np.log(rows["estimate"] / rows["official"])
    stated = np.hypot(rows["se"].fillna(0) / rows["estimate"], rows["se_official"].fillna(0) / rows["official"])
    if len(rows) < limits.min_pairs:
        return Gate("equivalence", NAN, GateStatus.NOT_EVALUABLE, len(rows))
    low, high = _bounds_of_mean(np.asarray(ratio, np.float64), np.asarray(stated, np.float64), limits.alpha)
    margin = max(-expm1(low), expm1(high))
    held = [log(1 - band) <= low and high <= log1p(band) for band in (limits.publish, limits.caution)]
    return Gate("equivalence", margin, _status(*held), len(rows))


def cell_cv(pairs: Pairs) -> Gate:
    """Judge the median coefficient of variation of the cells."""
    rows = pairs.rows.dropna(subset=["estimate", "se"])
    rows = rows[rows["estimate"] > 0]
    value = float((rows["se"] / rows["estimate"]).median()) if len(rows) else NAN
    return at_most("cell_cv", value, thresholds().cell_cv, len(rows))


def signed_error(pairs: Pairs) -> Gate:
    """Judge the error of a signed series as a share of the gross flow."""
    n = int(pairs.matched["gross"].notna().sum())
    return at_most("signed_error", measures.signed_error(pairs), thresholds().signed_error, n)


def signed_equivalence(pairs: Pairs) -> Gate:
    """Judge whether the mean difference, as a share of the gross flow, is shown to lie within the margin."""
    limits = thresholds().signed_equivalence
    rows = pairs.matched.dropna(subset=["gross"])
    rows = rows[rows["gross"] > 0]
    if len(rows) < limits.min_pairs:
        return Gate("signed_equivalence", NAN, GateStatus.NOT_EVALUABLE, len(rows))
    share = (rows["estimate"] - rows["official"]) / rows["gross"]
    stated = np.hypot(rows["se"].fillna(0), rows["se_official"].fillna(0)) / rows["gross"]
    low, high = _bounds_of_mean(share.to_numpy(np.float64), stated.to_numpy(np.float64), limits.alpha)
    margin = max(abs(low), abs(high))
    return Gate("signed_equivalence", margin, _status(margin <= limits.publish, True), len(rows))


def growth_sign(pairs: Pairs) -> Gate:
    """Judge the share of yearly changes with the official sign, where the official change exceeds its error.

    The seasonal-naive rival repeats the sign of the official change of the year before.
    """
    limits = thresholds().growth_sign
    yearly = measures.yearly_changes(pairs)
    clear = yearly["official"].abs() > limits.error_multiple * yearly["error"].fillna(0.0)
    judged = yearly[clear & (yearly["official"] != 0)]
    if len(judged) < limits.min_pairs:
        return Gate("growth_sign", NAN, GateStatus.NOT_EVALUABLE, len(judged))
    right = np.sign(judged["estimate"]) == np.sign(judged["official"])
    rival = judged["previous"].notna()
    naive_right = np.sign(judged["previous"]) == np.sign(judged["official"])
    better = bool(rival.any()) and bool(right[rival].mean() > naive_right[rival].mean())
    value = float(right.mean())
    status = _status(value >= limits.publish and better, value >= limits.caution)
    return Gate("growth_sign", value, status, len(judged))


def cpc(pairs: Pairs) -> Gate:
    """Judge the common part of commuters without stayers, against last year's matrix and a gravity model."""
    limits = thresholds().cpc
    moved = pairs.matched[pairs.matched["origin"] != pairs.matched["destination"]]
    value = measures.distribution(pairs).get("cpc", NAN)
    if not isfinite(value):
        return Gate("cpc", NAN, GateStatus.NOT_EVALUABLE, len(moved))
    rivals = [_cpc_of_last_year(pairs), _cpc_of_gravity(pairs)]
    better = all(isfinite(rival) and value > rival for rival in rivals)
    return Gate("cpc", value, _status(value >= limits.publish and better, value >= limits.caution), len(moved))


def coverage_95(pairs: Pairs) -> Gate:
    """Judge the coverage of the stated 95 % interval by its exact interval (Clopper & Pearson 1934)."""
    limits = thresholds().coverage_95
    inside = measures.covered(pairs) if pairs.has_intervals else np.empty(0, np.bool_)
    n, hits = len(inside), int(inside.sum())
    if n < limits.caution_pairs:
        return Gate("coverage_95", hits / n if n else NAN, GateStatus.NOT_EVALUABLE, n)
    exact = stats.binomtest(hits, n).proportion_ci(limits.confidence, method="exact")
    holds = bool(exact.low <= limits.target <= exact.high and exact.low > limits.lower_bound)
    status = _status(n >= limits.publish_pairs and holds, hits / n >= limits.lower_bound)
    return Gate("coverage_95", hits / n, status, n)


def interval_score(pairs: Pairs) -> Gate:
    """Judge the mean interval score against that of the seasonal-naive interval; caution asks for nothing."""
    limits = thresholds().interval_score
    rivals = _seasonal_naive(pairs)
    rows = pairs.matched.dropna(subset=["lower", "upper"]).merge(rivals, on=["cell", "month"])
    if len(rows) < limits.min_pairs:
        return Gate("interval_score", NAN, GateStatus.NOT_EVALUABLE, len(rows))
    ours = measures.interval_score(rows["lower"], rows["upper"], rows["official"]).mean()
    theirs = measures.interval_score(rows["naive_lower"], rows["naive_upper"], rows["official"]).mean()
    ratio = float(ours / theirs) if theirs > 0 else NAN
    return Gate("interval_score", ratio, _status(ratio < limits.publish, True), len(rows))


def _status(publish: bool, caution: bool) -> GateStatus:
    if publish:
        return GateStatus.PUBLISH
    return GateStatus.CAUTION if caution else GateStatus.WITHHOLD


def _bounds_of_mean(values: Floats, stated: Floats, alpha: float) -> tuple[float, float]:
    """Return the interval of the mean at twice `alpha`; its error is the greater of observed and stated."""
    n = values.size
    observed = stats.t.ppf(1 - alpha, n - 1) * values.std(ddof=1) / np.sqrt(n)
    claimed = stats.norm.ppf(1 - alpha) * np.sqrt(np.sum(stated**2)) / n
    half = max(float(observed), float(claimed))
    return float(values.mean()) - half, float(values.mean()) + half


def _cpc_of_last_year(pairs: Pairs) -> float:
    """Return what last year's official matrix would have scored, over the cells that have one."""
    if not pairs.has_periods:
        return NAN
    official = pairs.rows.loc[pairs.rows["origin"] != pairs.rows["destination"], ["cell", "month", "official"]]
    before = official.assign(month=official["month"] + MONTHS_PER_YEAR)
    both = official.merge(before, on=["cell", "month"], suffixes=("", "_before")).fillna(0.0)
    return measures.common_part_of_commuters(both["official_before"].to_numpy(), both["official"].to_numpy())


def _cpc_of_gravity(pairs: Pairs) -> float:
    """Return what a gravity model of the official matrix scores: flow as outflow by inflow, no distance."""
    rows = pairs.rows[(pairs.rows["origin"] != pairs.rows["destination"]) & pairs.rows["official"].notna()]
    groups = {side: rows.groupby(["month", side])["official"].transform("sum") for side in ("origin", "destination")}
    raw = groups["origin"] * groups["destination"]
    scale = rows.groupby("month")["official"].transform("sum") / raw.groupby(rows["month"]).transform("sum")
    fitted = (raw * scale).fillna(0.0)
    return measures.common_part_of_commuters(fitted.to_numpy(), rows["official"].to_numpy())


def _seasonal_naive(pairs: Pairs) -> pd.DataFrame:
    """Return per cell and month the 95 % interval around last year's value, from earlier changes only."""
    yearly = measures.yearly_changes(pairs)[["cell", "month", "official"]].sort_values(["cell", "month"])
    now = pairs.matched[["cell", "month", "official"]].rename(columns={"official": "value"})
    squares = (yearly["official"] ** 2).groupby(yearly["cell"])
    spread = squares.transform(lambda past: past.shift(1).expanding(LEAST_PAST_CHANGES).mean()) ** 0.5
    rows = yearly.assign(spread=spread).merge(now, on=["cell", "month"]).dropna(subset=["spread"])
    before = rows["value"] - rows["official"]
    return rows[["cell", "month"]].assign(
        naive_lower=before - HALF_WIDTH * rows["spread"], naive_upper=before + HALF_WIDTH * rows["spread"]
    )
