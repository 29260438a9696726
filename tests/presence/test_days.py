"""Presence on the smallest histories."""

from datetime import date, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.presence.days import presence_days
from sandbox.presence.places import Antennas, Office, located_events, located_posts

OFFICE = Office("XAA", "Pacific/Pitcairn")
HOURS = st.integers(19_800 * 24, 19_803 * 24 - 1)
EVENTS = st.lists(
    st.tuples(st.integers(1, 2), st.sampled_from(["A1", "A2", "NZL"]), HOURS, st.sampled_from([None, 7, 8, 9])),
    max_size=40,
)


def located(*rows: tuple[int, str, int, int | None]) -> pa.Table:
    """One event a row: person, place, local hour since 1970, H3 cell."""
    person, place, hour, cell = zip(*rows, strict=True) if rows else ((), (), (), ())
    count = len(rows)
    return pa.table(
        {
            "person_key": pa.array(person, pa.int64()),
            "bucket": pa.array([0] * count, pa.int32()),
            "place": pa.array(place, pa.string()),
            "country": pa.array(["XAA" if name.startswith("A") else name for name in place], pa.string()),
            "h3": pa.array(cell, pa.int64()),
            "home_country": pa.array(["XAA"] * count, pa.string()),
            "local_hour": pa.array(hour, pa.int64()),
        }
    )


def at(local_time: str) -> int:
    return int(datetime.fromisoformat(f"{local_time}+00:00").timestamp()) // 3600


def found(days: pa.Table, *columns: str) -> list[tuple[object, ...]]:
    return sorted(tuple(row.values()) for row in days.select(list(columns)).to_pylist())


def test_hours_after_midnight_belong_to_the_evening_before() -> None:
    days = presence_days(located((1, "A1", at("2024-03-02T01:30"), 7)), "mobile_event")

    assert found(days, "local_date", "events", "hours", "night_hours") == [
        (date(2024, 3, 1), 0, 0, 1),
        (date(2024, 3, 2), 1, 1, 0),
    ]


def test_two_events_in_one_hour_are_one_hour() -> None:
    hour = at("2024-03-02T20:10")

    days = presence_days(located((1, "A1", hour, 8), (1, "A1", hour, 7)), "mobile_event")

    assert found(days, "events", "hours", "night_hours", "h3") == [(2, 1, 1, 7)]


def test_the_weights_of_a_day_add_up_to_one() -> None:
    morning = at("2024-03-02T09:00")
    rows = ((1, "A1", morning, 7), (1, "A1", morning + 1, 7), (1, "A2", morning + 3, 9))

    days = presence_days(located(*rows), "mobile_event")

    assert found(days, "place", "weight") == [("A1", pytest.approx(2 / 3)), ("A2", pytest.approx(1 / 3))]


