"""How a text file is written down is told from the file where nothing is stated; what is stated stands."""

from pathlib import Path

import pytest

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers.dialect import Dialect, dialect_of
from tests.feeds.reading import broken_rules, rows_of

LINES = "mcc,country,source\n530,NZL,Ministère\n505,AUS,ITU\n"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (LINES.encode(), Dialect("utf-8", ",")),
        (LINES.encode("utf-8-sig"), Dialect("utf-8-sig", ",")),
        (LINES.encode("utf-16"), Dialect("utf-16", ",")),
        (LINES.encode("utf-16-le"), Dialect("utf-16-le", ",")),
        (LINES.encode("utf-16-be"), Dialect("utf-16-be", ",")),
        (LINES.encode("cp1252"), Dialect("cp1252", ",")),
        (LINES.encode("latin-1") + b"\x81,,\n", Dialect("latin-1", ",")),
        (LINES.replace(",", ";").encode(), Dialect("utf-8", ";")),
        (LINES.replace(",", "\t").encode(), Dialect("utf-8", "\t")),
        (LINES.replace(",", "|").encode(), Dialect("utf-8", "|")),
        (b"'mcc';'source'\n'530';'ITU, Geneva'\n", Dialect("utf-8", ";", "'")),
        (b"mcc;\"a,b,c,d\"\n530;x\n", Dialect("utf-8", ";")),
        (b"mcc\r530\r", Dialect("utf-8", ",")),
        (b"", Dialect("utf-8", ",")),
    ],
)  # fmt: skip
def test_a_dialect_is_told_from_the_file(tmp_path: Path, content: bytes, found: Dialect) -> None:
    (tmp_path / "n.csv").write_bytes(content)
    assert dialect_of(tmp_path / "n.csv") == found


def test_the_encoding_is_told_from_the_whole_file_not_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes(LINES.replace("è", "e").encode() * 10_000 + "530,NZL,è\n".encode("cp1252"))
    assert dialect_of(tmp_path / "n.csv").encoding == "cp1252"


def mixed(utf_8: int, latin_1: int) -> bytes:
    """Return lines of which so many are written in either encoding."""
    row = "530,NZL,Ministère\n"
    return b"mcc,country,source\n" + row.encode() * utf_8 + row.encode("latin-1") * latin_1


@pytest.mark.parametrize("encoding", ["", "utf-8"])
def test_a_line_of_another_encoding_costs_its_own_row_and_no_other(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "n.csv").write_bytes(mixed(20, 1))
    assert broken_rules(tmp_path / "n.csv", "csv", "network", encoding=encoding) == {"type:source": 1}
    row = '{"mcc": "530", "country": "NZL", "source": "Ministère"}\n'
    (tmp_path / "n.jsonl").write_bytes(row.encode() * 20 + row.encode("latin-1"))
    assert broken_rules(tmp_path / "n.jsonl", "jsonl", "network", encoding=encoding) == {"unsplit": 1}


@pytest.mark.parametrize(("utf_8", "latin_1", "found"), [(20, 1, "utf-8"), (0, 20, "cp1252"), (1, 200, "cp1252")])
def test_the_encoding_is_that_of_nearly_all_that_tells(tmp_path: Path, utf_8: int, latin_1: int, found: str) -> None:
    (tmp_path / "n.csv").write_bytes(mixed(utf_8, latin_1))
    assert dialect_of(tmp_path / "n.csv").encoding == found


@pytest.mark.parametrize("encoding", ["", "utf-8"])
def test_a_file_that_mixes_encodings_is_refused_whole(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "n.csv").write_bytes(mixed(20, 60))
    with pytest.raises(
        DeliveryRefusedError, match="mixes encodings: 20 of its characters are UTF-8, 60 bytes are none"
    ):
        rows_of(tmp_path / "n.csv", "csv", "network", encoding=encoding)


def test_a_header_is_of_the_encoding_too(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes("mcc,country,source,Straße\n".encode("cp1252") + mixed(20, 0)[19:])
    with pytest.raises(DeliveryRefusedError, match="can't be read as CSV"):
        rows_of(tmp_path / "n.csv", "csv", "network", encoding="utf-8")


def test_a_source_with_a_line_of_another_encoding_is_refused_with_what_it_looks_like(tmp_path: Path) -> None:
    row = "lat,lng,datetime,uid\n1,2,2024-01-05 10:00:00,José\n1,2,2024-01-05 10:00:00,"
    (tmp_path / "g.csv").write_bytes(row.encode() + "José\n".encode("latin-1"))
    with pytest.raises(DeliveryRefusedError) as refusal:
        rows_of(tmp_path / "g.csv", "geolife", "stop", encoding="")
    assert refusal.value.remedy == "It is UTF-8 but for some bytes: write all of it in one encoding."


def test_what_is_stated_stands(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text(LINES, "utf-8")
    assert dialect_of(tmp_path / "n.csv", "latin-1", ";") == Dialect("latin-1", ";")
    assert rows_of(tmp_path / "n.csv", "csv", "network", encoding="latin-1")["source"][0] == "MinistÃ¨re"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1"])
@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_a_file_reads_the_same_in_every_encoding(tmp_path: Path, encoding: str, file_format: str) -> None:
    text = (
        LINES if file_format == "csv" else '{"mcc": "530", "country": "NZL", "source": "Ministère"}\n{"mcc": "505"}\n'
    )
    (tmp_path / "n").write_bytes(text.encode(encoding))
    rows = rows_of(tmp_path / "n", file_format, "network", encoding="")
    assert rows[["mcc", "_row"]].to_numpy().tolist() == [["530", 1], ["505", 2]]
    assert rows["source"][0] == "Ministère"


def test_lines_may_end_in_a_carriage_return_alone(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes(LINES.replace("\n", "\r").encode())
    assert rows_of(tmp_path / "n.csv", "csv", "network")["mcc"].tolist() == ["530", "505"]


@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_another_encoding_than_stated_refuses_the_file_and_says_what_it_looks_like(
    tmp_path: Path, file_format: str
) -> None:
    text = LINES if file_format == "csv" else '{"mcc": "530", "country": "NZL", "source": "Ministère"}\n'
    (tmp_path / "n").write_bytes(text.encode("cp1252"))
    with pytest.raises(DeliveryRefusedError, match="in utf-8") as refusal:
        rows_of(tmp_path / "n", file_format, "network", encoding="utf-8")
    assert "cp1252" in refusal.value.remedy
    assert "Minist" not in refusal.value.message + refusal.value.remedy


def test_an_encoding_that_nobody_knows_refuses_the_file(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_text(LINES, "utf-8")
    with pytest.raises(DeliveryRefusedError, match="klingon"):
        rows_of(tmp_path / "n.csv", "csv", "network", encoding="klingon")


def test_a_check_can_print_it() -> None:
    assert str(Dialect("cp1252", "\t")) == 'encoding cp1252, delimiter tab, quotation mark "'
