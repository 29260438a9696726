"""Hostile files of any feed, by Hypothesis: what a partner, an accident or an attacker could send, and who is in it."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import reject
from hypothesis import strategies as st

from sandbox.feeds.contract import ALL_FEEDS
from sandbox.lakehouse.table import DAY, FLAG, REAL, TEXT, TIMESTAMP, Column
from sandbox.lakehouse.tables.feeds import Feed

Row = dict[str, Any]
LINE = st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])
# Each can stand nowhere but where it was put: its middle comes in no date, figure or code.
WHO = st.builds(
    lambda form, number: form.format(number),
    st.sampled_from(
        ["TRAVELLER-{:04d}", "64021555{:04d}", "zoë.müller{:04d}@exämple.org", "\uff34\uff52av\uff0d{:04d}",
         "\U0001d4e3rav{:04d}", 'o"brien\\{:04d}', "=HYPERLINK({:04d})", "  trav {:04d} ", "Zoe\u0308-trav{:04d}",
         "tra\u200bv{:04d}", "{{trav{:04d}}}", "tra,v;e|l{:04d}", "'trav'{:04d}", "[identifier]{:04d}"]
    ),
    st.integers(1, 6),
)  # fmt: skip
ODD = st.one_of(
    st.sampled_from(
        ["", " ", "NA", "null", "nan", "inf", "-0", "1e400", "1e-400", "9" * 40, "20224-01-01", "2024-02-30",
         "9999-12-31", "0000-00-00", "2024-01-05T25:00:00Z", "2024-01-05T10:00:00+99:99", "=1+1", "@SUM(A1)", "\t",
         "\0", "٣", "\uff11\uff12", "\ufeff", "\u202e", "é", "e\u0301", '"', "''", "\\", "{}", "[1", "\x7f",
         "x" * 70_000]
    ),
    st.text(LINE, max_size=12),
    st.integers(-(2**70), 2**70).map(str),
    st.floats().map(str),
    st.datetimes().map(str),
)  # fmt: skip
# How a person's identifier stands in another column: by itself, or inside other text.
INSIDE = ('{{"id": "{}"}}', "id={}", "{} ", "_{}_", "seat 12 {} QF1")
AROUND = st.sampled_from(("{}", "{}", *INSIDE))


@dataclass(frozen=True)
class Hostile:
    """A file, whose it is, and how many rows a reader has to account for; None where the file may be refused."""

    feed: Feed
    file_format: str
    content: bytes
    rows: int | None
    persons: frozenset[str]


def good(column: Column, number: int) -> str:
    """Return text that a column takes."""
    if column.allowed:
        return column.allowed[number % len(column.allowed)]
    typical = {DAY: "2024-01-05", TIMESTAMP: "2024-01-05T10:00:00Z", FLAG: "1", REAL: "0.5", TEXT: "QAA"}
    named = {"home_mcc": "530", "serving_mcc": "530", "mcc": "530", "birth_year_band": "1980", "age_max": "40"}
    return named.get(column.name) or typical.get(column.type, "7")


@st.composite
def sent_rows(draw: st.DrawFn, feed: Feed) -> list[Row]:
    """Draw rows of text: mostly good, some values odd, some that show a person of the file; some rows doubled."""
    rows: list[Row] = []
    people = draw(st.lists(WHO, min_size=1, max_size=3))
    for number in range(draw(st.integers(1, 5))):
        row: Row = {column.name: good(column, number) for column in feed.columns}
        if feed.identifier:
            row[feed.identifier] = draw(st.sampled_from(people))
        others = [column.name for column in feed.columns if not column.identifier]
        for name in draw(st.lists(st.sampled_from(others), max_size=3)):
            shown = draw(AROUND).format(draw(st.sampled_from(people))) if feed.identifier else "1"
            row[name] = draw(st.one_of(ODD, st.just(shown)))
        rows += [row] * draw(st.sampled_from([1, 1, 1, 2]))
    return rows


def persons_in(feed: Feed, rows: list[Row]) -> frozenset[str]:
    """Return the identifiers of the rows that are of six characters or more."""
    found = {row.get(feed.identifier) for row in rows} if feed.identifier else set()
    return frozenset(each for each in found if isinstance(each, str) and len(each) >= 6)


@st.composite
def csv_files(draw: st.DrawFn, feed: Feed) -> Hostile:
    """Draw CSV: odd headers, lines of any number of fields, blank lines, no last line end."""
    rows, text = draw(sent_rows(feed)), io.StringIO()
    names = [column.name for column in feed.columns]
    extra = draw(st.sampled_from([[], ["note"], ["note", "note"], [""], ["", ""]]))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = csv.writer(text, lineterminator=end, quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])))
    lines.writerow([*names, *extra])
    for row in rows:
        lines.writerow([row[name] for name in names] + ["x"] * len(extra))
    ragged = draw(st.lists(st.sampled_from(["a,b", "x" + "," * 60, ",,"]), max_size=2))
    content = text.getvalue() + "".join(line + end for line in ragged)
    if draw(st.booleans()):
        content = content.removesuffix(end)
    return Hostile(feed, "csv", content.encode(), len(rows) + len(ragged), persons_in(feed, rows))


@st.composite
def json_files(draw: st.DrawFn, feed: Feed) -> Hostile:
    """Draw JSON lines: values as text, figures, nested or doubled members, lines that are no object."""
    rows, lines = draw(sent_rows(feed)), []
    for row in rows:
        sent: dict[str, Any] = dict(row)
        for name in draw(st.lists(st.sampled_from(sorted(row)), max_size=2)):
            sent[name] = draw(st.sampled_from([row[name], [row[name]], {row[name]: row[name]}]))
        sent[feed.identifier or "note"] = row.get(feed.identifier or "note", "")
        lines.append(json.dumps(sent, ensure_ascii=draw(st.booleans())))
    odd = [
        "[]",
        "7",
        '"text"',
        "{",
        "{}",
        '{"a":' * 50,
        '{"cell_id": "\\ud800"}',
        '{"user_id": 1, "user_id": 2}',
        "NaN",
    ]
    lines += draw(st.lists(st.sampled_from(odd), max_size=2))
    ended = feed.identifier is not None or draw(st.booleans())
    content = "\n".join(lines) + "\n" * ended  # a last line without an end is a batch of its own
    return Hostile(feed, "jsonl", content.encode(), len(lines), persons_in(feed, rows))


def _text(values: list[Any]) -> pa.Array:
    return pa.array(values, pa.string())


def _broken(values: list[Any]) -> pa.Array:
    """Return a column of text that is not UTF-8 in its first row, as Parquet can hold it."""
    content = [b"\xff\xfe" + str(value).encode() if not number else value for number, value in enumerate(values)]
    return pa.Array.from_buffers(pa.string(), len(values), pa.array(content, pa.binary()).buffers())


# Columns of Parquet as they can come, made of the text that a row has; the first three keep what an identifier says.
KEEPING: list[Callable[[list[Any]], pa.Array]] = [
    _text,
    lambda values: _text(values).dictionary_encode(),
    lambda values: pa.array(values, pa.large_string()),
    lambda values: pa.array(values, pa.string_view()),
    lambda values: pa.array([value.encode() for value in values], pa.binary()),
    lambda values: pa.array([value.encode() for value in values], pa.large_binary()),
]
TYPED: list[pa.DataType] = [
    pa.int8(), pa.uint64(), pa.float16(), pa.float32(), pa.float64(), pa.bool_(), pa.date32(), pa.date64(),
    pa.timestamp("s"), pa.timestamp("ms", "UTC"), pa.timestamp("us", "Pacific/Pitcairn"), pa.timestamp("ns"),
    pa.time32("s"), pa.time64("ns"), pa.duration("us"), pa.decimal128(20, 3), pa.decimal256(60, 2), pa.binary(4),
    pa.null(), pa.list_(pa.string()), pa.large_list(pa.int64()), pa.map_(pa.string(), pa.int64()),
    pa.struct([("TRAVELLER-0001", pa.int64())]), pa.struct([("a", pa.list_(pa.struct([("b", pa.string())])))]),
    pa.dictionary(pa.int8(), pa.int64()), pa.list_(pa.string(), 2), pa.uuid(), pa.json_(pa.string()),
]  # fmt: skip
EXTREME: dict[str, list[Any]] = {
    "int8": [-128, 127], "uint64": [0, 2**64 - 1], "halffloat": [float("nan"), float("inf"), 0.5],
    "float": [float("nan"), float("-inf"), 3e38], "double": [float("nan"), float("inf"), -0.0, 1e308, 2.0**60],
    "bool": [True, False], "date32": [-(2**31), 2**31 - 1, 0, 19_000], "time32[s]": [1], "time64[ns]": [1],
}  # fmt: skip


def typed_column(kind: pa.DataType, rows: int, pick: int) -> pa.Array:
    """Return a column of a type that no declared column expects here, with values at its ends."""
    if str(kind).startswith(("timestamp", "duration", "date64")):
        ends = [-(2**62), 2**62, 0, 1_704_448_800] if "date64" not in str(kind) else [-86_400_000 * 10**9, 86_400_000]
        return pa.array([ends[(pick + number) % len(ends)] for number in range(rows)], pa.int64()).cast(kind)
    values: dict[str, Any] = {
        "decimal": Decimal("12345.67"), "fixed_size_binary": b"\xff\x00\xfe\x01", "list<": ["TRAVELLER-0001", "b"],
        "large_list": [1, 2], "map": [("TRAVELLER-0001", 1)], "struct<T": {"TRAVELLER-0001": 1},
        "struct<a": {"a": [{"b": "TRAVELLER-0001"}]}, "dictionary": 64021555,
        "fixed_size_list": ["TRAVELLER-0001", "b"], "extension<arrow.uuid": b"0123456789abcdef",
        "extension<arrow.json": '{"id": "TRAVELLER-0001"}',
    }  # fmt: skip
    value = next((value for name, value in values.items() if str(kind).startswith(name)), None)
    ends = EXTREME.get(str(kind), [value])
    return pa.array([ends[(pick + number) % len(ends)] for number in range(rows)], kind)


@st.composite
def parquet_files(draw: st.DrawFn, feed: Feed) -> Hostile:
    """Draw Parquet: any types, text that is not UTF-8, int96, columns twice or missing, no rows at all."""
    rows = draw(sent_rows(feed)) if draw(st.integers(0, 19)) else []
    columns, names, known = [], [], rows
    for column in feed.columns:
        values = [row[column.name] for row in rows]
        made = draw(st.sampled_from(KEEPING))(values)
        odd = draw(st.integers(0, 7))
        if not column.identifier and odd == 0 and rows:
            made = draw(st.sampled_from([_broken, *(lambda v, k=kind: typed_column(k, len(v), 0) for kind in TYPED)]))(
                values
            )
        elif column.identifier and odd == 0 and rows:
            made, known = _broken(values), rows[1:]
        names.append(column.name)
        columns.append(made)
    if draw(st.integers(0, 19)) == 0:
        names.append(names[0])
        columns.append(columns[0])
    sink, group = pa.BufferOutputStream(), draw(st.sampled_from([1, 1_000, 1_000]))
    settings = {
        name: draw(st.booleans()) for name in ("use_deprecated_int96_timestamps", "use_dictionary", "store_schema")
    }
    try:
        pq.write_table(pa.table(columns, names=names), sink, row_group_size=group, **settings)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        reject()  # Parquet has no such column
    is_whole = len(names) == len(set(names))
    # A row knows the identifiers of its own batch, here a row group: of no other's can it be told whose they are.
    people = persons_in(feed, known) if group > 1 else frozenset()
    return Hostile(feed, "parquet", sink.getvalue().to_pybytes(), len(rows) if is_whole else None, people)


@st.composite
def hostile_files(draw: st.DrawFn) -> Hostile:
    """Draw a hostile file of any feed in any of three formats."""
    feed = ALL_FEEDS[draw(st.sampled_from(sorted(ALL_FEEDS)))]
    return draw(st.one_of(csv_files(feed), json_files(feed), parquet_files(feed)))


def write(hostile: Hostile, folder: Path, name: str) -> Path:
    """Write the file under a name that shows its format."""
    path = folder / f"{name}.{hostile.file_format}"
    path.write_bytes(hostile.content)
    return path
