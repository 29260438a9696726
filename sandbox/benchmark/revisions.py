"""Stability: how figures moved from one vintage to the next, by the age at which they were first said."""

import pandas as pd

from sandbox.benchmark.backtest import horizon_of
from sandbox.benchmark.series import CELL, SERIES_COLUMNS, Series, with_period


def revisions(series: Series, earlier: pd.DataFrame) -> dict[str, tuple[float, int]]:
    """Return mean and mean absolute revision as shares of this vintage's level, overall and by age in months.

    A revision is this vintage's figure less an earlier vintage's of the same cell; by age of the earlier one.
    """
    own = [series.indicator.id, series.rule_id, series.feed, series.frequency]
    before = earlier[(earlier[SERIES_COLUMNS] == own).all(axis=1)]
    if before.empty:
        return {}
    before = with_period(before, "reference_period").rename(columns={"estimate": "before", "vintage": "earlier"})
    both = series.rows.merge(before[[*CELL, "before", "earlier"]], on=CELL)
    both["age"] = [horizon_of(m, v) for m, v in zip(both["reference_period"], both["earlier"], strict=True)]
    found = _revision("", both)
    for age, rows in both.groupby("age"):
        found |= _revision(f"_h{int(str(age)):02d}", rows)
    return found


def _revision(suffix: str, both: pd.DataFrame) -> dict[str, tuple[float, int]]:
    moved, base = both["estimate"] - both["before"], float(both["estimate"].abs().sum())
    if base == 0:
        return {}
    return {
        f"revision_mean{suffix}": (float(moved.sum()) / base, len(both)),
        f"revision_mean_absolute{suffix}": (float(moved.abs().sum()) / base, len(both)),
    }