def day_by_day(rows: list[tuple[int, str, int, int | None]]) -> list[tuple[object, ...]]:
    """Slow twin: person, day since epoch, place, cell, events, hours, night hours, from the definitions."""
    hours = [(person, hour // 24, place, cell, hour % 24, True) for person, place, hour, cell in rows]
    hours += [(p, day - 1, place, cell, hour, False) for p, day, place, cell, hour, _ in hours if hour < 7]
    result: list[tuple[object, ...]] = []
    for person, day, place in sorted({each[:3] for each in hours}):
        own = [each for each in hours if each[:3] == (person, day, place)]

        def strength(rows: list[tuple[int, int, str, int | None, int, bool]]) -> tuple[int, int, int]:
            by_day = {hour for *_, hour, is_own in rows if is_own}
            by_night = {hour for *_, hour, is_own in rows if (hour >= 19 if is_own else True)}
            return len(by_night), len(by_day), sum(is_own for *_, is_own in rows)

        cells = {each[3] for each in own}
        best = min(
            cells,
            key=lambda cell: (
                *(-n for n in strength([each for each in own if each[3] == cell])),
                cell is None,
                cell or 0,
            ),
        )
        nights, by_day, events = strength(own)
        result.append((person, day, place, best, events, by_day, nights))
    return result


@given(EVENTS)
def test_days_are_those_of_the_definition(rows: list[tuple[int, str, int, int | None]]) -> None:
    days = presence_days(located(*rows), "mobile_event").sort_by(
        [("person_key", "ascending"), ("local_date", "ascending"), ("place", "ascending")]
    )

    columns = ["person_key", "local_date", "place", "h3", "events", "hours", "night_hours"]
    epoch = date(1970, 1, 1)
    seen = [
        (p, (day - epoch).days, *rest) for p, day, *rest in (row.values() for row in days.select(columns).to_pylist())
    ]
    assert seen == day_by_day(rows)


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_events_changes_nothing(rows: list[tuple[int, str, int, int | None]], chance: object) -> None:
    shuffled = list(rows)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    keys = [("person_key", "ascending"), ("local_date", "ascending"), ("place", "ascending")]

    one, other = (presence_days(located(*each), "mobile_event").sort_by(keys) for each in (rows, shuffled))

    assert one.equals(other)


CELLS = pa.table(
    {
        "cell_id": ["c1", "old", "moved", "moved"],
        "partner": ["t", "t", "t", "t"],
        "lat": [-28.0, -28.0, -28.0, -29.0],
        "lon": [-127.0, -127.0, -127.0, -127.0],
        "area_id": ["A1", "A1", "A1", "A2"],
        "time_zone": ["Pacific/Pitcairn", "Pacific/Pitcairn", "Pacific/Pitcairn", "Pacific/Gambier"],
        "valid_from": [date(2024, 1, 1), date(2020, 1, 1), date(2020, 1, 1), date(2024, 2, 1)],
        "valid_to": [None, date(2023, 1, 1), date(2024, 1, 31), None],
    }
)
NETWORKS = pa.table({"mcc": ["001", "530"], "country": ["XAA", "NZL"]})


def places_of(*events: tuple[str | None, str, str | None]) -> list[tuple[object, ...]]:
    """Each event: antenna, serving network, class of device; all at 2024-03-02 03:00 UTC."""
    cell, mcc, tac = zip(*events, strict=True)
    count = len(events)
    instant = datetime.fromisoformat("2024-03-02T03:00:00+00:00")
    rows = pa.table(
        {
            "partner": ["t"] * count,
            "person_key": pa.array([1] * count, pa.int64()),
            "bucket": pa.array([0] * count, pa.int32()),
            "event_ts": pa.array([instant] * count, pa.timestamp("us", "UTC")),
            "cell_id": pa.array(cell, pa.string()),
            "home_mcc": pa.array(["001"] * count),
            "serving_mcc": pa.array(mcc, pa.string()),
            "tac_class": pa.array(tac, pa.string()),
        }
    )
    places = located_events(rows, Antennas.of(CELLS), NETWORKS, OFFICE)
    return [(row["place"], row["local_hour"]) for row in places.to_pylist()]


def test_an_event_has_the_local_time_of_its_antenna_not_of_the_machine() -> None:
    assert places_of(("c1", "001", "phone")) == [("A1", at("2024-03-01T19:00"))]


def test_an_antenna_that_was_moved_counts_where_it_stood_on_that_day() -> None:
    assert places_of(("moved", "001", "phone")) == [("A2", at("2024-03-01T18:00"))]


def test_a_subscriber_abroad_is_in_the_country_that_serves_him() -> None:
    assert [place for place, _ in places_of((None, "530", None))] == ["NZL"]


def test_an_antenna_that_was_taken_down_gives_no_place() -> None:
    assert places_of(("old", "001", "phone")) == []


def test_an_antenna_that_nobody_knows_gives_no_place() -> None:
    assert places_of(("never", "001", "phone")) == []


def test_machines_are_no_persons() -> None:
    assert places_of(("c1", "001", "m2m")) == []


def test_a_likely_bot_is_no_person() -> None:
    posts = pa.table(
        {
            "person_key": pa.array([1, 2], pa.int64()),
            "bucket": pa.array([0, 0], pa.int32()),
            "ts_utc": pa.array([datetime.fromisoformat("2024-03-02T03:00:00+00:00")] * 2, pa.timestamp("us", "UTC")),
            "country": ["XAA", "NZL"],
            "h3": pa.array([None, 5], pa.int64()),
            "is_bot_score": [0.9, None],
        }
    )

    assert located_posts(posts, OFFICE).select(["person_key", "place", "local_hour"]).to_pylist() == [
        {"person_key": 2, "place": "NZL", "local_hour": at("2024-03-02T03:00")}
    ]
