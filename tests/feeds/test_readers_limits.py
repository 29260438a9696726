"""Before and while a file is read: what unpacks without end, holds another archive or never ends a line is refused."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import FAULT, stream
from tests.feeds.reading import rows_of

LINES = b"mcc,country,source\n530,NZL,ITU\n505,AUS,ITU\n"


def zstd(content: bytes) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as packed:
        packed.write(content)
    return sink.getvalue().to_pybytes()


def zipped(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr("n.csv", content)
    return sink.getvalue()


def tarred(content: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        member = tarfile.TarInfo("n.csv")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return sink.getvalue()


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_packed_file_is_read_whatever_its_name(tmp_path: Path, pack: object) -> None:
    (tmp_path / "n.csv").write_bytes(pack(LINES))  # type: ignore[operator]
    assert rows_of(tmp_path / "n.csv", "csv", "network")["mcc"].tolist() == ["530", "505"]


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
@pytest.mark.parametrize("file_format", ["csv", "jsonl"])
def test_a_file_that_unpacks_without_end_is_refused(
    tmp_path: Path, pack: object, file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SMALL_BYTES", 1 << 20)
    (tmp_path / "n.gz").write_bytes(pack(LINES + b"530,NZL,ITU\n" * 1_000_000))  # type: ignore[operator]
    with pytest.raises(DeliveryRefusedError, match="unpacks to far more"):
        rows_of(tmp_path / "n.gz", file_format, "network")


@pytest.mark.parametrize(
    "content",
    [
        zipped(LINES),
        tarred(LINES),
        gzip.compress(gzip.compress(LINES)),
        gzip.compress(zipped(LINES)),
        gzip.compress(tarred(LINES)),
        zstd(gzip.compress(LINES)),
        b"7z\xbc\xaf\x27\x1c" + LINES,
    ],
)
def test_an_archive_or_packed_inside_packed_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "n.csv.gz").write_bytes(content)
    with pytest.raises(DeliveryRefusedError, match="packed more than once"):
        rows_of(tmp_path / "n.csv.gz", "csv", "network")


def test_a_packed_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    (tmp_path / "n.csv.gz").write_bytes(gzip.compress(LINES * 1_000)[:-12])
    with pytest.raises(DeliveryRefusedError, match="can't be read"):
        rows_of(tmp_path / "n.csv.gz", "csv", "network")


def test_a_quotation_mark_that_is_never_closed_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    (tmp_path / "n.csv").write_bytes(b'mcc,country,source\n530,NZL,"ITU\n' + b"505,AUS,ITU\n" * 2_000_000)
    with pytest.raises(DeliveryRefusedError, match="line of more than 8 MiB"):
        rows_of(tmp_path / "n.csv", "csv", "network")


def test_a_line_of_json_longer_than_a_block_is_refused(tmp_path: Path) -> None:
    (tmp_path / "n.jsonl").write_bytes(b'{"mcc": "530", "source": "' + b"x" * (17 << 20) + b'"}\n')
    with pytest.raises(DeliveryRefusedError, match="line of more than 8 MiB"):
        rows_of(tmp_path / "n.jsonl", "jsonl", "network")


def test_json_nested_without_end_costs_its_own_row_only(tmp_path: Path) -> None:
    deep = b'{"mcc": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n"
    (tmp_path / "n.jsonl").write_bytes(b'{"mcc": "530"}\n' + deep + b'{"mcc": "505"}\n')
    rows = rows_of(tmp_path / "n.jsonl", "jsonl", "network")
    assert rows["mcc"].tolist() == ["530", None, "505"]
    assert rows[FAULT].tolist() == [None, "no_json_object", None]


def test_blocks_of_lines_lose_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "BLOCK_BYTES", 64)
    text = b"".join(b"line %d\n" % number for number in range(100)) + b"last"
    (tmp_path / "n").write_bytes(text)
    blocks = list(stream.line_blocks(tmp_path / "n", "utf-8"))
    assert b"".join(blocks) == text
    assert all(block.endswith(b"\n") for block in blocks[:-1])
    assert len(blocks) > 10
