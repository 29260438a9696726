"""What the rules over sets find in real files, without being told (known figures: the README of the real data)."""

from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.readers import ReadOptions, reader_named
from sandbox.feeds.rules import check_rows
from sandbox.feeds.set_rules import Finding, panel_findings, set_findings
from sandbox.feeds.set_rules.transfers import transfer_findings


def rows_of(path: Path, file_format: str, feed: str) -> pa.Table:
    """Read a file as its feed's columns, without the rules of rows."""
    options = ReadOptions(ALL_FEEDS[feed])
    checked = [check_rows(batch, ALL_FEEDS[feed], "UTC", None) for batch in reader_named(file_format)(path, options)]
    return pa.concat_tables([pa.table(each.typed) for each in checked])


def passengers(shared: Path, name: str) -> pa.Table:
    file_format = "bitre_airlines" if name == "airlines.csv" else "bitre_city_pairs"
    return rows_of(shared / "data" / "au_bitre" / name, file_format, "air_od_month")


def test_the_year_defect_of_bitre_is_found_and_the_right_file_has_none(shared: Path) -> None:
    airlines, sent_on = passengers(shared, "airlines.csv"), date(2025, 10, 1)
    (finding,) = set_findings("air_od_month", passengers(shared, "city_pairs_raw.csv"), airlines, sent_on)
    assert (finding.months, finding.shift_years) == ((9, 10, 11, 12), -1)
    assert set_findings("air_od_month", passengers(shared, "city_pairs.csv"), airlines, sent_on) == []


@pytest.fixture(scope="module")
def audience(shared: Path) -> list[Finding]:
    path = shared / "data" / "fb_eu_stocks" / "Fb_all_2016_2019_users_pop_coverage.csv.gz"
    rows = rows_of(path, "fb_eu", "audience_estimate")
    untold = ["floor_value", "is_censored", "definition_regime"]
    return panel_findings("audience_estimate", rows.drop_columns(untold))


def found(findings: list[Finding], rule: str) -> list[Finding]:
    return [finding for finding in findings if finding.rule == rule]


def test_the_floors_of_20_and_1000_are_found_from_the_figures(audience: list[Finding]) -> None:
    floors = [(f.figures["value"], f.period_from, f.period_to) for f in found(audience, "floor")]
    assert floors == [
        (20, date(2016, 5, 1), date(2017, 6, 1)),
        (1_000, date(2018, 3, 1), date(2019, 6, 1)),
    ]
    assert [f.period_to for f in found(audience, "floor_changed")] == [date(2018, 3, 1)]


def test_the_definition_break_of_spring_2019_is_found_and_no_other(audience: list[Finding]) -> None:
    (finding,) = found(audience, "definition_break")
    assert (finding.period_from, finding.period_to) == (date(2019, 3, 1), date(2019, 4, 1))
    names = ("sum", "median", "median_above_floor")
    assert [round(100 * finding.figures[name]) for name in names] == [-48, -13, -49]


def test_the_corridors_that_april_2018_lacks_are_found(audience: list[Finding]) -> None:
    drops = {f.period_from: (f.figures["answered"], f.figures["known"]) for f in found(audience, "coverage_drop")}
    assert drops[date(2018, 4, 1)] == (477, 702)


def test_nothing_of_the_audience_was_sent_twice(audience: list[Finding]) -> None:
    assert found(audience, "repeated") == found(audience, "doubled") == []


def test_last_years_figures_sent_again_as_this_years_are_found(shared: Path) -> None:
    rows = passengers(shared, "city_pairs.csv").to_pandas()
    assert found(panel_findings("air_od_month", pa.Table.from_pandas(rows)), "repeated") == []
    months = pd.to_datetime(rows["period"])
    again = rows[months.dt.year == 2018].assign(period=lambda r: [day.replace(year=2019) for day in r["period"]])
    sent = pd.concat([rows[months.dt.year != 2019], again])
    repeated = found(panel_findings("air_od_month", pa.Table.from_pandas(sent)), "repeated")
    assert [f.period_from for f in repeated] == [date(2019, month, 1) for month in range(1, 13)]


def test_coupons_of_db1b_count_transfers_as_arrivals(shared: Path) -> None:
    folder = shared / "data" / "us_db1b_t100"
    coupons = pd.read_csv(folder / "Origin_and_Destination_Survey_DB1BCoupon_2001_1.csv")
    journeys = coupons.groupby("MktID")["Passengers"].first()
    rows = pa.table(
        {
            "period": pa.array([date(2001, 1, 1)] * 2, pa.date32()),
            "source": ["coupons"] * 2,
            "measure": ["segment", "od_true"],
            "passengers": [int(coupons["Passengers"].sum()), int(journeys.sum())],
        }
    )
    (finding,) = transfer_findings(rows)
    assert (finding.figures["legs"], finding.figures["journeys"]) == (2_468, 1_508)
    assert round(finding.figures["transfers"], 3) == 0.389
