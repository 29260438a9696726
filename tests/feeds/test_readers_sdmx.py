"""SDMX in every form says the same: one observation, its key in the columns, the rest in the series."""

from pathlib import Path

import pandas as pd
import pytest
import sdmx
from sdmx.message import DataMessage
from sdmx.model import v21

from sandbox.errors import DeliveryRefusedError
from tests.feeds.reading import broken_rules, rows_of

FEED = "official_series"
KEY = ["series_id", "area", "partner_area", "sex", "age", "unit", "frequency", "period", "value", "status"]
IMMIGRANTS = [
    ["migr_imm1ctz:agedef=COMPLET", "GRC", "UKR", "F", "Y25T29", "NR", "A", "2019-01-01", 120.0, None],
    ["migr_imm1ctz:agedef=COMPLET", "GRC", "UKR", "F", "Y25T29", "NR", "A", "2020-01-01", 80.0, "b"],
]
# Eurostat, API, SDMX-CSV data format.
EUROSTAT = """DATAFLOW,LAST UPDATE,freq,citizen,agedef,age,unit,sex,geo,TIME_PERIOD,OBS_VALUE,OBS_FLAG
ESTAT:migr_imm1ctz(1.0),24/05/24 23:00:00,A,UA,COMPLET,Y25-29,NR,F,EL,2019,120,
ESTAT:migr_imm1ctz(1.0),24/05/24 23:00:00,A,UA,COMPLET,Y25-29,NR,F,EL,2020,80,b
"""
# SDMX-CSV 2.0 field guide: labels behind the codes.
VERSION_2 = """STRUCTURE;STRUCTURE_ID;ACTION;freq: Frequency;citizen: Citizenship;agedef;age;unit;sex: Sex;\
geo: Country;TIME_PERIOD;OBS_VALUE;OBS_STATUS;CONF_STATUS
dataflow;ESTAT:migr_imm1ctz(1.0);I;A: Annual;UA: Ukraine;COMPLET;Y25-29;NR;F: Females;EL: Greece;2019;120;;F
dataflow;ESTAT:migr_imm1ctz(1.0);I;A: Annual;UA: Ukraine;COMPLET;Y25-29;NR;F: Females;EL: Greece;2020;80;b;F
"""
# Eurostat, API, TSV data format.
TSV = (
    "freq,citizen,agedef,age,unit,sex,geo\\TIME_PERIOD\t2018 \t2019 \t2020 \n"
    "A,UA,COMPLET,Y25-29,NR,F,EL\t: \t120 \t80 b\n"
    "A,TOTAL,COMPLET,TOTAL,NR,T,EL\t: c\t: \t: \n"
)


def keyed(rows: pd.DataFrame) -> list[list[object]]:
    rows = rows.assign(status=rows["status"].replace("", None)).sort_values(["period", "series_id"])
    return rows[KEY].astype(object).where(rows[KEY].notna(), None).to_numpy().tolist()


@pytest.mark.parametrize("text", [EUROSTAT, VERSION_2])
def test_sdmx_csv_of_either_version(tmp_path: Path, text: str) -> None:
    (tmp_path / "s.csv").write_text(text, "utf-8")
    assert keyed(rows_of(tmp_path / "s.csv", "sdmx_csv", FEED)) == IMMIGRANTS
    assert broken_rules(tmp_path / "s.csv", "sdmx_csv", FEED) == {}


