"""Consistent with the annual total; small areas strengthened; the census as benchmark population."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandbox.estimates.cells import AsOf, figures, first_day, month_number
from sandbox.estimates.combine import (
    arrivals_by_area,
    benchmark_population,
    consistent_immigrants,
    foreign_born_share,
    latest_values,
)

AS_OF = AsOf(date(2024, 3, 1), date(2024, 4, 1), date(2024, 5, 1))
FIRST = month_number(date(2021, 1, 1))


def official(**columns: Any) -> pd.DataFrame:
    whole = {
        "series_id": "S",
        "area": "_T",
        "partner_area": "_T",
        "sex": "_T",
        "age": "_T",
        "subpopulation": "_T",
        "frequency": "A",
        "vintage": date(2023, 1, 1),
        "se": np.nan,
    }
    return pd.DataFrame({**whole, **columns})


def immigrants() -> pd.DataFrame:
    months = list(range(FIRST, month_number(AS_OF.month) + 1))
    rows = pd.DataFrame(
        {"reference_period": [first_day(m) for m in months], "estimate": [100.0 + m % 12 for m in months]}
    )
    return figures(rows.assign(var_model=25.0, contributors=50, naive=rows["estimate"]), "IMM", "M", AS_OF.vintage)


YEARS = official(period=[date(2021, 1, 1), date(2022, 1, 1)], value=[1400.0, 1300.0], se=14.0)


def adjusted() -> pd.DataFrame:
    return consistent_immigrants(immigrants(), YEARS, AS_OF)


def test_months_add_up_to_the_official_years_and_keep_what_they_were() -> None:
    rows = adjusted()
    assert rows["estimate"][:12].sum() == pytest.approx(1400)
    assert rows["estimate"][12:24].sum() == pytest.approx(1300)
    np.testing.assert_allclose(rows["unadjusted"], immigrants()["estimate"])
    assert set(rows["calibrated_to"]) == {"OFFICIAL_IMM"}
    assert set(rows["feed"]) == {"combined"}


def test_later_months_carry_the_last_ratio_forward_with_a_wider_error() -> None:
    rows = adjusted()
    ratio = rows["estimate"] / rows["unadjusted"]
    np.testing.assert_allclose(ratio[24:], ratio[23])
    assert (rows["se"] / rows["estimate"])[24] > 1.3 * (rows["se"] / rows["estimate"])[12]


def test_without_an_official_year_there_is_no_adjusted_series() -> None:
    assert consistent_immigrants(immigrants(), YEARS.head(0), AS_OF).empty


def test_the_years_stop_at_a_gap() -> None:
    years = official(period=[date(2021, 1, 1), date(2023, 1, 1)], value=[1.0, 1300.0])
    rows = consistent_immigrants(immigrants(), years, AS_OF)
    assert rows["reference_period"].min() == date(2023, 1, 1)


def test_the_latest_value_known_to_the_vintage_counts() -> None:
    rows = official(
        period=date(2021, 1, 1), value=[1.0, 2.0, 3.0], vintage=[date(2022, 1, 1), date(2023, 1, 1), date(2025, 1, 1)]
    )
    assert latest_values(rows, "S", date(2024, 1, 1))["value"].tolist() == [2.0]


def test_the_population_is_taken_from_totals_or_else_summed_over_subpopulations() -> None:
    by_group = official(
        area=["A1", "A1", "A2"],
        subpopulation=["native_citizen", "foreign_born_citizen", "unknown"],
        period=date(2023, 1, 1),
        value=[6.0, 4.0, 5.0],
    )
    by_age = official(area="A1", sex="F", age=["Y00T04", "Y05T09"], period=date(2023, 1, 1), value=[5.0, 5.0])
    assert benchmark_population(pd.concat([by_group, by_age])).to_dict() == {"A1": 10, "A2": 5}
    whole = official(area=["A1"], period=date(2023, 1, 1), value=[11.0])
    assert benchmark_population(pd.concat([by_group, whole])).to_dict() == {"A1": 11}
    assert foreign_born_share(by_group).to_dict() == {"A1": 0.4, "A2": 0.0}


def arrivals(se: float) -> pd.DataFrame:
    areas = [f"A{n}" for n in range(8)]
    population = pd.Series(1000.0, index=areas)
    share = pd.Series(np.linspace(0, 0.3, 8), index=areas)
    rows = pd.DataFrame(
        {
            "area": "_T",
            "partner_area": [*areas, "_T"],
            "reference_period": date(2023, 1, 1),
            "estimate": [40.0, 90, 60, 70, 85, 95, 80, 120, 640],
            "var_sampling": se**2,
            "contributors": 12,
            "naive": 500.0,
        }
    )
    flows = figures(rows, "INT_FLOW", "A", AS_OF.vintage)
    (told,) = arrivals_by_area(flows, population, share, AS_OF.vintage)
    return told.set_index("area")


def test_arrivals_are_drawn_to_the_regression_the_more_the_less_is_known() -> None:
    sure, unsure = arrivals(1.0), arrivals(40.0)
    np.testing.assert_allclose(sure["estimate"], sure["unadjusted"], atol=1.0)
    assert unsure["estimate"].std() < unsure["unadjusted"].std()
    assert (unsure["se"] < 40).all()
    assert "_T" not in unsure.index


def test_the_error_of_arrivals_is_told_apart_by_source() -> None:
    told = arrivals(20.0)
    np.testing.assert_allclose(told["error_sampling"] + told["error_model"], 1)
    assert (told["error_model"] > 0).all()
