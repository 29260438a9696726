"""The population account: the identity, the groups and their total, what is missing, and what is an error."""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.concepts.codes import TOTAL, Subpopulation
from sandbox.errors import CheckFailedError
from sandbox.estimates import account
from sandbox.estimates.cells import DIMENSION_NAMES
from sandbox.lakehouse.tables.figures import POPULATION_ACCOUNT
from sandbox.pipeline import STAGES

VINTAGE = date(2025, 12, 1)
GROUPS = [each.value for each in Subpopulation]
NC, NF, FC, FF, UNKNOWN = GROUPS
AMOUNTS = ["stock_start", "immigrants", "emigrants", "births", "deaths", "citizenship_in", "citizenship_out"]

# One year, 2024; stocks are of 1 January of it and of the next.
OFFICE = """
series             year  native_citizen native_foreign foreign_born_citizen foreign_born_foreign unknown _T
OFFICIAL_POP       2024  1000           20             50                   200                  10      1280
OFFICIAL_POP       2025  1003           21             56                   231                  12      1323
OFFICIAL_BIRTHS    2024  12             1              -                    -                    0       13
OFFICIAL_DEATHS    2024  10             0              2                    1                    0       13
OFFICIAL_ACQUIRED  2024  -              1              -                    8                    0       9
OFFICIAL_LOST      2024  2              -              1                    -                    0       3
"""
FLOWS = """
direction  native_citizen native_foreign foreign_born_citizen foreign_born_foreign unknown
A          8              0              2                    60                   5
D          6              0              1                    22                   3
"""
BY_HAND = """
group                 start in out births deaths citizenship_in citizenship_out adjustment end
native_citizen        1000  8  6   12     10     1              2               0          1003
native_foreign        20    0  0   1      0      2              1               -1         21
foreign_born_citizen  50    2  1   0      2      8              1               0          56
foreign_born_foreign  200   60 22  0      1      1              8               1          231
unknown               10    5  3   0      0      0              0               0          12
_T                    1280  75 32  13     13     12             12              0          1323
"""


def table(text: str) -> pd.DataFrame:
    head, *lines = [line.split() for line in text.strip().splitlines()]
    return pd.DataFrame(lines, columns=head).replace("-", np.nan)


def official(text: str = OFFICE, se: float | None = 0.5) -> pd.DataFrame:
    rows = table(text).melt(["series", "year"], var_name="subpopulation", value_name="value").dropna(subset="value")
    whole = {name: TOTAL for name in DIMENSION_NAMES if name != "subpopulation"}
    return rows.rename(columns={"series": "series_id"}).assign(
        **whole,
        value=rows["value"].astype(float),
        frequency="A",
        period=[date(int(year), 1, 1) for year in rows["year"]],
        se=np.nan if se is None else se,
    )


def annual(text: str = FLOWS, variance: float = 4.0, undecided: int = 0) -> pd.DataFrame:
    rows = table(text).melt("direction", var_name="subpopulation", value_name="estimate").astype({"estimate": float})
    whole = rows.groupby("direction", as_index=False)["estimate"].sum().assign(subpopulation=TOTAL)
    return pd.concat([rows, whole]).assign(
        period=2024, partner_area=TOTAL, sex=TOTAL, undecided=undecided,
        var_classification=variance, var_linkage=0.0, var_model=0.0,
    )  # fmt: skip


def balanced(office: pd.DataFrame, flows: pd.DataFrame, years: tuple[int, ...] = (2024,)) -> pd.DataFrame:
    rows = account.population_account(flows, series_of(office), list(years), VINTAGE)
    return rows.set_index("subpopulation")


def series_of(office: pd.DataFrame) -> Callable[[str], pd.DataFrame]:
    return lambda series_id: office[office["series_id"] == series_id]


def without(office: pd.DataFrame, series_id: str, year: int = 0, groups: tuple[str, ...] = ()) -> pd.DataFrame:
    gone = office["series_id"] == series_id
    gone &= (office["year"] == str(year)) if year else True
    gone &= office["subpopulation"].isin(groups) if groups else True
    return office[~gone]


