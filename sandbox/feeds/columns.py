"""A column as a file holds it: what of it is there, what it says as text, and judging each distinct value once.

Text of few distinct values is dictionary-encoded, so that types and rules look at a value once and not at every row.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.feeds.legible import decoded, legible

Mask = NDArray[np.bool_]
NUMBER = r"^[+-]?(\d{1,300}(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
# A column repeats its values where these first rows hold at most a quarter as many.
SAMPLE_ROWS = 1_024


class Typed(NamedTuple):
    """A column of its declared type; null where `failed` (not of the type) or `implausible` (a date out of range)."""

    values: pa.Array
    failed: Mask
    implausible: Mask


def repeating(values: pa.Array) -> pa.Array:
    """Return text of few distinct values dictionary-encoded, anything else as it is."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if not pa.types.is_string(values.type):
        return values
    is_repeating = len(pc.unique(values.slice(0, SAMPLE_ROWS))) <= SAMPLE_ROWS // 4
    return values.dictionary_encode() if is_repeating else values


def by_value(values: pa.Array, judge: Callable[[pa.Array], Mask]) -> Mask:
    """Judge text, each distinct value once where it is dictionary-encoded; null is false."""
    if isinstance(values, pa.DictionaryArray):
        return spread(judge(values.dictionary), values)
    return judge(values)


def as_text(values: pa.Array) -> pa.Array:
    """Return values as text, for quarantine; what has no text form is named, not lost without a word."""
    plain = as_such(values)
    try:
        text = decoded(plain) if pa.types.is_binary(plain.type) else pc.cast(plain, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        text = pa.nulls(len(plain), pa.string())
    # Not the whole type: the names of a record's fields may be anyone's.
    unreadable = pa.scalar(f"<{str(plain.type).partition('<')[0]}>")
    return pc.if_else(pc.and_(plain.is_valid(), pc.is_null(text)), unreadable, text)


def mask(values: pa.Array) -> Mask:
    """Return a boolean Arrow array as NumPy; null is false."""
    return np.asarray(pc.fill_null(values, False).to_numpy(zero_copy_only=False), dtype=bool)


def keep(values: pa.Array, where: Mask) -> pa.Array:
    """Return `values` with null elsewhere than `where`."""
    if where.all():
        return values
    return pc.if_else(pa.array(where), values, pa.scalar(None, values.type))


def spread(of_values: Mask, values: pa.Array) -> Mask:
    """Return for each row what holds of its distinct value; false where there is none."""
    if isinstance(values, pa.DictionaryArray):
        return np.append(of_values, False)[values.indices.fill_null(-1).to_numpy()]
    return of_values


def as_such(values: pa.Array) -> pa.Array:
    """Return values legible and without a dictionary; empty text is none."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    values = legible(values)
    if pa.types.is_string(values.type):
        return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
    return values


def typed(before: pa.Array, values: pa.Array, implausible: Mask | None = None) -> Typed:
    """Return what a column has become; `implausible` are values of the type that can't be meant."""
    outside = np.zeros(len(values), bool) if implausible is None else implausible
    return Typed(values, mask(before.is_valid()) & ~mask(values.is_valid()) & ~outside, outside)
