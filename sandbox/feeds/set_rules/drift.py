"""Drift: the same partner, the same feed, and yet another clock, another unit, other axes, other identifiers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa

from sandbox.feeds.set_rules.finding import Finding, Severity
from sandbox.feeds.set_rules.panel import Floats, named

HOURS = 24
# Turned by the best lag the day must fit its past well, and leave a quarter of what it leaves open as it stands: a
# smooth day is like itself an hour later, a season moves the evening by parts of an hour.
GOOD_FIT, LEFT_OPEN, FEWEST_ROWS = 0.9, 0.25, 500
FEWEST_BEFORE, MOST_BEFORE = 3, 12
# Powers of ten, and what units of length, weight and time differ by.
FACTORS = {
    **{10.0**power: f"10^{power}" for power in (1, 2, 3, 6)},
    1.609344: "miles and km",
    3.28084: "feet and m",
    2.20462: "pounds and kg",
    60.0: "minutes and hours, or seconds and minutes",
    24.0: "hours and days",
    7.0: "days and weeks",
    365.25: "days and years",
    1852.0: "m and nautical miles",
}
FACTOR_MARGIN = 0.05
COLLAPSED = 0.1
VOLUME_STAYS = 2.0


@dataclass(frozen=True)
class Clock:
    """Rows by local hour of the day in one period: `hours` has 24 counts."""

    period: date
    hours: Floats


def clock_findings(clocks: Sequence[Clock]) -> list[Finding]:
    """Find periods whose day runs some whole hours before or after the partner's own past.

    Circular cross-correlation of the shares by hour with the median of up to 12 periods before. The hours must be
    local: in UTC, summer time would be a shift of its own.
    """
    ordered = sorted(clocks, key=lambda clock: clock.period)
    shares = np.array([clock.hours / max(clock.hours.sum(), 1.0) for clock in ordered]).reshape(-1, HOURS)
    found = []
    shifted: set[int] = set()
    for number, clock in enumerate(ordered):
        before = [place for place in range(max(0, number - MOST_BEFORE), number) if place not in shifted]
        if len(before) < FEWEST_BEFORE or clock.hours.sum() < FEWEST_ROWS:
            continue
        lag, fit, as_stands = _best_lag(shares[number], np.median(shares[before], axis=0))
        if lag and fit >= GOOD_FIT and 1 - fit <= LEFT_OPEN * (1 - as_stands):
            shifted.add(number)
            found.append(_clock_finding(ordered, number, lag, (fit, as_stands)))
    return found


def swapped_finding(now: tuple[Floats, Floats], past: tuple[Floats, Floats]) -> list[Finding]:
    """Find a set of places (latitudes, longitudes) that lies where its past would lie with the two exchanged."""
    if not (now[0].size and past[0].size):
        return []
    lat, lon = float(np.median(now[0])), float(np.median(now[1]))
    past_lat, past_lon = float(np.median(past[0])), float(np.median(past[1]))
    reach = max(float(np.ptp(past[0])), float(np.ptp(past[1])), 1.0)
    as_stands = math.hypot(lat - past_lat, lon - past_lon)
    exchanged = math.hypot(lat - past_lon, lon - past_lat)
    if exchanged > reach or as_stands < 2 * reach:
        return []
    text = (
        f"latitude and longitude are exchanged: the places lie {as_stands:,.0f} degrees from the partner's earlier ones"
    )
    figures = {"degrees_away": as_stands, "degrees_away_exchanged": exchanged}
    return [Finding("swapped", text, severity=Severity.STOP, figures=figures)]


def unit_findings(medians: pa.Table) -> list[Finding]:
    """Find periods in which a column's median is a known factor of units away from that of the periods before.

    One row of `medians` is one `period` and `column`: the `median` of its values above zero.
    """
    found = []
    frame = medians.to_pandas().dropna().sort_values("period")
    for column, own in frame[frame["median"] > 0].groupby("column"):
        values, periods = np.log(own["median"].to_numpy(np.float64)), own["period"].tolist()
        for number in range(FEWEST_BEFORE, len(values)):
            before = values[max(0, number - MOST_BEFORE) : number]
            away = float(values[number] - np.median(before))
            factor = _factor(away)
            if factor is not None and float(np.ptp(before)) < math.log(factor) / 2:
                found.append(_unit_finding(str(column), periods[: number + 1], math.exp(away), factor))
    return found


def rekeyed_findings(overlaps: pa.Table) -> list[Finding]:
    """Find periods that hardly know a person of the periods before, although about as many persons come.

    One row of `overlaps` is one `period`: its `persons`, and those `seen_before` in the three periods before.
    """
    ordered = overlaps.sort_by("period")
    periods = ordered["period"].to_pylist()
    persons = ordered["persons"].to_numpy().astype(np.float64)
    shares = ordered["seen_before"].to_numpy() / np.maximum(persons, 1)
    found = []
    for number in range(FEWEST_BEFORE, len(periods)):
        before = slice(max(1, number - MOST_BEFORE), number)
        usual, usual_persons = float(np.median(shares[before])), float(np.median(persons[before]))
        stays = usual_persons / VOLUME_STAYS <= persons[number] <= usual_persons * VOLUME_STAYS
        if stays and usual > 0 and shares[number] < COLLAPSED * usual:
            text = (
                f"{shares[number]:.1%} of the persons of {named(periods[number], periods)} were seen in the three "
                f"periods before, usual are {usual:.1%}, although about as many come: the partner, or a new key "
                "epoch, has renamed them"
            )
            figures = {"seen_before": float(shares[number]), "usual": usual}
            severity, period = Severity.STOP, periods[number]
            found.append(
                Finding("rekeyed", text, period_from=period, period_to=period, severity=severity, figures=figures)
            )
    return found


def _best_lag(now: Floats, past: Floats) -> tuple[int, float, float]:
    """Return the lag in hours (−11 to 12) that fits best, its correlation, and that of lag 0."""
    fits = np.array([_correlation(now, np.roll(past, lag)) for lag in range(HOURS)])
    lag = int(np.argmax(fits))
    return lag if lag <= HOURS // 2 else lag - HOURS, float(fits[lag]), float(fits[0])


def _correlation(first: Floats, second: Floats) -> float:
    first, second = first - first.mean(), second - second.mean()
    size = math.sqrt(float(first @ first) * float(second @ second))
    return float(first @ second) / size if size > 0 else 0.0


def _clock_finding(clocks: Sequence[Clock], number: int, lag: int, fits: tuple[float, float]) -> Finding:
    period, periods = clocks[number].period, [clock.period for clock in clocks]
    text = (
        f"the day of {named(period, periods)} runs {abs(lag)} hours {'later' if lag > 0 else 'earlier'} than in the "
        f"periods before (correlation {fits[0]:.2f} so turned, {fits[1]:.2f} as it stands): another time zone"
    )
    figures = {"hours": float(lag), "fit": fits[0], "fit_as_stands": fits[1]}
    return Finding("time_zone", text, period_from=period, period_to=period, severity=Severity.STOP, figures=figures)


def _unit_finding(column: str, periods: Sequence[date], ratio: float, factor: float) -> Finding:
    *_, period = periods
    text = (
        f"the median of {column} in {named(period, periods)} is {ratio:,.4g} times that of the periods before: "
        f"the factor of {FACTORS[factor]}"
    )
    figures = {"ratio": ratio, "factor": factor}
    return Finding(f"unit:{column}", text, period_from=period, period_to=period, figures=figures)


def _factor(log_ratio: float) -> float | None:
    near = [factor for factor in FACTORS if abs(abs(log_ratio) - math.log(factor)) <= FACTOR_MARGIN]
    return near[0] if near else None
