"""Times of a file as local seconds, hours and months: explicit zones only, never the machine's."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.errors import CallError, DeliveryRefusedError

SECONDS_PER_HOUR = 3600
NUMBER = r"^-?\d{1,18}(\.\d+)?$"
ISO_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$"
ZONE = r"(Z|[+-]\d{2}:?\d{2})$"


def local_seconds(column: pa.ChunkedArray, time_zone: str | None) -> NDArray[np.int64]:
    """Return local seconds since 1970-01-01 00:00, int64[n].

    ISO times and timestamps with a zone are brought to `time_zone` (`CallError` without one); ISO times without a
    zone, and numbers of seconds, are local already. Refuses a column with a value that is none of these.
    """
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _whole(pc.floor(pc.cast(column, pa.float64())))
    if pa.types.is_timestamp(column.type):
        return _whole(_wall_clock(column, time_zone) if column.type.tz else column)
    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    if pc.all(pc.match_substring_regex(text, NUMBER)).as_py():
        return _whole(pc.floor(pc.cast(text, pa.float64())))
    zoned = pc.match_substring_regex(text, ZONE)
    try:
        if pc.any(zoned).as_py():
            # One kind a column, so that a half-zoned file is refused and not read as two clocks.
            return _whole(_wall_clock(pc.cast(text, pa.timestamp("us", "UTC")), time_zone))
        return _whole(pc.cast(text, pa.timestamp("us")))
    except pa.ArrowInvalid:
        raise _unreadable() from None


def _wall_clock(times: pa.ChunkedArray, time_zone: str | None) -> pa.ChunkedArray:
    if time_zone is None:
        raise CallError(
            "The times have a zone, but it isn't said which zone is local.", "Give --time-zone, e.g. Pacific/Gambier."
        )
    try:
        return pc.local_timestamp(pc.cast(times, pa.timestamp("us", time_zone)))
    except pa.ArrowInvalid:
        raise CallError(f"There is no time zone {time_zone!r}.", "Use a name such as Pacific/Gambier.") from None


def _whole(times: pa.ChunkedArray) -> NDArray[np.int64]:
    if times.null_count:
        raise _unreadable()
    seconds = pc.cast(times, pa.timestamp("s"), safe=False) if pa.types.is_timestamp(times.type) else times
    return np.asarray(pc.cast(seconds, pa.int64()).to_numpy(), np.int64)


def _unreadable() -> DeliveryRefusedError:
    return DeliveryRefusedError(
        "A time is empty or can't be read.",
        "Times are ISO (2025-01-31T21:05:00, with a zone in every row or in none) or seconds since 1970.",
    )


def month_number(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return months since 1970-01 of days since 1970-01-01."""
    return day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_text(month: NDArray[np.int64]) -> pa.Array:
    """Return `YYYY-MM` of months since 1970-01."""
    return pa.array(np.datetime_as_string(month.astype("datetime64[M]")).astype(str), pa.string())
