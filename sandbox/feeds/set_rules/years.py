"""The year of a month: a source whose year is not the calendar's shows it beside another source."""

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa

from sandbox.feeds.set_rules.finding import Finding

# City pairs against airlines agree within 5 % where the months are right (README of the real data).
AGREE = 0.05
# A shifted month must explain the gap, not just narrow it.
EXPLAINED = 0.5
FEWEST_YEARS = 2

Totals = dict[date, float]


def month_totals(rows: pa.Table) -> Totals:
    """Return passengers by month; blanks add nothing."""
    summed = rows.group_by("period").aggregate([("passengers", "sum")])
    both = zip(summed["period"].to_pylist(), summed["passengers_sum"].to_pylist(), strict=True)
    return {period: float(total or 0) for period, total in both if period is not None}


def year_findings(totals: Totals, reference: Totals, delivered_on: date) -> list[Finding]:
    """Find out whether the year is a statistical one: a year that ends in month e and is named by its end or begin.

    Under the first, months after e carry a year too high; under the second, months to e one too low. Of all such
    readings the one nearest to the reference is taken, and found if it explains what the labels leave open.
    """
    readings = [(tuple(range(end + 1, 13)), -1) for end in range(1, 12)]
    readings += [(tuple(range(1, end + 1)), 1) for end in range(1, 12)]
    months, shift = min(readings, key=lambda reading: _distance(totals, reference, *reading))
    if _is_shifted(totals, reference, months, shift):
        return [_year_finding(totals, reference, months, shift, delivered_on)]
    late = sum(period > delivered_on for period in totals)
    return [Finding("after_delivery", f"{late} months lie after the day of delivery")] if late else []


def _gaps(totals: Totals, reference: Totals, months: Sequence[int], shift: int) -> list[float]:
    """Return |log ratio| of each total of these calendar months to the reference `shift` years away, where known."""
    return [
        abs(float(np.log(total / there)))
        for period, total in totals.items()
        if period.month in months
        and total > 0
        and (there := reference.get(period.replace(year=period.year + shift), 0)) > 0
    ]


def _distance(totals: Totals, reference: Totals, months: Sequence[int], shift: int) -> float:
    gaps = _gaps(totals, reference, months, shift) + _gaps(totals, reference, _others(months), 0)
    return float(np.mean(gaps)) if gaps else math.inf


def _median(gaps: list[float]) -> float:
    return float(np.median(gaps)) if gaps else math.inf


def _others(months: Sequence[int]) -> list[int]:
    return [month for month in range(1, 13) if month not in months]


def _is_shifted(totals: Totals, reference: Totals, months: tuple[int, ...], shift: int) -> bool:
    labelled = _gaps(totals, reference, months, 0)
    moved = _gaps(totals, reference, months, shift)
    others = _gaps(totals, reference, _others(months), 0)
    enough = min(len(labelled), len(moved)) >= FEWEST_YEARS * len(months)
    explained = _median(moved) <= min(AGREE, EXPLAINED * _median(labelled))
    return enough and explained and _median(labelled) > AGREE >= _median(others)


def _year_finding(
    totals: Totals, reference: Totals, months: tuple[int, ...], shift: int, delivered_on: date
) -> Finding:
    labelled = _median(_gaps(totals, reference, months, 0))
    moved = _median(_gaps(totals, reference, months, shift))
    others = _median(_gaps(totals, reference, _others(months), 0))
    after = sum(period > delivered_on for period in totals)
    text = (
        f"the year is {abs(shift)} too {'high' if shift < 0 else 'low'} in months {', '.join(map(str, months))}: "
        f"their totals are off by {labelled:.1%} from another source as labelled, by {moved:.1%} one year "
        f"{'earlier' if shift < 0 else 'later'}, the other months by {others:.1%}; "
        f"{after} months lie after the day of delivery"
    )
    figures = {"off_as_labelled": labelled, "off_if_shifted": moved, "off_others": others, "after_delivery": after}
    return Finding("year_shift", text, months, shift, figures=figures)
