"""Official series: every source's figures arrive with their place, time and kind; sums against pandas."""

from pathlib import Path

import pandas as pd
import pytest

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import csv
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.series import age_code, first_day, sex_code
from tests.feeds.reading import broken_rules, rows_of

FEED = "official_series"


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        ("0-4 years", "Y0T4"), ("05-09", "Y5T9"), ("25–29", "Y25T29"), ("75 years and over", "Y_GE75"),
        ("90+", "Y_GE90"), ("unknown", "unknown"),
    ],
)  # fmt: skip
def test_ages_become_codes(stated: str, code: str) -> None:
    assert age_code(stated) == code


@pytest.mark.parametrize(
    ("stated", "day"),
    [
        ("2019", "2019-01-01"), ("2019-05", "2019-05-01"), ("2019-Q2", "2019-04-01"), ("1978Q3", "1978-07-01"),
        ("2019-S2", "2019-07-01"), ("2019-Q7", "2019-Q7"), ("2019-W03", "2019-W03"), ("soon", "soon"),
    ],
)  # fmt: skip
def test_a_period_is_named_by_its_first_day_or_left_as_it_is(stated: str, day: str) -> None:
    assert first_day(stated) == day


def test_countries_are_known_by_code_name_or_the_sources_own_spelling() -> None:
    names = ("NZ", "New Zealand", "EL", "UK", "China, People's Republic of", "Korea, Republic of", "Atlantis")
    assert [alpha_3(name) for name in names] == ["NZL", "NZL", "GRC", "GBR", "CHN", "KOR", "Atlantis"]
    assert [sex_code(each) for each in ("female", "Male", "T", "x")] == ["F", "M", "_T", "x"]


@pytest.mark.parametrize("way", ["entries", "exits"])
def test_border_crossings_by_nationality(shared: Path, way: str) -> None:
    path = shared / f"data/iom_americas_border/regular_{way}.csv"
    source = pd.read_csv(path, keep_default_na=False)
    rows = rows_of(path, "iom_border", FEED)
    assert rows["value"].sum() == source["n"].sum()
    assert set(rows["series_id"]) == {f"IOM_REGULAR_{way.upper()}"}
    sums = source[source["geo"] == "COL"].groupby("t")["n"].sum().to_dict()
    assert rows[rows["area"] == "COL"].groupby("period")["value"].sum().to_dict() == sums
    # Where the entries say OOO (other), the exits say nothing.
    unnamed = {"entries": {}, "exits": {"required:partner_area": 188}}[way]
    assert broken_rules(path, "iom_border", FEED) == unnamed
    assert (source["nat"] == "").sum() == sum(unnamed.values())


def test_a_file_whose_name_says_neither_entries_nor_exits_is_refused(tmp_path: Path) -> None:
    (tmp_path / "regular.csv").write_text("t,geo,nat,n\n2023-01-01,ARG,AFG,10\n", "utf-8")
    with pytest.raises(DeliveryRefusedError, match="neither entries nor exits"):
        rows_of(tmp_path / "regular.csv", "iom_border", FEED)


def test_migrant_stocks_by_corridor(shared: Path) -> None:
    path = shared / "data/undesa_stock_2020/undesa_stocks_2020.csv.gz"
    source = pd.read_csv(path, keep_default_na=False)
    rows = rows_of(path, "undesa_stock", FEED)
    assert len(rows) == len(source) == 170_618
    assert rows["value"].sum() == source["n"].sum() == 1_428_493_482
    women = source[(source["sex"] == "female") & (source["t"] == 2020)]["n"].sum()
    assert rows[(rows["sex"] == "F") & (rows["period"] == "2020-01-01")]["value"].sum() == women
    foreign = source[(source["type_c"] == 1) & (source["type_b"] == 0)]["n"].sum()
    assert rows[rows["concept"] == "foreign citizens"]["value"].sum() == foreign
    assert (rows["status"] == "I").sum() == (source[["type_b", "type_c", "type_r"]].sum(axis=1) == 0).sum()
    assert broken_rules(path, "undesa_stock", FEED) == {}


