"""One series of the estimate table beside its official series, first and latest published."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import pandas as pd

from sandbox.benchmark.pairs import Pairs, Side, paired
from sandbox.concepts.codes import TOTAL
from sandbox.concepts.indicators import INDICATORS, Indicator
from sandbox.lakehouse.tables.figures import DIMENSIONS

DIMENSION_NAMES = [column.name for column in DIMENSIONS]
SERIES_COLUMNS = ["indicator", "rule_id", "feed", "frequency"]
CELL = [*DIMENSION_NAMES, "period"]
# A net has no scale of its own: its errors are judged against the gross flow, in plus out.
GROSS_OF = {"OFFICIAL_NET": ("OFFICIAL_IMM", "OFFICIAL_EMI")}
FIRST, LATEST = "first", "latest"


@dataclass(frozen=True)
class Series:
    """Estimates of one indicator, rule, feed and frequency in one vintage."""

    indicator: Indicator
    rule_id: str
    feed: str
    frequency: str
    rows: pd.DataFrame

    @property
    def calibrated_to(self) -> str:
        """Official series that the estimates were fitted, weighted or adjusted to; names with commas."""
        return ",".join(sorted(set(self.rows["calibrated_to"].dropna()) - {""}))

    @property
    def is_adjusted_to_benchmark(self) -> bool:
        """Whether the published figures were made consistent with the very series they are compared with."""
        benchmark = self.indicator.benchmark_series
        return bool(benchmark) and benchmark in self.calibrated_to.split(",")

    @property
    def has_unadjusted(self) -> bool:
        """Whether the figures before the adjustment are known, so that they can be judged."""
        return bool(self.rows["unadjusted"].notna().any())

    def judged_rows(self) -> pd.DataFrame:
        """Return the figures to judge: those before any adjustment to the benchmark, with moved bounds."""
        rows = self.rows.dropna(subset=["estimate"])
        if not (self.is_adjusted_to_benchmark and self.has_unadjusted):
            return rows
        rows = rows.dropna(subset=["unadjusted"])
        moved = rows["unadjusted"] - rows["estimate"]
        return rows.assign(estimate=rows["unadjusted"], lower=rows["lower"] + moved, upper=rows["upper"] + moved)

    def adjustment(self) -> float:
        """Return the largest adjustment, as a share of the figure before it; NaN if there was none."""
        rows = self.rows[self.rows["unadjusted"] != 0]
        return float((rows["estimate"] / rows["unadjusted"] - 1).abs().max())


def series_of(estimates: pd.DataFrame) -> Iterator[Series]:
    """Yield the series of an estimate table of one vintage, in order."""
    for key, rows in estimates.groupby(SERIES_COLUMNS, sort=True):
        indicator, rule_id, feed, frequency = (str(part) for part in key)
        if indicator in INDICATORS:
            yield Series(INDICATORS[indicator], rule_id, feed, frequency, with_period(rows, "reference_period"))


def with_period(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Add `period` as ISO text, the form in which both sides are joined."""
    return rows.assign(period=rows[column].map(date.isoformat))


def known_official(official: pd.DataFrame, vintage: date) -> pd.DataFrame:
    """Return what was published by the vintage: later rows do not exist yet."""
    return official[official["vintage"] <= vintage]


def published(official: pd.DataFrame, series_id: str, frequency: str, which: str) -> pd.DataFrame:
    """Return one row a cell of an official series: the first or the latest publication."""
    rows = official[(official["series_id"] == series_id) & (official["frequency"] == frequency)]
    rows = rows.assign(period=rows["period"].map(date.isoformat)).sort_values("vintage")
    return rows.drop_duplicates(CELL, keep="first" if which == FIRST else "last")


def with_gross(rows: pd.DataFrame, official: pd.DataFrame, series_id: str, frequency: str, which: str) -> pd.DataFrame:
    """Add the gross flow of each cell where the series is a net of two others."""
    parts = GROSS_OF.get(series_id)
    if not parts:
        return rows
    flows = pd.concat([published(official, part, frequency, which) for part in parts])
    counted = flows.groupby(CELL)["value"].agg(["sum", "size"])
    gross = counted.loc[counted["size"] == len(parts), "sum"].rename("gross")
    return rows.merge(gross.reset_index(), on=CELL, how="left")


def paired_series(series: Series, official: pd.DataFrame, which: str) -> Pairs:
    """Return the series beside its benchmark, in the periods that the estimates span."""
    benchmark = series.indicator.benchmark_series
    ours = series.judged_rows()
    theirs = published(official, benchmark, series.frequency, which)
    theirs = theirs[theirs["period"].between(ours["period"].min(), ours["period"].max())]
    # Provisional months have no official value yet: they are judged by the backtest.
    ours = ours[ours["period"].isin(set(theirs["period"])) & _breakdown(ours).isin(set(_breakdown(theirs)))]
    theirs = with_gross(theirs, official, benchmark, series.frequency, which)
    gross = "gross" if "gross" in theirs else ""
    return paired(
        Side(ours, "estimate", "lower", "upper", "se"),
        Side(theirs, "value", se="se", gross=gross),
        CELL,
        "period",
        series.indicator.signed,
    )


def _breakdown(rows: pd.DataFrame) -> pd.Series:
    """Return which dimensions each row is broken down by.

    Margins that the office does not publish are no cells that it lacks, and would count flows twice.
    """
    return (rows[DIMENSION_NAMES] != TOTAL).astype(int).astype(str).agg("".join, axis=1)


def totals_and_cells(pairs: Pairs) -> tuple[Pairs, Pairs]:
    """Return the country's totals, and what they are broken down to; the first may be empty."""
    is_total = (pairs.rows[DIMENSION_NAMES] == TOTAL).all(axis=1)
    return Pairs(pairs.rows[is_total], pairs.signed), Pairs(pairs.rows[~is_total], pairs.signed)
