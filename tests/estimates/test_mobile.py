"""Homes to weights, moves per person observed, nights, the balance of persons."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from sandbox.concepts.rules import rule_named
from sandbox.estimates import balance, mobile, nights
from sandbox.estimates.cells import month_number
from sandbox.estimates.duplicity import with_part
from sandbox.lakehouse.store import spark_schema
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.persons import HOME, PERSON_MONTH, PRESENCE_DAY, RESIDENCE_CHANGE

VINTAGE = date(2025, 1, 1)
RULE = rule_named("INT_50")
AREAS = ["A1", "A2"]
POPULATION = pd.Series({"A1": 1000.0, "A2": 500.0})
JANUARY = month_number(date(2024, 1, 1))


def table(spark: SparkSession, of: Table, rows: list[dict[str, Any]], **same: Any) -> DataFrame:
    told = [{"bucket": 0, "feed": "mobile_event"} | same | row for row in rows]
    return spark.createDataFrame([tuple(row.get(name) for name in of.names) for row in told], spark_schema(of))


def homes(spark: SparkSession, *history: str) -> DataFrame:
    """One person a text, one month a word, from January 2024; `..` where undetermined."""
    rows = [
        {
            "person_key": person,
            "month": date(2024 + n // 12, n % 12 + 1, 1),
            "home": place,
            "status": "undetermined" if place == ".." else "determined",
            "home_country": "XAA",
        }
        for person, text in enumerate(history)
        for n, place in enumerate(text.split())
    ]
    return with_part(mobile.resident_homes(table(spark, HOME, rows), AREAS, "XAA"), weights(spark))


def weights(spark: SparkSession, **weight: float) -> DataFrame:
    """Keys (k1, k2 …) that stand for a part of a person, from January to December 2024."""
    rows = [
        {"person_key": int(key[1:]), "month": date(2024, month, 1), "duplicity_weight": part}
        for key, part in weight.items()
        for month in range(1, 13)
    ]
    return table(spark, PERSON_MONTH, rows)


def test_a_home_counts_if_determined_inside_the_country_and_of_an_own_subscriber(spark: SparkSession) -> None:
    rows = [
        {"person_key": 1, "home": "A1", "status": "determined", "home_country": "XAA"},
        {"person_key": 2, "home": "A1", "status": "determined", "home_country": None},
        {"person_key": 3, "home": "A1", "status": "undetermined", "home_country": "XAA"},
        {"person_key": 4, "home": "NZL", "status": "determined", "home_country": "XAA"},
        {"person_key": 5, "home": "A1", "status": "determined", "home_country": "NZL"},
    ]
    kept = mobile.resident_homes(table(spark, HOME, rows, month=date(2024, 3, 1)), AREAS, "XAA").toPandas()
    assert sorted(kept["person_key"]) == [1, 2]
    assert set(kept["month"]) == {JANUARY + 2}


def turns(frame: DataFrame) -> dict[tuple[str, int], int]:
    exposure = mobile.exposure_by_area(mobile.turns_of_month(frame, RULE)).toPandas()
    months = exposure["month"] - JANUARY + 1
    return dict(zip(zip(exposure["area"], months, strict=True), exposure["turns"], strict=True))


def test_a_turn_of_month_counts_only_where_the_rule_could_have_seen_a_move(spark: SparkSession) -> None:
    long, short = "A1 " * 15, "A2 " * 13
    assert turns(homes(spark, long, short)) == {("A1", 8): 1, ("A1", 9): 1}


def test_a_gap_counts_with_all_its_turns_for_the_home_before_it(spark: SparkSession) -> None:
    assert turns(homes(spark, "A1 " * 7 + ".. .. " + "A2 " * 7)) == {("A1", 10): 3}


def test_the_naive_method_counts_every_change_of_the_monthly_home(spark: SparkSession) -> None:
    changes = mobile.monthly_home_changes(homes(spark, "A1 A2 A1 A1")).toPandas()
    assert sorted(zip(changes["area"], changes["partner_area"], changes["changes"], strict=True)) == [
        ("A1", "A2", 1),
        ("A2", "A1", 1),
    ]


def test_the_naive_home_is_where_a_month_has_most_days_and_the_first_by_name_at_a_tie(spark: SparkSession) -> None:
    places = ["A2", "A2", "A1", "NZL"]
    rows = [
        {"person_key": 1, "local_date": date(2024, 1, day), "place": place, "home_country": "XAA"}
        for day, place in enumerate(places, start=1)
    ] + [
        {"person_key": 1, "local_date": date(2024, 2, 1), "place": "A2", "home_country": "XAA"},
        {"person_key": 1, "local_date": date(2024, 2, 2), "place": "A1", "home_country": "XAA"},
        {"person_key": 2, "local_date": date(2024, 1, 1), "place": "A1", "home_country": "NZL"},
    ]
    found = mobile.most_days(table(spark, PRESENCE_DAY, rows), AREAS, "XAA").toPandas()
    assert sorted(zip(found["person_key"], found["month"] - JANUARY, found["home"], strict=True)) == [
        (1, 0, "A2"),
        (1, 1, "A1"),
    ]


def test_keys_are_counted_apart_from_the_persons_whom_they_stand_for(spark: SparkSession) -> None:
    rows = [{"person_key": key, "month": date(2024, 3, 1), "status": "determined", "home": "A1"} for key in (1, 2, 3)]
    kept = mobile.resident_homes(table(spark, HOME, rows), AREAS, "XAA")
    (row,) = mobile.persons_by_area(with_part(kept, weights(spark, k1=0.5, k2=0.5))).toPandas().to_dict("records")
    assert (row["keys"], row["persons"]) == (3, 2.0)


def test_months_of_two_keys_of_one_person_are_seen_once(spark: SparkSession) -> None:
    rows = [
        {"person_key": key, "month": date(2024 + n // 12, n % 12 + 1, 1), "status": "determined", "home": "A1"}
        for key in (1, 2)
        for n in range(14)
    ]
    kept = mobile.resident_homes(table(spark, HOME, rows), AREAS, "XAA")
    assert turns(with_part(kept, weights(spark, k1=0.5, k2=0.5))) == {("A1", 8): 1.0}


def test_a_move_of_two_keys_of_one_person_is_one_move(spark: SparkSession) -> None:
    move = {"from_place": "A1", "to_place": "A2", "is_change": True}
    rows = [move | {"change_id": str(key), "person_key": key} for key in (1, 2)]
    frame = table(spark, RESIDENCE_CHANGE, rows, reference_month=date(2024, 5, 1))
    (only,) = mobile.moves_by_area(frame, AREAS, weights(spark, k1=0.5, k2=0.5)).toPandas().to_dict("records")
    assert (only["moves"], only["movers"]) == (1.0, 1.0)


def test_contributors_are_whole_persons_never_rounded_up() -> None:
    seen = observed()
    of_keys = replace(seen, moves=seen.moves.assign(movers=[5.4, 2.5]))
    cells = mobile.internal_flows(of_keys, POPULATION, [2024], VINTAGE).set_index(["area", "partner_area"])
    assert cells.loc[("A1", "A2"), "contributors"] == 7


def test_moves_are_those_between_areas_of_the_country(spark: SparkSession) -> None:
    rows = [
        {"change_id": "1", "person_key": 1, "from_place": "A1", "to_place": "A2", "is_change": True},
        {"change_id": "2", "person_key": 1, "from_place": "A1", "to_place": "A2", "is_change": True},
        {"change_id": "3", "person_key": 2, "from_place": "A1", "to_place": "NZL", "is_change": True},
        {"change_id": "4", "person_key": 3, "from_place": "A2", "to_place": "A1", "is_change": None},
    ]
    frame = table(spark, RESIDENCE_CHANGE, rows, reference_month=date(2024, 5, 1))
    (only,) = mobile.moves_by_area(frame, AREAS, weights(spark)).toPandas().to_dict("records")
    assert (only["month"], only["moves"], only["movers"]) == (JANUARY + 4, 2, 1)


def observed(shocks: frozenset[tuple[str, int]] = frozenset()) -> mobile.Observed:
    """Six moves in August and three in September 2024, of which 100 and 50 persons a month were observed."""
    months = [JANUARY + 7, JANUARY + 8]
    return mobile.Observed(
        moves=pd.DataFrame({"month": months, "area": "A1", "partner_area": "A2", "moves": [6, 3], "movers": [6, 3]}),
        exposure=pd.DataFrame({"month": months * 2, "area": ["A1", "A1", "A2", "A2"], "turns": [100, 100, 50, 50]}),
        naive=pd.DataFrame({"month": months, "area": "A1", "partner_area": "A2", "changes": [20, 10]}),
        keys=pd.Series(150, index=range(JANUARY, JANUARY + 12)),
        shocks=shocks,
    )


def matrix(shocks: frozenset[tuple[str, int]] = frozenset()) -> pd.DataFrame:
    cells = mobile.internal_flows(observed(shocks), POPULATION, [2024], VINTAGE)
    return cells.set_index(["area", "partner_area"])


def test_a_flow_is_the_rate_per_turn_of_month_times_the_population() -> None:
    flow = matrix().loc[("A1", "A2")]
    assert flow["estimate"] == pytest.approx(1000 * 12 * 9 / 200)
    assert flow["naive"] == pytest.approx(30 * 1500 / 150)
    assert flow["contributors"] == 9
    assert flow["se"] == pytest.approx(flow["estimate"] / 3)


def test_the_month_of_a_shock_stands_for_itself_alone() -> None:
    flow = matrix(frozenset({("A1", JANUARY + 7)})).loc[("A1", "A2")]
    assert flow["estimate"] == pytest.approx(1000 * (6 / 100 + 11 * 3 / 100))


def test_a_shock_before_anybody_was_observed_counts_as_an_ordinary_month() -> None:
    flow = matrix(frozenset({("A1", JANUARY)})).loc[("A1", "A2")]
    assert flow["estimate"] == pytest.approx(matrix().loc[("A1", "A2"), "estimate"])


def test_the_matrix_has_margins_and_no_diagonal() -> None:
    cells = matrix()["estimate"]
    assert ("A1", "A1") not in cells.index
    assert cells["_T", "A2"] == cells["A1", "_T"] == cells["_T", "_T"] == cells["A1", "A2"]
    assert cells["A2", "_T"] == 0


def test_a_flow_of_nobody_is_not_certain_to_be_zero() -> None:
    flow = matrix().loc[("A2", "A1")]
    assert flow["estimate"] == 0
    assert flow["se"] == pytest.approx(500 * 12 / 100)
    assert flow["upper"] == pytest.approx(3.689 * 500 * 12 / 100, rel=1e-3)


def test_poisson_bounds_are_the_exact_ones() -> None:
    lower, upper = mobile.poisson_bounds(np.array([0.0, 10.0]))
    np.testing.assert_allclose(lower, [0, 4.795], atol=1e-3)
    np.testing.assert_allclose(upper, [3.689, 18.390], atol=1e-3)


def test_weights_raise_persons_to_the_population_of_the_latest_month() -> None:
    counts = pd.DataFrame({"month": [1, 2, 2, 3], "area": ["A1", "A1", "A2", "A1"], "persons": [7, 50, 20, 9]}).assign(
        keys=60
    )
    rows = mobile.person_weights(counts, POPULATION, 2, VINTAGE).set_index("area")
    assert rows["weight"].to_dict() == {"A1": 20, "A2": 25}
    assert rows["keys"].to_dict() == {"A1": 60, "A2": 60}
    assert rows["penetration"].to_dict() == {"A1": 0.05, "A2": 0.04}


def test_an_area_without_persons_has_no_weight() -> None:
    counts = pd.DataFrame({"month": [1], "area": ["A1"], "keys": [55], "persons": [50]})
    rows = mobile.person_weights(counts, POPULATION, 1, VINTAGE).set_index("area")
    assert rows["weight"].isna().to_dict() == {"A1": False, "A2": True}


def test_the_four_classes_are_never_mixed(spark: SparkSession) -> None:
    year = ".. " * 11
    frame = homes(spark, f"A1 {year}A1", f"A1 {year}A2", f"A1 {year}..", f".. {year}A2")
    rows = balance.flow_balance(
        balance.flow_classes(frame).toPandas(), "mobile_event", "INT_50", JANUARY, JANUARY + 12, VINTAGE
    )
    (only,) = rows[["stayed", "moved", "appeared", "unseen"]].to_dict("records")
    assert only == {"stayed": 1, "moved": 1, "appeared": 1, "unseen": 1}


def presence(spark: SparkSession, *rows: tuple[int, int, str, int, str]) -> DataFrame:
    return table(
        spark,
        PRESENCE_DAY,
        [
            {
                "person_key": person,
                "local_date": date(2024, 1, day),
                "place": place,
                "night_hours": hours,
                "home_country": home,
                "country": "XAA",
                "hours": hours,
                "events": hours,
            }
            for person, day, place, hours, home in rows
        ],
    )


def test_a_night_is_counted_once_where_most_of_it_was_spent_by_foreign_subscribers(spark: SparkSession) -> None:
    frame = presence(
        spark,
        (1, 1, "A1", 2, "NZL"),
        (1, 1, "A2", 3, "NZL"),
        (1, 2, "A2", 1, "NZL"),
        (2, 1, "A1", 5, "XAA"),
        (3, 1, "A1", 0, "NZL"),
    )
    cells = nights.nights_of_nonresidents(frame, "XAA").toPandas().set_index("area")
    assert cells["nights"].to_dict() == {"A2": 2, "_T": 2}
    assert cells["subscribers"].to_dict() == {"A2": 1, "_T": 1}
    assert cells["squares"].to_dict() == {"A2": 4, "_T": 4}


def test_nights_are_raised_by_the_weight_and_err_by_subscriber() -> None:
    counts = pd.DataFrame({"month": [JANUARY], "area": ["_T"], "nights": [30], "subscribers": [3], "squares": [300]})
    (row,) = nights.night_figures(counts, 2.0, [JANUARY], VINTAGE).to_dict("records")
    assert row["estimate"] == 60
    assert row["se"] == pytest.approx(2 * np.sqrt(300))
    assert (row["unit"], row["contributors"], row["calibrated_to"]) == ("nights", 3, "CENSUS_POP")
