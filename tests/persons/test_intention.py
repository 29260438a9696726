"""Intention stands beside the outcome and never changes it."""

from datetime import date

import pyarrow as pa
import pytest

from sandbox.concepts.rules import RULES
from sandbox.errors import CallError
from sandbox.persons.crossings import crossings_decided
from sandbox.persons.intention import check_intention, with_intention

RULE = RULES["PR_6M"]
UNTIL = date(2021, 1, 1)


def table(text: str) -> pa.Table:
    header, *rows = [line.split() for line in text.strip().splitlines()]
    columns = [[None if value == "-" else value for value in column] for column in zip(*rows, strict=True)]
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(header, columns, strict=True)})


def told(text: str) -> list[tuple[int | None, int | None, int | None]]:
    decided = crossings_decided(table(text), RULE, UNTIL)
    shown = with_intention(decided, RULE)
    assert shown.drop_columns(["intended", "is_migration_or_intended"]).equals(decided)
    return [(row["is_migration"], row["intended"], row["is_migration_or_intended"]) for row in shown.to_pylist()]


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ("1 p 2020-12-01 A 183", (None, 1, 1)),
        ("1 p 2020-12-01 A 182", (None, 0, None)),
        ("1 p 2020-12-01 A -", (None, None, None)),
        ("1 p 2020-01-01 A 7", (1, 0, 1)),
        ("1 p 2020-01-01 A -", (1, None, 1)),
        ("1 p 2020-12-01 X 400", (0, None, None)),
    ],
)
def test_a_stated_stay_of_six_months_is_an_intention(row: str, outcome: tuple[int | None, ...]) -> None:
    assert told(f"movement_id person_id date direction intended_stay_days\n{row}") == [outcome]


def test_who_goes_home_intends_no_change_of_residence_however_long_the_stay() -> None:
    rows = told("""
        movement_id person_id date       direction intended_stay_days
        1           p         2018-01-01 A         3
        2           p         2018-01-04 D         900
        """)
    assert rows[1] == (0, 0, 0)


def test_what_was_intended_stays_so_when_it_came_otherwise() -> None:
    rows = told("""
        movement_id person_id date       direction intended_stay_days
        1           p         2018-01-01 A         400
        2           p         2018-01-04 D         -
        """)
    assert rows[0] == (0, 1, 1)


def test_a_rule_that_asks_for_no_intention_refuses_it() -> None:
    with pytest.raises(CallError, match="asks for no intention"):
        check_intention(RULES["NZ_12_16"])
