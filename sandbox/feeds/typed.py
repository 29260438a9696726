"""Bringing a column, as a file holds it, to its declared type: vectorised, every failure marked, none raised.

A column of text with few distinct values is brought to its type once a value, not once a row; where its type is
text, it stays dictionary-encoded, so that the rules judge each value once too.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.columns import NUMBER, Typed, as_such, keep, mask, repeating, spread, typed
from sandbox.feeds.legible import decoded
from sandbox.feeds.moments import day, moment
from sandbox.lakehouse.table import DAY, FLAG, TEXT, TIMESTAMP

WHOLE = r"^[+-]?\d{1,18}(\.0+)?$"
LARGEST_WHOLE = pa.scalar(2**63 - 1, pa.uint64())
TRUE, FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no")


def to_type(values: pa.Array, target: pa.DataType, time_zone: str) -> Typed:
    """Bring `values` to `target`; times without a zone are in `time_zone`."""
    encoded = repeating(values)
    if isinstance(encoded, pa.DictionaryArray):
        return _by_value(encoded, target, time_zone)
    return _each(encoded, target, time_zone)


def _each(values: pa.Array, target: pa.DataType, time_zone: str) -> Typed:
    plain = as_such(values)
    if pa.types.is_binary(plain.type):
        text = decoded(plain)
        decoded_text = _each(text, target, time_zone)
        return decoded_text._replace(failed=decoded_text.failed | mask(plain.is_valid()) & ~mask(text.is_valid()))
    if pa.types.is_nested(plain.type) or pa.types.is_null(plain.type):
        return Typed(pa.nulls(len(plain), target), mask(plain.is_valid()), np.zeros(len(plain), bool))
    if target == TIMESTAMP:
        return moment(plain, target, time_zone)
    named: dict[pa.DataType, Callable[[pa.Array, pa.DataType], Typed]] = {TEXT: _text, DAY: day, FLAG: _flag}
    return named.get(target, _whole if pa.types.is_integer(target) else _number)(plain, target)


def _by_value(encoded: pa.DictionaryArray, target: pa.DataType, time_zone: str) -> Typed:
    of_values = _each(encoded.dictionary, target, time_zone)
    if target == TEXT and not of_values.values.null_count:
        values = pa.DictionaryArray.from_arrays(encoded.indices, of_values.values)
    else:
        values = of_values.values.take(encoded.indices)
    return Typed(values, spread(of_values.failed, encoded), spread(of_values.implausible, encoded))


def _text(values: pa.Array, _target: pa.DataType) -> Typed:
    return typed(values, values if pa.types.is_string(values.type) else pc.cast(values, pa.string()))


def _whole(values: pa.Array, target: pa.DataType) -> Typed:
    if pa.types.is_string(values.type):
        fits = mask(pc.match_substring_regex(values, WHOLE))
        digits = pc.replace_substring_regex(keep(values, fits), r"(^\+|\.0+$)", "")
        numbers = pc.cast(digits, pa.int64())
    elif pa.types.is_floating(values.type):
        real = values.cast(pa.float64())
        fits = mask(pc.and_(pc.is_finite(real), pc.less(pc.abs(real), 2.0**53)))
        fits &= mask(pc.equal(pc.floor(keep(real, fits)), real))
        numbers = keep(real, fits).cast(pa.int64())
    elif pa.types.is_integer(values.type):
        small = values if values.type != pa.uint64() else keep(values, mask(pc.less_equal(values, LARGEST_WHOLE)))
        numbers = small.cast(pa.int64())
    else:
        numbers = pa.nulls(len(values), pa.int64())
    limit = 2 ** (target.bit_width - 1)
    if target.bit_width < numbers.type.bit_width:
        numbers = keep(numbers, mask(pc.and_(pc.greater_equal(numbers, -limit), pc.less(numbers, limit))))
    return typed(values, numbers.cast(target))


def _number(values: pa.Array, target: pa.DataType) -> Typed:
    if pa.types.is_string(values.type):
        numbers = pc.cast(keep(values, mask(pc.match_substring_regex(values, NUMBER))), target)
    elif pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        numbers = pc.cast(values, target, safe=False)
    else:
        numbers = pa.nulls(len(values), target)
    return typed(values, keep(numbers, mask(pc.is_finite(numbers))))


def _flag(values: pa.Array, target: pa.DataType) -> Typed:
    if pa.types.is_boolean(values.type):
        return typed(values, values)
    if pa.types.is_floating(values.type) or pa.types.is_temporal(values.type):
        return typed(values, pa.nulls(len(values), target))
    words = pc.utf8_lower(pc.cast(values, pa.string()))
    is_true, is_false = pc.is_in(words, pa.array(TRUE)), pc.is_in(words, pa.array(FALSE))
    return typed(values, keep(is_true, mask(pc.or_(is_true, is_false))))
