import gzip
import hashlib
import json
from datetime import date
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from sandbox.lakehouse.tables.feeds import FEEDS
from sandbox.lakehouse.tables.reference import REFERENCE
from sandbox.synthetic import country, deliveries
from sandbox.synthetic.country import Truth
from sandbox.synthetic.scenario import Scenario

MANIFEST_KEYS = {
    "manifest_version", "partner", "feed", "contract", "contract_version",
    "period_from", "period_to", "delivered_at", "files",
}  # fmt: skip


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def manifests(landing: Path) -> list[tuple[Path, dict]]:
    return [(path.parent, json.loads(path.read_text("utf-8"))) for path in sorted(landing.rglob("manifest.json"))]


def rows_of(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas()
    content = path.read_bytes()
    content = gzip.decompress(content) if path.suffix == ".gz" else content
    if path.name.endswith(".jsonl"):
        return pd.read_json(BytesIO(content), lines=True)
    return pd.read_csv(BytesIO(content), keep_default_na=False, dtype=str)


def feed(landing: Path, name: str) -> pd.DataFrame:
    own = [(folder, told) for folder, told in manifests(landing) if told["feed"] == name]
    return pd.concat([rows_of(folder / f["name"]) for folder, told in own for f in told["files"]], ignore_index=True)


def test_the_same_seed_gives_the_same_bytes(truth: Truth, landing: Path, scenario: Scenario, tmp_path: Path) -> None:
    deliveries.write(country.make(truth.scale, truth.seed, scenario), tmp_path, truth.seed)
    assert hashes(tmp_path) == hashes(landing)


def test_writing_once_more_changes_nothing(truth: Truth, landing: Path) -> None:
    before = hashes(landing)
    deliveries.write(truth, landing, truth.seed)
    assert hashes(landing) == before


def test_another_seed_gives_other_movements(truth: Truth, landing: Path, scenario: Scenario, tmp_path: Path) -> None:
    deliveries.write(country.make(truth.scale, 8, scenario), tmp_path, 8)
    one, other = hashes(tmp_path), hashes(landing)
    same = {name for name in one if one[name] == other.get(name)}
    # So small a country leaves all audiences below the floor; networks and holidays owe nothing to chance.
    assert {name.split("/")[1] for name in same} <= {"network", "calendar", "audience_estimate"}


def test_each_manifest_tells_rows_and_hash_of_its_files(landing: Path) -> None:
    for folder, told in manifests(landing):
        assert set(told) == MANIFEST_KEYS
        assert told["contract"] == f"{told['partner']}.{told['feed']}"
        for each in told["files"]:
            assert hashlib.sha256((folder / each["name"]).read_bytes()).hexdigest() == each["sha256"]
            assert len(rows_of(folder / each["name"])) == each["rows"]


@pytest.mark.parametrize(
    "name",
    ["mobile_event", "mobile_cell", "border_movement", "air_od_month", "audience_estimate", "geotagged_post",
     "official_series", "area", "network", "calendar"],
)  # fmt: skip
def test_files_have_the_columns_that_the_feed_declares(landing: Path, name: str) -> None:
    declared = {**FEEDS, **REFERENCE}[name].columns
    assert set(feed(landing, name).columns) == {column.name for column in declared}


def test_formats_are_mixed(landing: Path) -> None:
    formats = {(told["feed"], each["format"]) for _, told in manifests(landing) for each in told["files"]}
    assert {form for _, form in formats} == {"csv", "parquet", "jsonl"}
    assert ("border_movement", "csv") in formats
    assert any(path.name.endswith(".csv.gz") for path in landing.rglob("*"))


def test_no_row_of_truth_columns_is_delivered(landing: Path) -> None:
    for folder, told in manifests(landing):
        for each in told["files"]:
            assert not {"person_id", "is_migration", "group", "role"} & set(rows_of(folder / each["name"]).columns)


def test_border_files_have_duplicates_gaps_and_a_few_broken_rows(landing: Path, truth: Truth) -> None:
    rows = feed(landing, "border_movement")
    assert (rows["direction"] == "X").any()
    assert (rows["traveller_id"] == "").any()
    assert rows["event_date"].str.match(r"\d{5}-").any()
    assert rows["movement_id"].is_unique
    again = rows.duplicated(["traveller_id", "direction", "event_date"])
    assert 0.002 < again.mean() < 0.012
    missing = (rows["visa_class"] == "").mean()
    assert 0.03 < missing < 0.10
    crossed = truth.migration["crossings"].sum()
    assert 0.975 < len(rows) / crossed < 1.005


def test_one_crossing_per_person_and_direction_alternates(truth: Truth) -> None:
    rows = truth.crossings
    same = rows["person_id"].to_numpy()[1:] == rows["person_id"].to_numpy()[:-1]
    turned = rows["arrival"].to_numpy()[1:] != rows["arrival"].to_numpy()[:-1]
    assert turned[same].all()


def test_phones_are_seen_on_15_to_60_per_cent_of_days(landing: Path, truth: Truth) -> None:
    events = feed(landing, "mobile_event")
    # The day west of Greenwich: eight hours behind is the local day of most antennas.
    day = (events["event_ts"] - pd.Timedelta(hours=8)).dt.floor("D")
    seen = day.groupby(events["subscriber_id"]).nunique()
    main = truth.sims[truth.sims["role"] == "main"].set_index("subscriber_id")
    share = (seen.reindex(main.index).fillna(0) / (main["valid_to"] - main["valid_from"] + 1)).to_numpy()
    assert 0.15 < np.median(share) < 0.60
    assert ((share > 0.13) & (share < 0.62)).mean() > 0.85


def test_mobile_events_hold_roamers_both_ways_machines_and_no_cell_abroad(landing: Path) -> None:
    events = feed(landing, "mobile_event")
    own, home = events["home_mcc"] == "001", events["serving_mcc"] == "001"
    assert (own & ~home).any()
    assert (~own & home).any()
    assert events.loc[~home, "cell_id"].isna().all()
    assert events.loc[home, "cell_id"].notna().all()
    assert set(events["tac_class"]) == {"phone", "m2m", "other"}
    assert events["event_id"].is_unique


def test_events_stand_in_the_delivery_of_their_utc_day(landing: Path) -> None:
    for folder, told in manifests(landing):
        if told["feed"] == "mobile_event":
            days = rows_of(folder / "events.parquet")["event_ts"].dt.date
            assert date.fromisoformat(told["period_from"]) <= days.min()
            assert days.max() <= date.fromisoformat(told["period_to"])


def test_the_last_evening_of_a_quarter_comes_with_the_next_delivery(landing: Path) -> None:
    events = rows_of(landing / "telco_one" / "mobile_event" / "2024-q3" / "events.parquet")
    inside = events[events["serving_mcc"] == "001"]["event_ts"]
    # Five in the morning UTC is nine in the evening there, of the day before.
    assert inside.min() < pd.Timestamp(2024, 7, 1, 1, tz="UTC")


def test_an_antenna_is_silent_while_it_is_down(truth: Truth, landing: Path) -> None:
    events, cells = feed(landing, "mobile_event"), feed(landing, "mobile_cell")
    shaken = set(cells.loc[cells["area_id"] == truth.scenario.earthquake.area, "cell_id"])
    there = events[events["cell_id"].isin(shaken)]
    day = (there["event_ts"] - pd.Timedelta(hours=8)).dt.date
    assert not (day == truth.scenario.earthquake.day).any()
    assert (day == date(2024, 9, 10)).any()


def test_some_sims_have_two_users_and_some_persons_two_sims(truth: Truth) -> None:
    assert truth.sims["subscriber_id"].duplicated().any()
    people = truth.sims[truth.sims["role"].isin(["main", "second"])]
    assert people["person_id"].duplicated().any()


def test_two_antennas_have_latitude_and_longitude_swapped(landing: Path, truth: Truth) -> None:
    latitude = pd.to_numeric(feed(landing, "mobile_cell")["lat"])
    assert (latitude < -90).sum() == truth.scenario.mobile.swapped_cells > 0


def test_audience_figures_never_fall_below_the_floor(landing: Path) -> None:
    rows = feed(landing, "audience_estimate")
    assert (rows["mau"] >= rows["floor_value"]).all()
    assert (rows.loc[rows["is_censored"], "mau"] == rows.loc[rows["is_censored"], "floor_value"]).all()
    assert set(rows["floor_value"]) == {20, 1000}


def test_the_new_definition_takes_30_to_50_per_cent_off(landing: Path) -> None:
    rows = feed(landing, "audience_estimate")
    of_all = rows[(rows["sex"] == "_T") & (rows["age_min"] == 18) & (rows["age_max"] == 120)]
    of_all = of_all[of_all["origin_code"] == "PHL"].assign(month=of_all["snapshot_ts"].astype(str).str[:7])
    before = of_all.set_index("month").loc["2024-05"]
    after = of_all.set_index("month").loc["2024-06"]
    assert before["definition_regime"] != after["definition_regime"]
    assert not before["is_censored"]


def test_official_figures_are_not_published_before_their_period_is_over(landing: Path) -> None:
    rows = feed(landing, "official_series")
    period, vintage = pd.to_datetime(rows["period"]), pd.to_datetime(rows["vintage"])
    months = (vintage.dt.year - period.dt.year) * 12 + vintage.dt.month - period.dt.month
    flows = rows["series_id"].isin(["OFFICIAL_IMM", "OFFICIAL_EMI", "OFFICIAL_NET"])
    first = rows["status"] == "first"
    assert set(months[flows & first & (rows["frequency"] == "M")]) == {17}
    assert set(months[flows & ~first & (rows["frequency"] == "M")]) == {29}
    assert set(months[rows["series_id"] == "OFFICIAL_INT"]) == {11 + 6}
    assert vintage.max() <= pd.Timestamp(2025, 12, 31)


def test_official_keys_are_unique(landing: Path) -> None:
    rows = feed(landing, "official_series")
    assert not rows.duplicated(list(FEEDS["official_series"].bronze.key)).any()


def test_official_errors_are_of_the_size_that_the_office_states(whole_truth: Truth, tmp_path: Path) -> None:
    from sandbox.synthetic.office_files import official_series

    rows = official_series(whole_truth, whole_truth.seed)
    rows = rows[(rows["series_id"] == "OFFICIAL_IMM") & (rows["frequency"] == "M") & (rows["status"] == "first")]
    rows = rows[rows["subpopulation"] == "_T"]
    true = whole_truth.migration[whole_truth.migration["direction"] == "A"].groupby("month")["migrations"].sum()
    days = (pd.to_datetime(rows["period"]) - pd.Timestamp(1970, 1, 1)).dt.days
    scaled = (rows["value"].to_numpy() - true.reindex(days).to_numpy()) / rows["se"].to_numpy()
    assert 0.75 < scaled.std() < 1.25


def test_outlines_of_neighbours_share_points(landing: Path) -> None:
    rows = feed(landing, "area").drop_duplicates("area_id").set_index("area_id")
    points = {
        area: {tuple(point) for point in json.loads(text)["coordinates"][0]} for area, text in rows["geometry"].items()
    }
    assert len(points["A1"] & points["A2"]) >= 7
    assert not points["A8"] & points["A2"]


def test_bots_post_from_everywhere(landing: Path, truth: Truth) -> None:
    rows = feed(landing, "geotagged_post")
    bots = set(truth.users.loc[truth.users["person_id"] < 0, "user_id"])
    by_bot = rows["user_id"].isin(bots)
    assert rows[by_bot].groupby("user_id")["country"].nunique().min() > 4
    score = rows.groupby(by_bot)["is_bot_score"].mean()
    assert score[True] > score[False] + 0.3
