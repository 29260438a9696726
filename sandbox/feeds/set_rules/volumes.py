"""Volumes: a delivery against the partner's earlier ones, a day against the same weekday of the weeks before."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from sandbox.feeds.set_rules.finding import Finding

VOLUME_RATIO = 2.0
FEWEST_BEFORE = 3
WEEKS_BEFORE = 8
# Twice, or half, by chance: with fewer expected rows a day says too little (5 standard errors of a Poisson count).
LEAST_ERRORS = 5.0


def volume_findings(rows_per_day: Sequence[float]) -> list[Finding]:
    """Find a delivery with more than twice, or less than half, the rows per day of the partner's earlier ones."""
    *before, now = rows_per_day or (0.0,)
    if len(before) < FEWEST_BEFORE or not np.median(before):
        return []
    usual = float(np.median(before))
    if 1 / VOLUME_RATIO <= now / usual <= VOLUME_RATIO:
        return []
    text = f"rows per day are {now / usual:.2f} times the median of {len(before)} earlier deliveries"
    return [Finding("volume", text, figures={"rows_per_day": now, "usual": usual})]


def usual_of_weekday(rows: Mapping[date, float]) -> dict[date, float]:
    """Return, for each day, the median of the same weekday in the 8 weeks before; no entry under 3 such days."""
    usual = {}
    for day in rows:
        before = [rows[past] for week in range(1, WEEKS_BEFORE + 1) if (past := day - timedelta(weeks=week)) in rows]
        if len(before) >= FEWEST_BEFORE:
            usual[day] = float(np.median(before))
    return usual


def weekday_findings(rows: Mapping[date, float]) -> list[Finding]:
    """Find days with more than twice, or less than half, the rows of the same weekday before, beyond chance."""
    ratios = {
        day: rows[day] / usual
        for day, usual in usual_of_weekday(rows).items()
        if usual and abs(rows[day] - usual) >= LEAST_ERRORS * np.sqrt(usual)
    }
    odd = sorted(day for day, ratio in ratios.items() if not 1 / VOLUME_RATIO <= ratio <= VOLUME_RATIO)
    found = []
    for first, last in runs_of_days(odd):
        worst = max((day for day in odd if first <= day <= last), key=lambda day: abs(np.log(max(ratios[day], 1e-3))))
        text = f"{worst} has {ratios[worst]:.2f} times the rows of the same weekday in the eight weeks before"
        if last > first:
            text += f", the farthest of {(last - first).days + 1} such days"
        figures = {"ratio": ratios[worst], "days": float((last - first).days + 1)}
        found.append(Finding("volume_of_day", text, period_from=first, period_to=last, figures=figures))
    return found


def runs_of_days(days: Sequence[date]) -> list[tuple[date, date]]:
    """Return first and last of each run of days that follow one another; `days` are in order."""
    runs: list[tuple[date, date]] = []
    for day in days:
        if runs and day - runs[-1][1] == timedelta(days=1):
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs
