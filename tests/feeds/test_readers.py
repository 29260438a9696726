"""One shape for every format: rows as the file holds them, each with its number; a fault costs its own row."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.readers import FAULT, ROW, ReadOptions, reader_named

NETWORK = ReadOptions(ALL_FEEDS["network"])
LINES = "mcc,country,source\n530,NZL,ITU\n505,AUS,ITU\n"


def read(path: Path, file_format: str, options: ReadOptions = NETWORK) -> list[dict[str, object]]:
    return [row for batch in reader_named(file_format)(path, options) for row in batch.to_pylist()]


def test_csv_is_read_with_row_numbers(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text(LINES, "utf-8")
    assert read(tmp_path / "n.csv", "csv")[1] == {"mcc": "505", "country": "AUS", "source": "ITU", ROW: 2}


def test_the_delimiter_is_told_from_the_header_and_a_byte_order_mark_is_no_letter(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text(LINES.replace(",", ";"), "utf-8-sig")
    assert [row["mcc"] for row in read(tmp_path / "n.csv", "csv")] == ["530", "505"]


def test_compressed_csv_is_the_same(tmp_path: Path) -> None:
    (tmp_path / "n.csv.gz").write_bytes(gzip.compress(LINES.encode()))
    assert len(read(tmp_path / "n.csv.gz", "csv")) == 2


def test_a_row_of_another_number_of_fields_keeps_its_number_and_moves_no_other(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("mcc,country,source\n530,NZL,ITU\n1\n505,AUS,ITU\n", "utf-8")
    rows = read(tmp_path / "n.csv", "csv")
    assert [(row["mcc"], row[ROW], row.get(FAULT)) for row in rows] == [
        ("530", 1, None), ("505", 3, None), (None, 2, "number_of_fields"),
    ]  # fmt: skip


def test_columns_that_the_contract_does_not_name_are_not_read(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("mcc,country,source,name\n530,NZL,ITU,Jane\n", "utf-8")
    assert "name" not in read(tmp_path / "n.csv", "csv")[0]


def test_a_missing_required_column_refuses_the_file(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text("mcc,source\n530,ITU\n", "utf-8")
    with pytest.raises(DeliveryRefusedError, match="country"):
        read(tmp_path / "n.csv", "csv")


def test_another_encoding_than_stated_refuses_the_file(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes("mcc,country,source\n530,NZL,Ministère\n".encode("latin-1"))
    with pytest.raises(DeliveryRefusedError, match="utf-8"):
        read(tmp_path / "n.csv", "csv")
    latin = ReadOptions(ALL_FEEDS["network"], encoding="latin-1")
    assert read(tmp_path / "n.csv", "csv", latin)[0]["source"] == "Ministère"


@pytest.mark.parametrize("file_format", ["csv", "parquet", "jsonl"])
def test_a_file_that_is_no_such_file_is_refused(tmp_path: Path, file_format: str) -> None:
    (tmp_path / "f").write_bytes(b"\x00\xff\xfe\x89PNG" * 50)
    with pytest.raises(DeliveryRefusedError):
        read(tmp_path / "f", file_format)


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    pq.write_table(pa.table({"mcc": [530], "country": ["NZL"], "source": ["ITU"]}), tmp_path / "n.parquet")
    assert read(tmp_path / "n.parquet", "parquet")[0]["mcc"] == 530


def test_a_bad_line_of_json_costs_its_own_row_only(tmp_path: Path) -> None:
    good = [json.dumps({"mcc": "530", "country": "NZL", "source": "ITU"})] * 2
    (tmp_path / "n.jsonl").write_text("\n".join([good[0], "{broken", good[1]]) + "\n", "utf-8")
    rows = read(tmp_path / "n.jsonl", "jsonl")
    assert [(row["mcc"], row[ROW], row[FAULT]) for row in rows] == [
        ("530", 1, None), (None, 2, "no_json_object"), ("530", 3, None),
    ]  # fmt: skip


def test_an_empty_line_of_json_is_a_row_that_nobody_can_read(tmp_path: Path) -> None:
    good = json.dumps({"mcc": "530", "country": "NZL", "source": "ITU"})
    (tmp_path / "n.jsonl").write_text(f"{good}\n\n{good}\n", "utf-8")
    assert [row.get(FAULT) for row in read(tmp_path / "n.jsonl", "jsonl")] == [None, "no_json_object", None]


def test_a_line_that_says_a_column_twice_is_a_fault_and_no_other_is(tmp_path: Path) -> None:
    """A member that is no column may be doubled: Arrow does not read it."""
    lines = ['{"mcc": "530", "mcc": "310"}', '{"mcc": "530", "note": 1, "note": 2}']
    (tmp_path / "n.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    assert [row.get(FAULT) for row in read(tmp_path / "n.jsonl", "jsonl")] == ["no_json_object", None]


def test_a_number_where_text_is_due_in_json_is_kept(tmp_path: Path) -> None:
    (tmp_path / "n.jsonl").write_text('{"mcc": 530, "country": "NZL", "source": "ITU"}\n', "utf-8")
    assert read(tmp_path / "n.jsonl", "jsonl")[0]["mcc"] == "530"


REAL = [
    ("bitre_city_pairs", "air_od_month", "au_bitre/city_pairs_raw.csv", 37_700),
    ("bitre_airlines", "air_od_month", "au_bitre/airlines.csv", 22_358),
    ("fb_eu", "audience_estimate", "fb_eu_stocks/Fb_all_2016_2019_users_pop_coverage.csv.gz", 8_316),
    ("eurostat_eu_stocks", "official_series", "fb_eu_stocks/Eurostat_2010_2018_15_64.csv.gz", 6_804),
    ("abs_nom", "official_series", "au_bitre/abs_nom.csv", 9),
    ("howde_stops", "stop", "labelled_stops/stops.parquet", 398_882),
]


@pytest.mark.parametrize(("file_format", "feed", "file", "rows"), REAL)
def test_a_real_file_is_read_whole(shared: Path, file_format: str, feed: str, file: str, rows: int) -> None:
    batches = reader_named(file_format)(shared / "data" / file, ReadOptions(ALL_FEEDS[feed]))
    assert sum(batch.num_rows for batch in batches) == rows
