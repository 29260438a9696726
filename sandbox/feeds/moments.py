"""Dates and moments of a column, as text or as such: ISO, of a day that exists, of a year that can be meant."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.columns import Mask, Typed, keep, mask, typed

# A date outside these years is a slip (20224) or a placeholder (9999), never an observation.
FIRST_YEAR, LAST_YEAR = 1890, 2100
FIRST_DAY, LAST_DAY = (int(np.datetime64(day, "D").astype(int)) for day in ("1890-01-01", "2100-12-31"))
DATE = r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
TIME = r"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?"
ZONE = r"(Z|[+-][01]\d:?[0-5]\d)$"
MOMENT, ZONED = rf"^{DATE}[T ]{TIME}$", rf"^{DATE}[T ]{TIME}{ZONE}"
LONG_YEAR = r"^[+-]?\d{5,}-"


def day(values: pa.Array, target: pa.DataType) -> Typed:
    """Bring a column to dates."""
    if pa.types.is_string(values.type):
        fits, long_year = _is_date(values), mask(pc.match_substring_regex(values, LONG_YEAR))
        return _within_years(values, pc.cast(keep(values, fits), target), long_year)
    if pa.types.is_date(values.type) or (pa.types.is_timestamp(values.type) and values.type.tz is None):
        return _within_years(values, pc.cast(values, target, safe=False))
    return typed(values, pa.nulls(len(values), target))


def moment(values: pa.Array, target: pa.DataType, time_zone: str) -> Typed:
    """Bring a column to moments; those without a zone are in `time_zone`."""
    if pa.types.is_timestamp(values.type):
        inside = _is_plausible(values)
        if values.type.tz is None:
            return _outside(values, _zoned(keep(values, inside), time_zone), inside)
        return _outside(values, pc.cast(keep(values, inside), target, safe=False), inside)
    if not pa.types.is_string(values.type):
        return typed(values, pa.nulls(len(values), target))
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
    return typed(before, values, mask(before.is_valid()) & ~inside)


def _within_years(before: pa.Array, values: pa.Array, long_year: Mask | None = None) -> Typed:
    outside = mask(values.is_valid()) & ~_is_plausible(values)
    return typed(before, keep(values, ~outside), outside if long_year is None else outside | long_year)


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
