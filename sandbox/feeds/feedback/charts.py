"""Charts as inline SVG: the days that came as a calendar strip, and volumes beside the partner's own past."""

import calendar
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from markupsafe import Markup, escape

from sandbox.feeds.feedback.words import MONTHS

LONGEST_MONTH = 31
MOST_MONTHS = 24
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


class Covered(StrEnum):
    """What is known of a day: it has rows, few of them, none, or no delivery covers it."""

    THERE = "there"
    FEW = "few"
    NONE = "none"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class Frame:
    """Size of a chart in CSS pixels; each screen has its own."""

    name: str
    width: int
    height: int
    left: int


WIDE, NARROW = Frame("wide", 960, 300, 72), Frame("narrow", 360, 260, 56)


@dataclass(frozen=True)
class Strip:
    """Size of a calendar strip: the side of a day's square and the room for the month's name."""

    name: str
    square: int
    label: int

    def corner(self, month_number: int, day_number: int) -> tuple[int, int]:
        """Return the upper left corner of a day's square."""
        return self.label + (day_number - 1) * (self.square + 1), 20 + month_number * (self.square + 3)


STRIPS = (Strip("wide", 14, 64), Strip("narrow", 8, 60))


def calendar_strip(days: Mapping[date, Covered], strip: Strip, title: str) -> Markup:
    """Draw one line a month and one square a day, newest month last; what is missing is crossed, not just coloured."""
    months = months_shown(days)
    parts = [_days_of_month(strip)]
    for number, month in enumerate(months):
        x, y = strip.corner(number, 1)
        words = f"{MONTHS[month.month - 1]} {month.year}"
        parts.append(f'<text x="{x - 6}" y="{y + strip.square / 2 + 4}" text-anchor="end">{words}</text>')
        for day in range(1, calendar.monthrange(month.year, month.month)[1] + 1):
            covered = days.get(month.replace(day=day), Covered.OUTSIDE)
            parts.append(_square(covered, *strip.corner(number, day), strip.square))
    missing = sum(state is Covered.NONE for day, state in days.items() if day >= months[0])
    told = f"{missing} days without rows" if missing else "every delivered day has rows"
    size = strip.corner(len(months), LONGEST_MONTH + 1)
    return _drawing(f"strip {strip.name}", size, f"{title}: {told}, in {len(months)} months", parts)


def months_shown(days: Mapping[date, Covered]) -> list[date]:
    """Return the newest months, to the last one with a day; those between that nothing covers are among them."""
    months = {day.replace(day=1) for day in days}
    numbers = range(_number(min(months)), _number(max(months)) + 1)
    return [date(number // 12, number % 12 + 1, 1) for number in numbers][-MOST_MONTHS:]


def _number(month: date) -> int:
    return month.year * 12 + month.month - 1


def volumes_chart(rows: Sequence[Mapping[str, Any]], frame: Frame, title: str) -> Markup:
    """Draw volumes as a line, and the usual volume as a dashed one, from left to right in time."""
    values = [row["value"] for row in rows]
    marks = _ticks(max(*values, *(row["past"] or 0 for row in rows), 1.0))
    right, bottom = frame.width - 12, frame.height - 30
    step = (right - frame.left) / max(len(rows) - 1, 1)

    def place(number: int, value: float) -> str:
        return f"{frame.left + number * step:.1f},{bottom - value / marks[-1] * (bottom - 14):.1f}"

    parts = []
    for mark in marks:
        y = bottom - mark / marks[-1] * (bottom - 14)
        parts.append(f'<line class="grid" x1="{frame.left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{frame.left - 8}" y="{y + 4:.1f}" text-anchor="end">{mark:,.0f}</text>')
    every = max(1, math.ceil(len(rows) * 92 / (right - frame.left)))
    for number in range(0, len(rows), every):
        period = rows[number]["period"]
        anchor = "start" if number == 0 else "end" if number == len(rows) - 1 else "middle"
        label = f"{MONTHS[period.month - 1]} {period.year}"
        x = frame.left + number * step
        parts.append(f'<text x="{x:.1f}" y="{frame.height - 9}" text-anchor="{anchor}">{label}</text>')
    past = [place(number, row["past"]) for number, row in enumerate(rows) if row["past"] is not None]
    parts.append(f'<polyline class="line past" points="{" ".join(past)}"/>')
    line = [place(number, value) for number, value in enumerate(values)]
    parts.append(f'<polyline class="line own" points="{" ".join(line)}"/>')
    parts += [f'<circle class="own" cx="{xy.split(",")[0]}" cy="{xy.split(",")[1]}" r="2.6"/>' for xy in line]
    return _drawing(frame.name, (frame.width, frame.height), title, parts)


def _square(covered: Covered, x: int, y: int, side: int) -> str:
    square = f'<rect class="{covered.value}" x="{x}" y="{y}" width="{side}" height="{side}"/>'
    inner = side - 6 if side > 10 else side - 4
    edge = (side - inner) / 2
    if covered is Covered.NONE:
        square += f'<path class="cross" d="M{x + edge},{y + edge}l{inner},{inner} m0,-{inner} l-{inner},{inner}"/>'
    if covered is Covered.FEW:
        square += f'<path class="cross" d="M{x + edge},{y + side / 2}h{inner}"/>'
    return square


def _days_of_month(strip: Strip) -> str:
    days = (1, 5, 10, 15, 20, 25, 30)
    places = [strip.corner(0, day)[0] + strip.square / 2 for day in days]
    both = zip(days, places, strict=True)
    return "".join(f'<text x="{x}" y="12" text-anchor="middle">{day}</text>' for day, x in both)


def _drawing(kind: str, size: tuple[float, float], label: str, parts: Sequence[str]) -> Markup:
    box = f"0 0 {size[0]:.0f} {size[1]:.0f}"
    return Markup(
        f'<svg class="chart {kind}" viewBox="{box}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _ticks(highest: float) -> list[float]:
    """Return round figures from 0 to at or above the highest, about five."""
    raw = highest / 4
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(size * each for each in STEPS if size * each >= raw * 0.999)
    return [step * number for number in range(math.ceil(highest / step - 1e-9) + 1)]
