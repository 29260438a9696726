"""Gates on provisional months: what past vintages said of months that are final by now, by horizon."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from sandbox.benchmark.gates import Gate, GateStatus, at_most
from sandbox.benchmark.measures import MONTHS_PER_YEAR, NAN
from sandbox.benchmark.thresholds import Band, thresholds

DIRECTION_OF = {"IMM": "A", "IMM_ADJ": "A", "EMI": "D", "NET": "net"}
NET = "net"
LEAST_ERRORS_FOR_A_BAND = 4


@dataclass(frozen=True)
class Backtest:
    """Replayed totals of one direction that have become final, and what the regime monitor says by horizon.

    A row: `reference_month, origin, horizon, estimate, naive, final` and `gross`, the month's gross flow.
    """

    rows: pd.DataFrame
    regime: dict[int, str]

    def gates(self, horizon: int) -> list[Gate]:
        """Return the gates on provisional figures at a horizon; not evaluable where nothing was replayed."""
        at = self.rows[self.rows["horizon"] == horizon]
        error = (at["estimate"] - at["final"]).abs().sum()
        base = at["gross"].sum()
        value = float(error / base) if base > 0 else NAN
        found = [at_most("backtest_error", value, self._band(), len(at))]
        if self.regime.get(horizon) == "withheld":
            found.append(Gate("regime", NAN, GateStatus.WITHHOLD, len(at)))
        return found

    def measures(self) -> dict[str, tuple[float, int]]:
        """Return error and bias by horizon, the naive error beside it, and the coverage of past errors."""
        found: dict[str, tuple[float, int]] = {}
        for horizon, at in self.rows.groupby("horizon"):
            base, n = float(at["gross"].sum()), len(at)
            for name, column in (("backtest_error", "estimate"), ("backtest_error_naive", "naive")):
                found[f"{name}_h{int(str(horizon)):02d}"] = (
                    _ratio((at[column] - at["final"]).abs().sum(), base),
                    n,
                )
            found[f"backtest_bias_h{int(str(horizon)):02d}"] = (
                _ratio((at["estimate"] - at["final"]).sum(), base),
                n,
            )
        inside = self._inside_bands()
        found["backtest_coverage"] = (float(inside.mean()) if inside.size else NAN, int(inside.size))
        return found

    def _band(self) -> Band:
        limits = thresholds()
        return limits.signed_error if (self.rows["direction"] == NET).any() else limits.wmape

    def _inside_bands(self) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Return whether each past total lies in the band of the others at its horizon."""
        inside: list[bool] = []
        for _, at in self.rows.groupby("horizon"):
            errors = ((at["final"] - at["estimate"]) / at["gross"]).to_numpy(np.float64)
            if errors.size < LEAST_ERRORS_FOR_A_BAND:
                continue
            others = [np.delete(errors, number) for number in range(errors.size)]
            inside += [bool(rest.min() <= one <= rest.max()) for one, rest in zip(errors, others, strict=True)]
        return np.array(inside, dtype=np.bool_)


def backtest_of(indicator: str, rule_id: str, totals: pd.DataFrame, bands: pd.DataFrame) -> Backtest | None:
    """Return the backtest that speaks for an indicator's provisional months, if there is one."""
    direction = DIRECTION_OF.get(indicator)
    mine = totals[(totals["rule_id"] == rule_id) & totals["final"].notna()]
    if direction is None or mine[mine["direction"] == direction].empty:
        return None
    both = mine[mine["direction"].isin(["A", "D"])].groupby(["reference_month", "origin"])["final"].sum()
    rows = mine[mine["direction"] == direction]
    if direction == NET:
        rows = rows.merge(both.rename("gross").reset_index(), on=["reference_month", "origin"])
    else:
        rows = rows.assign(gross=rows["final"])
    states = bands[(bands["rule_id"] == rule_id) & (bands["direction"] == direction)]
    return Backtest(rows, dict(zip(states["horizon"].astype(int), states["state"], strict=True)))


def horizon_of(reference_month: date, vintage: date) -> int:
    """Return vintage less reference month, in months."""
    return (vintage.year - reference_month.year) * MONTHS_PER_YEAR + vintage.month - reference_month.month


def _ratio(part: float, whole: float) -> float:
    return float(part) / whole if whole > 0 else NAN
