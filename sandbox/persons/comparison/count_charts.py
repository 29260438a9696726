"""Counts of migrations by rule as SVG: how many in and out in all, and month by month with what is undecided."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape
from numpy.typing import NDArray

STEPS = (1.0, 2.0, 5.0, 10.0)
WIDTH, HEIGHT, LEFT, BOTTOM = 340, 150, 52, 22
BAR = 13


@dataclass(frozen=True)
class Total:
    """Migrations by one rule in the months that all rules have decided."""

    rule_id: str
    arrivals: int
    departures: int

    @property
    def net(self) -> int:
        """Arrivals less departures."""
        return self.arrivals - self.departures


def bars(totals: Sequence[Total], name: str, width: int, left: int) -> Markup:
    """Draw two bars a rule, in and out, with their figures."""
    most = max(*(max(each.arrivals, each.departures) for each in totals), 1)
    room = width - left - 74
    height, top = (2 * BAR + 16, 0) if left else (2 * BAR + 38, 22)
    parts = []
    for number, total in enumerate(totals):
        y = number * height + top
        at = (left - 10, y + BAR + 5, "end") if left else (0, y - 6, "start")
        parts.append(
            f'<text class="strong" x="{at[0]}" y="{at[1]}" text-anchor="{at[2]}">{escape(total.rule_id)}</text>'
        )
        for place, (kind, value) in enumerate((("in", total.arrivals), ("out", total.departures))):
            length, bar = value / most * room, y + place * (BAR + 1)
            parts.append(f'<rect class="{kind}" x="{left}" y="{bar}" width="{length:.1f}" height="{BAR}"/>')
            parts.append(f'<text x="{left + length + 6:.1f}" y="{bar + 11}">{value:,} {kind}</text>')
    said = "; ".join(f"{each.rule_id}: {each.arrivals:,} in, {each.departures:,} out" for each in totals)
    return _drawing(f"bars {name}", (width, len(totals) * height), said, parts)


def months_chart(counts: NDArray[np.int64], months: Sequence[str], highest: int, rule_id: str) -> Markup:
    """Draw migrations in and out of each month as lines, and above each line what of it is undecided as an area.

    `counts` is int64[2, 2, months]: in and out, migrations and undecided.
    """
    marks = ticks(highest)
    room = (WIDTH - LEFT - 10, HEIGHT - BOTTOM - 8)

    def place(number: int, value: float) -> str:
        x = LEFT + (number + 0.5) / len(months) * room[0]
        return f"{x:.1f},{8 + room[1] - min(value / marks[-1], 1.0) * room[1]:.1f}"

    parts = []
    for mark in marks:
        y = float(place(0, mark).split(",")[1])
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 10}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{mark:,.0f}</text>')
    for kind, (decided, undecided) in zip(("in", "out"), counts, strict=True):
        low = [place(number, value) for number, value in enumerate(decided)]
        high = [place(number, value) for number, value in enumerate(decided + undecided)]
        parts.append(f'<polygon class="open {kind}" points="{" ".join([*high, *reversed(low)])}"/>')
        parts.append(f'<polyline class="line {kind}" points="{" ".join(low)}"/>')
    for number in (0, len(months) - 1):
        anchor = "start" if number == 0 else "end"
        x = LEFT if number == 0 else WIDTH - 10
        parts.append(f'<text x="{x}" y="{HEIGHT - 6}" text-anchor="{anchor}">{months[number]}</text>')
    said = f"{rule_id}: migrations by month, in and out, and crossings not yet decided"
    return _drawing("months", (WIDTH, HEIGHT), said, parts)


def ticks(highest: float) -> list[float]:
    """Return round figures from 0 to at or above the highest, about three."""
    highest = max(highest, 1.0)
    raw = highest / 3
    size = 10.0 ** math.floor(math.log10(raw))
    step = max(next(size * each for each in STEPS if size * each >= raw * 0.999), 1.0)
    return [step * number for number in range(math.ceil(highest / step - 1e-9) + 1)]


def _drawing(kind: str, size: tuple[float, float], said: str, parts: Sequence[str]) -> Markup:
    return Markup(
        f'<svg class="chart {kind}" viewBox="0 0 {size[0]:.0f} {size[1]:.0f}" role="img" '
        f'aria-label="{escape(said)}">{"".join(parts)}</svg>'
    )
