"""Gaps: periods that are missing, and combinations that were there in the periods before."""

from collections.abc import Sequence
from datetime import date

import numpy as np

from sandbox.feeds.set_rules.finding import Finding
from sandbox.feeds.set_rules.panel import Floats, Mask, Panel, are_months, named

# Combinations known from any of the last three periods; a tenth fewer than the partner's usual share is a gap.
PERIODS_BEFORE, LEAST_OF_USUAL, FEWEST_COMBINATIONS = 3, 0.9, 10


def missing_periods(periods: Sequence[date]) -> list[Finding]:
    """Find the months, or days, that the partner's own rhythm lets expect between the first period and the last."""
    ordered = sorted(set(periods))
    if len(ordered) < PERIODS_BEFORE:
        return []
    monthly = are_months(ordered)
    numbers = np.array([each.year * 12 + each.month if monthly else each.toordinal() for each in ordered])
    steps = np.diff(numbers)
    usual, unit = int(np.median(steps)), "months" if monthly else "days"
    found = []
    for place in np.flatnonzero(steps > usual).tolist():
        before, after = ordered[place], ordered[place + 1]
        missing = int(steps[place]) // usual - 1
        if missing < 1:
            continue
        text = (
            f"nothing for {missing:,} {unit if usual == 1 else 'periods'} between {named(before, ordered)} and "
            f"{named(after, ordered)}; the usual step is {usual} {unit[:-1] if usual == 1 else unit}"
        )
        figures = {"missing": float(missing), "usual_step": float(usual)}
        found.append(Finding("missing_periods", text, period_from=before, period_to=after, figures=figures))
    return found


def missing_combinations(panel: Panel) -> list[Finding]:
    """Find periods that answer for fewer of the combinations known from the periods before than is usual."""
    counts = [_answered(panel.known, number) for number in range(1, len(panel.periods))]
    shares = np.array([now / before if before >= FEWEST_COMBINATIONS else np.nan for now, before in counts])
    low = [
        place
        for place in np.flatnonzero(np.isfinite(shares)).tolist()
        if shares[place] < LEAST_OF_USUAL * _usual(shares, place)
    ]
    return [_drop(panel, run, counts, shares) for run in _runs(low)]


def _drop(panel: Panel, run: Sequence[int], counts: Sequence[tuple[int, int]], shares: Floats) -> Finding:
    """Return one finding of periods that follow one another, told by the worst of them."""
    worst = min(run, key=lambda place: shares[place])
    (now, before), usual = counts[worst], _usual(shares, worst)
    first, last = panel.periods[run[0] + 1], panel.periods[run[-1] + 1]
    told = named(panel.periods[worst + 1], panel.periods)
    text = (
        f"{told} has figures for {now:,} of the {before:,} combinations known from just before "
        f"({shares[worst]:.1%}; usual {usual:.1%})"
    )
    if len(run) > 1:
        text += f", the worst of {len(run)} periods from {named(first, panel.periods)} to {named(last, panel.periods)}"
    figures = {"answered": float(now), "known": float(before), "usual_share": usual, "periods": float(len(run))}
    return Finding("coverage_drop", text, period_from=first, period_to=last, figures=figures)


def _runs(places: Sequence[int]) -> list[list[int]]:
    """Return the places in runs of neighbours."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][-1] + 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _answered(known: Mask, number: int) -> tuple[int, int]:
    before = known[:, max(0, number - PERIODS_BEFORE) : number].any(axis=1)
    return int((before & known[:, number]).sum()), int(before.sum())


def _usual(shares: Floats, place: int) -> float:
    """Return the median of the other periods' shares; of none, all combinations."""
    others = np.delete(shares, place)
    others = others[np.isfinite(others)]
    return float(np.median(others)) if others.size else 1.0
