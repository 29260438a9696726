"""Presence becomes homes, changes of home and stays away, on the smallest histories."""

from datetime import date, timedelta

import pyarrow as pa

from sandbox.concepts.rules import RULES
from sandbox.lakehouse.tables.persons import HOME
from sandbox.persons.temporary import Shock
from sandbox.residence.places import Presence

START = date(2024, 1, 1)
PRESENCE = Presence("mobile_event", RULES["INT_50"], date(2025, 12, 1))


def days(*episodes: tuple[str, int, int], every: int = 3) -> pa.Table:
    """Place, first and last day (from 2024-01-01); seen every third day."""
    rows = [
        {"person_key": 1, "bucket": 0, "home_country": "XAA", "local_date": START + timedelta(day), "place": place}
        | {"country": "XAA", "weight": 1.0}
        for place, first, last in episodes
        for day in range(first, last + 1, every)
    ]
    return pa.Table.from_pylist(rows)


def homes(*months: str | None) -> pa.Table:
    """One home a month from 2024-01 on."""
    rows = [
        {"feed": "mobile_event", "person_key": 1, "bucket": 0, "home": place}
        | {"month": date(2024 + number // 12, number % 12 + 1, 1)}
        for number, place in enumerate(months)
    ]
    return pa.Table.from_pylist(rows, pa.schema([field.with_nullable(True) for field in HOME.schema]))


def test_a_fortnights_holiday_moves_nobody() -> None:
    found = PRESENCE.homes(days(("A1", 0, 39), ("A2", 40, 54), ("A1", 55, 120)))

    assert set(found["home"].to_pylist()) == {"A1"}


def test_a_month_with_two_days_is_undetermined_not_home() -> None:
    found = PRESENCE.homes(days(("A1", 0, 4)))

    assert (found["home"].to_pylist(), found["status"].to_pylist()) == ([None], ["undetermined"])


def test_a_new_home_is_a_change_once_it_holds_for_seven_months_of_thirteen() -> None:
    changes = PRESENCE.changes(homes(*["A1"] * 9, *["A2"] * 9)).to_pylist()

    assert [(each["from_place"], each["to_place"], each["decided"]) for each in changes] == [("A1", "A2", True)]


def test_a_new_home_of_three_months_is_undecided_not_no() -> None:
    (change,) = PRESENCE.changes(homes(*["A1"] * 12, *["A2"] * 3)).to_pylist()

    assert (change["decided"], change["is_change"], change["flow_class"]) == (False, None, None)
    assert change["change_date"] == date(2025, 1, 1)


def test_months_that_say_nothing_make_no_change() -> None:
    assert PRESENCE.changes(homes(*["A1"] * 8, None, None, *["A1"] * 8)).num_rows == 0


def test_a_stay_away_and_back_is_temporary_and_its_end_the_last_day_away() -> None:
    (spell,) = PRESENCE.temporary(days(("A1", 0, 59), ("A3", 60, 119), ("A1", 120, 200), every=1)).to_pylist()

    assert (spell["place"], spell["kind"], spell["code"]) == ("A3", "temporary", "unknown")
    assert (spell["start"], spell["end"]) == (START + timedelta(60), START + timedelta(119))


def test_leaving_a_struck_area_within_a_month_is_displacement() -> None:
    shaken = Presence("mobile_event", RULES["INT_50"], date(2025, 12, 1), (Shock("A1", START + timedelta(50)),))

    (spell,) = shaken.temporary(days(("A1", 0, 59), ("A3", 60, 119), ("A1", 120, 200))).to_pylist()

    assert spell["code"] == "displacement"


def test_a_stay_away_that_goes_on_is_neither_temporary_nor_residence() -> None:
    (spell,) = PRESENCE.temporary(days(("A1", 0, 59), ("A3", 60, 74), every=1)).to_pylist()

    assert (spell["kind"], spell["code"], spell["decided"], spell["decided_on"]) == (None, None, False, None)
    assert (spell["end"], spell["shortest_days"], spell["longest_days"]) == (START + timedelta(74), 15, None)


def test_a_spell_says_how_much_of_it_was_seen() -> None:
    (spell,) = PRESENCE.temporary(days(("A1", 0, 60), ("A3", 63, 123), ("A1", 126, 200))).to_pylist()

    assert (spell["shortest_days"], spell["longest_days"]) == (61, 65)
    assert abs(spell["observability"] - 21 / 63) < 0.02
