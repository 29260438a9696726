"""Rows of the estimate table: dimensions that are summed over, bounds and error budget, the same for every figure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import norm

from sandbox.concepts.codes import TOTAL
from sandbox.concepts.indicators import INDICATORS, Indicator
from sandbox.lakehouse.tables.figures import DIMENSIONS, ESTIMATE

DIMENSION_NAMES = tuple(column.name for column in DIMENSIONS)
BUDGET = ("sampling", "linkage", "classification", "model")
Array = NDArray[np.float64]
Z95 = float(norm.ppf(0.975))
# Columns that a figure may leave out, and what they are then.
ABSENT: dict[str, bool | float | int | str] = {
    "provisional": False,
    "decided": np.nan,
    "largest": np.nan,
    "second": np.nan,
    "partners": 1,
    "naive": np.nan,
    "unadjusted": np.nan,
    "calibrated_to": "",
}


@dataclass(frozen=True)
class AsOf:
    """What a run may tell: reference months up to `month`, from data before `observed_until`, as of `vintage`."""

    month: date
    vintage: date
    observed_until: date

    def complete_years(self, first: int, last: int) -> list[int]:
        """Return the years whose months, counted as in `month_number`, all lie from `first` to `last`."""
        return [
            year for year in range(-(-first // 12), last // 12 + 1) if first <= 12 * year and 12 * year + 11 <= last
        ]


def month_number(day: date) -> int:
    """Return the month of a day, counted so that neighbours differ by 1 and a year starts at a multiple of 12."""
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """Return the first day of a month counted as in `month_number`."""
    return date(month // 12, month % 12 + 1, 1)


def last_day(month: int) -> date:
    """Return the last day of it."""
    return first_day(month + 1) - timedelta(days=1)


def figures(frame: pd.DataFrame, indicator_id: str, frequency: str, vintage: date) -> pd.DataFrame:
    """Return rows of the estimate table from cells with `reference_period`, `estimate` and `contributors`.

    `frame` has the variances `var_sampling`, `var_linkage`, `var_classification`, `var_model` as far as known;
    their sum is the squared standard error and their shares the error budget. Bounds are taken from `lower` and
    `upper` where given, else estimate ± 1.96 se; a figure that can't be negative has no negative bound.
    """
    indicator = INDICATORS[indicator_id]
    rows = frame.copy()
    for name in DIMENSION_NAMES:
        if name not in rows:
            rows[name] = TOTAL
    for name, value in ABSENT.items():
        if name not in rows:
            rows[name] = value
    rows["indicator"], rows["rule_id"], rows["feed"] = indicator.id, indicator.rule_id, indicator.feed
    rows["unit"], rows["frequency"], rows["vintage"] = indicator.unit, frequency, vintage
    return with_bounds(with_error_budget(rows), indicator)


def with_error_budget(rows: pd.DataFrame) -> pd.DataFrame:
    """Add `se` and the shares of its square; a figure without any variance has no share."""
    variances = np.column_stack(
        [
            rows[f"var_{part}"].to_numpy(dtype=np.float64) if f"var_{part}" in rows else np.zeros(len(rows))
            for part in BUDGET
        ]
    )
    whole = variances.sum(axis=1)
    shares = np.divide(variances, whole[:, None], out=np.full_like(variances, np.nan), where=whole[:, None] > 0)
    return rows.assign(se=np.sqrt(whole), **{f"error_{part}": shares[:, n] for n, part in enumerate(BUDGET)})


def with_bounds(rows: pd.DataFrame, indicator: Indicator) -> pd.DataFrame:
    """Fill bounds that are not given from the standard error; no bound where there is no standard error."""
    estimate, half = rows["estimate"].astype(float), Z95 * rows["se"]
    lower = rows["lower"].fillna(estimate - half) if "lower" in rows else estimate - half
    upper = rows["upper"].fillna(estimate + half) if "upper" in rows else estimate + half
    known = rows["se"].notna()
    if not indicator.signed:
        lower = lower.clip(lower=0.0)
    return rows.assign(lower=lower.where(known), upper=upper.where(known))


def estimate_table(parts: Sequence[pd.DataFrame]) -> pa.Table:
    """Return all figures as one Arrow table in the declared columns and types, sorted by key."""
    rows = pd.concat([part[list(ESTIMATE.names)] for part in parts if len(part)], ignore_index=True)
    table = pa.Table.from_pandas(rows, preserve_index=False)
    return table.cast(ESTIMATE.stored).sort_by([(name, "ascending") for name in ESTIMATE.key])


def wilson_bounds(successes: Array, trials: Array) -> tuple[Array, Array]:
    """Return the 95 % bounds of a share after Wilson (1927), never of width zero."""
    share = successes / trials
    middle = (share + Z95**2 / (2 * trials)) / (1 + Z95**2 / trials)
    half = Z95 / (1 + Z95**2 / trials) * np.sqrt(share * (1 - share) / trials + Z95**2 / (4 * trials**2))
    return np.maximum(middle - half, 0.0), np.minimum(middle + half, 1.0)
