"""Stats NZ, visitor arrivals by quarter → `official_series`: one line is one quarter, age and sex, a column a country.

Table ITM068AA of Infoshare: a title, a line of purposes and a line of countries of residence, then the counts, with
quarter and age only where they change, then notes. A cell becomes one row (`ROW` counts cells, line by line); `..` is
no figure and no row. The purpose has no column of its own and stands in the series:
`NZ_VISITOR_ARRIVALS:purpose=Holiday/Vacation`; the country of residence is the partner. The quarter's frequency is
`Q`, the vintage the month of "Last updated" in the notes. Source: Stats NZ (CC BY), as packaged in
github.com/StatisticsNZ/demdata.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ROW, ReadOptions, unreadable
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.csv import Refusals, mapped, text_batches
from sandbox.feeds.readers.dialect import Dialect, dialect_of
from sandbox.feeds.readers.series import age_code, first_day, handed_over, series_rows, sex_code
from sandbox.feeds.readers.stream import BLOCK_BYTES, opened

TITLE_LINES, LABELS = 3, ("quarter", "age", "sex")
NOTES, NOTES_BYTES = "Table information:", 1 << 16
UPDATED = re.compile(r"Last updated:[,\s]*(\d{1,2}) ([A-Z][a-z]+) (\d{4})")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
NO_FIGURE = (".", "..")
FIXED = {
    "source": "Stats NZ, international travel, visitor arrivals",
    "concept": "arrivals of overseas residents for less than 12 months",
    "population": "visitors, from a sample of cards",
    "unit": "arrivals",
    "frequency": "Q",
    "licence": "CC BY 4.0",
}


class Head(NamedTuple):
    """What the lines above the counts say: the purpose and the country of each column."""

    purposes: list[str]
    countries: list[str]


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield one row of `official_series` a cell."""
    with Refusals(path, options.encoding):
        dialect = dialect_of(path, options.encoding, ",")
        options.hear(dialect)
        head, fixed = _head(path, dialect), FIXED | {"vintage": _vintage(path, options)}
        names = [*LABELS, *(f"count_{place}" for place in range(len(head.countries)))]
        above: list[str | None] = [None, None]
        notes = np.iinfo(np.int64).max
        for batch in text_batches(path, dialect, names, names, TITLE_LINES):
            begin = pc.index(batch[LABELS[0]], NOTES).as_py()
            notes = batch[ROW][begin].as_py() if begin >= 0 else notes
            counts = batch.filter(pc.less(batch[ROW], notes))
            labels = [_filled(counts[name], last) for name, last in zip(LABELS, above, strict=False)]
            above = [values[-1].as_py() if len(values) else last for values, last in zip(labels, above, strict=True)]
            stated = {
                "period": mapped(labels[0], first_day),
                "age": mapped(labels[1], age_code),
                "sex": mapped(counts[LABELS[2]], sex_code),
            }
            for place in range(len(head.countries)):
                yield _cells(counts, place, head, fixed | stated, options)


def _cells(
    counts: pa.RecordBatch, place: int, head: Head, columns: dict[str, pa.Array | str], options: ReadOptions
) -> pa.RecordBatch:
    """Return the rows of one column of counts."""
    value = counts[f"count_{place}"]
    own = {
        "series_id": f"NZ_VISITOR_ARRIVALS:purpose={head.purposes[place]}",
        "partner_area": alpha_3(head.countries[place]),
        "value": value,
    }
    numbers = pc.add(pc.multiply(pc.subtract(counts[ROW], 1), len(head.countries)), place + 1)
    rows = series_rows(counts, options, columns | own, numbers)
    return rows.filter(pc.invert(pc.is_in(value, pa.array(NO_FIGURE))))


def _filled(values: pa.Array, above: str | None) -> pa.Array:
    """Return labels with each blank one as the last before it."""
    labels = pc.utf8_trim_whitespace(values)
    labels = pc.fill_null_forward(pc.if_else(pc.equal(labels, ""), pa.scalar(None, pa.string()), labels))
    return labels if above is None else pc.fill_null(labels, above)


def _head(path: Path, dialect: Dialect) -> Head:
    with opened(path) as stream:
        start = stream.read(NOTES_BYTES).decode(dialect.encoding, "replace")
    lines = list(csv.reader(start.splitlines()[:TITLE_LINES]))
    if len(lines) < TITLE_LINES or len(lines[2]) <= len(LABELS) or len(lines[1]) != len(lines[2]):
        raise unreadable(path.name, "a table of Infoshare")
    purposes: list[str] = []
    for purpose in lines[1][len(LABELS) :]:
        purposes.append(purpose.strip() or (purposes[-1] if purposes else ""))
    return Head(purposes, [country.strip() for country in lines[2][len(LABELS) :]])


def _vintage(path: Path, options: ReadOptions) -> str:
    """Return the month in which the table was last updated, from its notes; else that of hand-over."""
    end = b""
    with opened(path) as stream:
        while block := stream.read(BLOCK_BYTES):
            end = (end + block)[-NOTES_BYTES:]
    updated = UPDATED.search(end.decode("utf-8", "replace"))
    if updated is None or updated[2] not in MONTHS:
        return handed_over(options)
    return f"{updated[3]}-{MONTHS.index(updated[2]) + 1:02d}-01"
