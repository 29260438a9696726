"""Charts as inline SVG: lines with their intervals, bars with theirs, and how estimates were revised.

Colours are classes, so that light, dark and print each have their own; every chart is told by a title and a
description, and stands beside a table of the same figures.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup, escape

from sandbox.release.accuracy import Replayed, mean_absolute
from sandbox.release.figures import Observation
from sandbox.release.page.axes import Frame, Scale, month_number, points, ticks
from sandbox.release.page.words import figure

WIDE = Frame("wide", 960, 360, left=56, right=118)
NARROW = Frame("narrow", 360, 300, left=44, right=12)


@dataclass(frozen=True)
class Line:
    """One series of a chart: its name, its class of colour, its figures, and the official ones to set beside."""

    name: str
    colour: str
    observations: tuple[Observation, ...]
    official: tuple[tuple[date, float], ...] = ()


@dataclass(frozen=True)
class Bar:
    """One bar with its interval."""

    name: str
    value: float
    lower: float | None
    upper: float | None


def drawing(frame: Frame, title: str, description: str, parts: Iterable[str], height: int | None = None) -> Markup:
    """Put parts into a picture that says what it is."""
    size = f"0 0 {frame.width} {height or frame.height}"
    return Markup(
        f'<svg class="chart {frame.name}" viewBox="{size}" role="img" '
        f'aria-label="{escape(title)}. {escape(description)}">{"".join(parts)}</svg>'
    )


def lines_chart(lines: Sequence[Line], frame: Frame, title: str, description: str) -> Markup:
    """Draw months from left to right: bands, lines, provisional months dashed on a shaded ground."""
    months = sorted({o.reference_period for line in lines for o in line.observations})
    reach = [value for line in lines for value in _reach(line)]
    marks = ticks(min(0.0, *reach), max(0.0, *reach))
    x = Scale(month_number(months[0]), month_number(months[-1]), frame.left, frame.plot_right)
    y = Scale(marks[0], marks[-1], frame.plot_bottom, frame.top)
    parts = [*_provisional_ground(lines, frame, x), *_grid(marks, frame, y), *_years(months, frame, x)]
    for line in lines:
        parts += [_band(line, x, y), *_strokes(line, x, y), *_official(line, x, y)]
    if len(lines) > 1 and frame.name == WIDE.name:
        parts += _names_at_the_end(lines, frame, y)
    return drawing(frame, title, description, parts)


def bars_chart(bars: Sequence[Bar], frame: Frame, title: str, description: str) -> Markup:
    """Draw horizontal bars, longest first, with their intervals as whiskers."""
    row, name_width = 30, 170 if frame.name == WIDE.name else 112
    height = row * len(bars) + 44
    marks = ticks(0.0, max(bar.upper or bar.value for bar in bars), 4 if frame.name == WIDE.name else 3)
    x = Scale(0.0, marks[-1], name_width, frame.width - 30)
    parts = []
    for mark in marks:
        at = x(mark)
        parts.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="8" y2="{height - 30}"/>')
        parts.append(f'<text x="{at:.1f}" y="{height - 12}" text-anchor="middle">{figure(mark)}</text>')
    for number, bar in enumerate(bars):
        middle = 8 + row * number + row / 2
        parts.append(f'<text x="{name_width - 10}" y="{middle + 4:.1f}" text-anchor="end">{escape(bar.name)}</text>')
        width = x(bar.value) - name_width
        parts.append(f'<rect class="bar" x="{name_width}" y="{middle - 9:.1f}" width="{width:.1f}" height="18"/>')
        if bar.lower is not None and bar.upper is not None:
            parts.append(_whisker(x(bar.lower), x(bar.upper), middle))
    return drawing(frame, title, description, parts, height)


def revisions_chart(replayed: Sequence[Replayed], frame: Frame, title: str, description: str) -> Markup:
    """Draw how far each past estimate was from the final figure, by its age; the mean size of it as a line."""
    reach = [one.error for one in replayed]
    mean = mean_absolute(list(replayed))
    marks = ticks(min(reach), max(*reach, *mean.values()))
    x = Scale(min(mean), max(mean), frame.left + 8, frame.plot_right - 8)
    y = Scale(marks[0], marks[-1], frame.plot_bottom, frame.top)
    parts = _grid(marks, frame, y, " %")
    parts += [f'<circle class="dot" cx="{x(one.horizon):.1f}" cy="{y(one.error):.1f}" r="3.2"/>' for one in replayed]
    path = points([(x(horizon), y(error)) for horizon, error in mean.items()])
    parts.append(f'<polyline class="line mean" points="{path}"/>')
    step = 1 if frame.name == WIDE.name else 3
    for horizon in list(mean)[::step]:
        parts.append(f'<text x="{x(horizon):.1f}" y="{frame.height - 10}" text-anchor="middle">{horizon}</text>')
    return drawing(frame, title, description, parts)


def _reach(line: Line) -> list[float]:
    figures = [value for o in line.observations for value in (o.value, o.lower, o.upper) if value is not None]
    return [*figures, *(value for _, value in line.official)] or [0.0]


def _grid(marks: Sequence[float], frame: Frame, y: Scale, unit: str = "") -> list[str]:
    parts = []
    for mark in marks:
        kind = "zero" if mark == 0 else "grid"
        at = y(mark)
        parts.append(f'<line class="{kind}" x1="{frame.left}" x2="{frame.plot_right}" y1="{at:.1f}" y2="{at:.1f}"/>')
        parts.append(f'<text x="{frame.left - 8}" y="{at + 4:.1f}" text-anchor="end">{_mark(mark, marks)}{unit}</text>')
    return parts


def _mark(mark: float, marks: Sequence[float]) -> str:
    """Write a tick with as many decimals as the step between ticks needs."""
    step = marks[1] - marks[0]
    return figure(mark) if step >= 1 else f"{mark:.{max(1, -math.floor(math.log10(step)))}f}".replace("-", "−")


def _years(months: Sequence[date], frame: Frame, x: Scale) -> list[str]:
    years = [day for day in months if day.month == 1] or [months[0]]
    step = max(1, len(years) * 52 // int(frame.plot_right - frame.left))
    parts = []
    for day in years[::step]:
        at = x(month_number(day))
        parts.append(
            f'<line class="tick" x1="{at:.1f}" x2="{at:.1f}" y1="{frame.plot_bottom}" y2="{frame.plot_bottom + 5}"/>'
        )
        parts.append(f'<text x="{at:.1f}" y="{frame.height - 9}" text-anchor="middle">{day.year}</text>')
    return parts


def _provisional_ground(lines: Sequence[Line], frame: Frame, x: Scale) -> list[str]:
    provisional = [o.reference_period for line in lines for o in line.observations if o.provisional]
    if not provisional:
        return []
    start = max(x(month_number(min(provisional)) - 0.5), frame.left)
    width = frame.plot_right - start
    end = "" if width < 70 else f'<text class="note" x="{start + 6:.1f}" y="{frame.top + 12}">provisional</text>'
    return [
        f'<rect class="ground" x="{start:.1f}" y="{frame.top}" width="{width:.1f}" '
        f'height="{frame.plot_bottom - frame.top}"/>{end}'
    ]


def _band(line: Line, x: Scale, y: Scale) -> str:
    bounded = [(o.reference_period, o.lower, o.upper) for o in line.observations]
    known = [(day, lower, upper) for day, lower, upper in bounded if lower is not None and upper is not None]
    if not known:
        return ""
    up = [(x(month_number(day)), y(upper)) for day, _, upper in known]
    down = [(x(month_number(day)), y(lower)) for day, lower, _ in reversed(known)]
    return f'<polygon class="spread {line.colour}" points="{points(up + down)}"/>'


def _strokes(line: Line, x: Scale, y: Scale) -> list[str]:
    """Draw the final part solid and the provisional part dashed; they share the month where they meet."""
    known = [(o, (x(month_number(o.reference_period)), y(o.value))) for o in line.observations if o.value is not None]
    final = [place for o, place in known if not o.provisional]
    provisional = [place for o, place in known if o.provisional]
    parts = [f'<polyline class="line {line.colour}" points="{points(final)}"/>'] if final else []
    if provisional:
        joined = [*final[-1:], *provisional]
        parts.append(f'<polyline class="line dashed {line.colour}" points="{points(joined)}"/>')
    return parts


def _official(line: Line, x: Scale, y: Scale) -> list[str]:
    return [
        f'<circle class="official {line.colour}" cx="{x(month_number(day)):.1f}" cy="{y(value):.1f}" r="3"/>'
        for day, value in line.official
        if x.low <= month_number(day) <= x.high
    ]


def _names_at_the_end(lines: Sequence[Line], frame: Frame, y: Scale) -> list[str]:
    """Write each name beside its line's end, pushed apart where two would touch."""
    ends = []
    for line in lines:
        values = [o.value for o in line.observations if o.value is not None]
        if values:
            ends.append((y(values[-1]), line))
    parts, lowest = [], float("-inf")
    for at, line in sorted(ends, key=lambda end: end[0]):
        lowest = max(at, lowest + 17)
        place = f'x="{frame.plot_right + 8}" y="{lowest + 4:.1f}"'
        parts.append(f'<text class="end {line.colour}" {place}>{escape(line.name)}</text>')
    return parts


def _whisker(start: float, end: float, middle: float) -> str:
    path = f"M{start:.1f},{middle - 4:.1f}v8 M{start:.1f},{middle:.1f}H{end:.1f} M{end:.1f},{middle - 4:.1f}v8"
    return f'<path class="whisker" d="{path}"/>'
