"""Every broken rule of every row is named."""

from datetime import date

import pyarrow as pa
import pytest

from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.row_text import masked_rows
from sandbox.feeds.rules import check_rows
from tests.feeds.conftest import movement

SENT_ON = date(2024, 2, 1)


def broken(feed: str, *rows: dict[str, object]) -> list[list[str]]:
    checked = check_rows(pa.RecordBatch.from_pylist(list(rows)), ALL_FEEDS[feed], "UTC", SENT_ON)
    lists = checked.broken_of(checked.bad).to_pylist()
    return [lists.pop(0) if bad else [] for bad in checked.bad]


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"movement_id": ""}, "required:movement_id"),
        ({"traveller_id": ""}, "required:traveller_id"),
        ({"traveller_id": "NULL"}, "required:traveller_id"),
        ({"traveller_id": '["TRAVELLER-0001"]'}, "text:traveller_id"),
        ({"event_date": "yesterday"}, "type:event_date"),
        ({"event_date": "20224-01-05"}, "plausible_date:event_date"),
        ({"direction": "X"}, "allowed:direction"),
        ({"nationality": "Kiwi"}, "alpha_3:nationality"),
        ({"nationality": "=1+1"}, "text:nationality"),
        ({"movement_id": "m\x001"}, "text:movement_id"),
        ({"movement_id": "TRAVELLER-0001"}, "identifier_in:movement_id"),
        ({"event_ts": "2024-01-09T10:00:00Z"}, "same_day:event_ts,event_date"),
        ({"event_ts": "2024-03-05T10:00:00Z", "event_date": "2024-03-05"}, "after_delivery:event_date"),
    ],
)
def test_a_rule_is_named_and_the_good_row_beside_it_is_kept(changed: dict[str, str], rule: str) -> None:
    good, bad = broken("border_movement", dict(movement(movement_id="m0")), dict(movement(**changed)))
    assert good == []
    assert rule in bad


def test_all_rules_that_a_row_breaks_are_named() -> None:
    row = movement(direction="X", event_date="20224-01-05", movement_id="")
    assert set(broken("border_movement", dict(row))[0]) >= {
        "allowed:direction", "plausible_date:event_date", "required:movement_id",
    }  # fmt: skip


def cell(cell_id: str, lat: float, lon: float) -> dict[str, object]:
    zone = "Pacific/Pitcairn"
    return {
        "cell_id": cell_id, "lat": lat, "lon": lon, "area_id": "A1", "time_zone": zone, "valid_from": "2019-01-01",
    }  # fmt: skip


def test_swapped_coordinates_are_found_by_their_range() -> None:
    assert "swapped:lat,lon" in broken("mobile_cell", cell("c1", -28.0, -127.0), cell("c2", -127.0, -28.0))[1]


def test_swapped_coordinates_are_found_by_where_the_other_antennas_stand() -> None:
    cells = [cell("c1", 52.0, 5.0), cell("c2", 52.1, 5.1), cell("c3", 5.0, 52.0)]
    assert broken("mobile_cell", *cells) == [[], [], ["swapped:lat,lon"]]


def test_a_stop_may_not_end_before_it_begins() -> None:
    stop = {"user_id": "u", "start_ts": "2024-01-01T10:00:00Z", "end_ts": "2024-01-01T09:00:00Z", "place": "p"}
    assert broken("stop", stop) == [["start_ts<=end_ts"]]


def test_quarantine_holds_the_row_without_the_identifier_wherever_it_stands() -> None:
    rows = [
        dict(movement(direction="X", port="seen with TRAVELLER-0001")),
        dict(movement(direction="X", port="TRAVELLER-0002")),
        dict(movement(traveller_id="TRAVELLER-0002")),
    ]
    rows[2]["port"] = ""
    checked = check_rows(pa.RecordBatch.from_pylist(rows), ALL_FEEDS["border_movement"], "UTC", SENT_ON)
    kept = masked_rows(checked, checked.bad, pa.array([11, 11, 12]))
    assert "TRAVELLER" not in "".join(kept.to_pylist())
    assert '"person_key":"11"' in kept[0].as_py()


def test_an_identifier_may_begin_like_a_formula() -> None:
    assert broken("border_movement", dict(movement(traveller_id="+67999123456"))) == [[]]


def test_a_word_for_none_is_not_looked_for_in_other_columns() -> None:
    row = dict(movement(movement_id="m2", traveller_id="unknown", port="unknown"))
    checked = check_rows(pa.RecordBatch.from_pylist([row]), ALL_FEEDS["border_movement"], "UTC", SENT_ON)
    assert checked.broken_of(checked.bad).to_pylist() == [["required:traveller_id"]]
    assert '"port":"unknown"' in masked_rows(checked, checked.bad, pa.nulls(1, pa.int64()))[0].as_py()