def test_the_marks_of_a_stock_are_its_status(tmp_path: Path) -> None:
    header = "geo,t,from,sex,n,type_b,type_c,type_r,type_i"
    marks = ("1,0,1,0", "0,1,0,0", "1,1,0,1", "0,0,0,1", "0,0,0,0")
    lines = [f"ABW,1990,BES,female,25,{each}" for each in marks]
    (tmp_path / "u.csv").write_text("\n".join([header, *lines]) + "\n", "utf-8")
    rows = rows_of(tmp_path / "u.csv", "undesa_stock", FEED)
    assert rows["status"].tolist() == ["B R", "C", "B C I", "I", ""]
    assert rows["concept"].tolist() == [
        "foreign-born", "foreign citizens", "foreign-born and foreign citizens", "imputed", "imputed",
    ]  # fmt: skip


def test_permanent_and_long_term_migration_of_new_zealand(shared: Path) -> None:
    path = shared / "data/nz_plt_migration/rc13_pltmig_9716.csv.gz"
    source = pd.read_csv(path, dtype={"rc13": str})
    rows = rows_of(path, "nz_plt_migration", FEED)
    assert len(rows) == len(source) == 284_240
    arrivals = rows[rows["series_id"].str.startswith("NZ_PLT:direction=Arrivals,")]
    expected = source[source["direction"] == "Arrivals"].groupby("year")["count"].sum()
    assert arrivals.groupby("period")["value"].sum().tolist() == expected.tolist()
    youngest = source[source["age_grp"] == "00-05"]["count"].sum()
    assert rows[rows["age"] == "Y0T4"]["value"].sum() == youngest
    assert rows[rows["area"] == "02"]["value"].sum() == source[source["rc13"] == "02"]["count"].sum()
    assert broken_rules(path, "nz_plt_migration", FEED) == {}


def test_a_quarterly_table_of_infoshare_is_unfolded_and_its_notes_are_no_rows(shared: Path) -> None:
    path = shared / "data/nz_plt_migration/visitor_arrivals_quarterly.csv"
    source = pd.read_csv(path, skiprows=3, header=None, nrows=4_896, skipinitialspace=True)
    source[[0, 1]] = source[[0, 1]].ffill()
    rows = rows_of(path, "nz_visitor_arrivals", FEED)
    assert len(rows) == source.iloc[:, 3:].size == 39_168
    assert pd.to_numeric(rows["value"]).sum() == source.iloc[:, 3:].sum().sum()
    cell = rows.query("period == '1978-10-01' and age == 'Y20T24' and sex == 'M' and partner_area == 'GBR'")
    assert cell["value"].tolist() == ["124"]
    assert set(rows["vintage"]) == {"2016-07-01"}
    # The declaration of the feed knows no quarter yet: the rule says so for every row, and nothing else.
    assert set(broken_rules(path, "nz_visitor_arrivals", FEED)) <= {"allowed:frequency"}


def test_a_cell_without_a_figure_is_no_row_and_blank_labels_are_those_above(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_text(
        "Visitors,,,,\n,,,Holiday,\n , , ,Australia,Japan\n1978Q2,0-4 years,Female,276,..\n , ,Male,184,2\n"
        "Table information:,,,,\nOdd, note\n",
        "utf-8",
    )
    rows = rows_of(tmp_path / "v.csv", "nz_visitor_arrivals", FEED)
    found = rows[["period", "age", "sex", "partner_area", "value", "_row"]].sort_values("_row").to_numpy().tolist()
    assert found == [
        ["1978-04-01", "Y0T4", "F", "AUS", "276", 1],
        ["1978-04-01", "Y0T4", "M", "AUS", "184", 3],
        ["1978-04-01", "Y0T4", "M", "JPN", "2", 4],
    ]
    assert set(rows["vintage"]) == {"2025-11-01"}, "no note of an update: the month of hand-over"


def test_labels_go_on_from_one_block_to_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv, "BLOCK_BYTES", 120)
    lines = "".join(f" , ,{sex},{number}\n" for number in range(20) for sex in ("Female", "Male"))
    (tmp_path / "v.csv").write_text(f"Visitors,,,\n,,,Holiday\n , , ,Japan\n1978Q2,0-4 years,U,7\n{lines}", "utf-8")
    rows = rows_of(tmp_path / "v.csv", "nz_visitor_arrivals", FEED)
    assert (len(rows), set(rows["period"]), set(rows["age"])) == (41, {"1978-04-01"}, {"Y0T4"})


