"""Rules over a set of rows: what no row shows by itself. Each is a pure function over small aggregates."""

from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from sandbox.feeds.set_rules.breaks import break_findings
from sandbox.feeds.set_rules.finding import Finding, Severity
from sandbox.feeds.set_rules.floors import floor_findings
from sandbox.feeds.set_rules.gaps import missing_combinations, missing_periods
from sandbox.feeds.set_rules.panel import PANELS, panel_of
from sandbox.feeds.set_rules.repetition import doubled_findings, repeated_findings
from sandbox.feeds.set_rules.transfers import transfer_findings
from sandbox.feeds.set_rules.volumes import volume_findings
from sandbox.feeds.set_rules.years import month_totals, year_findings

__all__ = ["Finding", "Severity", "month_totals", "panel_findings", "set_findings", "volume_findings"]


def set_findings(
    feed: str, rows: pa.Table, reference_rows: pa.Table, delivered_on: date, rows_before: Sequence[float] = ()
) -> list[Finding]:
    """Return what the rules over a set find out about one delivery's rows.

    `reference_rows` are rows of the same feed from another source (for `air_od_month`: `period`, `passengers`);
    `rows_before` are rows per day of the partner's earlier deliveries, the last of the list being this one's.
    """
    findings = []
    if feed == "air_od_month":
        findings += year_findings(month_totals(rows), month_totals(reference_rows), delivered_on)
    return findings + volume_findings(rows_before)


def panel_findings(feed: str, rows: pa.Table) -> list[Finding]:
    """Return what a partner's figures of all periods show: floors, breaks, gaps, repetition; of other feeds nothing."""
    if feed not in PANELS or not rows.num_rows:
        return []
    panel = panel_of(feed, rows)
    return [
        *(floor_findings(panel) + break_findings(panel) if feed == "audience_estimate" else transfer_findings(rows)),
        *missing_periods(panel.periods),
        *missing_combinations(panel),
        *repeated_findings(panel),
        *doubled_findings(panel),
    ]
