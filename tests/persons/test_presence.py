"""Homes and moves of a file of presence."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.persons.evidence import homes_of_file
from sandbox.persons.moves import moves_of_file
from sandbox.persons.presence import segments_found

MONDAY = date(2024, 1, 1)


def daily(places: str, person: str = "p") -> pa.Table:
    days = [(MONDAY + timedelta(number), place) for number, place in enumerate(places) if place != "."]
    return pa.table(
        {"person_id": [person] * len(days), "date": [day for day, _ in days], "place": [at for _, at in days]}
    )


def stops(*rows: tuple[str, str, str]) -> pa.Table:
    starts, ends, places = zip(*rows, strict=True)
    return pa.table({"person_id": ["p"] * len(rows), "start_ts": starts, "end_ts": ends, "place": places})


def test_each_month_with_evidence_has_one_row_and_every_day_counts_as_a_night() -> None:
    (january, february) = homes_of_file(daily("A" * 31 + "B" * 25), by_path=True, time_zone=None).to_pylist()
    assert (january["month"], january["home"], january["night_days"], january["days_seen"]) == ("2024-01", "A", 31, 31)
    assert (february["home"], february["status"], february["work"]) == ("B", "determined", None)


def test_a_fortnight_or_two_months_elsewhere_change_no_home() -> None:
    for away in (14, 60):
        homes = homes_of_file(daily("A" * 60 + "B" * away + "A" * 60), by_path=True, time_zone=None)
        assert set(homes["home"].to_pylist()) == {"A"}


def test_the_home_of_a_month_is_that_of_its_middle() -> None:
    homes = homes_of_file(daily("A" * 43 + "B" * 60), by_path=True, time_zone=None)  # the move is on 13 February
    assert homes["home"].to_pylist() == ["A", "B", "B", "B"]


def test_by_mode_a_month_needs_three_days_and_a_majority() -> None:
    def home_of(days: str) -> str | None:
        return homes_of_file(daily(days), by_path=False, time_zone=None)["home"].to_pylist()[0]

    assert (home_of("AABA"), home_of("AABB"), home_of("AA"), home_of("AAABBCD")) == ("A", None, None, None)


def test_a_night_seen_for_an_hour_says_less_than_a_whole_one() -> None:
    whole = [(f"2024-01-{day:02d}T20:00:00", f"2024-01-{day + 1:02d}T06:00:00", "flat") for day in range(1, 21)]
    brief = [(f"2024-01-{day:02d}T20:00:00", f"2024-01-{day:02d}T21:00:00", "bar") for day in range(21, 31)]
    later = [(f"2024-02-{day:02d}T20:00:00", f"2024-02-{day:02d}T21:00:00", "bar") for day in range(1, 21)]
    homes = homes_of_file(stops(*whole, *brief, *later), by_path=True, time_zone=None)
    assert homes["home"].to_pylist() == ["flat", "flat"]


def test_a_month_with_two_days_is_undetermined() -> None:
    (row,) = homes_of_file(daily("AA"), by_path=True, time_zone=None).to_pylist()
    assert (row["home"], row["status"], row["night_days"], row["days_seen"]) == (None, "undetermined", 0, 2)


def test_the_night_belongs_to_the_evening_s_date_and_work_is_where_office_hours_are_spent() -> None:
    rows = []
    for number in range(5):
        day, following = MONDAY + timedelta(number), MONDAY + timedelta(number + 1)
        rows += [(f"{day}T09:00:00", f"{day}T17:00:00", "office"), (f"{day}T20:00:00", f"{following}T06:00:00", "flat")]
    (row,) = homes_of_file(stops(*rows), by_path=True, time_zone=None).to_pylist()
    assert (row["home"], row["work"], row["night_days"], row["days_seen"]) == ("flat", "office", 5, 6)


def test_two_days_of_office_hours_are_no_place_of_work() -> None:
    rows = [(f"{MONDAY + timedelta(n)}T20:00:00", f"{MONDAY + timedelta(n)}T23:00:00", "flat") for n in range(5)]
    rows += [(f"{MONDAY + timedelta(n)}T09:00:00", f"{MONDAY + timedelta(n)}T17:00:00", "office") for n in range(2)]
    assert homes_of_file(stops(*rows), by_path=True, time_zone=None)["work"].to_pylist() == [None]


def test_times_with_a_zone_are_brought_to_the_zone_that_is_named() -> None:
    rows = stops(*((f"2024-01-0{day}T06:00:00Z", f"2024-01-0{day}T06:30:00Z", "flat") for day in range(2, 6)))
    (row,) = homes_of_file(rows, by_path=True, time_zone="Pacific/Pitcairn").to_pylist()  # 22:00 the evening before
    assert (row["home"], row["night_days"]) == ("flat", 4)
    with pytest.raises(CallError, match="zone"):
        homes_of_file(rows, by_path=True, time_zone=None)


def test_seconds_and_iso_times_without_a_zone_are_local_alike() -> None:
    iso = stops(*((f"2024-01-0{day}T20:00:00", f"2024-01-0{day}T21:00:00", "flat") for day in range(1, 6)))
    second = {
        name: np.array(iso[name].to_pylist(), "datetime64[s]").astype(np.int64) for name in ("start_ts", "end_ts")
    }
    numbers = pa.table({"person_id": iso["person_id"], "place": iso["place"], **second})
    found = [homes_of_file(rows, by_path=False, time_zone=None) for rows in (iso, numbers)]
    assert found[0].equals(found[1])


@pytest.mark.parametrize("bad", ["20224-01-01T00:00:00", "", "yesterday"])
def test_a_time_that_can_not_be_read_refuses_the_file(bad: str) -> None:
    with pytest.raises(DeliveryRefusedError, match="time"):
        homes_of_file(stops((bad, "2024-01-01T00:00:00", "flat")), by_path=True, time_zone=None)


def test_away_and_back_is_temporary_and_for_good_is_permanent() -> None:
    trip, move = moves_of_file(daily("A" * 100 + "B" * 20 + "A" * 100 + "C" * 200), by_path=True).to_pylist()
    assert (trip["kind"], trip["to_place"], trip["end_seen"]) == ("temporary", "B", 1)
    assert (trip["start"], trip["end"]) == (MONDAY + timedelta(100), MONDAY + timedelta(120))
    assert (move["kind"], move["from_place"], move["to_place"], move["end"]) == ("permanent", "A", "C", None)
    assert (move["days_seen_before"], move["days_seen_after"], move["end_seen"]) == (90, 90, 1)


def test_a_move_is_dated_to_the_middle_of_the_days_on_which_it_can_have_been() -> None:
    trip, move = moves_of_file(
        daily("A" * 100 + "." * 10 + "B" * 40 + "." * 4 + "A" * 100 + "." * 20 + "C" * 60), True
    ).to_pylist()
    assert (trip["start"], trip["end"]) == (MONDAY + timedelta(105), MONDAY + timedelta(152))
    assert move["start"] == MONDAY + timedelta(264)


def test_a_short_trip_in_a_long_silence_was_hardly_longer_than_it_was_seen() -> None:
    (trip,) = moves_of_file(daily("A" * 100 + "." * 40 + "B" * 15 + "." * 40 + "A" * 100), by_path=True).to_pylist()
    assert (trip["start"], trip["end"]) == (MONDAY + timedelta(135), MONDAY + timedelta(160))


def test_a_stay_whose_return_is_not_seen_is_no_move_while_it_is_short() -> None:
    assert moves_of_file(daily("A" * 100 + "B" * 20), by_path=True).num_rows == 0
    assert moves_of_file(daily("A" * 100 + "B" * 21), by_path=True)["kind"].to_pylist() == ["permanent"]


def test_a_move_seen_for_less_than_half_a_year_is_not_yet_known_to_last() -> None:
    (move,) = moves_of_file(daily("A" * 100 + "B" * 183), by_path=True).to_pylist()
    assert move["end_seen"] == 0


def test_by_segments_a_move_undone_is_one_temporary_move() -> None:
    (move,) = moves_of_file(daily("A" * 100 + "B" * 95 + "A" * 100), by_path=False).to_pylist()
    assert (move["kind"], move["start"], move["end"]) == ("temporary", MONDAY + timedelta(100), MONDAY + timedelta(195))


@pytest.mark.parametrize("by_path", [True, False])
def test_nobody_has_no_moves_and_no_homes(by_path: bool) -> None:
    rows = daily("")
    rows = pa.table({name: rows[name].cast(pa.string()) for name in rows.column_names})
    assert moves_of_file(rows, by_path).num_rows == 0
    assert homes_of_file(rows, by_path, None).num_rows == 0


def test_the_order_of_rows_changes_nothing() -> None:
    rows = pa.concat_tables([daily("A" * 95 + "B" * 95, "p"), daily("B" * 95 + "A" * 95, "q")])
    shuffled = rows.take(pa.array(np.random.default_rng(0).permutation(rows.num_rows)))
    both = [segments_found(table).moves.sort_by("person_id") for table in (rows, shuffled)]
    assert both[0].num_rows == 2
    assert both[0].equals(both[1])


def test_a_date_that_can_not_be_read_refuses_the_file() -> None:
    with pytest.raises(DeliveryRefusedError, match="1 rows have no date"):
        segments_found(pa.table({"person_id": ["p"], "date": ["20224-01-01"], "place": ["A"]}))