@pytest.mark.parametrize(
    ("file", "figure", "series"),
    [
        ("Eurostat_2010_2018_15_64", "eurostat", "EUROSTAT_STOCK_15_64"),
        ("LFS_corrected_full_corridors", "LFS", "EUROSTAT_LFS"),
        ("Eurostat_census_2011", "census", "EUROSTAT_CENSUS_2011"),
    ],
)
def test_stocks_of_eu_citizens(shared: Path, file: str, figure: str, series: str) -> None:
    path = shared / f"data/fb_eu_stocks/{file}.csv.gz"
    source = pd.read_csv(path)
    rows = rows_of(path, "eurostat_eu_stocks", FEED)
    assert set(rows["series_id"]) == {series}
    assert rows["value"].sum() == pytest.approx(source[figure].sum())
    in_germany = source[source["dest"] == "Germany"][figure].sum()
    assert rows[rows["area"] == "DEU"]["value"].sum() == pytest.approx(in_germany)
    assert rows["value"].isna().sum() == source[figure].isna().sum()


def test_modelled_totals_keep_model_and_standard_deviation(shared: Path) -> None:
    path = shared / "data/fb_eu_stocks/paper_allmodels_total.csv.gz"
    source = pd.read_csv(path)
    rows = rows_of(path, "eu_stock_models", FEED)
    assert len(rows) == 80, "nine models in nine years, less one: Without Facebook ends in 2018"
    assert rows["value"].sum() == pytest.approx(source["total"].sum())
    assert rows["se"].sum() == pytest.approx(source["sd"].sum())
    assert rows["series_id"].nunique() == source["model"].nunique() == 9
    assert broken_rules(path, "eu_stock_models", FEED) == {}


@pytest.mark.parametrize(
    ("file", "pairs", "period"),
    [
        ("twitter_IRS_outflow_pairs_1314.csv", 26_901, "2013-01-01"),
        ("twitter_IRS_1314_exempt_zero.csv", 90_149, "2013-01-01"),
        ("twitter_IRS_1415_exempt_zero.csv", 74_606, "2014-01-01"),
    ],
)
def test_movers_between_us_counties(shared: Path, file: str, pairs: int, period: str) -> None:
    path = shared / f"data/twitter_irs_us/{file}"
    source = pd.read_csv(path, header=None)
    rows = rows_of(path, "irs_pairs", FEED)
    assert len(rows) == 3 * len(source) == 3 * pairs
    assert set(rows["period"]) == {period}
    sums = rows.groupby("series_id")["value"].sum()
    expected = source.iloc[:, -3:].sum().tolist()
    assert sums[["TWITTER_MOVERS", "IRS_RETURNS", "IRS_EXEMPTIONS"]].tolist() == expected
    # Two of the three files name no pair: their rows can't be placed, and say so.
    unplaced = 0 if "pairs" in file else 3 * pairs
    assert broken_rules(path, "irs_pairs", FEED).get("required:area", 0) == unplaced


def test_each_count_of_a_pair_is_a_row_with_a_number_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pairs_1314.csv").write_text("195,949,1,2,3\n949,195,4,5,6\n", "utf-8")
    rows = rows_of(tmp_path / "pairs_1314.csv", "irs_pairs", FEED).sort_values("_row")
    assert rows[["_row", "area", "value"]].to_numpy().tolist() == [
        [1, "195", 1.0], [2, "195", 2.0], [3, "195", 3.0], [4, "949", 4.0], [5, "949", 5.0], [6, "949", 6.0],
    ]  # fmt: skip


def test_a_file_of_pairs_that_does_not_say_its_years_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pairs_1316.csv").write_text("1,2,3,4,5\n", "utf-8")
    with pytest.raises(DeliveryRefusedError, match="does not say its years"):
        rows_of(tmp_path / "pairs_1316.csv", "irs_pairs", FEED)


def test_a_source_without_a_vintage_has_that_of_its_hand_over(tmp_path: Path) -> None:
    (tmp_path / "regular_exits.csv").write_text("t,geo,nat,n\n2023-01-01,ARG,AFG,10\n", "utf-8")
    assert rows_of(tmp_path / "regular_exits.csv", "iom_border", FEED)["vintage"].tolist() == ["2025-11-01"]
