"""The page of a partner's feedback: one file that needs nothing else."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sandbox.feeds.coverage.persons import PERSON_FEEDS
from sandbox.feeds.feedback.charts import NARROW, STRIPS, WIDE, Covered, calendar_strip, months_shown, volumes_chart
from sandbox.feeds.feedback.facts import FEWEST_PERSONS, Feedback
from sandbox.feeds.feedback.words import MONTHS

FEW = 0.5
EVERY = {"D": "day", "M": "month", "delivery": "delivery"}
SEVERITY = {"stop": "Nothing is computed from it", "warn": "Look at it", "note": "To know"}
MOST_SHOWN = 12


def page_of(feedback: Feedback) -> str:
    """Return the page as HTML."""
    covered = covered_days(feedback)
    missing = [day for day, state in covered.items() if state is Covered.NONE]
    return (
        _environment()
        .get_template("feedback.html.j2")
        .render(
            feedback=feedback,
            about_persons=feedback.feed in PERSON_FEEDS,
            fewest=FEWEST_PERSONS,
            strips=[calendar_strip(covered, strip, "Days with rows") for strip in STRIPS] if covered else [],
            strip_months=len(months_shown(covered)) if covered else 0,
            missing=missing,
            volumes=_volumes(feedback),
            warnings=_gravest_first(feedback.warnings),
            severity=SEVERITY,
            most_shown=MOST_SHOWN,
            refusals=[delivery for delivery in feedback.deliveries if is_refused(delivery)],
        )
    )


def covered_days(feedback: Feedback) -> dict[date, Covered]:
    """Return what is known of each day, for feeds whose rows have days; of others nothing."""
    if feedback.feed not in PERSON_FEEDS:
        return {}
    rows = {row["period"]: row for row in feedback.days}
    unknown = {*feedback.not_profiled, *(each["delivery_id"] for each in feedback.deliveries if is_refused(each))}
    covered = {}
    for delivery in feedback.deliveries:
        if delivery["delivery_id"] in unknown or delivery["replaced_by"]:
            continue
        day = delivery["period_from"]
        while day <= delivery["period_to"]:
            covered[day] = _state(rows.get(day))
            day += timedelta(days=1)
    return dict(sorted(covered.items()))


def is_refused(delivery: Mapping[str, Any]) -> bool:
    """Tell whether nothing of a delivery was taken in."""
    return any(finding.startswith("refused: ") for finding in delivery["findings"] or [])


def _state(row: Mapping[str, Any] | None) -> Covered:
    if row is None:
        return Covered.NONE
    is_few = row["is_of_few"] or (row["ratio"] is not None and row["ratio"] < FEW)
    return Covered.FEW if is_few else Covered.THERE


def _volumes(feedback: Feedback) -> list[Markup]:
    rows = feedback.volumes[-3 * 12 :]
    if len(rows) < 2:
        return []
    what = "Mean rows a day, by month" if feedback.feed in PERSON_FEEDS else "Sum of the figures, by month"
    title = f"{what}: {rows[-1]['value']:,.0f} in {month(rows[-1]['period'])}"
    return [volumes_chart(rows, frame, title) for frame in (WIDE, NARROW)]


def figure(value: float | None, unit: str) -> str:
    """Write a value as its unit wants: `4.1 %`, `1,234`, `1.23`, `4 days`; a dash for none."""
    if value is None:
        return "–"
    texts = {"share": f"{100 * value:,.1f} %", "mean": f"{value:,.2f}", "days": f"{value:,.0f}"}
    return texts.get(unit, f"{value:,.0f}").replace("-", "−")


def change(row: Mapping[str, Any]) -> str:
    """Write how far a measure is from its past: points for shares, per cent for counts."""
    if row["past"] is None or row["value"] is None:
        return "–"
    away = row["value"] - row["past"]
    if row["unit"] == "share":
        return _signed(100 * away, 1, " points")
    if row["unit"] == "days" or not row["past"]:
        return _signed(away, 0, "")
    return _signed(100 * away / row["past"], 1, " %")


def _signed(value: float, decimals: int, unit: str) -> str:
    rounded = round(value, decimals)
    return f"{rounded:{'+' if rounded else ''},.{decimals}f}{unit}".replace("-0.0", "0.0").replace("-", "−")


def month(day: date) -> str:
    """Write `Nov 2025`."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def period(start: date, end: date) -> Markup:
    """Write a period as its first and last day, or as the one that it is."""
    return day(start) if start == end else Markup("{} to {}").format(day(start), day(end))


def day(date: date) -> Markup:
    """Write a day that is not broken over two lines."""
    return Markup('<span class="day">{}</span>').format(date.isoformat())


def _gravest_first(warnings: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return warnings in the order in which a partner should answer them: the gravest, and of these the newest."""
    newest = sorted(warnings, key=lambda one: one["period_to"], reverse=True)
    return sorted(newest, key=lambda one: list(SEVERITY).index(one["severity"]))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sandbox.feeds.feedback"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"figure": figure, "change": change, "month": month, "day": day}
    environment.globals |= {"period": period, "every": EVERY}
    return environment
