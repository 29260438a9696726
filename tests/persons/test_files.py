"""Files in and out, and the sentences with which a bad one is refused."""

import gzip
from pathlib import Path

import pyarrow as pa
import pytest

from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.persons.files import read_table, write_table

ROWS = pa.table({"person_id": ["007", "8"], "place": ["a,b", None]})


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz", "rows.parquet"])
def test_what_is_written_is_read_again_as_it_was(tmp_path: Path, name: str) -> None:
    write_table(ROWS, tmp_path / name)
    assert read_table(tmp_path / name, ["place"]).equals(ROWS)
    assert [file.name for file in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "can't be read"),
        (b"person_id,place\n1\n", "can't be read"),
        ("person_id,place\n1,K\u00f8\n".encode("latin-1"), "can't be read"),
        (b"person_id,lugar\n1,a\n", "lacks the column place"),
        (b"person_id,place,place\n1,a,b\n", "twice"),
    ],
)
def test_a_bad_file_is_refused_whole_without_a_word_of_its_rows(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "rows.csv").write_bytes(content)
    with pytest.raises(DeliveryRefusedError, match=sentence) as refusal:
        read_table(tmp_path / "rows.csv", ["place"])
    assert "\u00f8" not in refusal.value.message


def test_a_file_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv.gz").write_bytes(gzip.compress(b"person_id,place\n1,a\n")[:-6])
    with pytest.raises(DeliveryRefusedError):
        read_table(tmp_path / "rows.csv.gz", ["place"])


@pytest.mark.parametrize("name", ["rows.xlsx", "absent.csv"])
def test_a_wrong_name_is_a_wrong_call(tmp_path: Path, name: str) -> None:
    with pytest.raises(CallError):
        read_table(tmp_path / name, ["place"])
