"""Passenger records, a line a leg: what crosses the border of one country, between where journeys began and led."""

import json
from pathlib import Path

import pandas as pd
import pytest

from sandbox.errors import DeliveryRefusedError
from tests.feeds.reading import broken_rules, rows_of

COLUMNS = (
    "record_locator", "document_issuer", "document_number", "leg", "flight_no", "departure_airport", "arrival_airport",
    "scheduled_departure", "scheduled_arrival", "nationality", "birth_date", "sex",
)  # fmt: skip
FEED = "border_movement"


def leg(number: int, ends: str, departs: str, arrives: str, **changed: str) -> dict[str, str]:
    """One leg of one traveller; `ends` are `AKL-SYD`, the clocks `01 10:00` in May 2024."""
    start, end = ends.split("-")
    values = ("XK2P9Q", "NZL", "LA123456", str(number), f"NZ{number}", start, end, f"2024-05-{departs}",
              f"2024-05-{arrives}", "NZL", "1987-06-05", "F")  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True)) | changed


def movements(path: Path, *legs: dict[str, str], country: str = "NZL") -> list[tuple[str, str, str, str]]:
    """Direction, date, port and foreign port of each crossing, in time order."""
    pd.DataFrame(legs).to_csv(path / "api.csv", index=False)
    rows = rows_of(path / "api.csv", "passenger_legs", FEED, country=country)
    if rows.empty:
        return []
    rows = rows.sort_values(["event_ts", "_row"])
    return list(rows[["direction", "event_date", "port", "foreign_port"]].itertuples(index=False, name=None))


def test_a_transfer_at_a_foreign_hub_is_no_destination(tmp_path: Path) -> None:
    assert movements(
        tmp_path,
        leg(1, "AKL-SIN", "01 10:00", "01 17:00"),
        leg(2, "SIN-LHR", "02 01:00", "02 07:00"),
    ) == [("D", "2024-05-01", "AKL", "LHR")]  # fmt: skip


def test_a_stay_of_a_day_at_the_hub_is_a_destination(tmp_path: Path) -> None:
    assert movements(
        tmp_path,
        leg(1, "AKL-SIN", "01 10:00", "01 17:00"),
        leg(2, "SIN-LHR", "02 17:00", "02 23:00"),
    ) == [("D", "2024-05-01", "AKL", "SIN")]  # fmt: skip


def test_the_way_in_begins_where_the_journey_began(tmp_path: Path) -> None:
    assert movements(
        tmp_path,
        leg(1, "WLG-AKL", "20 06:00", "20 07:00"),
        leg(2, "LHR-SIN", "01 10:00", "02 07:00"),
        leg(3, "SIN-AKL", "02 10:00", "03 00:30"),
        leg(4, "AKL-WLG", "03 06:00", "03 07:00"),
    ) == [("A", "2024-05-03", "AKL", "LHR")]  # fmt: skip


def test_there_and_back_in_one_itinerary_are_two_crossings(tmp_path: Path) -> None:
    assert movements(
        tmp_path,
        leg(1, "AKL-SIN", "01 10:00", "01 17:00"),
        leg(2, "SIN-LHR", "01 23:00", "02 07:00"),
        leg(3, "LHR-SIN", "20 10:00", "21 07:00"),
        leg(4, "SIN-AKL", "21 10:00", "22 00:30"),
    ) == [("D", "2024-05-01", "AKL", "LHR"), ("A", "2024-05-22", "AKL", "LHR")]


def test_back_within_a_day_are_two_crossings_too(tmp_path: Path) -> None:
    assert movements(
        tmp_path,
        leg(1, "AKL-SYD", "01 06:00", "01 08:00"),
        leg(2, "SYD-AKL", "01 20:00", "02 01:00"),
    ) == [("D", "2024-05-01", "AKL", "SYD"), ("A", "2024-05-02", "AKL", "SYD")]  # fmt: skip


def test_a_transit_at_home_enters_and_leaves(tmp_path: Path) -> None:
    assert movements(
        tmp_path,
        leg(1, "SYD-AKL", "01 06:00", "01 11:00"),
        leg(2, "AKL-SCL", "01 14:00", "01 09:00"),
    ) == [("D", "2024-05-01", "AKL", "SCL"), ("A", "2024-05-01", "AKL", "SYD")][::-1]  # fmt: skip


def test_legs_between_other_countries_and_at_home_are_no_crossings(tmp_path: Path) -> None:
    assert movements(tmp_path, leg(1, "SYD-SIN", "01 06:00", "01 11:00")) == []
    assert movements(tmp_path, leg(1, "AKL-WLG", "01 06:00", "01 07:00")) == []


def test_legs_may_stand_in_any_order_within_an_itinerary(tmp_path: Path) -> None:
    legs = [leg(10, "SIN-LHR", "02 01:00", "02 07:00"), leg(9, "AKL-SIN", "01 10:00", "01 17:00")]
    assert movements(tmp_path, *legs) == [("D", "2024-05-01", "AKL", "LHR")]


