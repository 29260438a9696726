"""The profile of whole feeds as it stands in the tables: counts of days and persons, and what is warned of."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from sandbox.feeds.coverage import profiled
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY, FEED_PROFILE, FEED_QUALITY, FEED_WARNING
from sandbox.lakehouse.tables.feeds import AUDIENCE_ESTIMATE, MOBILE_CELL, MOBILE_EVENT
from sandbox.lakehouse.tables.reference import AREA
from sandbox.settings import Workspace
from tests.feeds.conftest import active_contract

MONDAY = date(2024, 1, 1)
EMPTY_CALENDAR = pd.DataFrame({"day": [], "kind": [], "name": []})


def days(count: int, start: date = MONDAY) -> list[date]:
    return [start + timedelta(days=n) for n in range(count)]


def value_of(profile: pa.Table, measure: str, period: date, frequency: str, area: str = "_T") -> dict[str, float]:
    wanted = {"measure": measure, "period": period, "frequency": frequency, "area": area}
    (row,) = [row for row in profile.to_pylist() if all(row[name] == value for name, value in wanted.items())]
    return row


PERSONS, CELLS, MISSING, SILENT = 12, 10, date(2024, 2, 15), date(2024, 2, 20)
COVERED = days(60)


def delivery(feed: str) -> dict[str, object]:
    return {
        "delivery_id": f"d_{feed}",
        "feed": feed,
        "partner": "telco",
        "period_from": COVERED[0],
        "period_to": COVERED[-1],
        "received_at": datetime(2024, 3, 5, tzinfo=UTC),
        "rows_in": 8_000,
        "rows_bronze": 7_000,
        "rows_quarantined": 1_000,
        "rows_duplicate": 0,
        "findings": [],
    }


def rows_for(table: Table, rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist([{name: row.get(name) for name in table.names} for row in rows], table.stored)


def events() -> pa.Table:
    """One event a person, day and antenna at 02:00 UTC: on the antenna's clock the evening of the day before."""
    rows = [
        {
            "partner": "telco",
            "delivery_id": "d_mobile_event",
            "person_key": 9_000_000_000_000_000_000 + person,
            "bucket": person % 2,
            "event_id": f"{day}{person}{cell}",
            "event_ts": datetime(day.year, day.month, day.day, 2, tzinfo=UTC) + timedelta(days=1),
            "cell_id": f"c{cell}",
            "event_type": "data",
            "home_mcc": "001",
            "serving_mcc": "001",
        }
        for day in COVERED
        for person in range(PERSONS)
        for cell in range(CELLS)
        if day != MISSING and not (day == SILENT and cell == 3) and not (person == 0 and day.month == 2)
    ]
    return rows_for(MOBILE_EVENT, rows)


