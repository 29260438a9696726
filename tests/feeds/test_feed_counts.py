"""What is counted of a feed of persons: against sets in plain Python, kept by month, in any order of deliveries."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from sandbox.errors import PermissionRefusedError
from sandbox.feeds.coverage import kept, spread
from sandbox.feeds.coverage.counted import Counted
from sandbox.feeds.coverage.kept import counted
from sandbox.feeds.coverage.persons import PERSON_FEEDS
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT, MOBILE_CELL, MOBILE_EVENT
from sandbox.settings import Workspace, Zone
from tests.conftest import new_workspace

START = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = ("Pacific/Pitcairn", "Pacific/Kiritimati")  # 22 hours apart: rows cross the edge of a month
MOBILE = PERSON_FEEDS["mobile_event"]
Event = tuple[int, int, str | None]  # person, hours after START, antenna
Step = tuple[Any, ...]


def stage_run(workspace: Workspace) -> StageRun:
    return StageRun(workspace, "ingest", date(2024, 9, 1), date(2024, 9, 1), 0)


def rows_for(table: Table, rows: Iterable[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist([{name: row.get(name) for name in table.names} for row in rows], table.stored)


def deliver(run: StageRun, delivery: str, events: Sequence[Event]) -> None:
    rows = (
        {
            "partner": "telco",
            "delivery_id": delivery,
            "person_key": person,
            "bucket": person % 2,
            "event_id": f"{delivery}-{number}",
            "event_ts": START + timedelta(hours=hours),
            "cell_id": antenna,
            "event_type": "data" if hours % 3 else "call",
        }
        for number, (person, hours, antenna) in enumerate(events)
    )
    run.write_small(rows_for(MOBILE_EVENT, rows), MOBILE_EVENT, delivery_id=delivery)


def place_antennas(run: StageRun, antennas: Iterable[tuple[str, str, str]]) -> None:
    rows = (
        {"partner": "telco", "delivery_id": "cells", "cell_id": cell, "area_id": area, "time_zone": zone}
        | {"lat": -25.0, "lon": -130.0, "valid_from": START.date()}
        for cell, area, zone in antennas
    )
    run.write_small(rows_for(MOBILE_CELL, rows), MOBILE_CELL, delivery_id="cells")


def erase(run: StageRun, person: int) -> None:
    DeltaTable(str(MOBILE_EVENT.path(run.workspace))).delete(f"person_key = {person}")


def as_lists(found: Counted) -> dict[str, list[str]]:
    return {each.name: sorted(map(str, getattr(found, each.name).to_pylist())) for each in fields(found)}


events = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 24 * 240), st.sampled_from(["c1", "c2", None])), min_size=1, max_size=25
)
step = st.one_of(
    st.tuples(st.just("deliver"), st.sampled_from("abcd"), events),
    st.tuples(st.just("take back"), st.sampled_from("abcd")),
    st.tuples(st.just("erase"), st.integers(1, 5)),
    st.tuples(st.just("antenna"), st.sampled_from(["c1", "c2"]), st.sampled_from("AB"), st.sampled_from(ZONES)),
)


def taken(run: StageRun, todo: Step, standing: set[str], antennas: dict[str, tuple[str, str]]) -> None:
    """Do what a step says to bronze; `standing` are the deliveries whose rows count."""
    if todo[0] == "deliver":  # the second time it corrects the first
        deliver(run, todo[1], todo[2])
        standing.add(todo[1])
    elif todo[0] == "take back":
        standing.discard(todo[1])
    elif todo[0] == "erase":
        erase(run, todo[1])
    else:
        antennas[todo[1]] = todo[2:]
        place_antennas(run, [(cell, *where) for cell, where in antennas.items()])


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(step, st.booleans()), min_size=2, max_size=6), events)
def test_counting_what_changed_gives_what_counting_all_gives(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Step, bool]], first: list[Event]
) -> None:
    """Late, out of order, corrected, taken back, erased, antennas moved; counted after some steps, not after others."""
    run = stage_run(new_workspace(tmp_path_factory.mktemp("counts")))
    standing, antennas = {"a"}, {"c1": ("A", ZONES[0])}
    deliver(run, "a", first)
    place_antennas(run, [("c1", *antennas["c1"])])
    counted(run, MOBILE, "telco", ["a"], anew=False)
    for todo, is_counted in steps:
        taken(run, todo, standing, antennas)
        if is_counted:
            counted(run, MOBILE, "telco", sorted(standing), anew=False)
    in_steps = counted(run, MOBILE, "telco", sorted(standing), anew=False)
    assert as_lists(in_steps) == as_lists(counted(run, MOBILE, "telco", sorted(standing), anew=True))


def hours_to(day: date, hour: int = 0) -> int:
    return (day - START.date()).days * 24 + hour


def test_who_comes_late_was_seen_before_in_the_months_after(workspace: Workspace) -> None:
    run = stage_run(workspace)
    deliver(run, "april", [(1, hours_to(date(2024, 4, 15)), None)])
    first = counted(run, MOBILE, "telco", ["april"], anew=False)
    deliver(run, "february", [(1, hours_to(date(2024, 2, 15)), None)])
    then = counted(run, MOBILE, "telco", ["april", "february"], anew=False)
    assert (first.months["seen_before"].to_pylist(), then.months["seen_before"].to_pylist()) == ([0], [0, 1])


def test_an_antenna_with_another_clock_takes_its_rows_to_the_month_before(workspace: Workspace) -> None:
    run = stage_run(workspace)
    deliver(run, "a", [(1, hours_to(date(2024, 2, 29), 15), "c1")])
    days = []
    for zone in reversed(ZONES):
        place_antennas(run, [("c1", "A", zone)])
        days += counted(run, MOBILE, "telco", ["a"], anew=False).days["day"].to_pylist()
    assert days == [date(2024, 3, 1), date(2024, 2, 29)]


def slow_twin(rows: Sequence[Event], zone: str) -> tuple[dict[date, int], dict[date, tuple[int, int, int]]]:
    """Return persons by day; by month persons, person-days, and persons seen in the three months before."""
    by_day: dict[date, set[int]] = {}
    for person, hours, _ in rows:
        by_day.setdefault((START + timedelta(hours=hours)).astimezone(ZoneInfo(zone)).date(), set()).add(person)
    by_month: dict[date, set[int]] = {}
    for day, persons in by_day.items():
        by_month.setdefault(day.replace(day=1), set()).update(persons)
    months = {}
    for month, persons in by_month.items():
        number = month.year * 12 + month.month
        past = [own for other, own in by_month.items() if 1 <= number - other.year * 12 - other.month <= 3]
        days = sum(len(own) for day, own in by_day.items() if day.replace(day=1) == month)
        months[month] = (len(persons), days, len(persons & set().union(*past)))
    return {day: len(persons) for day, persons in by_day.items()}, months


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(events, st.integers(1, 3))
def test_persons_are_counted_as_sets_count_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Event], shares: int
) -> None:
    run = stage_run(new_workspace(tmp_path_factory.mktemp("twin")))
    deliver(run, "a", rows[: len(rows) // 2])
    deliver(run, "b", rows[len(rows) // 2 :])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spread, "SHARE_ROWS", max(1, len(rows) // shares))
        found = counted(run, MOBILE, "telco", ["a", "b"], anew=False)
    days, months = slow_twin(rows, "Pacific/Pitcairn")
    assert {row["day"]: row["persons"] for row in found.days.to_pylist()} == days
    numbers = {
        row["month"]: (row["persons"], row["person_days"], row["seen_before"]) for row in found.months.to_pylist()
    }
    assert numbers == months


HALF_A_YEAR: list[Event] = [(person, 24 * day, "c1") for day in range(180) for person in (1, 2)]


def test_a_new_month_is_counted_without_the_months_long_before(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stage_run(workspace)
    for month in range(6):
        deliver(run, f"d{month}", [(1, 24 * (30 * month + 10), None)])
    counted(run, MOBILE, "telco", [f"d{month}" for month in range(5)], anew=False)
    asked: list[tuple[int, ...] | None] = []

    def spied(*given: Any) -> pa.Table:
        asked.append(given[3])
        return spread.counts_of(*given)

    monkeypatch.setattr(kept, "counts_of", spied)
    counted(run, MOBILE, "telco", [f"d{month}" for month in range(6)], anew=False)
    june = (2024 - 1970) * 12 + 5
    assert asked == [(june, june + 1, june + 2, june + 3)], "June, and the months that look back on it"
    counted(run, MOBILE, "telco", [f"d{month}" for month in range(6)], anew=False)
    assert len(asked) == 1, "where nothing came, nothing is counted"


def test_the_workers_count_what_this_process_counts(
    workspace: Workspace, spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = stage_run(workspace)
    deliver(run, "a", HALF_A_YEAR[:200])
    deliver(run, "b", HALF_A_YEAR[200:])
    here = as_lists(counted(run, MOBILE, "telco", ["a", "b"], anew=False))
    monkeypatch.setattr(spread, "LOCAL_BYTES", 0)
    assert as_lists(counted(run, MOBILE, "telco", ["a", "b"], anew=True)) == here


def test_rows_that_were_sent_for_another_purpose_are_not_counted(workspace: Workspace) -> None:
    run = stage_run(workspace)
    deliver(run, "a", HALF_A_YEAR)
    booked = {"delivery_id": "a", "feed": "mobile_event", "partner": "telco", "purpose": "marketing"}
    run.write_small(rows_for(DELIVERY, [booked]), DELIVERY, delivery_id="a")
    with pytest.raises(PermissionRefusedError, match="marketing"):
        counted(run, MOBILE, "telco", ["a"], anew=False)


def test_nothing_of_a_person_stays_once_the_counts_are_made(workspace: Workspace) -> None:
    run = stage_run(workspace)
    deliver(run, "a", HALF_A_YEAR)
    counted(run, MOBILE, "telco", ["a"], anew=False)
    staged = [file for file in workspace.zone(Zone.QUARANTINE).rglob("*") if file.is_file()]
    assert staged == []


def test_without_an_hour_a_crossing_still_has_its_day_and_its_median(workspace: Workspace) -> None:
    run = stage_run(workspace)
    stays = [3, 14, 90, 0, None]
    rows = (
        {
            "partner": "border",
            "delivery_id": "a",
            "person_key": number,
            "bucket": number % 2,
            "movement_id": str(number),
            "event_ts": None if number else START,
            "event_date": date(2024, 1, 31),
            "direction": "A",
            "port": "AAA",
            "intended_stay_days": stay,
            "doc_link_quality": 0.5,
        }
        for number, stay in enumerate(stays)
    )
    run.write_small(rows_for(BORDER_MOVEMENT, rows), BORDER_MOVEMENT, delivery_id="a")
    found = counted(run, PERSON_FEEDS["border_movement"], "border", ["a"], anew=False)
    assert found.days.to_pylist() == [{"day": date(2024, 1, 31), "persons": 5}]
    assert [(row["area"], row["rows"]) for row in found.place_days.to_pylist()] == [("AAA", 5)]
    assert found.hours["rows"].to_pylist() == [1]
    medians = {row["column"]: row["median"] for row in found.medians.to_pylist()}
    assert medians == {"intended_stay_days": 14, "doc_link_quality": 0.5}, "of values above zero"
    assert {row["code"] for row in found.codes.to_pylist() if row["column"] == "sex"} == {None}
