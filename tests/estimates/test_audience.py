"""Stocks from audiences: penetration, floor, break."""

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sandbox.estimates.audience import definition_shifts, monthly_audiences, penetration_at, stock_figures
from sandbox.estimates.cells import month_number

CENSUS = pd.DataFrame(
    {
        "partner_area": ["NZL", "AUS", "IND", "FJI", "_T"],
        "period": date(2023, 1, 1),
        "value": [1000.0, 800.0, 600.0, 50.0, 2450.0],
    }
)
SHARE = {"NZL": 0.8, "AUS": 0.7, "IND": 0.5, "FJI": 0.4}
BREAK = date(2024, 6, 1)


def answers(kept: float = 1.0, floor: int = 20, growth: float = 1.0, **columns: Any) -> pd.DataFrame:
    """Answers on the first of each month: stocks grow every January from 2024 on, the break keeps `kept`."""
    months = pd.date_range("2022-07-01", "2025-11-01", freq="MS", tz="UTC")
    stocks = CENSUS.set_index("partner_area")["value"]
    rows = []
    for origin, share in SHARE.items():
        for month in months:
            is_new = month.date() >= BREAK
            year = max(0, month.year - 2023)
            users = stocks[origin] * share * growth**year * (kept if is_new else 1.0)
            rows.append(
                {
                    "snapshot_ts": month,
                    "query_hash": f"{origin}{month}",
                    "geo_level": "country",
                    "geo_code": "XAA",
                    "origin_code": origin,
                    "age_min": 13,
                    "age_max": 65,
                    "sex": "_T",
                    "mau": max(round(users), floor),
                    "floor_value": floor,
                    "is_censored": users < floor,
                    "definition_regime": "new" if is_new else "old",
                }
            )
    return pd.DataFrame(rows).assign(**columns)


def stocks(rows: pd.DataFrame, year: int = 2025) -> pd.DataFrame:
    told = stock_figures(monthly_audiences(rows, "XAA"), CENSUS, date(2025, 11, 1), date(2025, 12, 1))
    return told[told["reference_period"] == date(year, 1, 1)].set_index("partner_area")


def test_a_stock_is_the_audience_over_the_penetration_of_the_census() -> None:
    told = stocks(answers(growth=1.1), 2025)
    assert told.loc["NZL", "estimate"] == pytest.approx(1000 * 1.1**2, rel=0.03)
    assert told.loc["_T", "estimate"] == pytest.approx(told["estimate"].drop("_T").sum())


def test_a_break_of_the_definition_is_no_emigration() -> None:
    told = stocks(answers(kept=0.6))
    np.testing.assert_allclose(told.loc[["NZL", "AUS", "IND"], "estimate"], [1000, 800, 600], rtol=0.02)
    assert told.loc["NZL", "naive"] == pytest.approx(480), "the naive figure takes the audience for the stock"


def test_the_shift_of_a_hidden_origin_is_that_of_the_others_with_their_spread() -> None:
    shifts = definition_shifts(monthly_audiences(answers(kept=0.6, floor=30), "XAA"), noise=0.0004)
    assert shifts.loc[("FJI", "new"), "shift"] == pytest.approx(np.log(0.6), abs=0.01)
    assert shifts.loc[("FJI", "old"), "shift"] == 0


def test_the_floor_is_a_bound_and_never_a_figure() -> None:
    told = stocks(answers(floor=30)).loc["FJI"]
    # The floor of 30 hid its 20 users always: the census alone says how many there are, with a growing error.
    assert told["estimate"] == pytest.approx(50, rel=0.1)
    assert told["contributors"] == 0
    assert told["lower"] < told["estimate"] < told["upper"]


def test_penetration_at_the_floor_is_the_others_held_below_it() -> None:
    known = CENSUS.set_index("partner_area")["value"].drop("_T")
    hidden = penetration_at(monthly_audiences(answers(floor=30), "XAA"), known, month_number(date(2023, 1, 1)), 0.0004)
    assert hidden.mean["NZL"] == pytest.approx(np.log(0.8))
    assert hidden.mean["FJI"] < np.log(30 / 50), "30 users would be three in five residents; there are fewer"
    assert hidden.variance["FJI"] > hidden.variance["NZL"]


def test_an_origin_that_sinks_below_the_floor_is_held_below_it() -> None:
    rows = answers(floor=20)
    sunk = (rows["origin_code"] == "NZL") & (rows["snapshot_ts"] >= pd.Timestamp("2025-01-01", tz="UTC"))
    rows.loc[sunk, ["mau", "floor_value", "is_censored"]] = [400, 400, True]
    told = stocks(rows).loc["NZL"]
    assert told["estimate"] < 400 / 0.8, "the last answers said 1,000; the floor says fewer than 500"
    assert told["upper"] < 1000


def test_where_no_origin_tells_the_shift_the_older_answers_speak() -> None:
    rows = answers(kept=0.6)
    new = rows["definition_regime"] == "new"
    rows.loc[new, ["mau", "floor_value", "is_censored"]] = [1000, 1000, True]
    np.testing.assert_allclose(stocks(rows).loc[["NZL", "AUS"], "estimate"], [1000, 800], rtol=0.02)


def test_years_after_the_census_only_and_the_error_grows_with_them() -> None:
    rows = answers(definition_regime="one")
    assert stocks(rows, 2022).empty
    assert stocks(rows, 2025).loc["NZL", "se"] > stocks(rows, 2024).loc["NZL", "se"]
    assert set(stocks(rows)["calibrated_to"]) == {"CENSUS_STOCK"}


def test_the_widest_age_range_of_both_sexes_is_taken_once() -> None:
    rows = answers()
    narrow = answers(age_max=30, mau=5, query_hash="narrow")
    women = answers(sex="F", mau=7, query_hash="women")
    one = monthly_audiences(pd.concat([rows, narrow, women]), "XAA")
    assert not one.duplicated(["origin", "month"]).any()
    assert one.loc[one["origin"] == "NZL", "mau"].unique().tolist() == [800]
    assert one["month"].min() == month_number(date(2022, 7, 1))
