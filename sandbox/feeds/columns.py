"""Bringing a column, as a file holds it, to its declared type: vectorised, every failure marked, none raised.

A column of text with few distinct values is brought to its type once a value, not once a row; where its type is
text, it stays dictionary-encoded, so that the rules judge each value once too.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.feeds.legible import decoded, legible
from sandbox.lakehouse.table import DAY, FLAG, TEXT, TIMESTAMP

Mask = NDArray[np.bool_]
# A date outside these years is a slip (20224) or a placeholder (9999), never an observation.
FIRST_YEAR, LAST_YEAR = 1890, 2100
FIRST_DAY, LAST_DAY = (int(np.datetime64(day, "D").astype(int)) for day in ("1890-01-01", "2100-12-31"))
WHOLE = r"^[+-]?\d{1,18}(\.0+)?$"
NUMBER = r"^[+-]?(\d{1,300}(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?$"
DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
ZONE = r"(Z|[+-][01]\d:?[0-5]\d)$"
MOMENT, ZONED = rf"^{DATE}[T ]{TIME}$", rf"^{DATE}[T ]{TIME}{ZONE}"
LARGEST_WHOLE = pa.scalar(2**63 - 1, pa.uint64())
LONG_YEAR = r"^[+-]?\d{5,}-"
# A column repeats its values where these first rows hold at most a quarter as many.
SAMPLE_ROWS = 1_024
TRUE, FALSE = ("true", "t", "1", "yes"), ("false", "f", "0", "no")


class Typed(NamedTuple):
    """A column of its declared type; null where `failed` (not of the type) or `implausible` (a date out of range)."""

    values: pa.Array
    failed: Mask
    implausible: Mask


def to_type(values: pa.Array, target: pa.DataType, time_zone: str) -> Typed:
    """Bring `values` to `target`; times without a zone are in `time_zone`."""
    encoded = repeating(values)
    if isinstance(encoded, pa.DictionaryArray):
        return _by_value(encoded, target, time_zone)
    return _each(encoded, target, time_zone)


def _each(values: pa.Array, target: pa.DataType, time_zone: str) -> Typed:
    plain = _plain(values)
    if pa.types.is_binary(plain.type):
        text = decoded(plain)
        typed = _each(text, target, time_zone)
        return typed._replace(failed=typed.failed | mask(plain.is_valid()) & ~mask(text.is_valid()))
    if pa.types.is_nested(plain.type) or pa.types.is_null(plain.type):
        return Typed(pa.nulls(len(plain), target), mask(plain.is_valid()), np.zeros(len(plain), bool))
    if target == TIMESTAMP:
        return _moment(plain, target, time_zone)
    named: dict[pa.DataType, Callable[[pa.Array, pa.DataType], Typed]] = {TEXT: _text, DAY: _day, FLAG: _flag}
    return named.get(target, _whole if pa.types.is_integer(target) else _number)(plain, target)


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
    plain = _plain(values)
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


def _by_value(encoded: pa.DictionaryArray, target: pa.DataType, time_zone: str) -> Typed:
    of_values = _each(encoded.dictionary, target, time_zone)
    if target == TEXT and not of_values.values.null_count:
        values = pa.DictionaryArray.from_arrays(encoded.indices, of_values.values)
    else:
        values = of_values.values.take(encoded.indices)
    return Typed(values, spread(of_values.failed, encoded), spread(of_values.implausible, encoded))


def _plain(values: pa.Array) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    values = legible(values)
    if pa.types.is_string(values.type):
        return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)
    return values


def _typed(before: pa.Array, values: pa.Array, implausible: Mask | None = None) -> Typed:
    outside = np.zeros(len(values), bool) if implausible is None else implausible
    return Typed(values, mask(before.is_valid()) & ~mask(values.is_valid()) & ~outside, outside)


def _text(values: pa.Array, _target: pa.DataType) -> Typed:
    return _typed(values, values if pa.types.is_string(values.type) else pc.cast(values, pa.string()))


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
    return _typed(values, numbers.cast(target))


def _number(values: pa.Array, target: pa.DataType) -> Typed:
    if pa.types.is_string(values.type):
        numbers = pc.cast(keep(values, mask(pc.match_substring_regex(values, NUMBER))), target)
    elif pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
        numbers = pc.cast(values, target, safe=False)
    else:
        numbers = pa.nulls(len(values), target)
    return _typed(values, keep(numbers, mask(pc.is_finite(numbers))))


def _flag(values: pa.Array, target: pa.DataType) -> Typed:
    if pa.types.is_boolean(values.type):
        return _typed(values, values)
    if pa.types.is_floating(values.type) or pa.types.is_temporal(values.type):
        return _typed(values, pa.nulls(len(values), target))
    words = pc.utf8_lower(pc.cast(values, pa.string()))
    is_true, is_false = pc.is_in(words, pa.array(TRUE)), pc.is_in(words, pa.array(FALSE))
    return _typed(values, keep(is_true, mask(pc.or_(is_true, is_false))))


def _day(values: pa.Array, target: pa.DataType) -> Typed:
    if pa.types.is_string(values.type):
        fits, long_year = _is_date(values), mask(pc.match_substring_regex(values, LONG_YEAR))
        return _within_years(values, pc.cast(keep(values, fits), target), long_year)
    if pa.types.is_date(values.type) or (pa.types.is_timestamp(values.type) and values.type.tz is None):
        return _within_years(values, pc.cast(values, target, safe=False))
    return _typed(values, pa.nulls(len(values), target))


def _moment(values: pa.Array, target: pa.DataType, time_zone: str) -> Typed:
    if pa.types.is_timestamp(values.type):
        inside = _is_plausible(values)
        if values.type.tz is None:
            return _outside(values, _zoned(keep(values, inside), time_zone), inside)
        return _outside(values, pc.cast(keep(values, inside), target, safe=False), inside)
    if not pa.types.is_string(values.type):
        return _typed(values, pa.nulls(len(values), target))
    moments = _regular_moments(values, target)
    if moments is None:
        moments = _mixed_moments(values, target, time_zone)
    return _within_years(values, moments, mask(pc.match_substring_regex(values, LONG_YEAR)))


def _regular_moments(values: pa.Array, target: pa.DataType) -> pa.Array | None:
    """Return the moments where every value is one with a zone, as nearly always; None where one is not."""
    if not pc.all(pc.match_substring_regex(values, ZONED)).as_py():
        return None
    try:
        return values.cast(target)
    except pa.ArrowInvalid:  # a day that its month has not
        return None


def _mixed_moments(values: pa.Array, target: pa.DataType, time_zone: str) -> pa.Array:
    values = pc.replace_substring_regex(values, rf"\s+{ZONE}", r"\1")
    zoned = mask(pc.match_substring_regex(values, ZONE))
    naive = pc.replace_substring_regex(values, ZONE, "")
    fits = mask(pc.match_substring_regex(naive, MOMENT)) & _is_date(pc.utf8_slice_codeunits(naive, 0, 10))
    local = keep(values, fits & ~zoned).cast(pa.timestamp("us"))
    return pc.coalesce(keep(values, fits & zoned).cast(target), _zoned(local, time_zone))


def _zoned(values: pa.Array, time_zone: str) -> pa.Array:
    local = pc.assume_timezone(
        values.cast(pa.timestamp("us"), safe=False), time_zone, ambiguous="earliest", nonexistent="earliest"
    )
    return pc.cast(local, pa.timestamp("us", tz="UTC"))


def _outside(before: pa.Array, values: pa.Array, inside: Mask) -> Typed:
    return _typed(before, values, mask(before.is_valid()) & ~inside)


def _within_years(before: pa.Array, values: pa.Array, long_year: Mask | None = None) -> Typed:
    outside = mask(values.is_valid()) & ~_is_plausible(values)
    return _typed(before, keep(values, ~outside), outside if long_year is None else outside | long_year)


def _is_plausible(values: pa.Array) -> Mask:
    first, last = pc.min_max(pc.cast(values, pa.date32(), safe=False)).values()
    if first.is_valid and first.value >= FIRST_DAY and last.value <= LAST_DAY:
        return mask(values.is_valid())  # nearly always: no year to be worked out
    year = pc.year(values)
    return mask(pc.and_(pc.greater_equal(year, FIRST_YEAR), pc.less_equal(year, LAST_YEAR)))


def _is_date(values: pa.Array) -> Mask:
    """Return where text is an ISO date that exists (no 30 February)."""
    fits = mask(pc.match_substring_regex(values, rf"^{DATE}$"))
    shaped = keep(values, fits)
    first_of_month = pc.cast(pc.binary_join_element_wise(pc.utf8_slice_codeunits(shaped, 0, 8), "01", ""), pa.date32())
    day = pc.cast(pc.utf8_slice_codeunits(shaped, 8, 10), pa.int64())
    last = pc.day(
        pc.subtract(
            pc.ceil_temporal(first_of_month, 1, "month", ceil_is_strictly_greater=True),
            pa.scalar(86_400, pa.duration("s")),
        )
    )
    return fits & mask(pc.less_equal(day, last))
