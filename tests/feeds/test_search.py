"""A search looks into every kind of file, by what it is and not by what it is called."""

import bz2
import gzip
import lzma
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sandbox.feeds.search import files_with

GONE, KEY = "TRAVELLER-0001", -77123456789012345
TEXT = f"a,{GONE}".encode()
Maker = Callable[[Path], object]


def parquet(values: pa.Array) -> Maker:
    return lambda file: pq.write_table(pa.table({"a": values}), file)


def zipped(file: Path) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inside.txt", TEXT * 3)


def database(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE runs (name, note)")
        connection.execute("INSERT INTO runs VALUES (1, ?)", (GONE,))


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("text.log", lambda file: file.write_text(f"about {GONE}")),
        ("number.json", lambda file: file.write_text(f'{{"key": {KEY}}}')),
        ("array.npy", lambda file: np.save(file, np.array([1, KEY]))),
        ("arrays.npz", lambda file: np.savez_compressed(file, a=np.array([1, KEY]))),
        ("packed.csv.gz", lambda file: file.write_bytes(gzip.compress(TEXT))),
        ("packed.csv.zst", lambda file: file.write_bytes(pa.compress(TEXT, codec="zstd", asbytes=True))),
        ("packed without a word", lambda file: file.write_bytes(gzip.compress(TEXT))),
        ("packed.bz2", lambda file: file.write_bytes(bz2.compress(TEXT))),
        ("packed.xz", lambda file: file.write_bytes(lzma.compress(TEXT))),
        ("cut off.gz", lambda file: file.write_bytes(gzip.compress(TEXT * 9_999)[:-9])),
        ("packed.zip", zipped),
        ("runs.db", database),
        ("no parquet.parquet", lambda file: file.write_bytes(b"PAR1 " + TEXT)),
        ("key.parquet", parquet(pa.array([1, KEY]))),
        ("key among dictionary values.parquet", parquet(pa.array([1, KEY]).dictionary_encode())),
        ("key with gaps as floats.parquet", parquet(pa.array([float(KEY), None]))),
        ("text.parquet", parquet(pa.array([f"x{GONE}"]))),
        ("dictionary.parquet", parquet(pa.array(["b", GONE]).dictionary_encode())),
        ("large text.parquet", parquet(pa.array([GONE], pa.large_string()))),
        ("view of text.parquet", parquet(pa.array([GONE], pa.string_view()))),
        ("bytes of one length.parquet", parquet(pa.array([GONE.encode()], pa.binary(len(GONE))))),
        ("list.parquet", parquet(pa.array([[GONE]]))),
        ("record in a record.parquet", parquet(pa.array([{"add": {"stats": [f"min {GONE}"]}}]))),
        ("map.parquet", parquet(pa.array([[("b", KEY)]], pa.map_(pa.string(), pa.int64())))),
        (
            "noted.parquet",
            lambda file: pq.write_table(pa.table({"a": ["b"]}).replace_schema_metadata({"n": GONE}), file),
        ),
    ],
)
def test_the_search_looks_into_every_kind_of_file(tmp_path: Path, name: str, make: Maker) -> None:
    (tmp_path / "nothing.txt").write_text("nothing here")
    pq.write_table(pa.table({"a": ["b"], "n": [78], "f": [7.5]}), tmp_path / "nothing.parquet")
    make(tmp_path / name)
    assert files_with(tmp_path, [GONE], [KEY], lambda _: None) == ([tmp_path / name], 3)


def test_an_identifier_is_found_as_json_escapes_it(tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text('{"who": "M\\u00fcller \\"7\\""}')
    assert files_with(tmp_path, ['Müller "7"'], [], lambda _: None)[0] == [tmp_path / "log.json"]