def test_two_travellers_of_one_booking_do_not_join(tmp_path: Path) -> None:
    assert movements(
        tmp_path,
        leg(1, "AKL-SIN", "01 10:00", "01 17:00"),
        leg(2, "SIN-LHR", "02 01:00", "02 07:00", document_number="LB999999"),
        leg(3, "LHR-CDG", "02 09:00", "02 10:00", document_number="LC999999"),
    ) == [("D", "2024-05-01", "AKL", "SIN")]


def test_who_leaves_from_another_airport_than_he_came_to_did_not_change_planes(tmp_path: Path) -> None:
    assert movements(
        tmp_path,
        leg(1, "AKL-SIN", "01 10:00", "01 17:00"),
        leg(2, "KUL-LHR", "02 01:00", "02 07:00"),
    ) == [("D", "2024-05-01", "AKL", "SIN")]  # fmt: skip


def test_another_country_sees_its_own_border(tmp_path: Path) -> None:
    legs = [leg(1, "AKL-SIN", "01 10:00", "01 17:00"), leg(2, "SIN-LHR", "02 01:00", "02 07:00")]
    assert movements(tmp_path, *legs, country="GBR") == [("A", "2024-05-02", "LHR", "AKL")]


def test_an_airport_that_nobody_knows_leaves_the_direction_open(tmp_path: Path) -> None:
    movements(tmp_path, leg(1, "AKL-QQQ", "01 10:00", "01 17:00"))
    assert broken_rules(tmp_path / "api.csv", "passenger_legs", FEED, country="NZL") == {"required:direction": 1}


def test_a_stated_country_of_an_airport_is_believed(tmp_path: Path) -> None:
    stated = {"departure_country": "NZ", "arrival_country": "AUS"}
    legs = leg(1, "AKL-QQQ", "01 10:00", "01 17:00", **stated)
    assert movements(tmp_path, legs) == [("D", "2024-05-01", "AKL", "QQQ")]


def test_a_crossing_has_what_is_known_of_its_traveller_and_names_nobody(tmp_path: Path) -> None:
    known = {"nationality": "D", "sex": "X", "record_type": "PNR", "residence_country": "DE"}
    movements(tmp_path, leg(1, "AKL-SYD", "01 06:00", "01 08:00", **known))
    row = rows_of(tmp_path / "api.csv", "passenger_legs", FEED, country="NZL").iloc[0].to_dict()
    assert (row["nationality"], row["sex"], row["birth_year_band"], row["source"]) == ("DEU", "U", "1985", "PNR")
    assert (row["traveller_id"], row["mode"], row["flight_no"]) == ("NZL:LA123456", "air", "NZ1")
    kept = {name: value for name, value in row.items() if name != "traveller_id"}
    assert not [value for value in kept.values() if "LA123456" in str(value) or "XK2P9Q" in str(value)]
    assert broken_rules(tmp_path / "api.csv", "passenger_legs", FEED, country="NZL") == {}


def test_json_lines_are_the_same(tmp_path: Path) -> None:
    legs = [leg(1, "AKL-SIN", "01 10:00", "01 17:00"), leg(2, "SIN-LHR", "02 01:00", "02 07:00")]
    movements(tmp_path, *legs)
    (tmp_path / "api.jsonl").write_text("\n".join(map(json.dumps, legs)) + "\n{cut\n", "utf-8")
    as_csv, as_json = (
        rows_of(tmp_path / name, "passenger_legs", FEED, country="NZL") for name in ("api.csv", "api.jsonl")
    )
    said = as_csv.columns.difference(["movement_id", "itin_id"])
    pd.testing.assert_frame_equal(as_json[said].head(1), as_csv[said])
    assert as_json["_fault"].fillna("").tolist() == ["", "no_json_object"]


def test_an_itinerary_longer_than_a_batch_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.feeds.readers import csv

    monkeypatch.setattr(csv, "BLOCK_BYTES", 200)
    legs = [leg(1, "AKL-SIN", "01 10:00", "01 17:00"), leg(2, "SIN-LHR", "02 01:00", "02 07:00")]
    many = [each | {"document_number": f"LA{number:06}"} for number in range(50) for each in legs]
    assert movements(tmp_path, *many) == [("D", "2024-05-01", "AKL", "LHR")] * 50


def test_lines_of_an_itinerary_that_stand_apart_are_refused(tmp_path: Path) -> None:
    legs = [leg(1, "AKL-SIN", "01 10:00", "01 17:00"), leg(2, "SIN-LHR", "02 01:00", "02 07:00")]
    between = leg(1, "AKL-SYD", "01 06:00", "01 08:00", record_locator="OTHER1")
    with pytest.raises(DeliveryRefusedError, match="don't stand together"):
        movements(tmp_path, legs[0], between, legs[1])


def test_nobodys_border_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeliveryRefusedError, match="whose border"):
        movements(tmp_path, leg(1, "AKL-SYD", "01 06:00", "01 08:00"), country="")
