"""What is given back to a partner about one feed: counts of rows and days, rules, warnings, uses. No row, no person."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import TOTAL
from sandbox.concepts.indicators import INDICATORS
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.feedback.words import measure_name, told, warning_name, warning_remedy
from sandbox.feeds.quarantine import counted
from sandbox.lakehouse import store
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY, FEED_PROFILE, FEED_WARNING, RELEASE_CELL
from sandbox.lakehouse.tables.figures import VERDICT
from sandbox.settings import Workspace

# Of persons, only counts of ten or more are given back: the disclosure threshold of a cell.
FEWEST_PERSONS = 10
Row = dict[str, Any]


@dataclass(frozen=True)
class Feedback:
    """Everything that page and JSON say of one partner's feed; `days` are those with rows.

    `not_profiled` are deliveries that were taken in and that the profile does not know: nobody has looked at them.
    """

    partner: str
    feed: str
    about: str
    purpose: str
    deliveries: list[Row]
    quarantine: list[Row]
    warnings: list[Row]
    measures: list[Row]
    areas: list[Row]
    days: list[Row]
    volumes: list[Row]
    uses: list[Row]
    not_profiled: list[str]

    @property
    def rows(self) -> dict[str, int]:
        """Rows in all deliveries that no correction has replaced, by what became of them."""
        names = ("rows_in", "rows_bronze", "rows_quarantined", "rows_duplicate")
        return {name: sum(each[name] for each in self.deliveries if not each["replaced_by"]) for name in names}

    @property
    def span(self) -> tuple[date, date]:
        """First and last day that the deliveries cover."""
        return (
            min(delivery["period_from"] for delivery in self.deliveries),
            max(delivery["period_to"] for delivery in self.deliveries),
        )

    def as_json(self) -> Row:
        """Return it for the partner's machine."""
        return {"format": "migration-sandbox-feedback/1", "rows": self.rows, **vars(self)}


def feedbacks(workspace: Workspace, feed: str = "", partner: str = "") -> list[Feedback]:
    """Return the feedback of each partner and feed that has delivered, or of those that are named."""
    deliveries = _small(workspace, DELIVERY).sort_by([("received_at", "ascending"), ("delivery_id", "ascending")])
    pairs = sorted(set(zip(deliveries["feed"].to_pylist(), deliveries["partner"].to_pylist(), strict=True)))
    return [
        _feedback(workspace, each_feed, each_partner)
        for each_feed, each_partner in pairs
        if feed in ("", each_feed) and partner in ("", each_partner)
    ]


def _feedback(workspace: Workspace, feed: str, partner: str) -> Feedback:
    deliveries = _of(_small(workspace, DELIVERY), feed, partner)
    profile = _of(_small(workspace, FEED_PROFILE), feed, partner)
    mine = {delivery["delivery_id"] for delivery in deliveries}
    rows = [row for row in profile if not _is_of_few(row)]
    all_days = [row for row in profile if row["measure"] == "rows" and row["frequency"] == "D"]
    by_day = [row for row in all_days if not _is_of_few(row)]
    by_month = [row for row in rows if row["measure"] == "sum_of_figures"]
    return Feedback(
        partner=partner,
        feed=feed,
        about=ALL_FEEDS[feed].bronze.description,
        purpose=workspace.settings.purpose,
        deliveries=[_delivery(row) for row in deliveries],
        quarantine=_quarantine(workspace, feed, mine),
        warnings=[_warning(row) for row in _of(_small(workspace, FEED_WARNING), feed, partner)],
        measures=_newest(rows, feed),
        areas=_areas(rows),
        days=[_day(row) for row in all_days],
        volumes=_monthly(by_day) if by_day else [_plain(row) for row in by_month],
        uses=_uses(workspace, feed),
        not_profiled=_not_profiled(deliveries, profile),
    )


def _not_profiled(deliveries: list[Row], profile: list[Row]) -> list[str]:
    """Return deliveries whose rows the profile does not count: it holds the rows of all that end on one day."""
    counted = {row["period"]: row["denominator"] for row in profile if row["measure"] == "quarantined"}
    ending: dict[date, list[Row]] = defaultdict(list)
    for each in deliveries:
        if each["rows_in"] and not each["replaced_by"]:
            ending[each["period_to"]].append(each)
    new = [
        each for day, same in ending.items() if counted.get(day) != sum(one["rows_in"] for one in same) for each in same
    ]
    return [each["delivery_id"] for each in new]


def _is_of_few(row: Row) -> bool:
    return row["persons"] is not None and row["persons"] < FEWEST_PERSONS


def _delivery(row: Row) -> Row:
    days = (row["period_to"] - row["period_from"]).days + 1
    names = ("delivery_id", "contract_version", "period_from", "period_to")
    counts = ("rows_in", "rows_bronze", "rows_quarantined", "rows_duplicate")
    kept = {name: row[name] for name in (*names, *counts, "findings", "replaced_by")}
    return {**kept, "received_on": row["received_at"].date(), "rows_per_day": row["rows_in"] / days}