def test_every_group_balances_as_by_hand() -> None:
    names = ["stock_start", *AMOUNTS[1:], "adjustment", "stock_end"]
    expected = table(BY_HAND).set_index("group").astype(float).set_axis(names, axis=1)
    pd.testing.assert_frame_equal(balanced(official(), annual())[names], expected, check_names=False)


def test_births_and_deaths_are_of_the_group_and_foreign_born_have_no_births() -> None:
    assert balanced(official(), annual()).loc[[FC, FF], "births"].tolist() == [0.0, 0.0]


def test_births_by_the_mothers_origin_are_refused() -> None:
    by_mother = OFFICE.replace("12             1              -                    - ", "12  1  4  9")
    with pytest.raises(CheckFailedError, match="OFFICIAL_BIRTHS has values of foreign_born_citizen, foreign_born_for"):
        balanced(official(by_mother), annual())


def test_what_the_total_has_beyond_the_four_groups_is_unknown() -> None:
    untold = without(official(), "OFFICIAL_POP", groups=(UNKNOWN,))
    assert balanced(untold, annual()).loc[UNKNOWN, ["stock_start", "stock_end"]].tolist() == [10, 12]


def test_without_a_total_of_the_office_it_is_the_sum_of_the_groups() -> None:
    untold = without(official(), "OFFICIAL_POP", groups=(TOTAL,))
    rows = balanced(untold, annual())
    assert rows.loc[TOTAL, ["stock_start", "stock_end", "adjustment"]].tolist() == [1280, 1323, 0]


def test_a_stock_of_another_day_is_no_stock_of_the_first_of_january() -> None:
    office = official()
    office.loc[office["series_id"] == "OFFICIAL_POP", "period"] = date(2024, 7, 1)
    assert balanced(office, annual())["stock_start"].isna().all()


@pytest.mark.parametrize(
    ("series_id", "year", "lost"),
    [
        ("OFFICIAL_POP", 2024, "stock_start"),
        ("OFFICIAL_POP", 2025, "stock_end"),
        ("OFFICIAL_DEATHS", 2024, "deaths"),
    ],
)
def test_what_the_office_has_not_told_is_empty_and_named(series_id: str, year: int, lost: str) -> None:
    rows = balanced(without(official(), series_id, year), annual())
    assert rows[[lost, "adjustment", "consistent"]].isna().to_numpy().all()
    assert rows["missing"].tolist() == [[lost]] * 6


def test_births_that_are_not_told_leave_the_foreign_born_as_they_are() -> None:
    rows = balanced(without(official(), "OFFICIAL_BIRTHS"), annual())
    assert rows.loc[rows["adjustment"].notna()].index.tolist() == [FC, FF]
    assert rows.loc[TOTAL, "missing"] == ["births"]


def test_the_total_needs_no_changes_of_citizenship() -> None:
    rows = balanced(without(without(official(), "OFFICIAL_LOST"), "OFFICIAL_ACQUIRED"), annual())
    assert rows.loc[rows["adjustment"].notna()].index.tolist() == [TOTAL]
    assert rows.loc[TOTAL, "missing"] == []
    assert rows.loc[NF, "missing"] == ["citizenship_in", "citizenship_out"]


def test_one_group_that_is_not_told_leaves_the_others_and_the_total() -> None:
    rows = balanced(without(official(), "OFFICIAL_POP", groups=(NF,)), annual())
    assert rows.loc[rows["adjustment"].notna()].index.tolist() == [NC, FC, FF, UNKNOWN, TOTAL]


def test_without_a_stated_error_the_adjustment_stands_and_is_not_judged() -> None:
    rows = balanced(official(se=None), annual())
    assert rows["adjustment"].notna().all()
    assert rows["consistent"].isna().all()
    assert rows.loc[TOTAL, "missing"] == ["stock_start_se", "births_se", "deaths_se", "stock_end_se"]


