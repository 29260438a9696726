"""Transfers: passengers counted by leg are more than journeys, and an airport's legs are not its travellers."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.set_rules.finding import Finding, Severity
from sandbox.feeds.set_rules.panel import named

LEAST_TRANSFERS = 0.02


def transfer_findings(rows: pa.Table) -> list[Finding]:
    """Find periods where the same source counts more passengers by leg than journeys from origin to destination.

    One row of `rows` is one `period`, `source` and `measure` (`segment`, `od_true`) with its `passengers`.
    """
    legs, journeys = (_sums(rows, measure) for measure in ("segment", "od_true"))
    both = sorted(legs.keys() & journeys.keys())
    periods = [period for period, _ in both]
    found = []
    for key in both:
        period = key[0]
        if not journeys[key] or legs[key] <= (1 + LEAST_TRANSFERS) * journeys[key]:
            continue
        share = 1 - journeys[key] / legs[key]
        text = (
            f"in {named(period, periods)} {legs[key]:,.0f} passengers by leg are {journeys[key]:,.0f} journeys: "
            f"{share:.1%} of the arrivals by leg are transfers, and no arrivals"
        )
        figures = {"legs": legs[key], "journeys": journeys[key], "transfers": share}
        found.append(
            Finding("transfers", text, period_from=period, period_to=period, severity=Severity.NOTE, figures=figures)
        )
    return found


def _sums(rows: pa.Table, measure: str) -> dict[tuple[date, str], float]:
    """Return passengers by period and source."""
    own = rows.filter(pc.equal(rows["measure"], measure)).group_by(["period", "source"])
    summed = own.aggregate([("passengers", "sum")]).to_pylist()
    return {(row["period"], row["source"] or ""): float(row["passengers_sum"] or 0) for row in summed}