@pytest.fixture
def profiled_workspace(workspace: Workspace) -> Callable[[], Workspace]:
    run = StageRun(workspace, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    cells = [
        {
            "partner": "telco",
            "delivery_id": "d_mobile_cell",
            "cell_id": f"c{cell}",
            "area_id": "A" if cell < 5 else "B",
            "lat": -25.0 - cell / 10,
            "lon": -130.0,
            "time_zone": "Pacific/Pitcairn",
            "valid_from": MONDAY,
        }
        for cell in range(CELLS)
    ]
    areas = [
        {"partner": "office", "delivery_id": "d_area", "area_id": area, "parent": "XAA", "year": 2024, "population": n}
        for area, n in (("A", 120), ("B", 60))
    ]
    run.write_small(rows_for(MOBILE_CELL, cells), MOBILE_CELL, delivery_id="d_mobile_cell")
    run.write_small(rows_for(AREA, areas), AREA, delivery_id="d_area")
    run.write_small(events(), MOBILE_EVENT, delivery_id="d_mobile_event")
    run.write_small(rows_for(DELIVERY, [delivery("mobile_event")]), DELIVERY, delivery_id="d_mobile_event")
    quality = {"delivery_id": "d_mobile_event", "feed": "mobile_event", "measure": "filled:tac_class"}
    shares = [quality | {"value": 5_250.0, "denominator": 7_000.0}]
    run.write_small(rows_for(FEED_QUALITY, shares), FEED_QUALITY, delivery_id="d_mobile_event")

    def profile() -> Workspace:
        profiled(run, ["mobile_event"])
        return workspace

    return profile


def test_the_profile_of_a_feed_of_persons_counts_local_days_and_holds_no_person(
    profiled_workspace: Callable[[], Workspace],
) -> None:
    workspace = profiled_workspace()
    profile = store.read_small(workspace, FEED_PROFILE)
    january, february = date(2024, 1, 1), date(2024, 2, 1)
    assert value_of(profile, "rows", MONDAY, "D")["value"] == PERSONS * CELLS
    assert value_of(profile, "active_subscribers", date(2024, 2, 1), "D")["value"] == PERSONS - 1
    assert value_of(profile, "rows_per_subscriber", MONDAY, "D")["value"] == CELLS
    assert value_of(profile, "days_seen", january, "M")["value"] == 1.0
    assert value_of(profile, "days_with_rows", february, "M")["numerator"] == 28
    assert value_of(profile, "seen_before", february, "M")["value"] == 1.0
    assert value_of(profile, "coverage", january, "M")["value"] == PERSONS / 180
    assert value_of(profile, "coverage", january, "M", "B")["value"] == PERSONS / 60
    assert value_of(profile, "silent_cells", SILENT, "D")["value"] == 1 / CELLS
    assert value_of(profile, "days_after_period", COVERED[-1], "delivery")["value"] == 5
    assert value_of(profile, "unknown:tac_class", COVERED[-1], "delivery")["value"] == 0.25
    assert value_of(profile, "quarantined", COVERED[-1], "delivery")["value"] == 0.125
    warnings = store.read_small(workspace, FEED_WARNING).to_pylist()
    assert {(row["rule"], row["period_from"]) for row in warnings} == {("missing_days", MISSING), ("outage", SILENT)}
    assert "90000000000000000" not in str(profile.to_pylist()) + str(warnings)

    first = [
        store.canonical_sha256(store.read_small(workspace, table), table) for table in (FEED_PROFILE, FEED_WARNING)
    ]
    profiled_workspace()
    again = [
        store.canonical_sha256(store.read_small(workspace, table), table) for table in (FEED_PROFILE, FEED_WARNING)
    ]
    assert first == again, "the same run twice leaves the same tables"


def test_without_antennas_a_day_is_that_of_the_country_and_no_area_is_known(workspace: Workspace) -> None:
    run = StageRun(workspace, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    run.write_small(events().slice(0, 500), MOBILE_EVENT, delivery_id="d_mobile_event")
    run.write_small(rows_for(DELIVERY, [delivery("mobile_event")]), DELIVERY, delivery_id="d_mobile_event")
    profiled(run, ["mobile_event"])
    profile = store.read_small(workspace, FEED_PROFILE)
    assert value_of(profile, "rows", MONDAY, "D")["value"] == PERSONS * CELLS
    assert "rows_by_area" not in profile["measure"].to_pylist()


def test_the_profile_of_figures_needs_no_spark_and_warns_of_a_floor(workspace: Workspace) -> None:
    run = StageRun(workspace, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    rows = [
        {
            "partner": "telco",
            "delivery_id": "d_audience_estimate",
            "snapshot_ts": datetime(2024, month, 15, tzinfo=UTC),
            "query_hash": f"q{number}",
            "geo_level": "country",
            "geo_code": "XAA",
            "origin_code": f"O{number}",
            "platform": "p",
            "mau": max(1_000, 40 * number**2) if number % 10 or month == 1 else None,
            "denominator_mau": 90,
        }
        for month in (1, 2)
        for number in range(40)
    ]
    areas = [{"partner": "o", "delivery_id": "a", "area_id": "A", "parent": "XAA", "year": 2020, "population": 180}]
    run.write_small(rows_for(AREA, areas), AREA, delivery_id="a")
    run.write_small(rows_for(AUDIENCE_ESTIMATE, rows), AUDIENCE_ESTIMATE, delivery_id="d_audience_estimate")
    run.write_small(rows_for(DELIVERY, [delivery("audience_estimate")]), DELIVERY, delivery_id="d_audience_estimate")
    profiled(run, ["audience_estimate"])
    profile = store.read_small(workspace, FEED_PROFILE)
    assert value_of(profile, "figures", date(2024, 2, 1), "M")["value"] == 0.9
    assert value_of(profile, "coverage", date(2024, 1, 1), "M", "XAA")["value"] == 0.5
    assert "floor" in store.read_small(workspace, FEED_WARNING)["rule"].to_pylist()
    assert "spark" not in vars(run)


def test_the_contract_says_when_a_delivery_is_late_and_in_which_zone_its_period_is(
    profiled_workspace: Callable[[], Workspace], workspace: Workspace
) -> None:
    profiled_workspace()
    measures = store.read_small(workspace, FEED_PROFILE)["measure"].to_pylist()
    assert "hours_held" in measures, "without a contract a period has UTC days, and the last one is cut"
    workspace.contracts.mkdir()
    agreed = active_contract("mobile_event", "telco", latencyDays="3", timeZone="Pacific/Pitcairn")
    (workspace.contracts / "telco.mobile_event.odcs.yaml").write_text(agreed, "utf-8")
    profiled_workspace()
    assert "hours_held" not in store.read_small(workspace, FEED_PROFILE)["measure"].to_pylist()
    late = [row for row in store.read_small(workspace, FEED_WARNING).to_pylist() if row["rule"] == "late"]
    assert [(row["text"], row["severity"]) for row in late] == [
        ("delivered 5 days after its period's end; the contract allows 3", "note")
    ]


def test_a_delivery_that_was_corrected_counts_no_more(workspace: Workspace) -> None:
    run = StageRun(workspace, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    old, new = delivery("area"), delivery("area") | {"delivery_id": "d_new", "rows_quarantined": 0}
    books = rows_for(DELIVERY, [old | {"replaced_by": "d_new"}, new | {"replaces": "d_area"}])
    run.write_small(books, DELIVERY, delivery_id=["d_area", "d_new"])
    profiled(run, ["area"])
    assert value_of(store.read_small(workspace, FEED_PROFILE), "quarantined", COVERED[-1], "delivery")["value"] == 0
