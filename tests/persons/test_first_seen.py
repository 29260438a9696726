"""A visitor whose arrival was missed is told from a resident who leaves."""

from datetime import date

import pyarrow as pa
import pytest

from sandbox.persons.first_seen import as_table, status_at_first_sight

VISITOR = {"direction": "D", "nationality": "NZL", "residence_country": "NZL", "visa_class": "visitor"}


def movements(*rows: dict[str, object]) -> pa.Table:
    whole = [{"person_key": number, "event_date": date(2024, 5, 1)} | VISITOR | row for number, row in enumerate(rows)]
    texts = [pa.field(name, pa.string()) for name in VISITOR]
    return pa.Table.from_pylist(whole, pa.schema([("person_key", pa.int64()), ("event_date", pa.date32()), *texts]))


def given(*rows: dict[str, object]) -> list[int]:
    """Persons (rows, numbered) whose status is given."""
    told = movements(*rows)
    return as_table(status_at_first_sight(told, "XAA"), told)["person_id"].to_pylist()


def test_a_departing_visitor_is_no_resident() -> None:
    told = movements({})

    (row,) = as_table(status_at_first_sight(told, "XAA"), told).to_pylist()

    assert row == {"person_id": 0, "resident": 0, "decided_on": date(2024, 5, 1)}


@pytest.mark.parametrize(
    "other",
    [
        {"direction": "A"},
        {"nationality": "XAA"},
        {"residence_country": "XAA"},
        {"residence_country": None},
        {"visa_class": "resident"},
        {"visa_class": None},
    ],
)
def test_one_sign_against_it_or_missing_and_nothing_is_given(other: dict[str, object]) -> None:
    assert given(other) == []


def test_only_the_first_crossing_counts() -> None:
    assert given({"person_key": 7, "direction": "A"}, {"person_key": 7}) == []


def test_no_movements_no_status() -> None:
    assert status_at_first_sight(movements({}).slice(0, 0), "XAA").status.tolist() == []
