"""Crossings of whole persons: order, errors, repair, and what is left empty."""

from datetime import date

import pyarrow as pa
import pytest

from sandbox.concepts.rules import RULES
from sandbox.errors import DeliveryRefusedError
from sandbox.persons.crossings import Repair, crossings_decided

RULE = RULES["NZ_12_16"]
UNTIL = date(2021, 1, 1)


def table(text: str) -> pa.Table:
    header, *rows = [line.split() for line in text.strip().splitlines()]
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(header, columns, strict=True)})


def decided(text: str, until: date | None = UNTIL, **options) -> dict[str, dict[str, object]]:
    rows = crossings_decided(table(text), RULE, until, **options).to_pylist()
    return {row["movement_id"]: row for row in rows}


def test_rows_come_back_in_their_order_though_a_person_is_judged_in_time() -> None:
    rows = crossings_decided(
        table("""
        movement_id person_id date       direction
        9           p         2020-02-01 A
        3           q         2020-01-01 A
        5           p         2020-01-01 D
        """),
        RULE,
        UNTIL,
    )
    assert rows["movement_id"].to_pylist() == ["9", "3", "5"]
    assert rows["resident_before"].to_pylist() == [1, 0, 1]


def test_order_within_a_day_is_by_sequence_if_there_is_one_else_by_row() -> None:
    text = """
        movement_id person_id date       direction sequence
        1           p         2020-01-01 A         2
        2           p         2020-01-01 D         1
        """
    assert decided(text)["2"]["resident_before"] == 1
    assert crossings_decided(table(text).drop(["sequence"]), RULE, UNTIL)["resident_before"].to_pylist()[0] == 0


def test_rows_after_the_day_of_observation_have_no_output_row() -> None:
    rows = decided("""
        movement_id person_id date       direction
        1           p         2020-01-01 D
        2           p         2021-01-01 A
        3           p         2021-01-02 D
        """)
    assert set(rows) == {"1", "2"}


@pytest.mark.parametrize(
    ("second", "error"),
    [
        ("2 p 2020-02-01 D", "same_direction"),
        ("2 p 2020-02-01 X", "bad_direction"),
        ("2 p 20224-02-01 A", "bad_date"),
        ("2 p 2020-02-30 A", "bad_date"),
        ("1 p 2020-02-01 A", "duplicate_id"),
    ],
)
def test_an_impossible_history_is_coded_and_touches_nobody_else(second: str, error: str) -> None:
    rows = crossings_decided(
        table(f"""
        movement_id person_id date direction
        1 p 2020-01-01 D
        {second}
        7 q 2018-01-01 D
        """),
        RULE,
        UNTIL,
    ).to_pylist()
    for row in rows[:2]:
        assert (row["error"], row["is_migration"], row["decided"]) == (error, 0, 1)
        assert (
            row["resident_before"] is row["resident_after"] is row["earliest_decision"] is row["days_migrating"] is None
        )
    own = None if error == "bad_date" else date(2020, 1, 1)
    assert rows[0]["before_decided_on"] == rows[0]["migration_decided_on"] == own
    assert (rows[2]["error"], rows[2]["is_migration"]) == (None, 1)


def test_a_person_in_error_keeps_the_initial_status() -> None:
    initial = table("person_id resident decided_on\np 1 2019-01-01")
    rows = decided("movement_id person_id date direction\n1 p 2020-01-01 D\n2 p 2020-02-01 D", initial=initial)
    assert rows["2"]["resident_before"] == rows["2"]["resident_after"] == 1


def test_a_person_in_error_does_not_keep_an_initial_status_that_nobody_knew_yet() -> None:
    initial = table("person_id resident decided_on\np 1 2021-01-02")
    rows = decided("movement_id person_id date direction\n1 p 2020-01-01 D\n2 p 2020-02-01 D", initial=initial)
    assert rows["2"]["resident_before"] is None


def test_an_initial_status_decided_after_the_day_of_observation_is_not_used() -> None:
    text = "movement_id person_id date direction\n1 p 2020-01-01 D"
    late = decided(text, initial=table("person_id resident decided_on\np 0 2021-01-02"))
    early = decided(text, initial=table("person_id resident decided_on\np 0 2019-01-02"))
    assert (late["1"]["resident_before"], early["1"]["resident_before"]) == (1, 0)


def test_an_initial_status_that_is_neither_0_nor_1_is_refused() -> None:
    with pytest.raises(DeliveryRefusedError, match="resident"):
        decided(
            "movement_id person_id date direction\n1 p 2020-01-01 D",
            initial=table("person_id resident decided_on\np yes 2019-01-02"),
        )


def test_simple_repair_writes_duplicates_and_not_what_it_inserts() -> None:
    rows = decided(
        """
        movement_id person_id date       direction event_ts
        1           p         2020-01-01 A         2020-01-01T10:00:00
        2           p         2020-01-01 A         2020-01-01T10:20:00
        3           p         2020-12-01 A         2020-12-01T10:00:00
        """,
        repair=Repair.SIMPLE,
    )
    assert set(rows) == {"1", "2", "3"}
    assert [rows[key]["error"] for key in "123"] == [None, "duplicate", None]
    assert rows["1"]["days_migrating"] == 167  # half of 335 days, rounded down
    assert rows["2"]["is_migration"] == 0


def test_undecided_leaves_outcome_empty_and_says_when_it_can_be_decided() -> None:
    row = decided("movement_id person_id date direction\n1 p 2020-12-01 D")["1"]
    assert row["decided"] == 0
    assert row["is_migration"] is row["resident_after"] is row["migration_decided_on"] is None
    assert (row["earliest_decision"], row["latest_decision"]) == (date(2021, 5, 3), date(2022, 4, 2))


def test_no_rows_in_no_rows_out_with_all_columns() -> None:
    rows = crossings_decided(table("movement_id person_id date direction"), RULE, UNTIL)
    assert rows.num_rows == 0
    assert "latest_decision" in rows.column_names


@pytest.mark.parametrize("kind", [pa.int64(), pa.string(), pa.large_string()])
def test_persons_may_be_numbers_or_text(kind: pa.DataType) -> None:
    rows = table("movement_id person_id date direction\n1 4 2019-01-01 D\n2 4 2020-06-01 A")
    rows = rows.set_column(1, "person_id", rows["person_id"].cast(kind))
    rows = rows.set_column(2, "date", rows["date"].cast(pa.date32()))
    assert crossings_decided(rows, RULE, None)["is_migration"].to_pylist() == [1, 1]


def test_a_row_that_names_no_person_is_refused() -> None:
    rows = table("""
        movement_id person_id date       direction
        1           p         2020-01-01 D
        """)
    nobody = rows.set_column(1, "person_id", pa.array([None], pa.string()))
    with pytest.raises(DeliveryRefusedError, match="1 rows name no person"):
        crossings_decided(nobody, RULE, UNTIL)
