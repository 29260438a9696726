import csv
import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import openpyxl
import pytest
import sdmx
from openpyxl import load_workbook
from pyarrow import parquet

from sandbox.concepts import seal
from sandbox.release.edition import edition_files
from sandbox.release.figures import selected
from sandbox.release.provenance import read_terms
from sandbox.release.quality import quality_of
from sandbox.release.terms import Sources, Terms

Rows = dict[str, list[dict[str, Any]]]
AFTER_DIMENSIONS = [
    "OBS_VALUE",
    "STD_ERROR",
    "LOWER_95",
    "UPPER_95",
    "OBS_STATUS",
    "CONF_STATUS",
    "PROVISIONAL",
    "RULE_ID",
    "VINTAGE",
    "VERDICT",
]


def data(files: dict[str, bytes]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files["data.csv"].decode())))


def test_the_same_tables_and_terms_give_the_same_bytes(
    files: dict[str, bytes], rows: Rows, make_sources: Any, terms: Terms, monkeypatch: pytest.MonkeyPatch
) -> None:
    shuffled = {name: list(reversed(each)) for name, each in rows.items()}
    in_key_order = {"comparison", "verdict", "delivery", "backtest_score", "interval_band", "backtest_total", "audit"}
    again = edition_files(make_sources(rows | {n: shuffled[n] for n in set(rows) - in_key_order}), terms)
    assert [name for name in files if files[name] != again[name]] == []


