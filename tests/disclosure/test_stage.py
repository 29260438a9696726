"""What the stage decides, on rows of the estimate table; no Spark until the last test."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from sandbox.disclosure import stage
from sandbox.disclosure.stage import protected_and_audited
from sandbox.errors import CheckFailedError
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.figures import AUDIT, ESTIMATE, PROTECTED_CELL
from sandbox.settings import Workspace

VINTAGE = date(2025, 12, 1)
JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)
DIMENSIONS = ("area", "partner_area", "sex", "age", "subpopulation")
Row = dict[str, Any]


def figure(indicator: str, estimate: float, persons: int | None = None, month: date = JULY, **cell: Any) -> Row:
    row: Row = dict.fromkeys(ESTIMATE.names) | dict.fromkeys(DIMENSIONS, "_T")
    row |= {
        "indicator": indicator,
        "rule_id": "NZ_12_16",
        "feed": "border_movement",
        "frequency": "M",
        "unit": "persons",
    }
    row |= {"reference_period": month, "vintage": VINTAGE, "provisional": False, "partners": 1}
    return row | {"estimate": float(estimate), "contributors": round(estimate) if persons is None else persons} | cell


def by_sex(indicator: str, female: float, male: float, unknown: float, month: date = JULY) -> list[Row]:
    parts = {"F": female, "M": male, "U": unknown}
    rows = [figure(indicator, count, month=month, sex=sex) for sex, count in parts.items()]
    return [*rows, figure(indicator, sum(parts.values()), month=month)]


def statuses(rows: list[Row], indicator: str) -> dict[str, str]:
    found, _ = protected_and_audited(rows)
    return {row["sex"]: row["status"] for row in found if row["indicator"] == indicator}


def test_a_small_cell_is_hidden_with_another_of_its_month() -> None:
    assert statuses(by_sex("IMM", 60, 40, 4), "IMM") == {"F": "open", "M": "secondary", "U": "primary", "_T": "open"}


def test_the_audit_of_the_stage_is_red_when_secondary_suppression_is_off() -> None:
    _, audited = protected_and_audited(by_sex("IMM", 60, 40, 4), secondary=False)
    assert [row["too_narrow"] for row in audited] == [True]
    _, audited = protected_and_audited(by_sex("IMM", 60, 40, 4))
    assert [row["too_narrow"] for row in audited] == [False, False]


def test_net_migration_is_hidden_where_a_part_of_it_is() -> None:
    rows = by_sex("IMM", 60, 40, 4) + by_sex("EMI", 50, 30, 20)
    rows += [
        figure("NET", a["estimate"] - d["estimate"], 10, sex=a["sex"]) for a, d in zip(rows[:4], rows[4:], strict=True)
    ]
    found, audited = protected_and_audited(rows)
    hidden = {(row["indicator"], row["sex"]) for row in found if row["conf_status"] == "C"}
    assert hidden == {("IMM", "M"), ("IMM", "U"), ("NET", "M"), ("NET", "U")}
    # Of 44 immigrants who are men or unknown any number may be men; 30 men emigrated.
    assert {(row["lower"], row["upper"]) for row in audited if (row["indicator"], row["sex"]) == ("NET", "M")} == {
        (-30, 14)
    }
    assert not any(row["too_narrow"] for row in audited)


def test_a_net_of_two_hidden_parts_lies_between_their_far_ends() -> None:
    rows = by_sex("IMM", 60, 40, 4) + by_sex("EMI", 50, 30, 3)
    net = figure("NET", 10, 10, sex="M")
    _, audited = protected_and_audited([*rows, net])
    assert [(row["lower"], row["upper"]) for row in audited if row["indicator"] == "NET"] == [(-33, 44)]


def test_the_adjusted_series_follows_immigrants() -> None:
    rows = [figure("IMM", 7), figure("IMM_ADJ", 40, 40)]
    found, _ = protected_and_audited(rows)
    assert {row["indicator"]: row["conf_status"] for row in found} == {"IMM": "C", "IMM_ADJ": "C"}


def test_a_cell_that_follows_one_that_is_not_there_is_refused() -> None:
    with pytest.raises(CheckFailedError, match="does not exist"):
        protected_and_audited([figure("IMM_ADJ", 40)])


def test_the_year_and_its_months_are_attacked_together() -> None:
    months = [figure("IMM", 5 if month == 1 else 100, month=date(2024, month, 1)) for month in range(1, 13)]
    year = figure("IMM", 1105, frequency="A", month=date(2024, 1, 1))
    found, audited = protected_and_audited([*months, year])
    assert sum(row["conf_status"] == "C" for row in found) == 2
    assert not any(row["too_narrow"] for row in audited)
    adjusted = [month | {"indicator": "IMM_ADJ"} for month in months]
    followed, _ = protected_and_audited([*months, *adjusted, year])
    assert [row["conf_status"] for row in followed if row["indicator"] == "IMM_ADJ"].count("C") == 2
    _, bare = protected_and_audited([*months, year], secondary=False)
    assert [(row["lower"], row["upper"]) for row in bare] == [(5, 5)]


def test_the_pattern_of_a_provisional_month_does_not_change_with_its_estimate() -> None:
    def vintage(expected: float) -> list[Row]:
        counts = {"F": (60 + 3 * expected, 60), "M": (40 + 9 * expected, 40), "U": (4 + expected, 4)}
        parts = [figure("IMM", n, persons, sex=sex) for sex, (n, persons) in counts.items()]
        return [*parts, figure("IMM", sum(n for n, _ in counts.values()), 104)]

    assert statuses(vintage(0.4), "IMM") == statuses(vintage(7.3), "IMM")
    assert statuses(vintage(7.3), "IMM")["M"] == "secondary"


def test_a_month_in_which_nobody_is_counted_or_expected_has_a_true_zero() -> None:
    parts = [figure("IMM", 0, 0, sex="F"), figure("IMM", 30, 25, sex="M"), figure("IMM", 0, 1, sex="U")]
    assert statuses([*parts, figure("IMM", 30, 28)], "IMM") == dict.fromkeys(["F", "M", "U", "_T"], "open")


def test_expected_migrants_do_not_help_a_cell_to_pass() -> None:
    assert statuses([figure("IMM", 55.5, 9)], "IMM") == {"_T": "primary"}


def test_arrivals_by_area_are_hidden_with_the_column_total_of_the_matrix() -> None:
    annual = {"frequency": "A"}
    flows = {("A1", "A2"): 30, ("A2", "A1"): 4, ("A1", "_T"): 30, ("_T", "A2"): 30, ("A2", "_T"): 4, ("_T", "A1"): 4}
    rows = [figure("INT_FLOW", 10 * n, n, area=a, partner_area=b, **annual) for (a, b), n in flows.items()]
    rows.append(figure("INT_FLOW", 340, 34, **annual))
    rows += [figure("IN_AREA", 41, 4, area="A1", **annual), figure("IN_AREA", 299, 30, area="A2", **annual)]
    found, _ = protected_and_audited(rows)
    hidden = {(row["indicator"], row["area"], row["partner_area"]) for row in found if row["conf_status"] == "C"}
    assert ("INT_FLOW", "_T", "A1") in hidden
    assert ("IN_AREA", "A1", "_T") in hidden


def test_air_passengers_are_hidden_where_one_carrier_dominates() -> None:
    rows = [
        figure("NET_AIR", -40, 5000, largest=4000.0, second=1000.0),
        figure("NET_AIR", 70, 5000, month=AUGUST, largest=2000.0, second=1500.0),
    ]
    found, _ = protected_and_audited(rows)
    assert [(row["conf_status"], row["reason"]) for row in found] == [("C", "dominance"), ("F", "")]


def test_shares_of_users_are_attacked_as_numbers_of_users() -> None:
    rows = [figure("POST_SHARE", n / 900, n, partner_area=code) for code, n in {"NZL": 30, "AUS": 4, "_T": 34}.items()]
    found, audited = protected_and_audited(rows)
    assert [row["conf_status"] for row in found] == ["C", "C", "F"]  # AUS, NZL, _T
    assert {row["upper"] for row in audited} == {34}


def test_an_indicator_without_a_rule_is_refused() -> None:
    with pytest.raises(CheckFailedError, match="No rule"):
        protected_and_audited([figure("NEW", 100)])


def test_the_stage_writes_a_verdict_for_every_figure(workspace: Workspace, spark: SparkSession) -> None:
    run = StageRun(workspace, "disclosure", date(2025, 11, 1), VINTAGE, seed=1)
    rows = [*by_sex("IMM", 60, 40, 4), figure("EMI", float("nan"), 1)]
    run.write_small(pa.Table.from_pylist(rows, ESTIMATE.schema), ESTIMATE, vintage=VINTAGE)
    stage.run(run)
    assert run.read_small(PROTECTED_CELL)["status"].to_pylist() == ["open", "secondary", "primary", "open"]
    assert run.read_small(AUDIT)["width"].to_pylist() == [44, 44]