def test_the_error_of_the_adjustment_is_that_of_its_parts() -> None:
    rows = balanced(official(), annual(variance=4.0))
    # Flows 4 + 4; two stocks, births and deaths .25 each. Over all groups changes of citizenship cancel.
    assert rows.loc[TOTAL, "adjustment_se"] == pytest.approx(9**0.5)
    # Of the native citizens, one change can't happen on either way: .25 in, .25 out.
    assert rows.loc[NC, "adjustment_se"] == pytest.approx(9.5**0.5)
    # Foreign-born have no births: no error of them.
    assert rows.loc[FF, "adjustment_se"] == pytest.approx(9.25**0.5)


def test_those_unknown_at_the_border_may_all_be_known_to_the_office() -> None:
    assert balanced(official(), annual()).loc[UNKNOWN, "adjustment_se"] == pytest.approx((9 + 5**2 + 3**2) ** 0.5)


@pytest.mark.parametrize(("surplus", "consistent"), [(5.8, True), (-5.8, True), (6.0, False), (-6.0, False)])
def test_consistent_is_what_lies_within_twice_the_error(surplus: float, consistent: bool) -> None:
    office = official()
    office.loc[(office["year"] == "2025") & (office["subpopulation"] == TOTAL), "value"] += surplus
    row = balanced(office, annual()).loc[TOTAL]
    assert row["adjustment"] == pytest.approx(surplus)
    assert bool(row["consistent"]) == consistent


def test_a_year_with_undecided_crossings_is_provisional() -> None:
    assert balanced(official(), annual(undecided=2))["provisional"].all()
    assert not balanced(official(), annual())["provisional"].any()


def test_a_group_that_nobody_crossed_in_has_no_flow_and_an_account() -> None:
    nobody = annual()
    row = balanced(official(), nobody[nobody["subpopulation"] != NF]).loc[NF]
    assert row[["immigrants", "emigrants", "adjustment"]].tolist() == [0, 0, -1]


def test_no_year_gives_no_row() -> None:
    assert len(balanced(official(), annual()[:0], years=())) == 0


amounts = st.floats(0, 1e7, allow_nan=False) | st.integers(0, 1000).map(float)
unhurried = settings(deadline=None, max_examples=25)


@st.composite
def countries(draw: st.DrawFn) -> tuple[pd.DataFrame, pd.DataFrame]:
    """An office with any figures, of which a few may be lacking, and any flows."""
    office, flows = official(), annual()
    lacking = draw(st.sets(st.integers(0, len(office) - 1), max_size=4))
    office["value"] = draw(st.lists(amounts, min_size=len(office), max_size=len(office)))
    flows["estimate"] = draw(st.lists(amounts, min_size=len(flows), max_size=len(flows)))
    return office.reset_index(drop=True).drop(index=list(lacking)), flows


def thousandths(rows: pd.DataFrame, name: str) -> Any:
    return np.rint(rows[name].to_numpy() * 1000).astype(np.int64)


@unhurried
@given(countries())
def test_the_identity_holds_to_the_thousandth_wherever_nothing_is_missing(
    country: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    rows = balanced(*country)
    rows = rows[rows["adjustment"].notna()].fillna({"citizenship_in": 0.0, "citizenship_out": 0.0})
    start, arrived, gone, births, deaths, moved_in, moved_out = (thousandths(rows, name) for name in AMOUNTS)
    explained = start + arrived - gone + births - deaths + moved_in - moved_out
    assert (explained + thousandths(rows, "adjustment") == thousandths(rows, "stock_end")).all()


@unhurried
@given(countries())
def test_the_groups_add_up_to_the_total_in_every_part(country: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    rows = balanced(*country)
    for name in [*AMOUNTS, "adjustment", "stock_end"]:
        if rows[name].notna().all():
            assert thousandths(rows.loc[GROUPS], name).sum() == thousandths(rows.loc[[TOTAL]], name)[0]


@unhurried
@given(countries())
def test_nothing_is_judged_that_lacks_a_part_and_everything_else_is(
    country: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    rows = balanced(*country)
    assert (rows["consistent"].isna() == rows["missing"].map(bool)).all()


def test_no_stage_reads_the_account_so_it_stays_inside() -> None:
    assert [stage.name for stage in STAGES if POPULATION_ACCOUNT in stage.reads] == []
    assert [stage.name for stage in STAGES if POPULATION_ACCOUNT in stage.writes] == ["estimates"]
