"""Whatever stands in a file of any format: rows or a refusal, never a crash; a line is lost in none."""

import csv
import io
from contextlib import nullcontext, suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import FORMATS
from tests.feeds.reading import broken_rules, rows_of

FEEDS = {
    "air_od_month": ("bitre_airlines", "bitre_city_pairs", "us_db1b_coupons", "us_db1b_tickets", "us_t100"),
    "audience_estimate": ("fb_eu", "pysocialwatcher_csv", "pysocialwatcher_json"),
    "stop": ("geolife", "howde_stops", "trackintel_staypoints"),
    "mobile_event": ("flowkit_cdr", "multimno_events"),
    "border_movement": ("passenger_legs",),
    "network": ("csv", "jsonl", "parquet"),
}
FEED_OF = dict.fromkeys(FORMATS, "official_series") | {name: feed for feed, names in FEEDS.items() for name in names}
STATED = {"country": "NZL", "mcc": "530"}
# The header of each source, and how many rows become of a line that is sound; None where lines are summed or folded.
HEADERS = {
    "abs_nom": ("series,financial_year_ending_june,net_overseas_migration,vintage,source,licence", 1),
    "bitre_airlines": ("airline,country,n_passengers_in,n_passengers_out,n_seats_in,year,month", 2),
    "bitre_city_pairs": ("origin_city,dest_city,dest_country,n_passengers_in,n_passengers_out,year,month", 2),
    "eu_stock_models": ("year,total,sd,model", 1),
    "eurostat_eu_stocks": ("orig,dest,year,eurostat", 1),
    "fb_eu": ("corridor_name,orig,dest,mau,dau,date,mau_user", 1),
    "flowkit_cdr": ("id,outgoing,datetime,duration,msisdn,location_id,country_code,event_type", 1),
    "geolife": ("lat,lng,datetime,uid", 1),
    "iom_border": ("t,geo,nat,n", 1),
    "irs_pairs": ("1,2,3,4,5", 3),
    "multimno_events": ("user_id,timestamp,mcc,plmn,cell_id", 1),
    "nz_plt_migration": ("year,rc13,direction,citizenship,sex,age_grp,count", 1),
    "passenger_legs": (
        "record_locator,document_issuer,document_number,leg,flight_no,departure_airport,arrival_airport,"
        "scheduled_departure,scheduled_arrival,nationality,birth_date,sex",
        None,
    ),
    "pysocialwatcher_csv": (
        "ages_ranges,geo_locations,genders,behavior,interests,targeting,response,mau_audience,timestamp", 1,
    ),
    "sdmx_csv": ("DATAFLOW,LAST UPDATE,freq,citizen,agedef,age,sex,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG", 1),
    "trackintel_staypoints": ("user_id,started_at,finished_at,geom,location_id", 1),
    "undesa_stock": ("geo,t,from,sex,n,type_b,type_c,type_r,type_i", 1),
    "us_db1b_coupons": (
        "ItinID,MktID,SeqNum,Year,Quarter,RPCarrier,OpCarrier,Passengers,Origin,OriginCountry,Dest,DestCountry", None,
    ),
    "us_db1b_tickets": ("ItinID,Year,Quarter,Origin,OriginCountry,RoundTrip,RPCarrier,Passengers", None),
    "us_t100": ("PASSENGERS,SEATS,DEPARTURES_PERFORMED,UNIQUE_CARRIER,ORIGIN,DEST,YEAR,MONTH", None),
}  # fmt: skip
CELLS = st.one_of(
    st.sampled_from(
        ["", " ", "NA", "nan", "inf", "-0", "1e400", "9" * 30, "20224", "2024-02-30", "=1+1", "٣", "{'or': [1]}", "[[[",
         "POINT (999 999)", "200101", "2024-05-01 10:00", "AKL", "LHR", "1", "NZL"]
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=12),
    st.integers(-(2**70), 2**70).map(str),
)  # fmt: skip
QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


def written(path: Path, file_format: str, lines: list[list[str]]) -> Path:
    """Write lines under the header of a source, in a file named as the source names its files."""
    sink = io.StringIO()
    sink.write(HEADERS[file_format][0] + "\n")
    csv.writer(sink, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(lines)
    file = path / f"{file_format}_entries_1314.csv"
    file.write_text(sink.getvalue(), "utf-8", newline="")
    return file


@pytest.mark.parametrize("file_format", HEADERS)
@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(data=st.data())
def test_any_cells_under_a_good_header_are_rows(tmp_path: Path, file_format: str, data: st.DataObject) -> None:
    header, rows_a_line = HEADERS[file_format]
    line = st.lists(CELLS, min_size=header.count(",") + 1, max_size=header.count(",") + 1)
    lines = data.draw(st.lists(line, min_size=1, max_size=5))
    file = written(tmp_path, file_format, lines)
    # Only what makes lines belong together can be wrong with a whole file here.
    with nullcontext() if rows_a_line else suppress(DeliveryRefusedError):
        rows = rows_of(file, file_format, FEED_OF[file_format], **STATED)
        broken_rules(file, file_format, FEED_OF[file_format], **STATED)
        first = 1 if file_format == "irs_pairs" else 0
        assert rows_a_line in {None, len(rows) / (len(lines) + first)}


@pytest.mark.parametrize("file_format", HEADERS)
def test_a_line_that_was_cut_is_kept_as_one_that_could_not_be_split(tmp_path: Path, file_format: str) -> None:
    file = written(tmp_path, file_format, [["cut"]])
    assert broken_rules(file, file_format, FEED_OF[file_format], **STATED)["unsplit"] >= 1


@pytest.mark.parametrize("file_format", FORMATS)
@settings(max_examples=30, deadline=None, suppress_health_check=QUIET)
@given(
    start=st.sampled_from(
        [b"", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PAR1", b"PK\3\4", b"{", b"[{", b"<?xml ", b"\xff\xfe"]
    ),
    rest=st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))),
)
def test_any_bytes_are_read_or_refused(tmp_path: Path, file_format: str, start: bytes, rest: bytes) -> None:
    (tmp_path / "entries_1314.x").write_bytes(start + rest)
    for encoding in ("utf-8", ""):
        with suppress(DeliveryRefusedError):
            rows_of(tmp_path / "entries_1314.x", file_format, FEED_OF[file_format], encoding=encoding, **STATED)


@pytest.mark.parametrize("file_format", FORMATS)
def test_an_empty_file_is_refused(tmp_path: Path, file_format: str) -> None:
    (tmp_path / "entries_1314.x").write_bytes(b"")
    if file_format == "jsonl":
        assert rows_of(tmp_path / "entries_1314.x", file_format, FEED_OF[file_format]).empty
        return
    with pytest.raises(DeliveryRefusedError) as refusal:
        rows_of(tmp_path / "entries_1314.x", file_format, FEED_OF[file_format], **STATED)
    assert refusal.value.message.endswith(".")
    assert refusal.value.remedy


@pytest.mark.parametrize("file_format", FORMATS)
def test_every_format_says_what_a_line_is_and_where_it_goes(file_format: str) -> None:
    from importlib import import_module

    told = import_module(f"sandbox.feeds.readers.{file_format}").__doc__
    assert "is one" in told
    assert f"`{FEED_OF[file_format]}`" in told or "feed's own columns" in told
