"""Looking back: what of a partner's rows every figure of the period has to know, and what should stop it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.coverage.counted import Counted
from sandbox.feeds.coverage.measures import days_of, month_of
from sandbox.feeds.coverage.thresholds import THRESHOLDS
from sandbox.feeds.set_rules.drift import Clock, clock_findings, rekeyed_findings, unit_findings
from sandbox.feeds.set_rules.finding import Finding, Severity
from sandbox.feeds.set_rules.panel import Panel
from sandbox.feeds.set_rules.repetition import doubled_findings, repeated_days
from sandbox.feeds.set_rules.shares import code_findings, duplicate_findings, share_findings
from sandbox.feeds.set_rules.volumes import (
    runs_of_days,
    usual_of_weekday,
    volume_findings,
    weekday_findings,
)
from sandbox.lakehouse.tables.books import FEED_WARNING

Rows = dict[date, float]
BETWEEN = "\x1f"  # no text of a delivery holds control characters


def person_warnings(counted: Counted, promised: Sequence[date], profile: pa.Table) -> list[Finding]:
    """Return what a feed of persons shows: days, subscribers, antennas, clocks, keys, codes and units.

    `promised` are days that deliveries cover whole; one that they hold in part is not judged by its rows.
    """
    days = days_of(counted)
    days = days[days["period"].isin(promised)]
    rows, persons = (dict(zip(days["period"], days[name].astype(float), strict=True)) for name in ("rows", "persons"))
    return [
        *missing_days(rows, promised),
        *lost_persons(persons),
        *outages(profile.filter(pc.is_in(profile["period"], pa.array(promised, pa.date32())))),
        *weekday_findings(rows),
        *clock_findings(_clocks(counted.hours)),
        *rekeyed_findings(counted.months.rename_columns({"month": "period"})),
        *_repetitions(counted),
        *code_findings(counted.codes),
        *unit_findings(counted.medians),
    ]


def delivery_warnings(deliveries: pd.DataFrame, profile: pa.Table, agreed_days: int | None) -> list[Finding]:
    """Return what the deliveries show: late ones, volumes, duplicates, unknown values by column.

    `agreed_days`: days from a period's end to its delivery that the contract allows; None without a contract.
    """
    frame = profile.to_pandas()
    own = frame[frame["frequency"] == "delivery"]
    unknown = own[own["measure"].str.startswith("unknown:")]
    columns = unknown.assign(column=unknown["measure"].str.removeprefix("unknown:"))
    names = {"numerator": "unknown", "denominator": "rows"}
    duplicates = own[own["measure"] == "duplicates"].rename(columns={"numerator": "duplicates", "denominator": "rows"})
    return [
        *late(own[own["measure"] == "days_after_period"], agreed_days),
        *_volumes(deliveries),
        *duplicate_findings(pa.Table.from_pandas(duplicates[["period", "duplicates", "rows"]], preserve_index=False)),
        *share_findings(
            pa.Table.from_pandas(
                columns.rename(columns=names)[["period", "column", "unknown", "rows"]], preserve_index=False
            )
        ),
    ]


def late(freshness: pd.DataFrame, agreed_days: int | None) -> list[Finding]:
    """Find deliveries later than the contract allows, or without one much later than the partner's own usual delay."""
    found = []
    for period, days, usual in zip(freshness["period"], freshness["value"], freshness["past"], strict=True):
        allowed = usual + THRESHOLDS.late_days if agreed_days is None else agreed_days
        if days > allowed:
            against = f"usual are {usual:.0f}" if agreed_days is None else f"the contract allows {agreed_days}"
            text = f"delivered {days:.0f} days after its period's end; {against}"
            found.append(Finding("late", text, period_from=period, period_to=period, severity=Severity.NOTE))
    return found


def missing_days(rows: Mapping[date, float], promised: Sequence[date]) -> list[Finding]:
    """Find days that a delivery says it covers and that have no row, where the partner usually has some."""
    usual = usual_of_weekday({day: rows.get(day, 0.0) for day in promised})
    typical = float(np.median(list(rows.values()))) if rows else 0.0
    empty = [day for day in promised if not rows.get(day) and usual.get(day, typical) >= THRESHOLDS.least_usual_rows]
    by_month = Counter(day.replace(day=1) for day in empty)
    stopped = {
        month
        for month, missing in by_month.items()
        if missing > THRESHOLDS.missing_days_stop * pd.Timestamp(month).days_in_month
    }
    found = []
    for first, last in runs_of_days(empty):
        n = (last - first).days + 1
        stops = {first.replace(day=1), last.replace(day=1)} & stopped
        text = f"no row for {n} day{'s' * (n > 1)} that the delivery covers; unknown, not absent"
        severity = Severity.STOP if stops else Severity.WARN
        found.append(Finding("missing_days", text, period_from=first, period_to=last, severity=severity))
    return found


def lost_persons(persons: Mapping[date, float]) -> list[Finding]:
    """Find days on which many fewer persons are seen than on the same weekday before, beyond chance."""
    usual = usual_of_weekday(persons)
    lost = {
        day: 1 - persons[day] / before
        for day, before in usual.items()
        if before and persons[day] < before * (1 - THRESHOLDS.lost_persons) and before - persons[day] > 5 * before**0.5
    }
    found = []
    for first, last in runs_of_days(sorted(lost)):
        worst = max(lost[day] for day in _days(first, last))
        severity = Severity.STOP if worst > THRESHOLDS.lost_persons_stop else Severity.WARN
        text = f"up to {worst:.0%} fewer subscribers than on the same weekday in the eight weeks before"
        found.append(Finding("lost_subscribers", text, period_from=first, period_to=last, severity=severity))
    return found


