"""Interval bands of a vintage: past relative errors by direction and horizon, under the eye of the regime monitor."""

import math
from collections.abc import Mapping

import pandas as pd

from sandbox.nowcast.backtest import relative_errors
from sandbox.nowcast.intervals import monitored, population_stability
from sandbox.nowcast.parts import PARTS, Part, part_of

SIDES = ("A", "D", "net")


def drift_by_part(counts: pd.DataFrame) -> dict[Part, float]:
    """Return how far the classes of the undecided moved from those learnt from, in the same calendar months.

    `counts` has `part` (number), `visa_class`, `reference_month`, `learnt`, `now`.
    """
    drift = dict.fromkeys(PARTS, 0.0)
    for number, part in enumerate(PARTS):
        group = counts[counts.part == number]
        calendar = pd.Series([month.month for month in group.reference_month], index=group.index)
        current = set(calendar[group.now > 0])
        same = group[calendar.isin(current)].groupby("visa_class")[["learnt", "now"]].sum()
        if same.now.sum() and same.learnt.sum():
            before = {str(name): int(n) for name, n in same.learnt.items()}
            drift[part] = population_stability(before, {str(name): int(n) for name, n in same.now.items()})
    return drift


def bands_of(totals: pd.DataFrame, drift: Mapping[Part, float], longest: int) -> pd.DataFrame:
    """Return `direction, horizon, n, level, lower, upper, bias, spread, state` from totals with net."""
    rows = []
    for direction in SIDES:
        for horizon in range(1, longest + 1):
            sides = ("A", "D") if direction == "net" else (direction,)
            moved = max(drift.get(part_of(side, horizon), 0.0) for side in sides)
            band = monitored(relative_errors(totals, direction, horizon), moved)
            rows.append({"direction": direction, "horizon": horizon, **vars(band), "state": band.state.value})
    frame = pd.DataFrame(rows)
    return frame.replace({math.nan: None}) if frame.empty else frame
