"""Australian passengers: what each year says, and that it says so from its own months."""

from datetime import date
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from experiments.au_passengers.model import (
    HOME,
    latest_known,
    monthly_passengers,
    official_years,
    regime_gate,
    year_estimates,
)
from experiments.au_passengers.run import YEARS, concluded
from sandbox.benchmark.gates import GateStatus
from sandbox.settings import Workspace


@cache
def passengers_in(shared: Path) -> pd.DataFrame:
    """What bronze holds of the city pairs, their years mended, read without Spark."""
    pairs = pd.read_csv(shared / "data/au_bitre/city_pairs_raw.csv")
    year = pairs["year"] - (pairs["month"] >= 9)
    period = [date(int(y), int(m), 1) for y, m in zip(year, pairs["month"], strict=True)]
    sides = [("n_passengers_in", "dest_country", HOME), ("n_passengers_out", HOME, "dest_country")]
    parts = [
        pd.DataFrame(
            {
                "period": period,
                "source": "BITRE city pairs",
                "passengers": pairs[count],
                "origin_country": pairs.get(start, start),
                "destination_country": pairs.get(end, end),
            }
        )
        for count, start, end in sides
    ]
    return pd.concat(parts, ignore_index=True)


@cache
def official_in(shared: Path) -> pd.DataFrame:
    rows = pd.read_csv(shared / "data/au_bitre/abs_nom.csv")
    year = rows["financial_year_ending_june"]
    return pd.DataFrame(
        {
            "series_id": "ABS_NOM",
            "period": [date(y - 1, 7, 1) for y in year],
            "value": rows["net_overseas_migration"],
            "vintage": [date(y + (v != "first"), 12, 1) for y, v in zip(year, rows["vintage"], strict=True)],
        }
    )


def printed_in(shared: Path, passengers: pd.DataFrame | None = None) -> dict[str, dict[str, object]]:
    rows = passengers if passengers is not None else passengers_in(shared)
    found, _ = concluded(rows, official_in(shared))
    return {str(row["year"]): row for row in found.printed if "year" in row}


def test_raw_net_passengers_look_right_for_three_years_and_are_then_far_off(shared: Path) -> None:
    errors = {year: row["raw against first"] for year, row in printed_in(shared).items()}
    assert errors == {
        "2016-17": "-5.2%",
        "2017-18": "+0.6%",
        "2018-19": "+7.3%",
        "2019-20": "+187.5%",
        "2020-21": "+120.3%",
        "2021-22": "wrong sign",
        "2022-23": "-18.7%",
        "2023-24": "no official value",
    }


def test_three_years_are_at_most_caution_and_all_later_ones_are_refused(shared: Path) -> None:
    verdicts = [row["verdict"] for row in printed_in(shared).values()]
    assert verdicts == ["CAUTION"] * 3 + ["WITHHOLD"] * 5


def test_the_raw_proxy_is_not_assessable_though_it_looks_right(shared: Path) -> None:
    found, _ = concluded(passengers_in(shared), official_in(shared))
    raw = [row for row in found.verdicts if row["indicator"] == "AU_NET_PASSENGERS"]
    assert [row["verdict"] for row in raw] == ["NOT_ASSESSABLE"]


@pytest.mark.parametrize("year", YEARS)
def test_a_year_is_judged_by_nothing_after_its_june(shared: Path, year: int) -> None:
    months = monthly_passengers(passengers_in(shared), "BITRE city pairs")
    official = official_years(official_in(shared), "ABS_NOM")
    upto = range(YEARS.start, year + 1)
    early = official[official["vintage"] <= date(year, 7, 1)]
    assert year_estimates(months[: f"{year}-06"], early, upto)[-1] == year_estimates(months, official, upto)[-1]


def test_one_input_row_changed_changes_the_printed_figure_of_its_year_only(shared: Path) -> None:
    changed = passengers_in(shared).copy()
    row = changed.index[changed["period"] == date(2017, 11, 1)][0]
    changed.loc[row, "passengers"] += 10_000
    before, after = printed_in(shared), printed_in(shared, changed)
    assert after["2017-18"]["net passengers"] == before["2017-18"]["net passengers"] + 10_000
    assert after["2016-17"] == before["2016-17"]


def test_an_official_value_is_known_only_once_it_is_published(shared: Path) -> None:
    official = official_years(official_in(shared), "ABS_NOM")
    assert list(latest_known(official, date(2018, 7, 1)).index) == []
    assert list(latest_known(official, date(2020, 7, 1)).index) == [2017, 2018, 2019]
    assert latest_known(official, date(2020, 7, 1))[2019] == 239_600
    assert latest_known(official, date(2021, 7, 1))[2019] == 241_340


def test_a_broken_regime_is_believed_again_only_after_three_steady_years() -> None:
    index = pd.period_range("2010-07", "2020-06", freq="M")
    wave = pd.Series([1.0, 1.02, 0.99] * 40, index=index)
    months = pd.DataFrame({"into": 1000 * wave, "out": 990 * wave})
    statuses = [regime_gate(months, year, [2014])[0].status for year in (2015, 2017, 2018)]
    assert statuses == [GateStatus.WITHHOLD, GateStatus.WITHHOLD, GateStatus.PUBLISH]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:::mlflow", "ignore:::sqlalchemy", "ignore::DeprecationWarning")
def test_the_whole_way_leaves_its_rows_and_finds_the_year_defect(shared: Path, workspace: Workspace) -> None:
    from experiments.au_passengers.run import run
    from sandbox.lakehouse import store
    from sandbox.lakehouse.tables.books import DELIVERY, WITHHELD
    from sandbox.lakehouse.tables.figures import COMPARISON, ESTIMATE, VERDICT

    rows = run(workspace, shared, seed=1)
    assert {str(r["year"]): r["verdict"] for r in rows if "year" in r} == {
        year: row["verdict"] for year, row in printed_in(shared).items()
    }
    assert any("9, 10, 11, 12" in str(row.get("finding")) for row in rows)
    for table in (DELIVERY, ESTIMATE, COMPARISON, VERDICT, WITHHELD):
        assert store.read_small(workspace, table).num_rows > 0
