"""DB1B and T-100: sums over journeys, segments and tickets, against pandas on the same files."""

from pathlib import Path

import pandas as pd
import pytest

from sandbox.errors import DeliveryRefusedError
from tests.feeds.reading import broken_rules, rows_of

HEADER = "ItinID,MktID,SeqNum,Year,Quarter,RPCarrier,OpCarrier,Passengers,Origin,OriginCountry,Dest,DestCountry"
FOLDER = "data/us_db1b_t100"
COUPONS = f"{FOLDER}/Origin_and_Destination_Survey_DB1BCoupon_2001_1.csv"
TICKETS = f"{FOLDER}/Origin_and_Destination_Survey_DB1BTicket_2001_1.csv"


def coupons(path: Path, *lines: str) -> pd.DataFrame:
    (path / "coupons.csv").write_text("\n".join([HEADER, *lines]) + "\n", "utf-8")
    return rows_of(path / "coupons.csv", "us_db1b_coupons", "air_od_month")


def od(rows: pd.DataFrame, measure: str) -> list[tuple[str, str, float]]:
    of_measure = rows[rows["measure"] == measure]
    return sorted(zip(of_measure["origin"], of_measure["destination"], of_measure["passengers"], strict=True))


def test_a_change_of_planes_is_neither_origin_nor_destination(tmp_path: Path) -> None:
    rows = coupons(
        tmp_path,
        "1,11,1,2001,2,AA,AA,3,ABQ,US,ATL,US",
        "1,11,2,2001,2,AA,DL,3,ATL,US,CDG,FR",
        "1,12,3,2001,2,AA,AA,3,CDG,FR,ABQ,US",
    )
    assert od(rows, "od_true") == [("ABQ", "CDG", 3.0), ("CDG", "ABQ", 3.0)]
    assert od(rows, "segment") == [("ABQ", "ATL", 3.0), ("ATL", "CDG", 3.0), ("CDG", "ABQ", 3.0)]
    assert set(rows["period"]) == {"2001-04-01"}
    assert set(rows[rows["destination"] == "CDG"]["destination_country"]) == {"FRA"}


def test_tickets_that_say_the_same_are_one_sum_at_the_first_of_them(tmp_path: Path) -> None:
    rows = coupons(
        tmp_path,
        "1,11,1,2001,1,AA,AA,3,ABQ,US,ATL,US",
        "2,21,1,2001,1,AA,AA,4,ABQ,US,ATL,US",
    )  # fmt: skip
    assert rows[["measure", "passengers", "_row"]].to_numpy().tolist() == [["od_true", 7.0, 1], ["segment", 7.0, 2]]


def test_a_coupon_on_the_ground_joins_a_journey_and_is_no_segment(tmp_path: Path) -> None:
    rows = coupons(
        tmp_path,
        "1,11,1,2001,1,AA,AA,1,ABQ,US,LHR,GB",
        "1,11,2,2001,1,AA,--,1,LGW,GB,MAN,GB",
    )  # fmt: skip
    assert od(rows, "od_true") == [("ABQ", "MAN", 1.0)]
    assert od(rows, "segment") == [("ABQ", "LHR", 1.0)]


def test_a_count_that_is_none_is_left_for_the_rules_and_a_cut_line_stays_one(tmp_path: Path) -> None:
    good, bad = "1,11,1,2001,1,AA,AA,3,ABQ,US,ATL,US", "2,21,1,2001,1,AA,AA,many,ABQ,US,ATL,US"
    coupons(tmp_path, good, bad, "3,31")
    broken = broken_rules(tmp_path / "coupons.csv", "us_db1b_coupons", "air_od_month")
    assert broken == {"type:passengers": 2, "unsplit": 1}


def test_lines_of_one_ticket_that_stand_apart_are_refused(tmp_path: Path) -> None:
    apart = ["1,11,1,2001,1,AA,AA,3,ABQ,US,ATL,US", "2,21,1,2001,1,AA,AA,4,ABQ,US,ATL,US"]
    with pytest.raises(DeliveryRefusedError, match="don't stand together"):
        coupons(tmp_path, *apart, "1,11,2,2001,1,AA,AA,3,ATL,US,CDG,FR")


def test_the_real_coupons_make_the_journeys_that_pandas_makes(shared: Path) -> None:
    source = pd.read_csv(shared / COUPONS)
    market = source.groupby("MktID", sort=False).agg(
        origin=("Origin", "first"), destination=("Dest", "last"), passengers=("Passengers", "first")
    )
    flown = source[source["OpCarrier"] != "--"]
    rows = rows_of(shared / COUPONS, "us_db1b_coupons", "air_od_month")
    by_measure = dict(tuple(rows.groupby("measure")))
    for measure, expected, keys in (
        ("od_true", market, ["origin", "destination"]),
        ("segment", flown.rename(columns={"Origin": "origin", "Dest": "destination", "OpCarrier": "carrier",
                                          "Passengers": "passengers"}), ["origin", "destination", "carrier"]),
    ):  # fmt: skip
        sums = expected.groupby(keys)["passengers"].sum()
        found = by_measure[measure].groupby(keys)["passengers"].sum()
        pd.testing.assert_series_equal(found.sort_index(), sums.sort_index(), check_dtype=False)
    # Transfers are what the two measures differ by.
    assert by_measure["segment"]["passengers"].sum() > by_measure["od_true"]["passengers"].sum()
    assert broken_rules(shared / COUPONS, "us_db1b_coupons", "air_od_month") == {}


def test_tickets_tell_where_journeys_began_and_who_has_no_way_back(shared: Path) -> None:
    source = pd.read_csv(shared / TICKETS)
    rows = rows_of(shared / TICKETS, "us_db1b_tickets", "air_od_month").set_index("origin")
    passengers = source.groupby("Origin")["Passengers"].sum()
    one_way = source[source["RoundTrip"] == 0].groupby("Origin")["Passengers"].sum() / passengers
    assert rows["passengers"].to_dict() == passengers.to_dict()
    assert rows["one_way_share"].to_dict() == pytest.approx(one_way.to_dict())
    assert rows["passengers"].sum() == 816
    assert broken_rules(shared / TICKETS, "us_db1b_tickets", "air_od_month") == {}


@pytest.mark.parametrize(("file", "measure"), [("T100_2011_int.csv", "segment"), ("T100_2011_mkt.csv", "on_board")])
def test_t100_is_summed_over_aircraft_and_class(shared: Path, file: str, measure: str) -> None:
    path = shared / FOLDER / file
    source = pd.read_csv(path)
    keys = ["YEAR", "MONTH", "ORIGIN", "DEST", "UNIQUE_CARRIER"]
    rows = rows_of(path, "us_t100", "air_od_month")
    assert set(rows["measure"]) == {measure}
    assert len(rows) == source.groupby(keys).ngroups
    assert rows["passengers"].sum() == source["PASSENGERS"].sum()
    if measure == "segment":
        assert rows["seats"].sum() == source["SEATS"].sum()
        assert rows["flights"].sum() == source["DEPARTURES_PERFORMED"].sum()
    assert broken_rules(path, "us_t100", "air_od_month") == {}
