"""The profile: what a feed covers, each measure with its denominator and past, and what figures have to know."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from sandbox.feeds.coverage import profiled
from sandbox.feeds.coverage.lookback import lost_persons, missing_days, outages, warning_rows, with_calendar
from sandbox.feeds.coverage.measures import population_of, silent_cells
from sandbox.feeds.coverage.past import Measured, profile_rows
from sandbox.feeds.set_rules import Finding, Severity
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY, FEED_PROFILE, FEED_QUALITY, FEED_WARNING
from sandbox.lakehouse.tables.feeds import AUDIENCE_ESTIMATE, MOBILE_CELL, MOBILE_EVENT
from sandbox.lakehouse.tables.reference import AREA
from sandbox.settings import Workspace

MONDAY = date(2024, 1, 1)
EMPTY_CALENDAR = pd.DataFrame({"day": [], "kind": [], "name": []})


def days(count: int, start: date = MONDAY) -> list[date]:
    return [start + timedelta(days=n) for n in range(count)]


def value_of(profile: pa.Table, measure: str, period: date, frequency: str, area: str = "_T") -> dict[str, float]:
    wanted = {"measure": measure, "period": period, "frequency": frequency, "area": area}
    (row,) = [row for row in profile.to_pylist() if all(row[name] == value for name, value in wanted.items())]
    return row


def test_a_day_stands_beside_the_median_of_its_weekday_before() -> None:
    rows = pd.DataFrame({"period": days(36), "numerator": [1_000.0 if n % 7 else n for n in range(36)]})
    profile = profile_rows("f", "p", [Measured("rows", "D", rows)])
    monday = value_of(profile, "rows", MONDAY + timedelta(days=35), "D")
    assert (monday["past"], monday["ratio"]) == (14, 2.5), "the Mondays before had 0, 7, 14, 21, 28 rows"
    assert value_of(profile, "rows", MONDAY + timedelta(days=14), "D")["past"] is None, "two days are no past"


def test_a_month_stands_beside_the_same_month_of_earlier_years_where_there_are_two() -> None:
    months = [date(year, month, 1) for year in (2021, 2022, 2023) for month in range(1, 13)]
    rows = pd.DataFrame({"period": months, "numerator": [month.month * 10.0 for month in months]})
    profile = profile_rows("f", "p", [Measured("rows", "M", rows)])
    assert value_of(profile, "rows", date(2023, 12, 1), "M")["past"] == 120
    assert value_of(profile, "rows", date(2022, 12, 1), "M")["past"] == 100, "one year: September to November instead"


def test_a_share_of_nothing_is_left_out() -> None:
    rows = pd.DataFrame({"period": days(2), "numerator": [0, 1], "denominator": [0, 2]})
    assert profile_rows("f", "p", [Measured("duplicates", "delivery", rows)])["value"].to_pylist() == [0.5]


def heard(silent: dict[int, list[str]]) -> pd.DataFrame:
    cells = [f"c{number}" for number in range(10)]
    rows = [(day, cell, 5) for n, day in enumerate(days(31)) for cell in cells if cell not in silent.get(n, [])]
    return pd.DataFrame(rows, columns=["period", "place", "rows"])


def test_antennas_of_the_month_without_an_event_are_silent() -> None:
    silent = silent_cells(heard({4: ["c1", "c2"]})).set_index("period")
    assert tuple(silent.loc[days(31)[4]]) == (2, 10)
    assert tuple(silent.loc[days(31)[5]]) == (0, 10)


def test_an_antenna_that_is_rarely_heard_is_not_of_the_month() -> None:
    silent = silent_cells(heard({n: ["c9"] for n in range(20)})).set_index("period")
    assert tuple(silent.loc[days(31)[4]]) == (0, 9)


def silent_profile(shares: list[float]) -> pa.Table:
    rows = pd.DataFrame(
        {"period": days(len(shares)), "numerator": [100 * share for share in shares], "denominator": 100}
    )
    return profile_rows("mobile_event", "p", [Measured("silent_cells", "D", rows)])


@pytest.mark.parametrize(
    ("last", "severity"), [(0.04, []), (0.06, ["warn"]), (0.25, ["stop"])], ids=["a few", "over 5 %", "over 20 %"]
)
def test_an_outage_is_warned_of_by_its_share_of_the_antennas(last: float, severity: list[str]) -> None:
    found = outages(silent_profile([0.0] * 30 + [last]))
    assert [finding.severity.value for finding in found] == severity


def test_antennas_that_are_thin_anyway_are_no_outage() -> None:
    assert outages(silent_profile([0.30] * 31)) == []


def test_days_that_a_delivery_covers_and_that_have_no_row_are_missing() -> None:
    rows = dict.fromkeys(days(60), 500.0)
    assert missing_days(rows, days(60)) == []
    for day in (date(2024, 2, 10), date(2024, 2, 11)):
        del rows[day]
    (finding,) = missing_days(rows, days(60))
    assert (finding.period_from, finding.period_to) == (date(2024, 2, 10), date(2024, 2, 11))
    assert finding.severity is Severity.WARN
    assert missing_days(rows, days(40)) == [], "what no delivery covers is not missing"


def test_a_month_that_lacks_a_tenth_of_its_days_is_stopped() -> None:
    rows = {day: 500.0 for day in days(60) if not date(2024, 2, 10) <= day <= date(2024, 2, 12)}
    assert [finding.severity for finding in missing_days(rows, days(60))] == [Severity.STOP]


def test_a_feed_of_few_rows_may_have_empty_days() -> None:
    assert missing_days({day: 2.0 for day in days(60) if day.day != 7}, days(60)) == []


@pytest.mark.parametrize(("now", "severity"), [(800, []), (600, ["warn"]), (400, ["stop"])])
def test_a_sudden_loss_of_subscribers_is_found(now: float, severity: list[str]) -> None:
    persons = dict.fromkeys(days(60), 1_000.0) | {date(2024, 2, 20): now}
    assert [finding.severity.value for finding in lost_persons(persons)] == severity


def test_few_subscribers_may_be_halved_by_chance() -> None:
    assert lost_persons(dict.fromkeys(days(60), 10.0) | {date(2024, 2, 20): 5.0}) == []


def test_a_shock_in_the_calendar_explains_a_loss_but_no_other_clock() -> None:
    calendar = pd.DataFrame({"day": [date(2024, 2, 1)], "kind": ["shock"], "name": ["Border closed"]})
    loss = Finding("lost_subscribers", "fewer", period_from=date(2024, 2, 3), severity=Severity.STOP)
    clock = Finding("time_zone", "later", period_from=date(2024, 2, 1), severity=Severity.STOP)
    told = with_calendar([loss, clock], calendar)
    assert [finding.severity for finding in told] == [Severity.WARN, Severity.STOP]
    assert told[0].text == "fewer. The calendar names Border closed (2024-02-01)"
    assert with_calendar([loss], EMPTY_CALENDAR) == [loss]


def test_a_finding_without_a_period_is_about_all_that_was_delivered() -> None:
    rows = warning_rows("f", "p", [Finding("swapped", "text")], (MONDAY, days(10)[-1])).to_pylist()
    assert [(row["period_from"], row["period_to"]) for row in rows] == [(MONDAY, days(10)[-1])]


def test_residents_add_up_over_the_areas_of_a_parent() -> None:
    areas = pa.table({"area_id": ["A", "B"], "parent": ["X", "X"], "year": [2024, 2024], "population": [70, 30]})
    found = population_of(areas).set_index("area")["population"].to_dict()
    assert found == {"A": 70, "B": 30, "X": 100, "_T": 100}


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
def profiled_workspace(workspace: Workspace, spark: SparkSession) -> Callable[[], Workspace]:
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


def test_without_antennas_a_day_is_that_of_the_country_and_no_area_is_known(
    workspace: Workspace, spark: SparkSession
) -> None:
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


def test_a_delivery_that_was_corrected_counts_no_more(workspace: Workspace) -> None:
    run = StageRun(workspace, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    old, new = delivery("area"), delivery("area") | {"delivery_id": "d_new", "rows_quarantined": 0}
    books = rows_for(DELIVERY, [old | {"replaced_by": "d_new"}, new | {"replaces": "d_area"}])
    run.write_small(books, DELIVERY, delivery_id=["d_area", "d_new"])
    profiled(run, ["area"])
    assert value_of(store.read_small(workspace, FEED_PROFILE), "quarantined", COVERED[-1], "delivery")["value"] == 0
