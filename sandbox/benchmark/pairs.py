"""Estimate beside official value, cell by cell: the one frame that all measures and gates read.

One row of `Pairs.rows` is one cell and period that either side has:
`estimate, official, lower, upper, se, se_official, gross` (floats, NaN where absent), `cell` (the key without
its period), `month` (months since year 0, -1 without a period), `origin, destination` (empty if no matrix).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from sandbox.concepts.codes import TOTAL
from sandbox.errors import CallError

Floats = NDArray[np.float64]
NUMBERS = ("estimate", "official", "lower", "upper", "se", "se_official", "gross")
HALF_WIDTH = float(norm.ppf(0.975))
OVERLAP_OF_A_MATRIX = 0.5


@dataclass(frozen=True)
class Side:
    """One side of the comparison: a frame and which of its columns mean what."""

    rows: pd.DataFrame
    value: str
    lower: str = ""
    upper: str = ""
    se: str = ""
    gross: str = ""


@dataclass(frozen=True)
class Pairs:
    """All cells of both sides; `signed` series may be below zero and are judged without logs."""

    rows: pd.DataFrame
    signed: bool = False
    matched: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        """Cells with a value on both sides."""
        object.__setattr__(self, "matched", self.rows.dropna(subset=["estimate", "official"]))

    @property
    def is_matrix(self) -> bool:
        """Whether cells are flows from an origin to a destination."""
        return bool((self.rows["origin"] != "").any())

    @property
    def has_intervals(self) -> bool:
        """Whether the estimate states an interval."""
        return bool(self.matched[["lower", "upper"]].notna().all(axis=1).any())

    @property
    def has_periods(self) -> bool:
        """Whether the cells have a period."""
        return bool((self.rows["month"] >= 0).any())


def paired(estimate: Side, official: Side, on: Sequence[str], period: str = "", signed: bool | None = None) -> Pairs:
    """Join both sides on `on`; `CallError` if a column is missing or a key stands twice on one side."""
    key = [*on, *([period] if period and period not in on else [])]
    joined = _numbers(estimate, key, "estimate").join(_numbers(official, key, "official"), how="outer", sort=True)
    rows = joined.reset_index()
    rows = rows.assign(**{name: np.nan for name in NUMBERS if name not in rows})
    cells = [name for name in key if name != period]
    rows["cell"] = rows[cells].astype(str).agg("|".join, axis=1) if cells and len(rows) else ""
    rows["month"] = month_numbers(rows[period]) if period else -1
    origin, destination = _matrix_columns(rows, cells)
    rows["origin"] = rows[origin].astype(str) if origin else ""
    rows["destination"] = rows[destination].astype(str) if destination else ""
    if rows["gross"].isna().all() and "gross_official" in rows:
        rows["gross"] = rows["gross_official"]
    below_zero = bool((rows[["estimate", "official"]] < 0).any(axis=None))
    return Pairs(rows, below_zero if signed is None else signed)


def month_numbers(period: pd.Series) -> pd.Series:
    """Return months since year 0 of `YYYY`, `YYYY-MM` or an ISO date; `CallError` for anything else."""
    text = period.astype(str).str.replace(r"\.0$", "", regex=True)
    parts = text.str.extract(r"^(\d{4})(?:-?(\d{2})(?:-\d{2})?.*)?$")
    if parts[0].isna().any():
        raise CallError("The column of periods holds something that is no year, month or date.", "Write YYYY-MM.")
    return parts[0].astype(int) * 12 + parts[1].fillna("01").astype(int) - 1


def _numbers(side: Side, key: list[str], name: str) -> pd.DataFrame:
    wanted = {name: side.value, "lower": side.lower, "upper": side.upper, "gross": side.gross}
    wanted["se" if name == "estimate" else "se_official"] = side.se
    if name == "official":
        wanted["gross_official"] = wanted.pop("gross")
    chosen = {new: old for new, old in wanted.items() if old}
    missing = [column for column in (*key, *chosen.values()) if column not in side.rows.columns]
    if missing:
        raise CallError(
            f"The {name} has no column {', '.join(missing)}; it has {', '.join(side.rows.columns)}.",
            "Name the columns as they stand in the file.",
        )
    keys = side.rows[key].astype(str)
    if keys.duplicated().any():
        count = int(keys.duplicated().sum())
        raise CallError(
            f"The {name} has {count} rows whose key stands more than once.",
            "Add the column that tells them apart.",
        )
    values = pd.DataFrame({new: pd.to_numeric(side.rows[old]).astype(float) for new, old in chosen.items()})
    values.index = pd.MultiIndex.from_frame(keys)
    if "lower" in values and "upper" in values and "se" not in values:
        values["se"] = (values["upper"] - values["lower"]) / (2 * HALF_WIDTH)
    return values


def _matrix_columns(rows: pd.DataFrame, cells: list[str]) -> tuple[str, str]:
    """Return the two columns with the same kind of code (origin, destination), or two empty names.

    A matrix is told by its codes: at least half of those in one column stand in the other too.
    """
    codes = {name: set(rows[name].unique()) - {TOTAL} for name in cells}
    for number, first in enumerate(cells):
        for second in cells[number + 1 :]:
            smaller = min(len(codes[first]), len(codes[second]))
            if smaller > 1 and len(codes[first] & codes[second]) >= OVERLAP_OF_A_MATRIX * smaller:
                return first, second
    return "", ""