def outages(profile: pa.Table) -> list[Finding]:
    """Find days on which over a twentieth more of the month's antennas are silent than is usual on a day."""
    frame = profile.to_pandas()
    silent = frame[frame["measure"] == "silent_cells"]
    beyond = (silent["value"] - silent["past"].fillna(silent["value"].median())).to_numpy()
    out = {day: share for day, share in zip(silent["period"], beyond, strict=True) if share > THRESHOLDS.silent_cells}
    at = dict(zip(silent["period"], zip(silent["numerator"], silent["denominator"], strict=True), strict=True))
    found = []
    for first, last in runs_of_days(sorted(out)):
        worst = max(_days(first, last), key=lambda day: out[day])
        severity = Severity.STOP if out[worst] > THRESHOLDS.silent_cells_stop else Severity.WARN
        text = f"{at[worst][0]:,.0f} of the month's {at[worst][1]:,.0f} antennas have no event on {worst}"
        found.append(Finding("outage", text, period_from=first, period_to=last, severity=severity))
    return found


def with_calendar(findings: Iterable[Finding], calendar: pd.DataFrame) -> list[Finding]:
    """Name the shock that the calendar has within the month before a finding; it explains, so nothing is stopped."""
    shocks = calendar[calendar["kind"] == "shock"].sort_values("day")
    told = []
    for finding in findings:
        start = finding.period_from or date.max
        end = finding.period_to or start
        near = [(day, name) for day, name in zip(shocks["day"], shocks["name"], strict=True) if _near(day, start, end)]
        if near and finding.rule in EXPLAINED:
            names = "; ".join(f"{name} ({day})" for day, name in near)
            severity = Severity.WARN if finding.severity is Severity.STOP else finding.severity
            told.append(replace(finding, text=f"{finding.text}. The calendar names {names}", severity=severity))
        else:
            told.append(finding)
    return told


# What a shock of the real world can look like; a clock or a key it can't change.
EXPLAINED = ("missing_days", "lost_subscribers", "outage", "volume", "volume_of_day", "coverage_drop")


def warning_rows(feed: str, partner: str, findings: Iterable[Finding], otherwise: tuple[date, date]) -> pa.Table:
    """Return rows of `feed_warning`; a finding that names no period is about all that was delivered."""
    rows: dict[tuple[str, date, date], dict[str, object]] = {}
    for finding in findings:
        start = finding.period_from or otherwise[0]
        end = finding.period_to or (start if finding.period_from else otherwise[1])
        row: dict[str, object] = {"feed": feed, "partner": partner, "rule": finding.rule, "text": finding.text}
        rows.setdefault(
            (finding.rule, start, end),
            row | {"period_from": start, "period_to": end, "severity": finding.severity.value},
        )
    ordered = [rows[key] for key in sorted(rows)]
    return pa.Table.from_pylist(ordered, FEED_WARNING.stored)


def _volumes(deliveries: pd.DataFrame) -> list[Finding]:
    ordered = deliveries.sort_values(["received_at", "delivery_id"])
    length = [(end - start).days + 1 for start, end in zip(ordered["period_from"], ordered["period_to"], strict=True)]
    per_day = (ordered["rows_in"] / length).tolist()
    found = []
    for number in range(len(per_day)):
        period = ordered.iloc[number]
        for finding in volume_findings(per_day[: number + 1]):
            found.append(replace(finding, period_from=period["period_from"], period_to=period["period_to"]))
    return found


def _clocks(hours: pa.Table) -> list[Clock]:
    frame = hours.to_pandas().dropna(subset=["hour"])
    wide = frame.groupby(["month", "hour"])["rows"].sum().unstack(fill_value=0).reindex(columns=range(24), fill_value=0)
    return [Clock(month, counts.astype(float)) for month, counts in zip(wide.index, wide.to_numpy(), strict=True)]


def _repetitions(counted: Counted) -> list[Finding]:
    frame = counted.place_days.to_pandas()
    frame["where"] = frame["area"] + BETWEEN + frame["place"]
    alike = _days_alike(frame)
    by_day: dict[date, dict[str, int]] = {}
    for day, where, rows in zip(alike["day"], alike["where"], alike["rows"], strict=True):
        by_day.setdefault(day, {})[where] = int(rows)
    frame["month"], frame["day"] = month_of(frame["day"]), pd.to_datetime(frame["day"]).dt.day
    wide = frame.pivot(index=["day", "where"], columns="month", values="rows").sort_index(axis=1)
    return repeated_days(by_day) + doubled_findings(Panel(tuple(wide.columns), wide.to_numpy(float)))


def _days_alike(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of days that may have the same rows in the same places as another day: their hashes agree."""
    hashed = pd.util.hash_pandas_object(frame[["where", "rows"]], index=False)
    of_day = hashed.groupby(frame["day"]).sum()
    return frame[frame["day"].isin(of_day.index[of_day.duplicated(keep=False)])]


def _near(shock: date, start: date, end: date) -> bool:
    return start - timedelta(days=31) <= shock <= end


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
