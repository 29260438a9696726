"""Mobile events as FlowKit and multimno expect them: who is at home where, and a number that names nobody."""

import hashlib
import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.errors import DeliveryRefusedError
from tests.feeds.reading import broken_rules, rows_of

CALLS = (
    "id,outgoing,datetime,duration,network,msisdn,msisdn_counterpart,location_id,imsi,imei,tac,operator_code,country_code\n"
    "c1,t,2024-01-05 10:00:00+00,2.5,n,AAAA,BBBB,cell1,,,35332608,1,\n"
    "c1,f,2024-01-05 10:00:00+00,2.5,n,BBBB,AAAA,cell2,,,,1,505\n"
    ",t,2024-01-05 11:00:00+00,1,n,CCCC,,cell2,,,,1,\n"
)
USER = hashlib.sha256(b"someone").digest()


def flowkit(path: Path, text: str, mcc: str = "530") -> pd.DataFrame:
    (path / "cdr.csv").write_text(text, "utf-8")
    return rows_of(path / "cdr.csv", "flowkit_cdr", "mobile_event", mcc=mcc)


def test_a_call_stands_twice_once_for_either_party(tmp_path: Path) -> None:
    rows = flowkit(tmp_path, CALLS)
    assert rows["event_id"].tolist()[:2] == ["c1-out", "c1-in"]
    assert re.fullmatch(r"2024-01-05 11:00:00\+00#[0-9a-f]{8}#3", rows["event_id"][2])
    assert rows["subscriber_id"].tolist() == ["AAAA", "BBBB", "CCCC"]
    assert rows["home_mcc"].tolist() == ["530", "505", "530"]
    assert set(rows["serving_mcc"]) == {"530"}
    assert not rows.drop(columns="subscriber_id").isin(["AAAA", "BBBB"]).any(axis=None), "the counterpart is not read"
    assert broken_rules(tmp_path / "cdr.csv", "flowkit_cdr", "mobile_event", mcc="530") == {}


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        ("id,datetime,duration,msisdn,msisdn_counterpart,location_id", "call"),
        ("id,datetime,msisdn,msisdn_counterpart,location_id", "text"),
        ("id,datetime,duration,volume_total,msisdn,location_id", "data"),
        ("id,datetime,recharge_amount,msisdn,location_id", "topup"),
        ("event_time,msisdn,cell_id", "signalling"),
    ],
)
def test_the_kind_of_event_is_told_by_the_columns(tmp_path: Path, columns: str, kind: str) -> None:
    line = ",".join("2024-01-05 10:00:00" if "time" in name else "1" for name in columns.split(","))
    assert flowkit(tmp_path, f"{columns}\n{line}\n")["event_type"].tolist() == [kind]


def test_a_stated_kind_stands(tmp_path: Path) -> None:
    text = "event_time,msisdn,cell_id,event_type\n2024-01-05 10:00:00,a,b,SMS\n2024-01-05 10:00:00,a,b,calls\n"
    assert flowkit(tmp_path, text)["event_type"].tolist() == ["text", "call"]


@pytest.mark.parametrize("file_format", ["flowkit_cdr", "multimno_events"])
def test_nobodys_network_is_refused(tmp_path: Path, file_format: str) -> None:
    (tmp_path / "cdr.csv").write_text(CALLS, "utf-8")
    with pytest.raises(DeliveryRefusedError, match="whose network") as refusal:
        rows_of(tmp_path / "cdr.csv", file_format, "mobile_event")
    assert "mobile country code" in refusal.value.remedy


def events(path: Path) -> Path:
    """Three events as multimno's bronze object has them: at home, a guest's, a subscriber's abroad."""
    table = pa.table(
        {
            "user_id": pa.array([USER, USER[::-1], USER], pa.binary()),
            "timestamp": ["2023-01-01T00:00:00", "2023-01-01T00:00:01", "2023-01-02T00:00:01"],
            "mcc": pa.array([214, 310, None], pa.int32()),
            "mnc": ["01", "004", None],
            "plmn": pa.array([None, None, 20801], pa.int32()),
            "cell_id": ["12345678901234", "12345678901235", None],
            "latitude": pa.array([None] * 3, pa.float32()),
            "longitude": pa.array([None] * 3, pa.float32()),
            "loc_error": pa.array([None] * 3, pa.float32()),
        }
    )
    pq.write_table(table, path / "events.parquet")
    return path / "events.parquet"


def test_a_plmn_is_a_subscriber_abroad_and_an_mcc_is_where_the_sim_is_from(tmp_path: Path) -> None:
    rows = rows_of(events(tmp_path), "multimno_events", "mobile_event", mcc="214")
    assert rows[["home_mcc", "serving_mcc"]].to_numpy().tolist() == [["214", "214"], ["310", "214"], ["214", "208"]]
    assert rows["subscriber_id"].tolist() == [USER.hex(), USER[::-1].hex(), USER.hex()]
    assert broken_rules(tmp_path / "events.parquet", "multimno_events", "mobile_event", mcc="214") == {}


def test_as_csv_they_are_the_same(tmp_path: Path) -> None:
    path = events(tmp_path)
    table = pq.read_table(path).to_pandas()
    table["user_id"] = table["user_id"].map(bytes.hex)
    table.convert_dtypes().to_csv(tmp_path / "events.csv", index=False)
    rows = rows_of(tmp_path / "events.csv", "multimno_events", "mobile_event", mcc="214")
    same = rows_of(path, "multimno_events", "mobile_event", mcc="214")
    pd.testing.assert_frame_equal(rows.drop(columns="event_id"), same.drop(columns="event_id"))
    assert not set(rows["event_id"]) & set(same["event_id"]), "rows of two files are never one"


def test_nothing_of_the_subscriber_is_in_the_number_of_an_event(tmp_path: Path) -> None:
    path = events(tmp_path)
    before = rows_of(path, "multimno_events", "mobile_event", mcc="214")["event_id"].tolist()
    table = pq.read_table(path)
    pq.write_table(table.set_column(0, "user_id", pa.array([b"x"] * 3, pa.binary())), path)
    assert rows_of(path, "multimno_events", "mobile_event", mcc="214")["event_id"].tolist() == before
