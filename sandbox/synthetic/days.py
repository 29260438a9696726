"""Days as whole numbers since 1970-01-01, and the months that they fall in."""

from datetime import date

import numpy as np
from numpy.typing import NDArray

from sandbox.synthetic.chance import Ints

Months = NDArray[np.datetime64]


def day_number(day: date) -> int:
    """Return the day's number."""
    return (day - date(1970, 1, 1)).days


def day_date(number: int) -> date:
    """Return the date of a day's number."""
    return date.fromordinal(int(number) + date(1970, 1, 1).toordinal())


def month_starts(first: date, last: date) -> Ints:
    """Return the first day of every month from that of `first` to that of `last`."""
    months = np.arange(np.datetime64(first, "M"), np.datetime64(last, "M") + 1)
    return months.astype("datetime64[D]").astype(np.int64)


def month_index(days: Ints) -> Ints:
    """Return months since 1970-01."""
    return np.asarray(days, dtype="datetime64[D]").astype("datetime64[M]").astype(np.int64)


def month_of_year(days: Ints) -> Ints:
    """Return 0 for January to 11 for December."""
    return month_index(days) % 12


def year_of(days: Ints) -> Ints:
    """Return the calendar year."""
    return month_index(days) // 12 + 1970


def month_date(index: int) -> date:
    """Return the first day of the month with this index."""
    return date(1970 + index // 12, index % 12 + 1, 1)


def later(month: date, months: int) -> date:
    """Return the month so many months later, its first day."""
    return month_date((month.year - 1970) * 12 + month.month - 1 + months)


def iso(days: Ints) -> NDArray[np.str_]:
    """Return dates as ISO text."""
    return np.datetime_as_string(np.asarray(days, dtype="datetime64[D]"), unit="D")
