"""From presence to persons through Spark, on a few keys."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.store import canonical_sha256, spark_schema
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import GEOTAGGED_POST, MOBILE_CELL, MOBILE_EVENT
from sandbox.lakehouse.tables.persons import PERSON_MONTH
from sandbox.lakehouse.tables.reference import NETWORK
from sandbox.presence import pairs, stage
from sandbox.presence.devices import RUN
from sandbox.settings import Workspace

MONDAY = datetime(2024, 3, 4, 20, tzinfo=UTC)
CELLS = {"h": "C1", "x": "C2", "y": "C3"}
EVENT = {"partner": "telco", "delivery_id": "d", "event_type": "call", "home_mcc": "001", "serving_mcc": "001"}
HOME = "hhhhhhhhhhhh"
TRIP = "hhhxxxxhhyyyyhh"


def event(key: int, night: int, cell: str, **other: Any) -> dict[str, Any]:
    at = MONDAY + timedelta(night, hours=8)  # Pitcairn is eight hours behind
    number = f"{key}-{night}"
    return EVENT | {"event_id": number, "person_key": key, "bucket": key % 2, "event_ts": at, "cell_id": cell} | other


def events(*lives: str) -> list[dict[str, Any]]:
    """One key a text, one evening a letter: in which area an event was."""
    return [
        event(key, night, CELLS[letter], tac_class="phone")
        for key, life in enumerate(lives, start=1)
        for night, letter in enumerate(life)
        if letter != "."
    ]


def write(run: StageRun, table: Table, *rows: dict[str, Any]) -> None:
    columns = {name: [row.get(name) for row in rows] for name in table.names}
    run.write_small(pa.table(columns, schema=table.schema), table)


@pytest.fixture
def run(workspace: Workspace, spark: SparkSession) -> StageRun:
    country = workspace.settings.country.model_copy(update={"second_sims": 0.12})
    declared = Workspace(workspace.root, workspace.settings.model_copy(update={"country": country}))
    found = StageRun(declared, "presence", date(2024, 3, 1), date(2024, 4, 1), seed=1)
    cell = {"partner": "telco", "delivery_id": "c", "time_zone": "Pacific/Pitcairn", "valid_from": date(2019, 1, 1)}
    write(
        found,
        MOBILE_CELL,
        *(cell | {"cell_id": f"C{n}", "area_id": f"A{n}", "lat": -25.0, "lon": -130.0 - n} for n in (1, 2, 3)),
    )
    write(found, NETWORK, {"mcc": "001", "mnc": "01", "country": "XAA", "delivery_id": "n", "partner": "office"})
    write(found, GEOTAGGED_POST)
    return found


def months(run: StageRun, *rows: dict[str, Any]) -> dict[int, dict[str, Any]]:
    write(run, MOBILE_EVENT, *rows)
    stage.run(run)
    return {row["person_key"]: row for row in run.read_small(PERSON_MONTH).to_pylist()}


def test_two_keys_with_the_same_trips_are_likely_one_person_and_a_stranger_is_not(run: StageRun) -> None:
    found = months(run, *events(TRIP, TRIP, HOME, "hhhhhhhhhyyyyhh"))
    assert found[1]["same_person"] > 0.8
    assert found[2]["same_person"] == found[1]["same_person"]
    assert found[3]["same_person"] == pytest.approx(0.24 / 1.12)
    assert found[4]["same_person"] < found[1]["same_person"] - 0.2


def test_every_key_with_an_event_has_a_class_and_a_machine_has_none(run: StageRun) -> None:
    lost = event(5, 0, "C9", tac_class=None)
    machine = event(6, 0, "C1", tac_class="m2m")
    found = months(run, *events("hhhhhhh", "hxhxhx", "hh"), lost, machine)
    assert {key: row["activity"] for key, row in found.items()} == {
        1: "stable",
        2: "mobile",
        3: "inactive",
        5: "unlocatable",
    }
    assert {key: row["events"] for key, row in found.items()} == {1: 7, 2: 6, 3: 2, 5: 1}


def test_a_month_ends_by_the_clock_of_the_antenna(run: StageRun) -> None:
    island = {"partner": "telco", "delivery_id": "c", "cell_id": "C4", "area_id": "A4", "lat": -23.0, "lon": -135.0}
    cells = run.read_small(MOBILE_CELL).to_pylist()
    island |= {"time_zone": "Pacific/Marquesas", "valid_from": date(2019, 1, 1)}
    write(run, MOBILE_CELL, *cells, island)
    late = event(1, 0, "C4", event_ts=datetime(2024, 4, 1, 8, 45, tzinfo=UTC))  # 23:15 there, 0:45 at the office
    write(run, MOBILE_EVENT, late)
    stage.run(run)
    (row,) = run.read_small(PERSON_MONTH).to_pylist()
    assert (row["month"], row["activity"]) == (date(2024, 3, 1), "inactive")


def test_order_and_partitioning_change_nothing(run: StageRun) -> None:
    rows = events(TRIP, TRIP, "hhhxxx.hhyy.yhh", HOME)
    months(run, *rows)
    first = canonical_sha256(run.read_small(PERSON_MONTH), PERSON_MONTH)
    run.spark.conf.set("spark.sql.shuffle.partitions", "5")
    try:
        months(run, *reversed(rows))
    finally:
        run.spark.conf.set("spark.sql.shuffle.partitions", "2")
    assert canonical_sha256(run.read_small(PERSON_MONTH), PERSON_MONTH) == first


def run_of_nights(key: int, place: str, begins: int, ends: int) -> dict[str, Any]:
    """A stay of which every night was seen."""
    nights = ends - begins + 1
    stay = {"begins": begins, "ends": ends, "first": begins, "last": ends, "seen": nights, "nights": nights}
    told = {"person_key": key, "bucket": 0, "usual": "A1/A1", "place": place, "is_abroad": False}
    return told | stay | {"is_away": place != "A1"}


def runs(spark: SparkSession, *rows: tuple[int, str, int, int]) -> DataFrame:
    told = [run_of_nights(*row) for row in rows]
    return spark.createDataFrame([tuple(row[name] for name in RUN.names) for row in told], spark_schema(RUN))


def test_a_stay_in_a_crowd_tells_nothing(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "CROWD", 1)
    nights = runs(spark, (1, "A2", 5, 9), (2, "A2", 8, 9), (3, "A3", 8, 9))
    stays = pairs.stays_away(nights, pairs.crowds(nights))
    assert [row.place for row in stays.collect()] == ["A3"]


def test_nights_of_one_key_during_the_stays_of_another_are_counted_both_ways(spark: SparkSession) -> None:
    nights = runs(spark, (1, "A1", 0, 2), (1, "A2", 3, 6), (2, "A1", 0, 3), (2, "A2", 4, 6))
    stays = pairs.stays_away(nights, pairs.crowds(nights))
    found = pairs.compared(nights, stays, pairs.candidates(nights, stays)).where("person_key <> other").collect()
    assert {(row.person_key, row.other, row.at, row.elsewhere) for row in found} == {(1, 2, 6, 1), (2, 1, 6, 1)}


def test_few_nights_in_the_same_area_do_not_make_a_pair(spark: SparkSession) -> None:
    nights = runs(spark, (1, "A2", 3, 4), (2, "A2", 3, 4))
    assert pairs.candidates(nights, pairs.stays_away(nights, pairs.crowds(nights))).collect() == []
