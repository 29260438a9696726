"""Repetition: an earlier period's rows sent again, or every row twice. What a careless, or a hostile, partner does."""

import math
from collections.abc import Mapping
from datetime import date

import numpy as np

from sandbox.feeds.set_rules.finding import Finding, Severity
from sandbox.feeds.set_rules.floors import above_floor, floors_of
from sandbox.feeds.set_rules.panel import Floats, Panel, named

# Figures of two or more digits agree by chance once in ten or more; rounded ones more often, but never nearly all.
FEWEST_FIGURES, SMALLEST_FIGURE, ALL_BUT = 30, 10, 0.01
# Two counts of about n agree by chance once in 2√(πn) times; all places of a day once in 10^15 is no chance.
LEAST_DIGITS = 15.0
# Counts are odd half of the time; doubled ones never.
USUALLY_ODD = 0.25
# Counts that hardly vary may all be even by chance.
FEWEST_DISTINCT = 5
ROUND = 10


def repeated_findings(panel: Panel) -> list[Finding]:
    """Find periods whose figures are an earlier period's, one by one; figures at the floor are equal anyway."""
    telling = above_floor(panel, floors_of(panel)) & (panel.values >= SMALLEST_FIGURE)
    found = []
    for number in range(1, len(panel.periods)):
        now = panel.values[:, number : number + 1]
        both = telling[:, :number] & telling[:, number : number + 1]
        equal = (both & (panel.values[:, :number] == now)).sum(axis=0)
        compared = both.sum(axis=0)
        alike = (compared >= FEWEST_FIGURES) & (equal >= (1 - ALL_BUT) * compared)
        if alike.any():
            earlier = int(np.flatnonzero(alike)[-1])
            found.append(_repeated(panel, earlier, number, int(equal[earlier]), int(compared[earlier])))
    return found


def repeated_days(rows: Mapping[date, Mapping[str, int]]) -> list[Finding]:
    """Find days whose rows fall on places (or hours) exactly as an earlier day's: sent again under another date."""
    first: dict[tuple[tuple[str, int], ...], date] = {}
    found = []
    for day in sorted(rows):
        shape = tuple(sorted((place, count) for place, count in rows[day].items() if count))
        if sum(math.log10(2 * math.sqrt(math.pi * count)) for _, count in shape) < LEAST_DIGITS:
            continue
        earlier = first.setdefault(shape, day)
        if earlier != day:
            total = sum(count for _, count in shape)
            text = f"the {total:,} rows of {day} fall on the {len(shape):,} places exactly as those of {earlier} do"
            found.append(_repetition("repeated", text, day, {"rows": float(total)}))
    return found


def doubled_findings(panel: Panel) -> list[Finding]:
    """Find periods of which every figure is even, where figures are counts: each row stands twice.

    Figures that are rounded to tens are even anyway, and are left alone.
    """
    odd, several, rounded = _parities(panel)
    found = []
    for number, period in enumerate(panel.periods):
        others = np.delete(odd, number)
        usual = float(np.median(others)) if others.size else 0.5
        if several[number] and not rounded[number] and odd[number] <= ALL_BUT and usual >= USUALLY_ODD:
            n = int(_counts(panel, number).size)
            text = (
                f"{1 - odd[number]:.0%} of the {n:,} counts of {named(period, panel.periods)} are even; in other "
                f"periods {usual:.0%} are odd: each row may have come twice"
            )
            found.append(_repetition("doubled", text, period, {"odd": float(odd[number]), "usually_odd": usual}))
    return found


def _parities(panel: Panel) -> tuple[Floats, list[bool], list[bool]]:
    """Return, by period, the share of odd counts, whether there are enough to tell, and whether they are rounded."""
    counts = [_counts(panel, number) for number in range(len(panel.periods))]
    odd = np.array([float(np.mean(each % 2 == 1)) if each.size else np.nan for each in counts])
    enough = [each.size >= FEWEST_FIGURES and np.unique(each).size >= FEWEST_DISTINCT for each in counts]
    rounded = [bool(each.size) and float(np.mean(each % ROUND == 0)) > 0.5 for each in counts]
    return np.where(np.isfinite(odd), odd, 0.5), enough, rounded


def _counts(panel: Panel, number: int) -> Floats:
    values = panel.values[:, number]
    return values[np.isfinite(values) & (values > 0)]


def _repeated(panel: Panel, earlier: int, number: int, equal: int, compared: int) -> Finding:
    now, then = (named(panel.periods[each], panel.periods) for each in (number, earlier))
    text = (
        f"{equal:,} of {compared:,} figures of {now} are those of {then}: an earlier period's may have been sent again"
    )
    return _repetition("repeated", text, panel.periods[number], {"equal": float(equal), "compared": float(compared)})


def _repetition(rule: str, text: str, period: date, figures: Mapping[str, float]) -> Finding:
    return Finding(rule, text, period_from=period, period_to=period, severity=Severity.STOP, figures=figures)
