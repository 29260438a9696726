"""Stops and fixes: the place is the source's own, or the H3 cell of where it was."""

from pathlib import Path

import h3
import pandas as pd
import pytest

from tests.feeds.reading import broken_rules, rows_of

# trackintel's own test files: semicolons and a zone, commas and none.
WITH_ZONE = (
    ";user_id;started_at;finished_at;elevation;geom\n"
    "0;1;2015-11-27T08:00:00Z;2015-11-27T10:00:00Z;350;POINT (8.5282230000000006 47.3951860000000025)\n"
    "1;1;2015-11-27T12:00:00+01:00;2015-11-27T14:00:00+01:00;370;POINT (8.5434000000000001 47.9560000000000031)\n"
)
WITHOUT = (
    "started_at,finished_at,geom,id,elevation,user_id,location_id,purpose\n"
    "2008-10-24 02:15:19,2008-10-24 02:15:29,POINT (116.32 40.00),0,39.8,0.0,home7,home\n"
    "2008-10-24 03:15:19,2008-10-24 03:15:29,POINT (116.32 40.00),1,39.8,0.0,,\n"
)


def staypoints(path: Path, text: str) -> pd.DataFrame:
    (path / "sp.csv").write_text(text, "utf-8")
    return rows_of(path / "sp.csv", "trackintel_staypoints", "stop")


def test_a_staypoint_keeps_the_clock_that_the_user_saw(tmp_path: Path) -> None:
    rows = staypoints(tmp_path, WITH_ZONE)
    assert rows["start_ts"].tolist() == ["2015-11-27T08:00:00", "2015-11-27T12:00:00"]
    assert rows["place"].tolist() == [
        h3.latlng_to_cell(47.395186, 8.528223, 9), h3.latlng_to_cell(47.956, 8.5434, 9),
    ]  # fmt: skip
    assert broken_rules(tmp_path / "sp.csv", "trackintel_staypoints", "stop") == {}


def test_the_place_is_the_location_where_there_is_one_and_the_purpose_is_the_label(tmp_path: Path) -> None:
    rows = staypoints(tmp_path, WITHOUT)
    assert rows["place"].tolist() == ["home7", h3.latlng_to_cell(40.0, 116.32, 9)]
    assert rows["label"].tolist() == ["home", None]
    assert rows["h3"].tolist() == [h3.str_to_int(h3.latlng_to_cell(40.0, 116.32, 9))] * 2


def test_longitude_and_latitude_may_stand_apart(tmp_path: Path) -> None:
    rows = staypoints(tmp_path, "user_id,started_at,finished_at,lon,lat\n1,2008-10-24,2008-10-24,116.32,40.00\n")
    assert rows["place"].tolist() == [h3.latlng_to_cell(40.0, 116.32, 9)]


@pytest.mark.parametrize(
    "geom", ["POINT EMPTY", "POINT (8.5)", "POINT (8.5 947.3)", "LINESTRING (1 1, 2 2)", "nan", ""]
)
def test_what_is_no_point_has_no_place(tmp_path: Path, geom: str) -> None:
    staypoints(tmp_path, f'user_id,started_at,finished_at,geom\n1,2008-10-24 02:00,2008-10-24 03:00,"{geom}"\n')
    assert broken_rules(tmp_path / "sp.csv", "trackintel_staypoints", "stop") == {"required:place": 1}


def test_fixes_of_two_users_in_beijing(shared: Path) -> None:
    path = shared / "data/geolife/geolife_sample.txt.gz"
    source = pd.read_csv(path, dtype={"uid": str})
    rows = rows_of(path, "geolife", "stop")
    assert len(rows) == len(source) == 217_653
    assert rows["user_id"].value_counts().to_dict() == source["uid"].value_counts().to_dict()
    assert (rows["start_ts"] == rows["end_ts"]).all()
    some = source.sample(50, random_state=1)
    expected = [h3.latlng_to_cell(lat, lng, 9) for lat, lng in zip(some["lat"], some["lng"], strict=True)]
    assert rows.loc[some.index, "place"].tolist() == expected
    assert broken_rules(path, "geolife", "stop") == {}
