"""Arrow columns into the arrays that kernels read, and back; empty values become NULL again on the way out."""

import re
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.errors import DeliveryRefusedError
from sandbox.kernels.walk import NO_DAY

ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}|\d{8}")
EPOCH = date(1970, 1, 1).toordinal()


def _day_of(text: str | None) -> int:
    """Days since epoch of an ISO date; `NO_DAY` for anything else, such as the year 20224."""
    if text is None or not ISO_DATE.fullmatch(text):
        return int(NO_DAY)
    try:
        return date.fromisoformat(text).toordinal() - EPOCH
    except ValueError:
        return int(NO_DAY)


def days(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return days since epoch int64[n]; `NO_DAY` where the value is empty or no date."""
    if pa.types.is_temporal(column.type):
        whole = pc.cast(pc.cast(column, pa.date32(), safe=False), pa.int32())
        return np.asarray(pc.fill_null(pc.cast(whole, pa.int64()), int(NO_DAY)).to_numpy(), np.int64)
    codes, texts = coded(pc.cast(column, pa.string()))
    known = np.array([_day_of(text) for text in texts.to_pylist()], np.int64)
    return known[codes] if len(known) else np.empty(0, np.int64)


def check_persons(column: pa.ChunkedArray) -> None:
    """Raise `DeliveryRefusedError` where a row is nobody's: strangers would be joined into one history."""
    if column.null_count:
        raise DeliveryRefusedError(
            f"{column.null_count:,} rows name no person.", "Fill the column of persons, or remove these rows."
        )


def coded(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    """Return a code int64[n] for each value, in order of first appearance, and the values; NULL is a value."""
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    encoded = pc.dictionary_encode(whole, null_encoding="encode")
    return encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64), encoded.dictionary


def integers(column: pa.ChunkedArray, empty: int) -> NDArray[np.int64]:
    """Return int64[n]; `empty` where the value is empty or no whole number."""
    if not pa.types.is_integer(column.type):
        text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
        is_number = pc.match_substring_regex(text, r"^[+-]?\d{1,18}$")
        column = pc.cast(pc.if_else(is_number, text, None), pa.int64())
    return np.asarray(pc.fill_null(pc.cast(column, pa.int64()), empty).to_numpy(), np.int64)


def date_column(day: NDArray[np.int64]) -> pa.Array:
    """Return dates; NULL for `NO_DAY`."""
    empty = day == NO_DAY
    return pa.array(np.where(empty, 0, day).astype(np.int32), pa.int32(), mask=empty).cast(pa.date32())


def status_column(status: NDArray[np.int8]) -> pa.Array:
    """Return 0 or 1; NULL for -1."""
    return pa.array(status.astype(np.int8), mask=status < 0)


def number_column(number: NDArray[np.int64], empty: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return whole numbers; NULL where `empty`."""
    return pa.array(number.astype(np.int32), mask=empty)
