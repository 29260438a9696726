"""Time on paper: where a traveller was and is counted, and when a crossing is decided; as SVG that needs no script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files

from markupsafe import Markup, escape

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
LETTER = 7.0  # width of a letter of the charts' text, in CSS pixels, for keeping words inside
BAR = 16


@dataclass(frozen=True)
class Frame:
    """Size of a chart in CSS pixels; `left` is the room for the names of lines, 0 where they stand above."""

    name: str
    width: int
    left: int


WIDE, NARROW = Frame("wide", 960, 150), Frame("narrow", 360, 0)


@dataclass(frozen=True)
class Span:
    """Days from `start` up to `end`; `kind` is there, resident, seen or undecided."""

    start: date
    end: date
    kind: str


@dataclass(frozen=True)
class Mark:
    """A migration: its crossing, the day on which it was decided, and whether it led in (A) or out (D)."""

    day: date
    decided_on: date
    direction: str


@dataclass(frozen=True)
class Spread:
    """Between which days a crossing that is undecided will be decided."""

    earliest: date
    latest: date


@dataclass(frozen=True)
class Line:
    """One line of a timeline; `note` stands behind its spread."""

    name: str
    spans: tuple[Span, ...]
    marks: tuple[Mark, ...] = ()
    spreads: tuple[Spread, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class Scale:
    """Days across the width of a chart."""

    frame: Frame
    start: date
    end: date

    def x(self, day: date) -> float:
        """Return the place of a day, those outside at the edge."""
        share = (day - self.start).days / (self.end - self.start).days
        return self.frame.left + min(max(share, 0.0), 1.0) * (self.frame.width - self.frame.left - 12)

    def words(self, x: float, y: float, text: str, kind: str = "") -> str:
        """Write words that begin at x, moved left where they would leave the chart."""
        x = max(self.frame.left, min(x, self.frame.width - LETTER * len(text)))
        return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def timeline(
    lines: Sequence[Line], days: tuple[date, date], seen_until: date | None, frame: Frame, said: str
) -> Markup:
    """Draw lines one below the other over the same days, and where what was seen ends."""
    scale = Scale(frame, *days)
    head = 24
    height = 66 if frame.left else 88
    bottom = head + height * len(lines)
    parts = [_hatch(frame), *_months(scale, head, bottom)]
    for number, line in enumerate(lines):
        parts += _drawn(line, scale, head + height * number + height - 34)
    if seen_until is not None:
        x = scale.x(seen_until)
        parts.append(f'<line class="until" x1="{x:.1f}" x2="{x:.1f}" y1="{head - 4}" y2="{bottom}"/>')
        parts.append(scale.words(x - 80, bottom + 14, f"seen until {_day(seen_until)}", "strong"))
    return _drawing(frame, bottom + 22, said, parts)


def _drawn(line: Line, scale: Scale, top: float) -> list[str]:
    """Draw one line whose bars begin at height `top`: what led in above it, what led out below it."""
    above, below = top - 7, top + BAR + 14
    name_x, name_y, anchor = (scale.frame.left - 10, top + 13, "end") if scale.frame.left else (0, top - 24, "start")
    parts = [f'<text class="strong" x="{name_x}" y="{name_y:.1f}" text-anchor="{anchor}">{escape(line.name)}</text>']
    track = scale.frame.width - scale.frame.left - 12
    parts.append(f'<rect class="track" x="{scale.frame.left}" y="{top:.1f}" width="{track}" height="{BAR}"/>')
    for span in line.spans:
        x = scale.x(span.start)
        fill = f' fill="url(#hatch-{scale.frame.name})"' if span.kind == "undecided" else ""
        width = scale.x(span.end) - x
        parts.append(f'<rect class="{span.kind}"{fill} x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{BAR}"/>')
    for mark in line.marks:
        came = mark.direction == "A"
        edge = top if came else top + BAR
        parts.append(_diamond(scale.x(mark.decided_on), edge))
        text = f"{'came' if came else 'left'} {_day(mark.day)}, known {_day(mark.decided_on)}"
        parts.append(scale.words(scale.x(mark.day), above if came else below, text))
    for spread in line.spreads:
        parts.append(_spread(spread, scale, top + BAR / 2))
        text = f"undecided; known {_day(spread.earliest)} to {_day(spread.latest)}"
        parts.append(scale.words(scale.x(spread.earliest) - 60, below, text))
    if line.note:
        parts.append(scale.words(scale.frame.left + 8, above if line.spans else top + 12, line.note))
    return parts


def _months(scale: Scale, head: int, bottom: int) -> list[str]:
    """Draw a thin line for each quarter, named where there is room."""
    parts = []
    every = 3 if scale.frame.left else 6
    for number in range(scale.start.year * 12 + scale.start.month, scale.end.year * 12 + scale.end.month):
        if number % every:
            continue
        first = date(number // 12, number % 12 + 1, 1)
        x = scale.x(first)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{head - 4}" y2="{bottom}"/>')
        name = f"{MONTHS[first.month - 1]} {first.year}"
        half = LETTER * len(name) / 2
        if half < x < scale.frame.width - half:
            parts.append(f'<text x="{x:.1f}" y="{head - 10}" text-anchor="middle">{name}</text>')
    return parts


def _diamond(x: float, y: float) -> str:
    return f'<path class="mark" d="M{x:.1f},{y - 6:.1f}l6,6l-6,6l-6,-6z"/>'


def _spread(spread: Spread, scale: Scale, y: float) -> str:
    left, right = scale.x(spread.earliest), scale.x(spread.latest)
    return f'<path class="spread" d="M{left:.1f},{y - 6:.1f}v12m0,-6H{right:.1f}m0,-6v12"/>'


def _hatch(frame: Frame) -> str:
    return (
        f'<defs><pattern id="hatch-{frame.name}" width="6" height="6" patternUnits="userSpaceOnUse" '
        'patternTransform="rotate(45)"><rect class="hatch" width="2.5" height="6"/></pattern></defs>'
    )


def _day(day: date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _drawing(frame: Frame, height: float, said: str, parts: Sequence[str]) -> Markup:
    box = f"0 0 {frame.width} {height:.0f}"
    return Markup(
        f'<svg class="chart {frame.name}" xmlns="http://www.w3.org/2000/svg" viewBox="{box}" role="img" '
        f'aria-label="{escape(said)}">{"".join(parts)}</svg>\n'
    )


def standalone(drawing: str) -> str:
    """Return a drawing that carries its own colours, for a page that has none of them."""
    style = files("sandbox.persons.comparison").joinpath("templates", "chart.css").read_text("utf-8")
    place = drawing.index(">") + 1
    ground = '<rect class="ground" width="100%" height="100%"/>'
    return f"{drawing[:place]}<style>{style}</style>{ground}{drawing[place:]}"
