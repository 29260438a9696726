"""Days that deliveries hold only in part: a period of UTC days, or of another zone's, cuts through a local day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from sandbox.feeds.coverage.past import Measured

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
Span = tuple[datetime, datetime]


def partial_days(
    periods: Iterable[tuple[date, date]], of_periods: str, of_days: Sequence[str]
) -> dict[date, tuple[float, float]]:
    """Return hours held and hours in all of each day that is held only in part in any of the zones `of_days`.

    `periods` are first and last days of deliveries in the zone `of_periods`; where they join, no day is cut.
    """
    spans = _joined(_span(first, last, of_periods) for first, last in periods)
    edges = {edge.date() + DAY * step for span in spans for edge in span for step in (-1, 0, 1)}
    found: dict[date, tuple[float, float]] = {}
    for day in sorted(edges):
        for zone in of_days:
            begin, end = _span(day, day, zone)
            held = sum((max(timedelta(), min(end, last) - max(begin, first)) for first, last in spans), timedelta())
            if timedelta() < held < end - begin:
                hours = held / HOUR, (end - begin) / HOUR
                found[day] = min(found.get(day, hours), hours)
    return found


def hours_held(partial: Mapping[date, tuple[float, float]], promised: Iterable[date]) -> Measured:
    """Measure the hours that are held of each day that a delivery says it covers and holds only in part."""
    rows = [(day, *partial[day]) for day in promised if day in partial]
    return Measured("hours_held", "D", pd.DataFrame(rows, columns=["period", "numerator", "denominator"]))


def _span(first: date, last: date, zone: str) -> Span:
    """Return begin of the first day and end of the last, in UTC."""
    begin, end = (
        datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC"))
        for day in (first, last + DAY)
    )
    return begin, end


def _joined(spans: Iterable[Span]) -> list[Span]:
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined
