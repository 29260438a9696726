"""Figures by combination and period: the small aggregate that the rules over audience and passenger figures look at."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

# What a figure is about, when, and the figure, by feed; feeds of persons have no such panel.
PANELS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "audience_estimate": (
        ("platform", "geo_level", "geo_code", "origin_code", "age_min", "age_max", "sex"),
        "snapshot_ts",
        "mau",
    ),
    "air_od_month": (("origin", "destination", "measure", "carrier", "source"), "period", "passengers"),
}


@dataclass(frozen=True)
class Panel:
    """One row of `values` a combination, one column a period, in order of time; NaN where there is no figure."""

    periods: tuple[date, ...]
    values: Floats

    @property
    def known(self) -> Mask:
        """Where there is a figure."""
        return np.isfinite(self.values)


def panel_of(feed: str, rows: pa.Table) -> Panel:
    """Return the panel of a feed's rows; figures of one combination and period add up."""
    cells, clock, value = PANELS[feed]
    columns = {
        "cell": pc.binary_join_element_wise(*(_text(rows[name]) for name in cells), "|"),
        "period": pc.cast(rows[clock], pa.date32(), safe=False),
        "value": pc.cast(rows[value], pa.float64()),
    }
    summed = pa.table(columns).group_by(["cell", "period"]).aggregate([("value", "sum")])
    wide = summed.to_pandas().pivot(index="cell", columns="period", values="value_sum").sort_index(axis=1)
    return Panel(tuple(wide.columns), wide.to_numpy(np.float64))


def are_months(periods: Sequence[date]) -> bool:
    """Tell whether periods are months: all begin on one day of the month, and no month has two."""
    months = {(each.year, each.month) for each in periods}
    return len({each.day for each in periods}) == 1 and len(months) == len(set(periods))


def named(day: date, periods: Sequence[date]) -> str:
    """Write a period as `2019-04` where all are months, else as a day."""
    return f"{day:%Y-%m}" if are_months(periods) else day.isoformat()


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.fill_null(pc.cast(values, pa.string()), "")