def test_the_vintage_is_the_month_of_the_last_update(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(EUROSTAT, "utf-8")
    assert set(rows_of(tmp_path / "s.csv", "sdmx_csv", FEED)["vintage"]) == {"2024-05-01"}
    (tmp_path / "s.csv").write_text(VERSION_2, "utf-8")
    assert set(rows_of(tmp_path / "s.csv", "sdmx_csv", FEED)["vintage"]) == {"2025-11-01"}, "that of hand-over"


def test_a_csv_that_is_no_sdmx_is_refused(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("geo,TIME_PERIOD\nEL,2019\n", "utf-8")
    with pytest.raises(DeliveryRefusedError, match="OBS_VALUE"):
        rows_of(tmp_path / "s.csv", "sdmx_csv", FEED)


def test_tsv_is_unfolded_and_a_colon_is_no_row_unless_it_is_flagged(tmp_path: Path) -> None:
    (tmp_path / "migr_imm1ctz.tsv").write_text(TSV, "utf-8")
    rows = rows_of(tmp_path / "migr_imm1ctz.tsv", "eurostat_tsv", FEED)
    confidential = ["migr_imm1ctz:agedef=COMPLET", "GRC", "_T", "_T", "_T", "NR", "A", "2018-01-01", None, "c"]
    assert keyed(rows) == [confidential, *IMMIGRANTS]
    assert rows.sort_values("_row")["_row"].tolist() == [2, 3, 4]
    assert broken_rules(tmp_path / "migr_imm1ctz.tsv", "eurostat_tsv", FEED) == {"required:value": 1}


def test_a_line_of_tsv_with_another_number_of_dimensions_names_no_place(tmp_path: Path) -> None:
    (tmp_path / "m.tsv").write_text("freq,geo\\TIME_PERIOD\t2019 \nA,EL,UA\t5 \n", "utf-8")
    assert rows_of(tmp_path / "m.tsv", "eurostat_tsv", FEED)["area"].tolist() == [None]


def message(tmp_path: Path, structure_specific: bool) -> Path:
    """A message of two observations, written by sdmx1."""
    ids = ("freq", "citizen", "agedef", "age", "unit", "sex", "geo", "TIME_PERIOD")
    structure = v21.DataStructureDefinition(id="DSD", maintainer=v21.Agency(id="ESTAT"))
    for order, name in enumerate(ids, 1):
        structure.dimensions.append(v21.Dimension(id=name, order=order))
    structure.measures.append(v21.PrimaryMeasure(id="OBS_VALUE"))
    flag = v21.DataAttribute(id="OBS_FLAG")
    structure.attributes.append(flag)
    kind = v21.StructureSpecificDataSet if structure_specific else v21.GenericDataSet
    observed = kind(structured_by=structure)
    for period, value, status in (("2019", "120", ""), ("2020", "80", "b")):
        key = structure.make_key(
            v21.Key, dict(zip(ids, ("A", "UA", "COMPLET", "Y25-29", "NR", "F", "EL", period), strict=True))
        )
        attributes = {"OBS_FLAG": v21.AttributeValue(value=status, value_for=flag)} if status else {}
        observed.obs.append(
            v21.Observation(dimension=key, value=value, value_for=structure.measures[0], attached_attribute=attributes)
        )
    header = sdmx.message.Header(id="M", prepared=pd.Timestamp("2024-05-24T23:00:00").to_pydatetime())
    text = sdmx.to_xml(DataMessage(header=header, data=[observed], observation_dimension=v21.AllDimensions))
    path = tmp_path / "m.xml"
    path.write_bytes(text)
    return path


@pytest.mark.parametrize("structure_specific", [True, False])
def test_sdmx_ml_as_another_program_writes_it(tmp_path: Path, structure_specific: bool) -> None:
    rows = rows_of(message(tmp_path, structure_specific), "sdmx_ml", FEED)
    rows["series_id"] = rows["series_id"].str.replace("^[^:]*", "migr_imm1ctz", regex=True)
    assert keyed(rows) == IMMIGRANTS
    assert set(rows["vintage"]) == {"2024-05-01"}


HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<mes:GenericData xmlns:mes="urn:m" xmlns:gen="urn:g" xmlns:com="urn:c"><mes:Header>
<mes:Prepared>2024-05-24T23:00:00</mes:Prepared><mes:Structure structureID="S">
<com:StructureUsage>{usage}</com:StructureUsage></mes:Structure></mes:Header><mes:DataSet>
"""
SERIES = """<Series freq="A" citizen="UA" agedef="COMPLET" age="Y25-29" unit="NR" sex="F" geo="EL">
<Obs TIME_PERIOD="2019" OBS_VALUE="120"/><Obs TIME_PERIOD="2020" OBS_VALUE="80" OBS_STATUS="b"/></Series>"""
GENERIC = """<gen:Series><gen:SeriesKey><gen:Value id="freq" value="A"/><gen:Value id="citizen" value="UA"/>
<gen:Value id="agedef" value="COMPLET"/><gen:Value id="age" value="Y25-29"/><gen:Value id="unit" value="NR"/>
<gen:Value id="sex" value="F"/><gen:Value id="geo" value="EL"/></gen:SeriesKey>
<gen:Obs><gen:ObsDimension value="2019"/><gen:ObsValue value="120"/></gen:Obs>
<gen:Obs><gen:ObsDimension value="2020"/><gen:ObsValue value="80"/>
<gen:Attributes><gen:Value id="OBS_STATUS" value="b"/></gen:Attributes></gen:Obs></gen:Series>"""
BY_ID = '<Ref agencyID="ESTAT" id="migr_imm1ctz"/>'
BY_URN = "urn:sdmx:org.sdmx.infomodel.datastructure.Dataflow=ESTAT:migr_imm1ctz(1.0)"


def sdmx_ml(tmp_path: Path, body: str, usage: str = BY_ID) -> Path:
    head = HEADER.format(usage=usage)
    (tmp_path / "m.xml").write_text(f"{head}{body}</mes:DataSet></mes:GenericData>", "utf-8")
    return tmp_path / "m.xml"


@pytest.mark.parametrize("usage", [BY_ID, BY_URN])
@pytest.mark.parametrize("body", [SERIES, GENERIC])
def test_what_stands_at_a_series_holds_for_its_observations(tmp_path: Path, body: str, usage: str) -> None:
    rows = rows_of(sdmx_ml(tmp_path, body, usage), "sdmx_ml", FEED)
    assert keyed(rows) == IMMIGRANTS
    assert rows["_row"].tolist() == [1, 2]


def test_one_series_says_nothing_of_the_next(tmp_path: Path) -> None:
    body = '<Series geo="EL" sex="F"><Obs TIME_PERIOD="2019" OBS_VALUE="1"/></Series>'
    rows = rows_of(sdmx_ml(tmp_path, body + body.replace(' sex="F"', "")), "sdmx_ml", FEED)
    assert rows["sex"].tolist() == ["F", None]


def test_a_message_of_many_blocks_loses_no_observation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sandbox.feeds.readers import sdmx_ml as reader

    monkeypatch.setattr(reader, "CHUNK", 100)
    obs = "".join(f'<Obs TIME_PERIOD="{year}" OBS_VALUE="{year}"/>' for year in range(1900, 2020))
    rows = rows_of(sdmx_ml(tmp_path, f'<Series geo="EL">{obs}</Series>'), "sdmx_ml", FEED)
    assert rows["value"].tolist() == [float(year) for year in range(1900, 2020)]
    assert rows["_row"].tolist() == list(range(1, 121))


BOMB = (
    '<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><mes:GenericData xmlns:mes="urn:m">&b;</mes:GenericData>'
)
OUTSIDE = '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE])
def test_a_document_type_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.xml").write_text(text, "utf-8")
    with pytest.raises(DeliveryRefusedError, match="declares a document type"):
        rows_of(tmp_path / "m.xml", "sdmx_ml", FEED)


def test_nesting_and_tags_without_end_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.xml").write_text("<a>" * 1_000, "utf-8")
    with pytest.raises(DeliveryRefusedError, match="nested deeper"):
        rows_of(tmp_path / "m.xml", "sdmx_ml", FEED)
    (tmp_path / "m.xml").write_text('<a b="' + "x" * (12 << 20), "utf-8")
    with pytest.raises(DeliveryRefusedError, match="without end"):
        rows_of(tmp_path / "m.xml", "sdmx_ml", FEED)


@pytest.mark.parametrize("text", ["<a/>", "<a", "", "no XML at all"])
def test_what_is_no_sdmx_ml_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.xml").write_text(text, "utf-8")
    with pytest.raises(DeliveryRefusedError, match="can't be read as SDMX-ML"):
        rows_of(tmp_path / "m.xml", "sdmx_ml", FEED)
