"""Labelled stops: nights, homes, and the score against what persons named."""

from pathlib import Path

import pandas as pd
import pytest

from experiments.labelled_stops.homes import homes_of_stops, nights, scored
from experiments.labelled_stops.run import concluded
from sandbox.settings import Workspace


def stops(*rows: tuple[str, str, str, str]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["place", "label", "start_ts", "end_ts"])
    return frame.assign(
        person_key=1, start_ts=pd.to_datetime(frame["start_ts"]), end_ts=pd.to_datetime(frame["end_ts"])
    )


@pytest.fixture
def real(shared: Path) -> pd.DataFrame:
    rows = pd.read_parquet(shared / "data/labelled_stops/stops.parquet")
    zero = pd.Timestamp("2020-01-02")
    return pd.DataFrame(
        {
            "person_key": rows["useruuid"].astype("int64"),
            "place": rows["loc"].astype(str),
            "label": rows["true_location_type"],
            "start_ts": zero + pd.to_timedelta(rows["start"], unit="s"),
            "end_ts": zero + pd.to_timedelta(rows["end"], unit="s"),
        }
    )


def test_a_night_belongs_to_the_evening_and_is_shared_by_the_time_in_each_place() -> None:
    night = nights(
        stops(
            ("home", "H", "2020-03-01 20:00", "2020-03-02 05:00"),
            ("bar", "O", "2020-03-02 05:00", "2020-03-02 06:00"),
            ("work", "W", "2020-03-02 09:00", "2020-03-02 17:00"),
        )
    )
    assert dict(zip(night["place"], night["weight"], strict=True)) == {"home": 0.9, "bar": 0.1}
    assert night["local_date"].nunique() == 1


def test_a_person_seen_too_few_nights_has_no_home() -> None:
    few = stops(("home", "H", "2020-03-01 20:00", "2020-03-02 06:00"))
    assert scored(homes_of_stops(few), few)["outcome"].tolist() == ["undetermined"]


def test_one_stop_changed_changes_the_printed_share() -> None:
    months = [f"2020-{month:02d}" for month in (1, 2)]
    rows = [("home", "H", f"{m}-{d:02d} 19:30", f"{m}-{d + 1:02d} 06:00") for m in months for d in (3, 5, 7)]
    before = stops(*rows)
    after = before.copy()
    # By day instead of by night: two nights are too few for a home in that month.
    after.loc[0, ["start_ts", "end_ts"]] = [pd.Timestamp("2020-01-04 10:00"), pd.Timestamp("2020-01-04 11:00")]
    shares = [concluded(homes_of_stops(each), each)[1]["right_share"] for each in (before, after)]
    assert shares[0] == 1.0
    assert shares[1] == 0.5


def test_homes_of_real_users_are_right_more_often_than_the_authors_report(real: pd.DataFrame) -> None:
    found, shares = concluded(homes_of_stops(real.sort_values(["person_key", "start_ts", "place"])), real)
    assert shares["right_share"] > 0.788
    assert shares["undetermined_share"] < 0.128
    assert {row["verdict"] for row in found.verdicts} == {"UNBENCHMARKED"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:::mlflow", "ignore:::sqlalchemy", "ignore::DeprecationWarning")
def test_the_whole_way_gives_the_same_shares(shared: Path, workspace: Workspace, real: pd.DataFrame) -> None:
    from experiments.labelled_stops.run import run

    printed = {row["outcome"]: row["person-months"] for row in run(workspace, shared, seed=1)}
    _, shares = concluded(homes_of_stops(real.sort_values(["person_key", "start_ts", "place"])), real)
    assert printed == {outcome: round(shares[f"{outcome}_share"], 4) for outcome in printed}
