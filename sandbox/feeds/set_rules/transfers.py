"""Transfers: passengers counted by leg are more than journeys, and an airport's legs are not its travellers."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.set_rules.finding import Finding, Severity
from sandbox.feeds.set_rules.panel import named

LEAST_TRANSFERS = 0.02


def transfer_findings(rows: pa.Table) -> list[Finding]:
    """Find periods where the same source counts more passengers by leg than journeys from origin to destination.

    One row of `rows` is one `period` and `measure` (`segment`, `od_true`) with its `passengers`.
    """
    legs, journeys = (_by_period(rows, measure) for measure in ("segment", "od_true"))
    periods = sorted(legs.keys() & journeys.keys())
    found = []
    for period in periods:
        if not journeys[period] or legs[period] <= (1 + LEAST_TRANSFERS) * journeys[period]:
            continue
        share = 1 - journeys[period] / legs[period]
        text = (
            f"in {named(period, periods)} {legs[period]:,.0f} passengers by leg are {journeys[period]:,.0f} journeys: "
            f"{share:.1%} of the arrivals by leg are transfers, and no arrivals"
        )
        figures = {"legs": legs[period], "journeys": journeys[period], "transfers": share}
        found.append(
            Finding("transfers", text, period_from=period, period_to=period, severity=Severity.NOTE, figures=figures)
        )
    return found


def _by_period(rows: pa.Table, measure: str) -> dict[date, float]:
    own = rows.filter(pc.equal(rows["measure"], measure)).group_by("period").aggregate([("passengers", "sum")])
    both = zip(own["period"].to_pylist(), own["passengers_sum"].to_pylist(), strict=True)
    return {period: float(passengers or 0) for period, passengers in both}
