r"""Eurostat's TSV → `official_series`: one line is one series, a column a period.

The first column names the dimensions, with commas, and ends in `geo\TIME_PERIOD`; a cell is a value and, after a
space, its flags (`123 b`), or `:` where there is none. A cell becomes one row (`ROW` counts cells, line by line); a
`:` without a flag is no figure and no row, one with a flag (`: c`, confidential) is a row without a value. The
dataflow is the file's name before the first dot. The file states no date of publication: the vintage is the month in
which it was handed over. Source: Eurostat, API, TSV data format; `sdmx.py` says what becomes of a dimension.
"""

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import FAULT, ROW, ReadOptions, unreadable
from sandbox.feeds.readers.csv import Refusals, text_batches
from sandbox.feeds.readers.dialect import dialect_of, header_of
from sandbox.feeds.readers.sdmx import observations

MOST_PERIODS = 4_096
TIME = ("\\TIME_PERIOD", "/TIME_PERIOD", "\\time", "/time")
CELL = r"^\s*(?P<value>[^\s:]*):?\s*(?P<flag>[a-z]*)\s*$"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield one row of `official_series` a cell."""
    with Refusals(path, options.encoding, "TSV"):
        dialect = dialect_of(path, options.encoding, "\t")
        options.hear(dialect)
        names = header_of(path, dialect)
        time = next((end for end in TIME if names[0].endswith(end)), None)
        if time is None or not 2 <= len(names) <= MOST_PERIODS or len(set(names)) < len(names):
            raise unreadable(path.name, "TSV of Eurostat")
        dimensions = names[0].removesuffix(time).split(",")
        for batch in text_batches(path, dialect, names, names):
            keys = _keys(batch[names[0]], dimensions)
            for place, period in enumerate(names[1:]):
                numbers = pc.add(pc.multiply(pc.subtract(batch[ROW], 1), len(names) - 1), place + 1)
                yield _cells(batch, period, keys | {ROW: numbers}, options, path)


def _keys(keys: pa.Array, dimensions: list[str]) -> dict[str, pa.Array]:
    """Return the dimensions of each line; a line with another number of them names none."""
    parts = pc.split_pattern(keys, ",")
    fits = pc.equal(pc.list_value_length(parts), len(dimensions))
    whole = pc.if_else(fits, parts, pa.scalar([None] * len(dimensions), parts.type))
    return {name: pc.list_element(whole, place) for place, name in enumerate(dimensions)}


def _cells(
    batch: pa.RecordBatch, period: str, keys: dict[str, pa.Array], options: ReadOptions, path: Path
) -> pa.RecordBatch:
    """Return the rows of one period."""
    split = pc.extract_regex(batch[period], CELL)
    odd = split.is_null()
    value = pc.if_else(odd, batch[period], pc.struct_field(split, "value"))
    flag = pc.struct_field(split, "flag")
    cells = pa.record_batch(
        {
            **keys,
            "TIME_PERIOD": pa.repeat(period, batch.num_rows),
            "OBS_VALUE": pc.if_else(pc.equal(value, ""), pa.scalar(None, pa.string()), value),
            "OBS_FLAG": flag,
            **({FAULT: batch[FAULT]} if FAULT in batch.schema.names else {}),
        }
    )
    nothing = pc.and_(pc.equal(value, ""), pc.equal(flag, ""))
    rows = cells.filter(pc.invert(pc.fill_null(nothing, False)))
    dimensions = {name: name for name in rows.schema.names if name not in {ROW, FAULT}}
    return observations(rows, options, path.name.split(".", 1)[0], dimensions)
