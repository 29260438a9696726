"""The population by group: in the truth stocks and flows add up to the person, in what the office sends as it says."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from sandbox.concepts.codes import TOTAL, Subpopulation
from sandbox.synthetic.country import Truth
from sandbox.synthetic.days import day_number, year_of
from sandbox.synthetic.facts import subpopulations
from sandbox.synthetic.office_files import official_series
from sandbox.synthetic.office_population import SERIES, STOCK
from sandbox.synthetic.population import CENSUS_DAY, groups_on, office_years, population_rows
from sandbox.synthetic.scenario import Scenario

NATIVE = ["native_citizen", "native_foreign"]
FOREIGN_BORN = ["foreign_born_citizen", "foreign_born_foreign"]
CITIZENS, FOREIGNERS = ["native_citizen", "foreign_born_citizen"], ["native_foreign", "foreign_born_foreign"]
OTHER = dict(zip([*CITIZENS, *FOREIGNERS], [*FOREIGNERS, *CITIZENS], strict=True))
GROUPS = [*NATIVE, *FOREIGN_BORN]


@pytest.fixture(scope="module")
def rows(whole_truth: Truth) -> pd.DataFrame:
    return population_rows(
        whole_truth.persons,
        whole_truth.crossings,
        whole_truth.citizenship_changes,
        office_years(whole_truth.scenario),
    )


@pytest.fixture(scope="module")
def official(whole_truth: Truth) -> pd.DataFrame:
    sent = official_series(whole_truth, whole_truth.seed)
    return sent[sent["series_id"].isin(SERIES)]


def counts(rows: pd.DataFrame, part: str) -> pd.DataFrame:
    by_group = rows[rows["part"] == part].groupby(["year", "subpopulation"]).size().unstack()
    return by_group.reindex(columns=GROUPS).fillna(0).astype(int)


def migrations(truth: Truth, arrival: bool) -> pd.DataFrame:
    """Count true migrations; who moves in a year changes no citizenship in it: its first day tells the group."""
    moves = truth.crossings[truth.crossings["is_migration"] & (truth.crossings["arrival"] == arrival)]
    moves = moves.assign(part="moves", year=year_of(moves["day"].to_numpy()))
    for year, of_year in moves.groupby("year"):
        groups = groups_on(truth.persons, truth.citizenship_changes, day_number(date(int(year), 1, 1)))
        moves.loc[of_year.index, "subpopulation"] = groups[of_year["person_id"]]
    return counts(moves, "moves")


def test_in_the_truth_stocks_and_flows_add_up_by_group_to_the_person(whole_truth: Truth, rows: pd.DataFrame) -> None:
    stock = counts(rows, "stock")
    left = counts(rows, "acquired").add(counts(rows, "lost"), fill_value=0)
    came = left.rename(columns=OTHER)[GROUPS]
    change = migrations(whole_truth, arrival=True) - migrations(whole_truth, arrival=False)
    change = (change + counts(rows, "births") - counts(rows, "deaths") + came - left).loc[stock.index[:-1]]
    assert (stock.diff().shift(-1).iloc[:-1] - change == 0).all(axis=None)
    assert (stock.to_numpy() > 100).all()


def test_only_the_native_born_are_born_here(rows: pd.DataFrame) -> None:
    assert set(rows.loc[rows["part"] == "births", "subpopulation"]) == set(NATIVE)


def test_a_citizenship_is_acquired_by_foreigners_and_given_up_by_citizens(rows: pd.DataFrame) -> None:
    assert set(rows.loc[rows["part"] == "acquired", "subpopulation"]) == set(FOREIGNERS)
    assert set(rows.loc[rows["part"] == "lost", "subpopulation"]) <= set(CITIZENS)


def test_about_as_many_become_citizens_a_year_as_the_scenario_says(rows: pd.DataFrame, scenario: Scenario) -> None:
    share = counts(rows, "acquired")[FOREIGNERS].sum(axis=1) / counts(rows, "stock")[FOREIGNERS].sum(axis=1)
    assert share.mean() == pytest.approx(scenario.population.acquire_per_year, rel=0.25)
    assert share.loc[: CENSUS_DAY.year - 1].min() > 0.01


def test_on_the_day_of_the_census_everyone_has_the_citizenship_that_the_census_counts(whole_truth: Truth) -> None:
    on_the_day = groups_on(whole_truth.persons, whole_truth.citizenship_changes, day_number(CENSUS_DAY) - 1)
    assert (on_the_day == subpopulations(whole_truth.persons)).all()


def test_nobody_changes_citizenship_twice(whole_truth: Truth) -> None:
    assert whole_truth.citizenship_changes["person_id"].is_unique


def test_the_office_sends_each_group_with_those_it_does_not_know_and_a_total_that_is_their_sum(
    official: pd.DataFrame,
) -> None:
    wide = official.pivot(index=["series_id", "period"], columns="subpopulation", values="value").fillna(0.0)
    assert (wide.drop(columns=TOTAL).sum(axis=1) == wide[TOTAL]).all()
    stock = wide.loc[STOCK]
    assert set(stock.columns) == {*(each.value for each in Subpopulation), TOTAL}
    assert (stock["unknown"] / stock[TOTAL]).between(0.004, 0.012).all()


def test_a_stock_of_the_office_errs_as_it_states(official: pd.DataFrame, rows: pd.DataFrame) -> None:
    told = official[(official["series_id"] == STOCK) & (official["subpopulation"] == TOTAL)]
    true = counts(rows, "stock").sum(axis=1).to_numpy()[: len(told)]
    scaled = (told["value"].to_numpy() - true) / told["se"].to_numpy()
    assert 0.4 < np.sqrt((scaled**2).mean()) < 1.7


def test_births_and_deaths_are_counted_without_error(official: pd.DataFrame, rows: pd.DataFrame) -> None:
    for series, part in (("OFFICIAL_BIRTHS", "births"), ("OFFICIAL_DEATHS", "deaths")):
        told = official[(official["series_id"] == series) & (official["subpopulation"] == TOTAL)]
        assert told["value"].tolist() == counts(rows, part).sum(axis=1).tolist()[: len(told)]
        assert (told["se"] == 0).all()


def test_a_stock_is_published_in_october_and_what_happened_in_june_of_the_next_year(official: pd.DataFrame) -> None:
    later = [
        (row.vintage.year - row.period.year) * 12 + row.vintage.month - row.period.month
        for row in official.itertuples()
    ]
    assert set(zip(official["series_id"] == STOCK, later, strict=True)) == {(True, 9), (False, 17)}
