"""Flows over the border, from residence changes to figures."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from sandbox.concepts.rules import rule_named
from sandbox.errors import CheckFailedError
from sandbox.estimates import flow_errors, flows
from sandbox.estimates.cells import AsOf, estimate_table, month_number
from sandbox.estimates.groups import unknown_variance
from sandbox.estimates.linkage import linkage_variance, missed_share, with_linkage
from sandbox.lakehouse.store import spark_schema
from sandbox.lakehouse.tables.figures import ESTIMATE
from sandbox.lakehouse.tables.persons import PREDICTION, RESIDENCE_CHANGE

RULE = rule_named("NZ_12_16")
AS_OF = AsOf(date(2023, 11, 1), date(2023, 12, 1), date(2024, 1, 1))
CHANGE: dict[str, Any] = {
    "feed": "border_movement",
    "bucket": 0,
    "rule_id": "NZ_12_16",
    "vintage": AS_OF.vintage,
    "direction": "A",
    "reference_month": date(2022, 1, 1),
    "error": "",
    "days_migrating": 0,
    "days_returned": 0,
    "partner_country": "NZL",
    "subpopulation": "foreign_born_foreign",
    "sex": "F",
}


def changes(spark: SparkSession, *rows: dict[str, Any]) -> DataFrame:
    told = [{"person_key": n, "change_id": str(n)} | CHANGE | row for n, row in enumerate(rows)]
    return spark.createDataFrame(
        [tuple(row.get(name) for name in RESIDENCE_CHANGE.names) for row in told], spark_schema(RESIDENCE_CHANGE)
    )


def predictions(spark: SparkSession, p: dict[str, float]) -> DataFrame:
    rows = [tuple({"change_id": key, "p": value}.get(name) for name in PREDICTION.names) for key, value in p.items()]
    return spark.createDataFrame(rows, spark_schema(PREDICTION))


def test_a_total_is_the_decided_and_the_probabilities_of_the_undecided(spark: SparkSession) -> None:
    rows = changes(
        spark,
        {"is_change": True},
        {"is_change": False},
        {"is_change": None, "days_migrating": 300, "days_returned": 10},
        {"is_change": None, "days_migrating": 30, "days_returned": 40},
        {"is_change": False, "error": "same_direction"},
    )
    counts = flows.collected(flows.crossing_counts(rows, predictions(spark, {"2": 0.9, "3": 0.4}), RULE))
    (cell,) = counts.to_dict("records")
    assert cell["decided"] == 1
    assert cell["expected"] == pytest.approx(1.3)
    assert cell["binomial"] == pytest.approx(0.09 + 0.24)
    assert (cell["crossings"], cell["undecided"]) == (4, 2), "a row put aside as an error is no crossing"
    assert cell["naive"] == 2, "rule so far counts whoever spent three quarters of the days on the new side"


def test_an_undecided_crossing_without_probability_stops_the_stage(spark: SparkSession) -> None:
    counts = flows.crossing_counts(changes(spark, {"is_change": None}), predictions(spark, {}), RULE)
    with pytest.raises(CheckFailedError, match="1 undecided"):
        flows.collected(counts)


def counted(**columns: Any) -> pd.DataFrame:
    whole = {
        "direction": "A",
        "partner_area": "NZL",
        "sex": "F",
        "subpopulation": "native_citizen",
        "crossings": 100,
        "exposed": 0,
        "inferred": 0,
        "undecided": 0,
        "decided": 10,
        "expected": 0.0,
        "binomial": 0.0,
        "naive": 10,
    }
    return pd.DataFrame({**whole, **columns})


def test_margins_are_sums_and_empty_cells_are_told() -> None:
    counts = pd.concat([counted(month=[1], sex="F"), counted(month=[1], sex="M", subpopulation="unknown")])
    cells = flows.monthly_cells(counts)
    decided = cells[cells["direction"] == "A"].set_index(["sex", "subpopulation"])["decided"]
    assert decided["_T", "_T"] == 20
    assert decided["F", "_T"] == decided["_T", "native_citizen"] == 10
    assert decided["_T", "unknown"] == 10
    assert cells.query("direction == 'D'")["decided"].eq(0).all(), "departures too, though there are none"
    assert len(cells) == 2 * (1 + 2 + 2)


def test_a_month_is_told_by_sex_and_by_subpopulation_but_not_by_both() -> None:
    cells = flows.monthly_cells(counted(month=[1]))
    assert not ((cells["sex"] != "_T") & (cells["subpopulation"] != "_T")).any()


def history(**columns: Any) -> pd.DataFrame:
    """Three years of months, ten decided migrants each."""
    months = range(month_number(date(2021, 1, 1)), month_number(date(2023, 12, 1)))
    return counted(month=list(months), **columns)


def test_contributors_of_a_final_month_are_its_own_decided_migrants() -> None:
    counts = history(decided=range(35))
    cells = flows.with_contributors(flows.monthly_cells(counts), RULE, AS_OF, 1)
    total = cells.query("direction == 'A' and sex == '_T' and subpopulation == '_T'").set_index("period")
    assert total.loc[month_number(date(2022, 8, 1)), "contributors"] == 19, "487 days after its end are seen"
    assert total.loc[month_number(date(2022, 9, 1)), "contributors"] < 20


def test_contributors_of_a_provisional_month_are_the_fewest_of_twelve_months_known_before_it() -> None:
    counts = history(decided=[*range(35)])
    cells = flows.with_contributors(flows.monthly_cells(counts), RULE, AS_OF, 1)
    total = cells.query("direction == 'A' and sex == '_T' and subpopulation == '_T'").set_index("period")
    # Before November 2023 the months to June 2022 were decided: the twelve from July 2021, whose fewest is 6.
    assert total.loc[month_number(date(2023, 11, 1)), "contributors"] == 6


def test_contributors_of_a_provisional_month_are_the_same_in_a_later_vintage() -> None:
    counts = history(decided=[*range(30), 99, 99, 99, 99, 99])
    later = AsOf(AS_OF.month, date(2024, 2, 1), date(2024, 3, 1))
    first, second = (
        flows.with_contributors(flows.monthly_cells(counts), RULE, as_of, 1).query("period == @month")
        for as_of in (AS_OF, later)
        for month in [month_number(date(2023, 11, 1))]
    )
    pd.testing.assert_frame_equal(first, second)


def bands(**columns: Any) -> pd.DataFrame:
    whole = {"direction": ["A"], "horizon": [1], "level": 0.95, "lower": -0.2, "upper": 0.2, "bias": 0.0, "spread": 0.1}
    return pd.DataFrame({**whole, "state": "steady", **columns})


PROVISIONAL = {"undecided": 40, "expected": 20.0, "binomial": 8.0}


def told(counts: pd.DataFrame, of_bands: pd.DataFrame, missed: float = 0.0) -> list[pd.DataFrame]:
    cells = flows.with_contributors(flows.monthly_cells(counts), RULE, AS_OF, 1)
    return flow_errors.monthly_figures(cells, flow_errors.Past(of_bands, missed), AS_OF)


def newest(rows: pd.DataFrame, sex: str = "_T") -> pd.Series:
    newest_month = rows["reference_period"] == AS_OF.month
    return rows[newest_month & (rows["sex"] == sex) & (rows["subpopulation"] == "_T")].iloc[0]


def test_a_provisional_total_has_the_band_of_past_errors() -> None:
    imm = newest(told(history(**PROVISIONAL), bands())[0])
    assert imm["estimate"] == 30
    assert (imm["lower"], imm["upper"]) == (pytest.approx(24), pytest.approx(36))
    assert imm["se"] == pytest.approx(3.0), "the spread of past errors, a tenth of the total"
    assert imm["provisional"]


def test_a_band_that_attains_less_is_widened_to_95_percent() -> None:
    imm = newest(told(history(**PROVISIONAL), bands(level=0.8))[0])
    assert imm["upper"] == pytest.approx(30 + 6 * 1.959964 / 1.281552, rel=1e-4)


def test_no_past_errors_no_bounds() -> None:
    imm = newest(told(history(**PROVISIONAL), bands(state="withheld"))[0])
    assert imm[["se", "lower", "upper"]].isna().all()
    assert imm["estimate"] == 30


def test_the_error_budget_adds_up() -> None:
    counts = pd.concat([history(**PROVISIONAL, exposed=5), history(sex="M", **PROVISIONAL)])
    for rows in told(counts, bands(), 0.01):
        shares = rows[[f"error_{part}" for part in ("sampling", "linkage", "classification", "model")]].sum(axis=1)
        np.testing.assert_allclose(shares[rows["se"] > 0], 1)


def test_the_model_s_error_is_shared_out_by_the_undecided() -> None:
    counts = pd.concat([history(**PROVISIONAL), history(sex="M", **PROVISIONAL)])
    imm = told(counts, bands())[0]
    assert newest(imm)["se"] == pytest.approx(6.0)
    # Of the total's variance of 36 the binomial says 16; half of the undecided have a quarter of the other 20.
    assert newest(imm, "F")["se"] == pytest.approx(np.sqrt(8 + 20 / 4))


def test_a_count_has_no_negative_bound_and_a_net_may() -> None:
    imm, _, net = told(history(exposed=60, decided=3), bands(), 0.05)
    assert (imm["lower"] >= 0).all()
    assert imm["lower"].min() == 0
    assert net["lower"].min() < 0


def test_missed_crossings_widen_a_final_month() -> None:
    counts = history(exposed=45)
    clean, faulty = (told(counts, bands(), missed)[0] for missed in (0.0, 0.02))
    month = (clean["reference_period"] == date(2021, 6, 1)) & (clean["estimate"] > 0)
    assert (clean.loc[month, "se"] == 0).all()
    # Half of the 90 others would look like migrants if the crossing after were missed: 0.9 false, 0.2 lost.
    np.testing.assert_allclose(faulty.loc[month, "se"], np.sqrt(0.9**2 + 0.9 + 0.2**2))
    assert (faulty.loc[month, "error_linkage"] == 1).all()


def crossed(spark: SparkSession, *histories: str) -> DataFrame:
    """One person a text, one crossing a letter on days of their own; small letters fall on the day before them."""
    rows, day = [], date(2021, 1, 1)
    for person, text in enumerate(histories):
        for n, way in enumerate(text):
            day = day if way.islower() else day + timedelta(days=10)
            known = {"person_key": person, "change_id": f"{person}-{n}", "change_date": day, "direction": way.upper()}
            rows.append(known | {"is_change": False})
    return changes(spark, *rows)


def test_a_missed_crossing_shows_by_two_of_one_direction_in_a_row(spark: SparkSession) -> None:
    assert missed_share(crossed(spark, "ADAD", "AAD")) == pytest.approx(1 / 4)


def test_out_and_back_on_one_day_is_no_gap(spark: SparkSession) -> None:
    assert missed_share(crossed(spark, "ADaD")) == 0


def test_a_crossing_is_exposed_if_the_one_after_it_is_the_last(spark: SparkSession) -> None:
    rows = with_linkage(crossed(spark, "ADAD", "A")).where("is_exposed").collect()
    assert [row.change_id for row in rows] == ["0-2"]


def test_a_migration_is_inferred_if_the_next_crossing_has_the_same_direction(spark: SparkSession) -> None:
    migrations = crossed(spark, "AAD", "AD").withColumn("is_change", F.col("direction") == "A")
    rows = with_linkage(migrations).where("is_inferred").collect()
    assert [row.change_id for row in rows] == ["0-0"]


def test_migrations_that_rest_on_an_inferred_crossing_widen_the_interval_by_all_of_them() -> None:
    cells = [flows.monthly_cells(counted(month=[1], inferred=n)).assign(estimate=10.0) for n in (0, 4)]
    sure, unsure = (linkage_variance(each, 0.0) for each in cells)
    assert (sure.max(), unsure.max()) == (0, 4**2 + 4)


def test_those_of_unknown_group_widen_the_known_groups_and_no_total() -> None:
    counts = pd.concat([counted(month=[1]), counted(month=[1], subpopulation="unknown", decided=2)])
    cells = flows.monthly_cells(counts).assign(estimate=lambda rows: rows["decided"])
    variance = cells.assign(variance=unknown_variance(cells)).set_index(["direction", "sex", "subpopulation"])[
        "variance"
    ]
    assert variance["A", "_T", "native_citizen"] == pytest.approx((10 * 2 / 10) ** 2)
    assert variance["A", "_T", "unknown"] == variance["A", "_T", "_T"] == 0


def test_net_is_in_less_out_with_the_fewer_contributors_and_its_own_band() -> None:
    counts = pd.concat([history(**PROVISIONAL), history(direction="D", decided=4)])
    of_net = bands(direction=["net"], lower=-0.5, upper=0.5)
    net = newest(told(counts, pd.concat([bands(), of_net]))[2])
    assert net["estimate"] == 30 - 4
    assert net["contributors"] == 4
    assert net["upper"] == pytest.approx(26 + 0.5 * 34)


def test_a_year_adds_the_model_s_errors_up_and_fits_the_declared_table() -> None:
    counts = history(**PROVISIONAL)
    months = flows.monthly_partner_cells(counts)
    contributors = flows.with_contributors(flows.decided_by_year(months), RULE, AS_OF, 12)
    all_bands = pd.concat([bands(horizon=[horizon]) for horizon in range(40)])
    annual = flow_errors.annual_figures(months, contributors, flow_errors.Past(all_bands, 0.0), AS_OF, [2022])
    imm = annual[0].query("partner_area == 'NZL'").iloc[0]
    assert imm["estimate"] == 360
    assert imm["se"] == pytest.approx(np.sqrt(12 * 8 + (12 * 1.0) ** 2))
    table = estimate_table(annual)
    assert table.column_names == list(ESTIMATE.names)
    assert set(table["frequency"].to_pylist()) == {"A"}


def test_figures_fit_the_table_that_they_are_written_to() -> None:
    table = estimate_table(told(history(**PROVISIONAL), bands()))
    assert ESTIMATE.exact(table).num_rows == table.num_rows
    keys = table.select(list(ESTIMATE.key)).to_pandas()
    assert not keys.duplicated().any()


def test_a_year_is_complete_only_with_all_its_months() -> None:
    first, last = month_number(date(2021, 12, 1)), month_number(date(2023, 11, 1))
    assert AS_OF.complete_years(first, last) == [2022]
    assert AS_OF.complete_years(first, last + 1) == [2022, 2023]
    assert timedelta(days=RULE.window_days) > timedelta(days=365)