def test_no_file_knows_the_clock(files: dict[str, bytes], terms: Terms) -> None:
    with zipfile.ZipFile(io.BytesIO(files["data.xlsx"])) as workbook:
        assert {entry.date_time for entry in workbook.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2025-12-01T00:00:00Z</dcterms:modified>" in workbook.read("docProps/core.xml")
    assert b"2025-12-01T00:00:00" in files["structure.xml"]


def test_the_columns_are_those_of_the_interface(files: dict[str, bytes]) -> None:
    header = files["data.csv"].decode().splitlines()[0].split(",")
    assert header[:3] == ["STRUCTURE", "STRUCTURE_ID", "ACTION"]
    assert header[header.index("OBS_VALUE") :] == AFTER_DIMENSIONS


def test_every_value_is_experimental_and_every_hidden_one_is_confidential(files: dict[str, bytes]) -> None:
    statuses = {(bool(row["OBS_VALUE"]), row["OBS_STATUS"], row["CONF_STATUS"]) for row in data(files)}
    assert statuses == {(True, "G", "F"), (False, "Q", "C")}


def test_every_observation_carries_the_label_of_the_settings(sources: Sources, terms: Terms) -> None:
    other = edition_files(sources, replace(terms, label="Official statistics in development"))
    assert {row["LABEL"] for row in data(other)} == {"Official statistics in development"}
    assert b"Experimental" not in other["index.html"]


def test_a_withheld_series_leaves_its_reason_and_no_value_anywhere(files: dict[str, bytes]) -> None:
    assert b"NET_AIR" in files["withheld.csv"]
    assert not [row for row in data(files) if row["INDICATOR"] == "NET_AIR"]
    for name in ("data.csv", "withheld.csv", "index.html", "quality.json", "quality.html"):
        assert b"1234" not in files[name].replace(b"1,234", b"1234"), name


def test_parquet_holds_the_same_figures(files: dict[str, bytes]) -> None:
    table = parquet.read_table(io.BytesIO(files["data.parquet"]))
    values = [float(row["OBS_VALUE"]) if row["OBS_VALUE"] else None for row in data(files)]
    assert table["OBS_VALUE"].to_pylist() == values


def test_another_sdmx_library_reads_the_structure(files: dict[str, bytes]) -> None:
    message = sdmx.read_sdmx(io.BytesIO(files["structure.xml"]))
    structure = message.structure["MIGRATION"]
    header = files["data.csv"].decode().splitlines()[0].split(",")
    dimensions = [dimension.id for dimension in structure.dimensions]
    attributes = {attribute.id for attribute in structure.attributes}
    assert dimensions == header[3:12]
    assert attributes == set(header[12:]) - {"OBS_VALUE"}
    assert set(message.codelist["CL_OBS_STATUS"].items) == {"G", "Q"}
    assert message.codelist["CL_AREA"]["NZL"].name.localizations["en"] == "New Zealand"


def test_every_code_of_the_data_stands_in_its_code_list(files: dict[str, bytes]) -> None:
    message = sdmx.read_sdmx(io.BytesIO(files["structure.xml"]))
    lists = {"INDICATOR": "CL_INDICATOR", "REF_AREA": "CL_AREA", "PARTNER_AREA": "CL_AREA", "RULE_ID": "CL_RULE"}
    for column, code_list in lists.items():
        assert {row[column] for row in data(files)} <= set(message.codelist[code_list].items)


def test_the_spreadsheet_has_a_sheet_a_table_with_the_label_in_each(files: dict[str, bytes]) -> None:
    book = load_workbook(io.BytesIO(files["data.xlsx"]))
    assert {"IMM", "EMI", "NET", "INT_FLOW", "withheld"} <= set(book.sheetnames)
    assert all("EXPERIMENTAL STATISTICS" in str(sheet["A1"].value) for sheet in book)


def test_a_text_that_a_spreadsheet_would_run_is_disarmed(rows: Rows, make_sources: Any, terms: Terms) -> None:
    evil = '=HYPERLINK("x")'
    rows["verdict"][-1]["reasons"] = [evil]
    rows["area"][0]["name"] = "=2+2"
    files = edition_files(make_sources(rows), terms)
    assert f",'{evil[:5]}" in files["withheld.csv"].decode().replace('"', "")
    book = openpyxl.load_workbook(io.BytesIO(files["data.xlsx"]))
    assert all(cell.data_type != "f" for sheet in book for row in sheet.iter_rows() for cell in row)


def test_a_name_with_markup_stays_text_on_the_page(rows: Rows, make_sources: Any, terms: Terms) -> None:
    rows["area"][0]["name"] = "<script>alert(1)</script>"
    page = edition_files(make_sources(rows), terms)["index.html"]
    assert b"<script" not in page


def test_the_sums_cover_every_file_but_themselves(files: dict[str, bytes]) -> None:
    sums = seal.read_sums(files["SHA256SUMS"])
    assert set(sums) == set(files) - {"SHA256SUMS"}
    assert all(seal.sha256(files[name]) == digest for name, digest in sums.items())


def test_provenance_gives_back_the_terms_that_it_was_written_from(files: dict[str, bytes], terms: Terms) -> None:
    assert read_terms(files["provenance.json"]) == terms


def test_provenance_is_a_crate_of_all_other_files(files: dict[str, bytes]) -> None:
    crate = json.loads(files["provenance.json"])
    graph = {entity["@id"]: entity for entity in crate["@graph"]}
    parts = {part["@id"] for part in graph["./"]["hasPart"]}
    assert "https://w3id.org/ro/crate/1.2/context" in crate["@context"]
    assert parts == set(files) - {"SHA256SUMS", "provenance.json"}
    assert {"@id": "#table-estimate"} in graph["#edition"]["prov:used"]


def test_quality_has_the_nineteen_headings_each_filled(sources: Sources, terms: Terms) -> None:
    headings = quality_of(selected(sources), sources, terms).headings
    assert [heading.number for heading in headings] == list(range(1, 20))
    assert all(paragraph for heading in headings for paragraph in heading.paragraphs)


def test_quality_speaks_of_this_run(sources: Sources, rows: Rows, make_sources: Any, terms: Terms) -> None:
    before = {h.title: h.paragraphs for h in quality_of(selected(sources), sources, terms).headings}
    rows["backtest_total"][0]["estimate"] += 100
    changed = make_sources(rows)
    after = {h.title: h.paragraphs for h in quality_of(selected(changed), changed, terms).headings}
    assert [title for title in before if before[title] != after[title]] == ["Accuracy"]


def test_a_change_since_the_last_release_is_listed_with_its_reason(rows: Rows, make_sources: Any, terms: Terms) -> None:
    earlier = [row for row in rows["estimate"] if row["indicator"] == "IMM"][-1]
    before = earlier | {"release_id": "migration-2025-10-2025-11-r1", "value": 300.0, "provisional": True}
    files = edition_files(make_sources(rows, [before]), replace(terms, previous_release=before["release_id"]))
    [change] = list(csv.DictReader(io.StringIO(files["revisions.csv"].decode())))
    assert (change["PREVIOUS_VALUE"], change["TIME_PERIOD"]) == ("300", "2025-11")
    assert change["REASON"] == "more outcomes known, the rest estimated again"


def test_a_figure_that_is_hidden_now_is_no_revision(rows: Rows, make_sources: Any, terms: Terms) -> None:
    hidden = next(row for row in rows["protected"] if row["conf_status"] == "C")
    before = hidden | {"release_id": "earlier", "value": 8.0, "provisional": False}
    files = edition_files(make_sources(rows, [before]), replace(terms, previous_release="earlier"))
    assert files["revisions.csv"].decode().count("\n") == 1
