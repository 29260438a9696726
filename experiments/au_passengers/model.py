"""Net migration from net air passengers, year by year, and the monitor that says when not to believe it.

Years run from July to June and are named by the year in which they end. Everything about a year is computed from
passengers up to its own June, and from official values published by then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from sandbox.benchmark.gates import Gate, GateStatus
from sandbox.benchmark.measures import NAN
from sandbox.benchmark.pairs import HALF_WIDTH

HOME = "Australia"
# Changes against a year before beyond this many standard deviations of steady times are another regime.
OUT_OF_BAND = 4.0
FEWEST_STEADY_MONTHS = 8
SMALLEST_SPREAD = 0.005
# A regime that broke is believed again after this many years whole inside the band.
YEARS_TO_RECOVER = 3


@dataclass(frozen=True)
class YearEstimate:
    """What could be said of one year at its end."""

    year: int
    net_passengers: float
    gross_passengers: float
    ratio: float
    years_fitted: int
    estimate: float
    se: float
    regime: Gate
    evidence: str

    @property
    def lower(self) -> float:
        """Lower 95 % bound."""
        return self.estimate - HALF_WIDTH * self.se

    @property
    def upper(self) -> float:
        """Upper 95 % bound."""
        return self.estimate + HALF_WIDTH * self.se


def monthly_passengers(rows: pd.DataFrame, source: str) -> pd.DataFrame:
    """Return one row a month: `into`, `out` of the country, blanks as zero, by one source; index `period`."""
    chosen = rows[rows["source"] == source]
    into = chosen[chosen["destination_country"] == HOME].groupby("period")["passengers"].sum()
    out = chosen[chosen["origin_country"] == HOME].groupby("period")["passengers"].sum()
    months = pd.DataFrame({"into": into, "out": out}).fillna(0.0).sort_index()
    return months.set_index(pd.PeriodIndex(months.index.astype(str), freq="M", name="period"))


def official_years(rows: pd.DataFrame, series_id: str) -> pd.DataFrame:
    """Return official values: `year` (ending June), `value`, `vintage`."""
    chosen = rows[rows["series_id"] == series_id]
    return pd.DataFrame(
        {"year": [p.year + 1 for p in chosen["period"]], "value": chosen["value"], "vintage": chosen["vintage"]}
    )


def year_estimates(months: pd.DataFrame, official: pd.DataFrame, years: Sequence[int]) -> list[YearEstimate]:
    """Return the estimates of some years, in order; each sees nothing after its own June."""
    told: list[YearEstimate] = []
    for year in sorted(years):
        seen = months[: f"{year}-06"]
        known = latest_known(official, date(year, 7, 1))
        told.append(_year_estimate(year, seen, known, told))
    return told


def latest_known(official: pd.DataFrame, day: date) -> pd.Series:
    """Return the official value by year as last published by a day."""
    known = official[official["vintage"] <= day].sort_values("vintage")
    return known.drop_duplicates("year", keep="last").set_index("year")["value"].sort_index()


def _year_estimate(year: int, seen: pd.DataFrame, known: pd.Series, before: list[YearEstimate]) -> YearEstimate:
    net, gross = _of_year(seen, year)
    fitted = [each for each in before if each.year in known.index and each.net_passengers > 0]
    values = known[[each.year for each in fitted]]
    passengers = np.array([each.net_passengers for each in fitted])
    # Before any official year is known, a net passenger is taken for a net migrant.
    ratio = float(values.sum() / passengers.sum()) if fitted else 1.0
    spread = float(np.std(values / passengers, ddof=1)) if len(fitted) > 1 else 0.0
    se = float(np.hypot(ratio * _timing_error(seen, year), spread * net))
    broken = [each.year for each in before if each.regime.status is GateStatus.WITHHOLD]
    gate, evidence = regime_gate(seen, year, broken)
    return YearEstimate(year, net, gross, ratio, len(fitted), ratio * net, se, gate, evidence)


def _of_year(months: pd.DataFrame, year: int) -> tuple[float, float]:
    whole = months[f"{year - 1}-07" : f"{year}-06"].sum()
    return float(whole["into"] - whole["out"]), float(whole["into"] + whole["out"])


def _timing_error(months: pd.DataFrame, year: int) -> float:
    """Return how much a twelve-month net depends on where the year is cut: what travel adds to migration."""
    rolling = (months["into"] - months["out"]).rolling(12).sum()
    return float(rolling[f"{year - 1}-07" : f"{year}-06"].std(ddof=1))


def regime_gate(months: pd.DataFrame, year: int, broken: Sequence[int]) -> tuple[Gate, str]:
    """Judge whether a year's passengers move as in steady times; `broken` are earlier years that did not.

    The measure is the change of passengers in and out against the same month a year before, in logs; its band comes
    from months before this year, without broken years.
    """
    gross = months["into"] + months["out"]
    changes = (gross / gross.shift(12)).dropna().map(np.log)
    own = changes[f"{year - 1}-07" : f"{year}-06"]
    steady = changes[: f"{year - 1}-06"]
    steady = steady[[_year_of(month) not in broken for month in steady.index]]
    if len(steady) < FEWEST_STEADY_MONTHS:
        return Gate("regime", NAN, GateStatus.NOT_EVALUABLE, len(steady)), "too few earlier months to know steady times"
    middle, spread = float(steady.mean()), max(float(steady.std(ddof=1)), SMALLEST_SPREAD)
    distance = (own - middle).abs() / spread
    worst = distance.idxmax()
    told = f"{worst}: passengers {np.expm1(own[worst]):+.0%} on the year before, {distance[worst]:.1f} spreads off"
    if distance[worst] > OUT_OF_BAND:
        return Gate("regime", float(distance[worst]), GateStatus.WITHHOLD, len(own)), told
    recent = [each for each in broken if year - each <= YEARS_TO_RECOVER]
    if recent:
        told = f"steady, but the regime broke in {max(recent)} and {YEARS_TO_RECOVER} whole steady years are asked for"
        return Gate("regime", float(distance[worst]), GateStatus.WITHHOLD, len(own)), told
    return Gate("regime", float(distance[worst]), GateStatus.PUBLISH, len(own)), told


def _year_of(month: pd.Period) -> int:
    return int(month.year) + (1 if month.month >= 7 else 0)
