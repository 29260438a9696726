"""Signs of life in a file become who is resident when, and what cannot be said yet."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest
from typer.testing import CliRunner

from sandbox.cli.main import command_line
from sandbox.concepts.residency import ESTONIA
from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.persons.residency import checked_weights, equal_weights, residency_of, signs_read, statuses_read
from sandbox.persons.sign_weights import weights_by_likelihood


def signs(*rows: tuple[str, str, object]) -> pa.Table:
    """Person, period, one sign."""
    person, period, tax = zip(*rows, strict=True)
    return pa.table(
        {"person_id": person, "period": period, "tax": [None if each is None else str(each) for each in tax]}
    )


def told(rows: pa.Table, **initial: int) -> dict[tuple[str, str], object]:
    """Resident by person and period, with initial statuses."""
    given = pa.table({"person_id": pa.array(list(initial), pa.string()), "resident": list(initial.values())})
    read = signs_read(rows, given)
    found = residency_of(read, equal_weights(read.names), ESTONIA).to_pylist()
    return {(row["person_id"], row["period"]): row["resident"] for row in found}


def test_who_falls_silent_has_rows_to_the_end_and_is_resident_one_year_more() -> None:
    found = told(signs(("a", "2010", 1), ("b", "2013", 1)), a=1, b=1)

    assert [found["a", year] for year in ("2010", "2011", "2012", "2013")] == [1, 1, 0, 0]
    assert ("b", "2012") not in found


def test_months_go_over_the_turn_of_the_year() -> None:
    found = told(signs(("a", "2010-11", 1), ("a", "2011-02", 0)), a=1)

    assert found == {("a", "2010-11"): 1, ("a", "2010-12"): 1, ("a", "2011-01"): 0, ("a", "2011-02"): 0}


def test_an_unknown_beginning_leaves_the_status_open_until_it_no_longer_counts() -> None:
    found = told(signs(*(("a", str(year), 1) for year in range(2010, 2017))))

    assert [found["a", str(year)] for year in range(2010, 2017)] == [None] * 5 + [1, 1]


def test_an_unknown_sign_is_not_a_missing_one() -> None:
    known, unknown = (told(signs(("a", "2010", sign), ("a", "2011", sign)), a=1) for sign in (0, None))

    assert (known["a", "2011"], unknown["a", "2011"]) == (0, None)


@pytest.mark.parametrize(
    ("rows", "told_of"),
    [
        (signs(("a", "2010", 2)), "above 1"),
        (signs(("a", "2010", "yes")), "no number"),
        (signs(("a", "10/2010", 1)), "neither a year nor a month"),
        (signs(("a", "2010", 1), ("a", "2010-01", 1)), "neither a year nor a month"),
        (signs(("a", "2010", 1), ("a", "2010", 0)), "two rows"),
        (signs(("a", "2010", 1)).select(["person_id", "period"]), "no column of signs"),
    ],
)
def test_a_file_that_says_two_things_is_refused(rows: pa.Table, told_of: str) -> None:
    with pytest.raises(DeliveryRefusedError, match=told_of):
        signs_read(rows)


def test_a_span_of_periods_that_memory_cannot_hold_is_refused() -> None:
    rows = signs(*((f"p{number}", "0001-01", 1) for number in range(9_000)), ("p", "9999-12", 1))

    with pytest.raises(DeliveryRefusedError, match="100,000,000"):
        signs_read(rows)


def test_a_sign_without_a_weight_is_refused() -> None:
    with pytest.raises(DeliveryRefusedError, match="tax"):
        checked_weights(("tax",), pa.table({"sign": ["health"], "weight": [1.0]}))


def made(persons: int) -> tuple[pa.Table, pa.Table]:
    """Half are resident: they pay tax in four years of five, others in one; the library tells nothing."""
    rng = np.random.default_rng(5)
    resident = np.repeat(np.arange(persons) % 2, 10)
    person = np.repeat(np.arange(persons), 10).astype(str)
    period = np.tile(np.arange(2010, 2020), persons).astype(str)
    tax = (rng.random(len(person)) < np.where(resident, 0.8, 0.2)) * 1
    library = (rng.random(len(person)) < 0.3) * 1
    told_of = pa.table({"person_id": person, "period": period, "tax": tax, "library": library})
    return told_of, pa.table({"person_id": person, "period": period, "resident": resident})


def test_estimated_weights_believe_the_sign_that_tells_and_not_the_one_that_does_not() -> None:
    rows, known = made(200)
    read = signs_read(rows)
    late = known.filter(pa.array(np.asarray(known["period"]).astype(int) >= 2018))

    found = weights_by_likelihood(read, statuses_read(read, late), ESTONIA)

    # A resident's index tends to 0.8 of the weight, another's to 0.2 of it: the threshold lies between.
    assert 0.2 * found.weights["tax"] < ESTONIA.threshold < 0.8 * found.weights["tax"]
    assert found.weights["library"] < 0.2 * found.weights["tax"]
    assert found.decided > 0.5
    assert found.right > 0.9


def test_weights_need_statuses_of_both_kinds_and_of_the_same_periods() -> None:
    read = signs_read(signs(("a", "2010", 1)))
    alike = pa.table({"person_id": ["a"], "period": ["2010"], "resident": [1]})

    with pytest.raises(DeliveryRefusedError, match="alike"):
        weights_by_likelihood(read, statuses_read(read, alike), ESTONIA)
    with pytest.raises(CallError, match="kind of period"):
        statuses_read(read, pa.table({"person_id": ["a"], "period": ["2010-01"], "resident": [1]}))


def test_the_command_writes_what_it_is_asked_and_counts_it(tmp_path: Path) -> None:
    pacsv.write_csv(signs(("a", "2010", 1), ("a", "2012", 0)), tmp_path / "signs.csv")
    (tmp_path / "initial.csv").write_text("person_id,resident\na,1\n")
    call = [str(tmp_path / "signs.csv"), "--out", str(tmp_path / "out.csv"), "--quiet"]

    result = CliRunner().invoke(
        command_line("residency"), ["residency", "apply", *call, "--initial-status", str(tmp_path / "initial.csv")]
    )

    assert result.exit_code == 0, result.output
    rows = pacsv.read_csv(tmp_path / "out.csv").to_pylist()
    assert [(row["period"], row["index"], row["resident"]) for row in rows] == [
        (2010, 1.0, 1), (2011, 0.8, 1), (2012, 0.64, 0),
    ]  # fmt: skip
    assert "undecided: 0" in result.output
