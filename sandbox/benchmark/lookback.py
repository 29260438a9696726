"""What a feed shows of a period reaches every figure that needs the period: it is told, and can stop the figure."""

import calendar
from collections.abc import Hashable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from sandbox.benchmark.records import Row
from sandbox.benchmark.series import Series
from sandbox.benchmark.verdict import worst
from sandbox.concepts.codes import TOTAL, Verdict
from sandbox.concepts.rules import RULES, AppliesTo, RuleKind

STOP, NOTE = "stop", "note"
DAYS_OF_MONTH = 31


def with_warnings(verdicts: Sequence[Row], series: Series, warnings: pd.DataFrame) -> list[Row]:
    """Return a series' verdicts, with what its feed's rows showed of the days that its figures need.

    `warnings` are rows of `feed_warning`. One that asks to look becomes a reason of the whole series; one that asks to
    stop withholds each period that needs its days, whatever the series' own verdict. Partner and figures of the feed
    stay inside: a reason goes out with the release.
    """
    asked = warnings[(warnings["feed"] == series.feed) & (warnings["severity"] != NOTE)]
    whole = next(row for row in verdicts if row["period"] == TOTAL)
    told: dict[str, None] = {}
    stopped: dict[str, dict[str, None]] = {}
    for first_day in sorted(set(series.rows["reference_period"])):
        needed_from, needed_to = days_needed(first_day, series.frequency, series.rule_id)
        hit = asked[(asked["period_from"] <= needed_to) & (asked["period_to"] >= needed_from)]
        for warning in hit.to_dict("records"):
            told[_reason(warning)] = None
            if warning["severity"] == STOP:
                stopped.setdefault(_period(first_day, series.frequency), {})[_reason(warning)] = None
    own = {row["period"]: row for row in verdicts}
    own[TOTAL] = {**whole, "reasons": [*whole["reasons"], *told]}
    for period, reasons in stopped.items():
        row = own.get(period, {**whole, "period": period})
        verdict = worst([Verdict(row["verdict"]), Verdict.WITHHOLD])
        own[period] = {**row, "verdict": verdict.value, "reasons": [*row["reasons"], *reasons]}
    return list(own.values())


def days_needed(first_day: date, frequency: str, rule_id: str) -> tuple[date, date]:
    """Return the first and last day that the figure of a period rests on: the period, and the rule's window around it.

    A rule on crossings looks forward from each; one on presence looks to both sides.
    """
    last_month = first_day.replace(month=12) if frequency == "A" else first_day
    last_day = last_month.replace(day=calendar.monthrange(last_month.year, last_month.month)[1])
    rule = RULES.get(rule_id)
    if rule is None:
        return first_day, last_day
    if rule.applies_to is AppliesTo.CROSSINGS:
        return first_day, last_day + timedelta(days=rule.window_days)
    # A majority is one of months.
    days = rule.window_days * (DAYS_OF_MONTH if rule.kind is RuleKind.MAJORITY else 1)
    around = timedelta(days=max(days, rule.threshold_days))
    return first_day - around, last_day + around


def _period(first_day: date, frequency: str) -> str:
    return f"{first_day:%Y}" if frequency == "A" else f"{first_day:%Y-%m}"


def _reason(warning: Mapping[Hashable, Any]) -> str:
    return f"feed warning {warning['rule']}, {warning['period_from']} to {warning['period_to']}"
