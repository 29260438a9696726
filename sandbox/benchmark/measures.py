"""The measures of the battery (design/release.md): numbers only, no verdict; NaN where there is none."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import jensenshannon

from sandbox.benchmark.pairs import HALF_WIDTH, Floats, Pairs

Measures = dict[str, float]
NAN = float("nan")
MONTHS_PER_YEAR = 12
ALPHA = 0.05


def common_part_of_commuters(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return 2 Σ min(a, b) / (Σ a + Σ b) of two matrices of flows, 0 to 1 (Lenormand et al. 2012, eq. 7)."""
    first, second = np.asarray(a, np.float64), np.asarray(b, np.float64)
    total = float(first.sum() + second.sum())
    return float(2 * np.minimum(first, second).sum() / total) if total > 0 else NAN


def coverage_of_cells(pairs: Pairs) -> Measures:
    """Return which cells are matched, and the share of the official total that they hold."""
    rows, matched = pairs.rows, pairs.matched
    official = float(rows["official"].abs().sum())
    return {
        "pairs": float(len(rows)),
        "matched": float(len(matched)),
        "only_estimate": float((rows["estimate"].notna() & rows["official"].isna()).sum()),
        "only_official": float((rows["official"].notna() & rows["estimate"].isna()).sum()),
        "both_zero": float(((matched["estimate"] == 0) & (matched["official"] == 0)).sum()),
        "official_share_matched": float(matched["official"].abs().sum()) / official if official else NAN,
    }


def level(pairs: Pairs) -> Measures:
    """Return how far the values lie apart; for a signed series only what needs no ratio to a value."""
    estimate, official = _values(pairs)
    error = estimate - official
    if not error.size:
        return {}
    found = {"bias": float(error.mean()), "mae": float(np.abs(error).mean())}
    found["rmse"] = float(np.sqrt(np.mean(error**2)))
    if pairs.signed:
        return found | {"signed_error": signed_error(pairs)}
    positive = official > 0
    ratio = estimate[positive] / official[positive]
    size = np.abs(estimate) + np.abs(official)
    return found | {
        "relative_bias": _share(float(error.sum()), float(official.sum())),
        "median_ratio": float(np.median(ratio)) if ratio.size else NAN,
        "mape": float(np.mean(np.abs(ratio - 1))) if ratio.size else NAN,
        "smape": float(np.mean(2 * np.abs(error[size > 0]) / size[size > 0])) if (size > 0).any() else NAN,
        "wmape": _share(float(np.abs(error).sum()), float(np.abs(official).sum())),
    }


def signed_error(pairs: Pairs) -> float:
    """Return the sum of absolute errors over the sum of gross flows; NaN without gross flows."""
    rows = pairs.matched.dropna(subset=["gross"])
    if len(rows) < len(pairs.matched):
        return NAN
    return _share(float((rows["estimate"] - rows["official"]).abs().sum()), float(rows["gross"].sum()))


def association(pairs: Pairs) -> Measures:
    """Return correlations; over all pairs a missing pair counts as zero, or matched pairs mislead."""
    estimate, official = _values(pairs)
    every = pairs.rows[["estimate", "official"]].fillna(0.0).to_numpy(np.float64)
    found = {
        "pearson": _correlation(stats.pearsonr, estimate, official),
        "spearman": _correlation(stats.spearmanr, estimate, official),
        "spearman_all_pairs": _correlation(stats.spearmanr, every[:, 0], every[:, 1]),
    }
    if pairs.signed:
        return found
    positive = (estimate > 0) & (official > 0)
    logs = np.log(estimate[positive]), np.log(official[positive])
    return found | {
        "log_correlation": _correlation(stats.pearsonr, *logs),
        "log_pairs": float(positive.sum()),
    }


def distribution(pairs: Pairs) -> Measures:
    """Return how alike the shares of all cells are, a missing pair as zero; no stayers in a matrix."""
    if pairs.signed or pairs.matched.empty:
        return {}
    rows = pairs.rows[pairs.rows["origin"] != pairs.rows["destination"]] if pairs.is_matrix else pairs.rows
    estimate, official = rows[["estimate", "official"]].fillna(0.0).to_numpy(np.float64).T
    if estimate.sum() <= 0 or official.sum() <= 0:
        return {}
    ours, theirs = estimate / estimate.sum(), official / official.sum()
    both = (ours > 0) & (theirs > 0)
    covered = theirs[both].sum()
    return {
        "cpc": common_part_of_commuters(estimate, official),
        "cpc_rescaled": common_part_of_commuters(ours, theirs),
        "kullback_leibler": float(stats.entropy(theirs[both], ours[both])) if covered > 0 else NAN,
        "jensen_shannon": float(jensenshannon(ours, theirs, base=2) ** 2),
    }


def yearly_changes(pairs: Pairs) -> pd.DataFrame:
    """Return one row a matched cell and period with the same cell a year before: changes of both sides.

    Columns: `estimate, official` (differences), `growth_estimate, growth_official` (shares of the year
    before), `error` (of the official change, NaN if not stated), `previous` (official change a year before).
    """
    rows = pairs.matched[["cell", "month", "estimate", "official", "se_official"]]
    if not pairs.has_periods:
        return rows.iloc[:0].assign(error=NAN, previous=NAN, growth_estimate=NAN, growth_official=NAN)
    before = rows.assign(month=rows["month"] + MONTHS_PER_YEAR)
    both = rows.merge(before, on=["cell", "month"], suffixes=("", "_before"))
    change = both[["cell", "month"]].assign(
        estimate=both["estimate"] - both["estimate_before"],
        official=both["official"] - both["official_before"],
        error=np.hypot(both["se_official"], both["se_official_before"]),
        growth_estimate=_growth(both["estimate"], both["estimate_before"]),
        growth_official=_growth(both["official"], both["official_before"]),
    )
    earlier = change[["cell", "month", "official"]].assign(month=change["month"] + MONTHS_PER_YEAR)
    return change.merge(earlier.rename(columns={"official": "previous"}), on=["cell", "month"], how="left")


def change(pairs: Pairs) -> Measures:
    """Return how alike the yearly changes and the turning points are; never a correlation of levels."""
    if not pairs.has_periods:
        return {}
    yearly = yearly_changes(pairs)
    found = {"growth_pairs": float(len(yearly))}
    if len(yearly):
        found["growth_sign_all"] = float(np.mean(np.sign(yearly["estimate"]) == np.sign(yearly["official"])))
        names = ["estimate", "official"] if pairs.signed else ["growth_estimate", "growth_official"]
        growth = yearly[names].replace([np.inf, -np.inf], np.nan).dropna().to_numpy(np.float64)
        found["growth_correlation"] = _correlation(stats.pearsonr, growth[:, 0], growth[:, 1])
    return found | {"turning_points_agreed": _turning_points(pairs.matched)}


def uncertainty(pairs: Pairs) -> Measures:
    """Return coverage of the stated 95 % interval and the mean continuous ranked probability score."""
    if not pairs.has_intervals:
        return {}
    rows = pairs.matched.dropna(subset=["lower", "upper"])
    return {
        "coverage_95_point": float(covered(pairs).mean()),
        "interval_score_mean": float(interval_score(rows["lower"], rows["upper"], rows["official"]).mean()),
        "crps": float(crps_normal(rows["estimate"], rows["se"], rows["official"]).mean()),
    }


def covered(pairs: Pairs) -> NDArray[np.bool_]:
    """Return per matched pair with bounds whether they hold the official value, widened by its own error."""
    rows = pairs.matched.dropna(subset=["lower", "upper"])
    allowance = HALF_WIDTH * rows["se_official"].fillna(0.0)
    down, up = (
        np.hypot(rows["estimate"] - rows["lower"], allowance),
        np.hypot(rows["upper"] - rows["estimate"], allowance),
    )
    inside = (rows["estimate"] - down <= rows["official"]) & (rows["official"] <= rows["estimate"] + up)
    return np.asarray(inside, np.bool_)


def interval_score(lower: pd.Series, upper: pd.Series, value: pd.Series) -> pd.Series:
    """Return the score of a 95 % interval, lower is better (Gneiting & Raftery 2007, eq. 43)."""
    return upper - lower + 2 / ALPHA * ((lower - value).clip(lower=0) + (value - upper).clip(lower=0))


def crps_normal(mean: pd.Series, se: pd.Series, value: pd.Series) -> pd.Series:
    """Return the CRPS of a normal forecast (Gneiting & Raftery 2007, eq. 21), |error| at no spread."""
    z = (value - mean) / se.where(se > 0)
    score = se * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    return score.fillna((value - mean).abs())


def all_measures(pairs: Pairs) -> Measures:
    """Return the whole battery that needs one vintage only."""
    parts = (coverage_of_cells, level, association, distribution, change, uncertainty)
    return {name: value for part in parts for name, value in part(pairs).items()}


def _values(pairs: Pairs) -> tuple[Floats, Floats]:
    return pairs.matched["estimate"].to_numpy(np.float64), pairs.matched["official"].to_numpy(np.float64)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else NAN


def _growth(now: pd.Series, before: pd.Series) -> pd.Series:
    return (now - before) / before.abs().where(before != 0)


def _correlation(measure: Callable[[Floats, Floats], tuple[float, float]], a: Floats, b: Floats) -> float:
    if a.size < 3 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return NAN
    return float(measure(a, b)[0])


def _turning_points(rows: pd.DataFrame) -> float:
    """Return the share of inner periods where both sides turn, or both do not."""
    agreed: list[NDArray[np.bool_]] = []
    for _, series in rows.sort_values("month").groupby("cell"):
        turns = [np.diff(np.sign(np.diff(series[name]))) != 0 for name in ("estimate", "official")]
        agreed.append(turns[0] == turns[1])
    points = np.concatenate(agreed) if agreed else np.empty(0)
    return float(points.mean()) if points.size else NAN
