"""Audience estimates as collected: the query's text becomes place, origin, age and sex; nothing in it is run."""

import json
from pathlib import Path

import pandas as pd
import pytest

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers.pysocialwatcher_csv import origin, parsed
from tests.feeds.reading import broken_rules, rows_of

FEED = "audience_estimate"
QUERY = {
    "ages_ranges": "{'min': 18, 'max': 24}",
    "geo_locations": "{'name': 'countries', 'values': ['AE']}",
    "genders": "2",
    "behavior": "{'or': [6027149004983], 'name': 'Expats (Serbia)'}",
    "interests": "",
    "targeting": "{'age_min': 18}",
    "response": "",
    "dau_audience": "0",
    "mau_audience": "1000",
    "timestamp": "1601831196",
    "publisher_platforms": '["facebook", "instagram"]',
}


def read(path: Path, **changed: str) -> dict[str, object]:
    pd.DataFrame([QUERY | changed]).to_csv(path / "q.csv")
    return rows_of(path / "q.csv", "pysocialwatcher_csv", FEED).iloc[0].to_dict()


def test_a_query_becomes_place_origin_age_and_sex(tmp_path: Path) -> None:
    row = read(tmp_path)
    said = ("snapshot_ts", "platform", "geo_level", "geo_code", "origin_code", "age_min", "age_max", "sex")
    assert [row[name] for name in said] == [
        "2020-10-04T17:06:36Z", "facebook+instagram", "country", "ARE", "SRB", "18", "24", "F",
    ]  # fmt: skip
    assert (row["dau"], row["mau"], row["floor_value"], row["is_censored"]) == (0.0, 1000.0, 1000, True)
    assert row["definition_regime"] == "monthly active users"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("{'or': [1], 'name': 'Expats (Serbia)'}", "SRB"),
        ("{u'or': [1], u'name': u'Expats (UAE)'}", "ARE"),
        ("{'or': [6015559470583], 'name': 'Expats'}", "Expats"),
        ("{'or': [60, 61]}", "60+61"),
        ("{'not': [60], 'name': 'Expats (Serbia)'}", "Expats (Serbia)"),
        ("word", "word"),
    ],
)
def test_the_origin_is_what_the_file_names_and_no_more(behaviour: str, code: str) -> None:
    assert origin(behaviour) == code


def test_without_a_filter_by_behaviour_all_users_are_meant(tmp_path: Path) -> None:
    assert read(tmp_path, behavior="")["origin_code"] == "_T"


def test_a_query_with_other_filters_says_so(tmp_path: Path) -> None:
    assert read(tmp_path, interests="{'or': [1]}")["definition_regime"] == (
        "monthly active users; restricted by interests"
    )


def test_an_answer_that_was_not_taken_out_is_read_where_it_stands(tmp_path: Path) -> None:
    body = {"data": [{"estimate_mau_lower_bound": 900, "estimate_mau_upper_bound": 1100, "estimate_dau": 5}]}
    row = read(tmp_path, mau_audience="", dau_audience="", response=f"b'{json.dumps(body)}'")
    assert (row["dau"], row["mau_lower"], row["mau_upper"]) == (5.0, "900", "1100")


@pytest.mark.parametrize(
    "cell",
    [
        "__import__('os').system('true')", "[].__class__", "[" * 5_000 + "]" * 5_000, "(" * 200, "9" * 70_000,
        f"'{'x' * 70_000}'", "{'a':", "\0",
    ],
)  # fmt: skip
def test_a_cell_is_data_never_code_and_never_without_end(cell: str) -> None:
    assert parsed(cell) is None


def test_a_hostile_cell_costs_its_own_row_only(tmp_path: Path) -> None:
    hostile = QUERY | {"geo_locations": "__import__('os')", "timestamp": "soon", "mau_audience": "1e400"}
    pd.DataFrame([QUERY, hostile]).to_csv(tmp_path / "q.csv")
    assert broken_rules(tmp_path / "q.csv", "pysocialwatcher_csv", FEED) == {
        "type:snapshot_ts": 1, "allowed:geo_level": 1, "type:mau": 1,
    }  # fmt: skip


UNDP = "data/meta_audience_raw/undp_2020-10-0"


