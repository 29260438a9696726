"""Crossings become changes of residence and stays; what is not decided yet is neither."""

from datetime import date

import pyarrow as pa
import pytest

from sandbox.concepts.rules import RULES
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.residence.crossings import NEEDED, Judgement, country_of_port, partner_country

SCHEMA = pa.schema([BORDER_MOVEMENT.schema.field(name) for name in NEEDED])
JUDGEMENT = Judgement(RULES["NZ_12_16"], date(2025, 6, 1), "XAA", date(2025, 5, 1))


def movements(*crossings: tuple[int, str, str], **covariates: object) -> pa.Table:
    """Person, ISO date, direction."""
    rows = [
        {"person_key": person, "bucket": 0, "movement_id": str(number), "event_date": date.fromisoformat(day)}
        | {"direction": direction, "nationality": "NZL", "residence_country": "NZL", "birth_country": "NZL"}
        | covariates
        for number, (person, day, direction) in enumerate(crossings)
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def column(table: pa.Table, name: str) -> list[object]:
    return table[name].to_pylist()


def test_an_arrival_that_lasted_is_a_change_and_a_recent_one_is_undecided_not_no() -> None:
    changes = JUDGEMENT.changes(movements((1, "2023-01-01", "A"), (2, "2025-01-01", "A")))

    assert column(changes, "is_change") == [True, None]
    assert column(changes, "decided") == [True, False]
    assert column(changes, "flow_class") == ["moved", None]


def test_an_impossible_history_carries_its_error_and_tells_nothing_else() -> None:
    changes = JUDGEMENT.changes(movements((1, "2023-01-01", "A"), (1, "2023-02-01", "Q")))

    assert column(changes, "error") == ["bad_direction"] * 2
    assert column(changes, "flow_class") == [None, None]


def test_a_visitors_stay_is_temporary_and_ends_the_day_before_he_leaves() -> None:
    stays = JUDGEMENT.stays(movements((1, "2023-01-01", "A"), (1, "2023-02-01", "D"), visa_class="visitor"))

    first = stays.to_pylist()[0]
    assert (first["kind"], first["code"], first["end"]) == ("temporary", "visitor_overnight", date(2023, 1, 31))
    assert first["end_seen"]


def test_a_stay_after_an_undecided_crossing_is_neither_residence_nor_temporary() -> None:
    stays = JUDGEMENT.stays(movements((1, "2025-01-01", "A")))

    assert (column(stays, "kind"), column(stays, "decided"), column(stays, "end_seen")) == ([None], [False], [False])


def test_arriving_and_leaving_on_one_day_is_a_same_day_visit() -> None:
    stays = JUDGEMENT.stays(movements((1, "2023-01-01", "A"), (1, "2023-01-01", "D"), visa_class="work"))

    assert column(stays, "code")[0] == "visitor_same_day"


@pytest.mark.parametrize(
    ("stated", "port", "country"),
    [("IND", "SYD", "IND"), ("XAA", "SYD", "AUS"), (None, "AKL", "NZL"), (None, "???", None)],
)
def test_the_country_on_the_other_side_is_the_stated_residence_else_that_of_the_port(
    stated: str | None, port: str, country: str | None
) -> None:
    rows = movements((1, "2023-01-01", "A"), residence_country=stated, foreign_port=port)

    assert partner_country(rows, "XAA").to_pylist() == [country]


def test_an_unknown_airport_has_no_country() -> None:
    assert country_of_port("XXQ") is None


def test_no_movements_give_no_rows() -> None:
    assert (JUDGEMENT.changes(movements()).num_rows, JUDGEMENT.stays(movements()).num_rows) == (0, 0)


def test_a_visitor_whose_arrival_was_missed_is_no_emigrant() -> None:
    seen_leaving = movements((1, "2023-01-01", "D"), visa_class="visitor")

    assert column(JUDGEMENT.changes(seen_leaving), "is_change") == [False]
    assert column(JUDGEMENT.changes(movements((1, "2023-01-01", "D"))), "is_change") == [True]


def stays_of(*visits: tuple[str, str], **covariates: object) -> list[object]:
    """Codes of one visitor's stays, by first day and day of leaving."""
    crossings = [(1, day, way) for visit in visits for day, way in zip(visit, "AD", strict=True)]
    found = Judgement(RULES["NZ_12_16"], date(2026, 6, 1), "XAA", date(2026, 5, 1)).stays(
        movements(*crossings, **covariates)
    )
    return [row["code"] for row in found.to_pylist() if row["place"] == "XAA"]


SUMMERS = tuple((f"{year}-11-05", f"{year + 1}-04-01") for year in (2021, 2022, 2023))


@pytest.mark.parametrize(("visa", "code"), [("work", "seasonal_worker"), (None, "seasonal_worker"), ("visitor", None)])
def test_work_in_the_same_season_of_several_years_is_seasonal_whatever_the_visa_is_called(
    visa: str | None, code: str | None
) -> None:
    assert set(stays_of(*SUMMERS, visa_class=visa)) == {code or "circular"}


def test_a_visitor_who_comes_back_in_a_rhythm_is_circular_and_one_who_comes_twice_is_not() -> None:
    visits = (("2021-02-01", "2021-05-01"), ("2021-10-01", "2022-01-01"), ("2022-06-01", "2022-09-01"))

    assert set(stays_of(*visits, visa_class="visitor")) == {"circular"}
    assert set(stays_of(*visits[:2], visa_class="visitor")) == {"visitor_overnight"}


def test_who_comes_every_workday_for_a_day_is_a_border_worker() -> None:
    days = [date(2023, 1, 2 + week * 7 + day) for week in range(4) for day in range(5) if 2 + week * 7 + day < 31]
    days += [date(2023, month, day) for month in (2, 3) for day in range(1, 29) if date(2023, month, day).weekday() < 5]
    workdays = [(day.isoformat(), day.isoformat()) for day in days]

    assert set(stays_of(*workdays, visa_class="work")) == {"border_worker"}


def test_coming_from_one_country_and_leaving_for_another_within_a_day_is_transit() -> None:
    rows = movements((1, "2023-01-01", "A"), (1, "2023-01-02", "D"), visa_class="visitor")
    onward = rows.set_column(rows.column_names.index("foreign_port"), "foreign_port", pa.array(["SYD", "LAX"]))

    assert column(JUDGEMENT.stays(onward), "code")[0] == "transit"
    assert column(JUDGEMENT.stays(rows), "code")[0] == "visitor_overnight"


def test_a_visa_that_is_missing_on_arrival_is_that_of_the_departure() -> None:
    rows = movements((1, "2023-01-01", "A"), (1, "2023-02-01", "D"))
    told = rows.set_column(rows.column_names.index("visa_class"), "visa_class", pa.array([None, "student"]))

    assert column(JUDGEMENT.stays(told), "code")[0] == "student_under_12m"


def test_a_residents_trip_is_unknown_but_for_its_rhythm() -> None:
    history = [(1, "2020-01-01", "A")]
    history += [(1, f"{year}-{month}-01", way) for year in (2022, 2023) for month, way in ((3, "D"), (5, "A"))]
    rows = movements(*[(who, day.replace("-3-", "-03-").replace("-5-", "-05-"), way) for who, day, way in history])

    abroad = [row for row in JUDGEMENT.stays(rows).to_pylist() if row["place"] == "NZL"]

    assert [row["code"] for row in abroad] == ["unknown", "unknown"]
    assert [(row["shortest_days"], row["longest_days"]) for row in abroad] == [(61, 61), (61, 61)]


def test_a_stay_that_goes_on_has_no_longest_duration() -> None:
    stays = JUDGEMENT.stays(movements((1, "2025-05-01", "A")))

    assert (column(stays, "shortest_days"), column(stays, "longest_days")) == ([31], [None])


@pytest.mark.parametrize(("abroad", "code"), [("NZL", "circular"), (None, "unknown")])
def test_trips_to_a_country_that_is_not_known_are_not_to_the_same_country(abroad: str | None, code: str) -> None:
    days = [f"{year}-{month}-01" for year in (2022, 2023, 2024) for month in ("03", "05")]
    trips = [(1, day, way) for day, way in zip(days, "DADADA", strict=True)]
    rows = movements((1, "2020-01-01", "A"), *trips, residence_country=abroad)

    temporary = [row["code"] for row in JUDGEMENT.stays(rows).to_pylist() if row["kind"] == "temporary"]

    assert temporary == [code] * 3
