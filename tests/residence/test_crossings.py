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