def _quarantine(workspace: Workspace, feed: str, mine: set[str]) -> list[Row]:
    """Return the rules that rows in quarantine break, most rows first, in words; never a value of a row."""
    rows: dict[str, int] = defaultdict(int)
    for each in counted(workspace):
        if each["delivery_id"] in mine:
            rows[each["rule"]] += each["rows"]
    words = {rule: told(rule, ALL_FEEDS[feed]) for rule in rows}
    ordered = sorted(rows, key=lambda rule: (-rows[rule], rule))
    return [
        {"rule": rule, "rows": rows[rule], "meaning": words[rule].meaning, "remedy": words[rule].remedy}
        for rule in ordered
    ]


def _warning(row: Row) -> Row:
    kept = {name: row[name] for name in ("rule", "severity", "period_from", "period_to", "text")}
    return {**kept, "name": warning_name(row["rule"]), "remedy": warning_remedy(row["rule"])}


def _newest(rows: list[Row], feed: str) -> list[Row]:
    """Return the newest value of each measure of the whole, beside its past; columns that are always known are left.

    Days that deliveries hold only in part are left out: they are compared with no other.
    """
    partial = {row["period"] for row in rows if row["measure"] == "hours_held"}
    newest: dict[tuple[str, str], Row] = {}
    for row in rows:
        if row["frequency"] == "D" and row["period"] in partial and row["measure"] != "hours_held":
            continue
        if row["area"] == TOTAL and not (row["measure"].startswith("unknown:") and not row["value"]):
            newest[row["measure"], row["frequency"]] = row
    named = []
    for (measure, frequency), row in sorted(newest.items()):
        name, unit = measure_name(measure, feed)
        named.append({"measure": measure, "name": name, "unit": unit, "frequency": frequency, **_plain(row)})
    return named


def _areas(rows: list[Row]) -> list[Row]:
    """Return the newest coverage of the residents of each area."""
    own = [row for row in rows if row["measure"] == "coverage" and row["area"] != TOTAL]
    newest = max((row["period"] for row in own), default=None)
    return [{"area": row["area"], "unit": "share", **_plain(row)} for row in own if row["period"] == newest]


def _monthly(by_day: list[Row]) -> list[Row]:
    """Return the mean rows of a day by month, beside the mean of the past of the same days."""
    months: dict[date, list[Row]] = defaultdict(list)
    for row in by_day:
        months[row["period"].replace(day=1)].append(row)
    return [
        {
            "period": month,
            "value": sum(row["value"] for row in days) / len(days),
            "past": sum(row["past"] or 0 for row in days) / len(days) if all(row["past"] for row in days) else None,
        }
        for month, days in sorted(months.items())
    ]


def _day(row: Row) -> Row:
    """Return a day with rows; of few persons nothing but that."""
    is_of_few = _is_of_few(row)
    return {"period": row["period"], "ratio": None if is_of_few else row["ratio"], "is_of_few": is_of_few}


def _plain(row: Row) -> Row:
    return {name: row[name] for name in ("period", "value", "numerator", "denominator", "past", "ratio")}


def _uses(workspace: Workspace, feed: str) -> list[Row]:
    """Return the indicators that were computed from the feed, with the verdict, and the releases that hold them."""
    verdicts, cells = _small(workspace, VERDICT), _small(workspace, RELEASE_CELL)
    released: dict[str, set[str]] = defaultdict(set)
    pairs = cells.filter(pc.equal(cells["feed"], feed)).select(["indicator", "release_id"])
    for row in pairs.group_by(["indicator", "release_id"]).aggregate([]).to_pylist():
        released[row["indicator"]].add(row["release_id"])
    whole = verdicts.filter(pc.and_(pc.equal(verdicts["feed"], feed), pc.equal(verdicts["period"], TOTAL)))
    newest = {(row["indicator"], row["frequency"]): row for row in whole.sort_by("vintage").to_pylist()}
    return [
        {
            "indicator": indicator,
            "name": INDICATORS[indicator].name,
            "frequency": {"M": "monthly", "A": "annual"}[frequency],
            "verdict": row["verdict"],
            "releases": sorted(released[indicator]),
        }
        for (indicator, frequency), row in sorted(newest.items())
        if indicator in INDICATORS
    ]


def _of(rows: pa.Table, feed: str, partner: str) -> list[Row]:
    own = rows.filter(pc.and_(pc.equal(rows["feed"], feed), pc.equal(rows["partner"], partner)))
    order = "received_at" if "received_at" in own.column_names else "period" if "period" in own.column_names else ""
    listed: list[Row] = own.sort_by(order or "period_from").to_pylist()
    return listed


def _small(workspace: Workspace, table: Table) -> pa.Table:
    missing = store.latest_version(workspace, table) is None
    return table.stored.empty_table() if missing else store.read_small(workspace, table)
