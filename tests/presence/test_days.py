"""Presence on the smallest histories."""

from datetime import date, datetime

import pytest
from pyspark.sql import DataFrame, SparkSession

from sandbox.presence.days import presence_days
from sandbox.presence.places import located_events

LOCATED = (
    "person_key long, bucket int, place string, country string, h3 long, home_country string, local_ts timestamp_ntz"
)


def located(spark: SparkSession, *rows: tuple[str, str, int]) -> DataFrame:
    """One event a row: place, local time, H3 cell."""
    return spark.createDataFrame(
        [(1, 0, place, "XAA", cell, "XAA", datetime.fromisoformat(at)) for place, at, cell in rows], LOCATED
    )


def found(days: DataFrame, *columns: str) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in days.select(*columns).collect())


def test_hours_after_midnight_belong_to_the_evening_before(spark: SparkSession) -> None:
    days = presence_days(located(spark, ("A1", "2024-03-02T01:30", 7)), "mobile_event")

    assert found(days, "local_date", "events", "hours", "night_hours") == [
        (date(2024, 3, 1), 0, 0, 1),
        (date(2024, 3, 2), 1, 1, 0),
    ]


def test_two_events_in_one_hour_are_one_hour(spark: SparkSession) -> None:
    days = presence_days(located(spark, ("A1", "2024-03-02T20:10", 7), ("A1", "2024-03-02T20:50", 8)), "mobile_event")

    assert found(days, "events", "hours", "night_hours", "h3") == [(2, 1, 1, 7)]


def test_the_weights_of_a_day_add_up_to_one(spark: SparkSession) -> None:
    rows = (("A1", "2024-03-02T09:00", 7), ("A1", "2024-03-02T10:00", 7), ("A2", "2024-03-02T12:00", 9))

    days = presence_days(located(spark, *rows), "mobile_event")

    assert found(days, "place", "weight") == [("A1", pytest.approx(2 / 3)), ("A2", pytest.approx(1 / 3))]


EVENT = (
    "partner string, person_key long, bucket int, event_ts timestamp, cell_id string, "
    "home_mcc string, serving_mcc string, tac_class string"
)
CELL = "cell_id string, partner string, area_id string, time_zone string, valid_from date, valid_to date, h3 long"


def places_of(spark: SparkSession, *events: tuple[str | None, str, str | None]) -> list[tuple[object, ...]]:
    """Each event: antenna, serving network, class of device; all at 2024-03-02 03:00 UTC."""
    at = datetime.fromisoformat("2024-03-02T03:00:00+00:00")
    frame = spark.createDataFrame([("t", 1, 0, at, cell, "001", mcc, tac) for cell, mcc, tac in events], EVENT)
    cells = spark.createDataFrame(
        [
            ("c1", "t", "A1", "Pacific/Pitcairn", date(2024, 1, 1), None, 5),
            ("old", "t", "A1", "Pacific/Pitcairn", date(2020, 1, 1), date(2023, 1, 1), 5),
        ],
        CELL,
    )
    networks = spark.createDataFrame([("001", "XAA"), ("530", "NZL")], "mcc string, country string")
    rows = located_events(frame, cells, networks, "XAA", "Pacific/Pitcairn").collect()
    return [(row.place, row.local_ts.isoformat()) for row in rows]


def test_an_event_has_the_local_time_of_its_antenna_not_of_the_session(spark: SparkSession) -> None:
    assert places_of(spark, ("c1", "001", "phone")) == [("A1", "2024-03-01T19:00:00")]


def test_a_subscriber_abroad_is_in_the_country_that_serves_him(spark: SparkSession) -> None:
    assert [place for place, _ in places_of(spark, (None, "530", None))] == ["NZL"]


def test_an_antenna_that_was_taken_down_gives_no_place(spark: SparkSession) -> None:
    assert places_of(spark, ("old", "001", "phone")) == []


def test_machines_are_no_persons(spark: SparkSession) -> None:
    assert places_of(spark, ("c1", "001", "m2m")) == []
