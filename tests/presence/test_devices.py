"""What nights tell of the person behind a key, on the smallest histories."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.presence.devices import MANY_NIGHTS, chance_of_another, pairs_of, runs_of

MONDAY = date(2024, 3, 4)
LETTERS = {"h": "A1", "x": "A2", "y": "A3", "n": "NZL"}


def presence(*lives: str) -> pa.Table:
    """One key a text, one night a letter (home, x, y, New Zealand; a dot where not seen), working days in A1."""
    rows = [
        (key, MONDAY + timedelta(night), LETTERS[letter], 1 + 4 * (letter == "h"), 1)
        for key, life in enumerate(lives, start=1)
        for night, letter in enumerate(life)
        if letter != "."
    ]
    return table(*rows)


def table(*rows: tuple[int, date, str, int, int]) -> pa.Table:
    """Rows of presence: key, day, place, hours, night hours."""
    key, day, place, hours, night_hours = zip(*rows, strict=True) if rows else ((),) * 5
    return pa.table(
        {
            "person_key": pa.array(key, pa.int64()),
            "bucket": pa.array([0] * len(rows), pa.int32()),
            "local_date": pa.array(day, pa.date32()),
            "place": pa.array(place, pa.string()),
            "country": pa.array(["XAA" if name.startswith("A") else name for name in place], pa.string()),
            "events": pa.array(hours, pa.int64()),
            "hours": pa.array(hours, pa.int64()),
            "night_hours": pa.array(night_hours, pa.int64()),
        }
    )


def runs(*lives: str) -> list[tuple[str, int, int, int]]:
    """Place, begin and end as nights since the first Monday, nights of the whole stay."""
    zero = (MONDAY - date(1970, 1, 1)).days
    found = runs_of(presence(*lives), "XAA").to_pylist()
    return [(row["place"], row["begins"] - zero, row["ends"] - zero, row["nights"]) for row in found]


def test_nights_in_one_place_are_a_run() -> None:
    assert runs("hhhxxxhh") == [("A1", 0, 2, 3), ("A2", 3, 5, 3), ("A1", 6, 7, 2)]


def test_a_run_ends_where_two_nights_in_a_row_were_not_seen_and_the_stay_goes_on() -> None:
    assert runs("hhhh" + "xx.x..x") == [("A1", 0, 3, 4), ("A2", 4, 7, 4), ("A2", 10, 10, 4)]


def test_a_single_night_elsewhere_does_not_end_a_stay() -> None:
    assert runs("hhyhh") == [("A1", 0, 1, 4), ("A3", 2, 2, 1), ("A1", 3, 4, 4)]


def test_stays_of_two_keys_are_never_joined() -> None:
    assert runs("hh", "hh") == [("A1", 0, 1, 2), ("A1", 0, 1, 2)]


def test_a_night_is_where_most_of_its_hours_were() -> None:
    found = runs_of(table((1, MONDAY, "A1", 9, 1), (1, MONDAY, "A2", 1, 2)), "XAA")
    assert found["place"].to_pylist() == ["A2"]


def test_the_usual_places_are_those_of_most_nights_and_of_most_working_hours() -> None:
    night, at_work = [(1, MONDAY + timedelta(n), "A1", 1, 1) for n in range(5)], (1, MONDAY, "A2", 8, 0)
    on_sunday = (1, MONDAY + timedelta(6), "A3", 9, 0)
    found = runs_of(table(*night, at_work, on_sunday), "XAA")
    assert set(found["usual"].to_pylist()) == {"A1/A2"}


def test_nobody_is_away_where_he_usually_works() -> None:
    nights = [(1, MONDAY + timedelta(n), "A2" if n == 2 else "A1", 1, 1) for n in range(5)]
    found = runs_of(table(*nights, (1, MONDAY, "A2", 8, 0)), "XAA")
    assert found["is_away"].to_pylist() == [False] * 3


def test_who_was_never_seen_at_night_has_no_runs() -> None:
    assert runs_of(table((1, MONDAY, "A1", 5, 0)), "XAA").num_rows == 0


@given(st.lists(st.text("hxyn.", max_size=12), min_size=1, max_size=3), st.randoms())
def test_the_order_of_a_keys_rows_changes_nothing(lives: list[str], chance) -> None:
    rows = presence(*lives)
    order = sorted(range(rows.num_rows), key=lambda row: (rows["person_key"][row].as_py(), chance.random()))
    assert runs_of(rows.take(pa.array(order, pa.int64())), "XAA").equals(runs_of(rows, "XAA"))


def compared(*rows: tuple[int, int, str, int, int]) -> pa.Table:
    """Key, other key, place, nights at it and elsewhere; of 100 keys with the same usual places."""
    key, other, place, at, elsewhere = zip(*sorted(rows), strict=True)
    return pa.table(
        {
            "person_key": pa.array(key, pa.int64()),
            "bucket": pa.array([0] * len(rows), pa.int32()),
            "other": pa.array(other, pa.int64()),
            "place": pa.array(place, pa.string()),
            "is_abroad": pa.array([not name.startswith("A") for name in place]),
            "at": pa.array(at, pa.int64()),
            "elsewhere": pa.array(elsewhere, pa.int64()),
            "alike": pa.array([100] * len(rows), pa.int64()),
        }
    )


def bits(*rows: tuple[int, int, str, int, int]) -> dict[tuple[int, int], float]:
    return {(row["person_key"], row["other"]): row["bits"] for row in pairs_of(compared(*rows)).to_pylist()}


ALONE = bits((1, 2, "NZL", MANY_NIGHTS, 0))[1, 2]


def test_the_more_keys_were_there_too_the_less_it_tells() -> None:
    crowd = bits(*((1, other, "NZL", MANY_NIGHTS, 0) for other in (2, 3, 4)))
    assert crowd[1, 2] == crowd[1, 3] < ALONE - 1


def test_a_second_place_tells_more() -> None:
    assert bits((1, 2, "NZL", MANY_NIGHTS, 0), (1, 2, "FJI", MANY_NIGHTS, 0))[1, 2] > ALONE + 3


def test_nights_elsewhere_meanwhile_speak_against_one_person() -> None:
    assert bits((1, 2, "NZL", MANY_NIGHTS, 0), (1, 2, "FJI", 0, 3))[1, 2] == pytest.approx(ALONE - 5)


def test_one_stray_night_in_five_is_forgiven() -> None:
    assert bits((1, 2, "NZL", 9, 2))[1, 2] == ALONE
    assert (1, 2) not in bits((1, 2, "NZL", 8, 2))


def test_a_key_that_was_nowhere_together_with_the_person_is_not_named() -> None:
    assert bits((1, 2, "NZL", 0, 3)) == {}


def test_trips_that_nobody_shared_speak_against_another_sim() -> None:
    one, two = bits((1, 1, "NZL", 0, 0)), bits((1, 1, "NZL", 0, 0), (1, 1, "FJI", 0, 0))
    assert 0 > one[1, 1] > two[1, 1]


def chance(*rows: tuple[int, bool, float], second_sims: float = 0.12) -> list[float]:
    month, is_own, evidence = (np.array(column) for column in zip(*rows, strict=True))
    return chance_of_another(month, is_own.astype(bool), evidence.astype(float), second_sims).tolist()


NOTHING = float("nan")


def test_a_key_of_which_nothing_is_told_has_the_declared_chance() -> None:
    assert chance((0, False, NOTHING)) == pytest.approx([2 * 0.12 / 1.12])


def test_nobody_shares_a_person_where_no_second_sims_are_declared() -> None:
    assert chance((0, False, 30.0), second_sims=0.0) == [0.0]


def test_evidence_raises_the_chance_and_trips_alone_lower_it() -> None:
    told, untold, alone = chance((0, False, 12.0), (1, False, NOTHING), (2, True, -3.0))
    assert told > 0.99 > untold > alone > 0


def test_two_keys_that_look_alike_do_not_make_two_persons() -> None:
    (both,) = chance((0, False, 20.0), (0, False, 20.0))
    assert 0.999 < both <= 1.0


@given(
    st.lists(st.tuples(st.booleans(), st.floats(-60, 60)), min_size=1, max_size=8),
    st.floats(0, 0.99),
)
def test_a_key_stands_for_half_a_person_at_least_and_one_at_most(told: list[tuple[bool, float]], second: float) -> None:
    found = chance(*((number // 2, own, evidence) for number, (own, evidence) in enumerate(told)), second_sims=second)
    assert all(0 <= each <= 1 for each in found)