@pytest.mark.parametrize("file", ["4_age_18to24.csv", "4_age_25to34.csv", "5_gender.csv"])
def test_undps_collection_of_serbs_abroad(shared: Path, file: str) -> None:
    source = pd.read_csv(shared / f"{UNDP}{file}")
    rows = rows_of(shared / f"{UNDP}{file}", "pysocialwatcher_csv", FEED)
    assert len(rows) == len(source)
    assert (rows["mau"].sum(), rows["dau"].sum()) == (source["mau_audience"].sum(), source["dau_audience"].sum())
    in_america = source[source["geo_locations"].str.contains("'US'")]
    assert rows[rows["geo_code"] == "USA"]["mau"].sum() == in_america["mau_audience"].sum()
    assert rows["is_censored"].sum() == (source["mau_audience"] <= 1_000).sum()
    assert rows["sex"].map({"_T": 0, "M": 1, "F": 2}).tolist() == source["genders"].tolist()
    assert set(rows["origin_code"]) == {"SRB"}
    # The United States were asked for twice in each round.
    assert rows.duplicated(["query_hash", "snapshot_ts"]).sum() == source["genders"].nunique()
    assert broken_rules(shared / f"{UNDP}{file}", "pysocialwatcher_csv", FEED) == {}


def test_the_first_collections_have_no_time_of_the_query(shared: Path) -> None:
    folder = shared / "data/meta_audience_raw"
    complete = folder / "psw_test_example_dataframe_complete.csv"
    source = pd.read_csv(complete)
    rows = rows_of(complete, "pysocialwatcher_csv", FEED)
    assert rows["mau"].tolist() == source["audience"].tolist()
    assert rows["geo_code"].value_counts().to_dict() == {"DZA": 12, "BHR": 12}
    assert set(rows["definition_regime"]) == {"users reached; restricted by interests, scholarities, languages"}
    quick = folder / "psw_quick_example_dataframe_collected.csv"
    answers = [json.loads(each)["data"]["users"] for each in pd.read_csv(quick)["response"]]
    assert rows_of(quick, "pysocialwatcher_csv", FEED)["mau"].tolist() == answers
    assert broken_rules(quick, "pysocialwatcher_csv", FEED) == {"required:snapshot_ts": 2}


@pytest.mark.parametrize("orient", ["records", "columns"])
def test_the_same_collection_as_json_is_the_same(shared: Path, tmp_path: Path, orient: str) -> None:
    path = shared / f"{UNDP}5_gender.csv"
    pd.read_csv(path, index_col=0).to_json(tmp_path / "q.json", orient=orient)  # type: ignore[call-overload]
    rows, same = rows_of(tmp_path / "q.json", "pysocialwatcher_json", FEED), rows_of(path, "pysocialwatcher_csv", FEED)
    pd.testing.assert_frame_equal(rows.drop(columns="_row"), same.drop(columns="_row"), check_dtype=False)


def test_objects_in_json_need_no_text_around_them(tmp_path: Path) -> None:
    query = QUERY | {"geo_locations": {"name": "countries", "values": ["AE"]}, "genders": 1, "mau_audience": 1_000}
    (tmp_path / "q.json").write_text(json.dumps([query]), "utf-8")
    row = rows_of(tmp_path / "q.json", "pysocialwatcher_json", FEED).iloc[0]
    assert (row["geo_code"], row["sex"], row["mau"]) == ("ARE", "M", 1000.0)


@pytest.mark.parametrize("file", ["psw_newyork_expats.json", "psw_quick_example.json"])
def test_queries_that_were_never_asked_are_refused_with_their_number(shared: Path, file: str) -> None:
    path = shared / "data/meta_audience_raw" / file
    asked = json.loads(path.read_text("utf-8"))
    number = 1
    for values in asked.values():
        number *= len(values) if isinstance(values, list) else 1
    with pytest.raises(DeliveryRefusedError, match=f"holds {number} queries and no answer"):
        rows_of(path, "pysocialwatcher_json", FEED)


@pytest.mark.parametrize("text", ["[" * 200_000, '{"a": ', "[1, 2]", "[]", "7", '{"mau_audience": 5}'])
def test_json_that_is_no_collection_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "q.json").write_text(text, "utf-8")
    with pytest.raises(DeliveryRefusedError, match="can't be read"):
        rows_of(tmp_path / "q.json", "pysocialwatcher_json", FEED)
