"""Counts that add up over files: rows by day and place, by hour, by code, by value. No Spark."""

from collections.abc import Sequence
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.coverage.placed import NO_HOUR, Ints, Placed, labels
from sandbox.lakehouse.table import DAY, INT, TEXT, Column, Table
from sandbox.settings import Zone

# What is counted; of a code or a number, the column's name follows.
ROWS, HOUR, CODE, NUMBER = "rows", "hour", "code:", "number:"
COUNT = Table(
    "count_of_rows",
    Zone.QUARANTINE,
    "One count of rows, or of persons, on its way from the workers",
    (
        Column("count", TEXT, "What is counted"),
        Column("period", DAY, "Day, or the month's first day"),
        Column("area", TEXT, "Area"),
        Column("place", TEXT, "Antenna, port or cell; or hour, code, value"),
        Column("value", INT, "Count"),
    ),
    ("count", "period", "area", "place"),
)
KEY = list(COUNT.key)
# Medians are compared with factors of units: four digits of a value are plenty, and there are few such values.
DIGITS = 4
# Counted by index where there are at most so many indices a row, else by sorting.
DENSE = 4


def counts(rows: pa.Table, there: Placed, codes: Sequence[str], numbers: Sequence[str]) -> pa.Table:
    """Return the counts of rows that are placed, as rows of `COUNT`."""
    (day, area, place), number = grouped(there.day, there.area.code, there.place.code)
    found = [count_rows(ROWS, day, number, there.area.take(area), there.place.take(place))]
    (month, hour), number = grouped(there.month, there.hour)
    found.append(
        count_rows(HOUR, first_days(month), number, place=pa.array(hour).cast(pa.string())).filter(
            pa.array(hour != NO_HOUR)
        )
    )
    for name in codes:
        own = labels(rows[name])
        (month, code), number = grouped(there.month, own.code)
        found.append(count_rows(f"{CODE}{name}", first_days(month), number, place=own.take(code)))
    return added([*found, *(_values(name, rows[name], there.month) for name in numbers)])


def added(parts: Sequence[pa.Table]) -> pa.Table:
    """Return counts of the same thing as one."""
    if not parts:
        return COUNT.stored.empty_table()
    return (
        pa.concat_tables(parts)
        .group_by(KEY, use_threads=False)
        .aggregate([("value", "sum")])
        .rename_columns([*KEY, "value"])
    )


def count_rows(
    count: str, period: Ints, number: Ints, area: pa.Array | None = None, place: pa.Array | None = None
) -> pa.Table:
    """Return counts in periods (days since 1970-01-01) as rows of `COUNT`."""
    blank = pa.repeat(pa.scalar(""), len(number))
    columns = {
        "count": pa.repeat(pa.scalar(count), len(number)),
        "period": pa.array(period.astype(np.int32)).cast(pa.date32()),
        "area": blank if area is None else area,
        "place": blank if place is None else place,
        "value": pa.array(number, pa.int64()),
    }
    return pa.table(columns, COUNT.stored)


def grouped(*columns: Ints) -> tuple[tuple[Ints, ...], Ints]:
    """Return the combinations of values that there are, in order, and the rows of each."""
    if not len(columns[0]):
        return columns, columns[0]
    lowest = [int(column.min()) for column in columns]
    spans = [int(column.max()) - low + 1 for column, low in zip(columns, lowest, strict=True)]
    parts = zip(columns, lowest, spans, strict=True)
    key = reduce(
        lambda joined, part: joined * part[2] + (part[0] - part[1]), parts, np.zeros(len(columns[0]), np.int64)
    )
    keys, number = _distinct(key, int(np.prod(spans, dtype=np.float64)))
    found = []
    for low, span in zip(reversed(lowest), reversed(spans), strict=True):
        keys, value = np.divmod(keys, span)
        found.append(value + low)
    return tuple(reversed(found)), number


def first_days(month: Ints) -> Ints:
    """Return the first day, since 1970-01-01, of months since 1970-01."""
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def medians(counts: pa.Table) -> pa.Table:
    """Return the median by period and number, as `count` (the number's name), `period`, `value`, of counts of values.

    The smallest value that at least half of the rows don't exceed.
    """
    numbers = counts.filter(pc.starts_with(counts["count"], NUMBER))
    parts = pc.split_pattern(numbers["place"], ":")
    digits, power = (pc.list_element(parts, place).cast(pa.int64()).to_numpy() for place in (0, 1))
    value = np.where(power >= 0, digits * 10.0 ** np.maximum(power, 0), digits / 10.0 ** np.maximum(-power, 0))
    ordered = numbers.select(["count", "period", "value"]).append_column("number", pa.array(value))
    frame = ordered.sort_by([("count", "ascending"), ("period", "ascending"), ("number", "ascending")]).to_pandas()
    by_period = frame.groupby(["count", "period"], sort=True)["value"]
    enough = frame[2 * by_period.cumsum() >= by_period.transform("sum")]
    found = enough.groupby(["count", "period"], as_index=False)["number"].first()
    return pa.Table.from_pandas(found.rename(columns={"number": "value"}), preserve_index=False)


def _values(name: str, column: pa.ChunkedArray, month: Ints) -> pa.Table:
    """Count values above zero by their first four digits."""
    value = pc.fill_null(column.cast(pa.float64()), 0.0).to_numpy()
    above = np.flatnonzero(np.isfinite(value) & (value > 0))
    power = np.floor(np.log10(value[above])).astype(np.int64) - (DIGITS - 1)
    digits = np.rint(value[above] / 10.0**power).astype(np.int64)
    (months, powers, first), number = grouped(month[above], power, digits)
    text = pc.binary_join_element_wise(pa.array(first).cast(pa.string()), pa.array(powers).cast(pa.string()), ":")
    return count_rows(f"{NUMBER}{name}", first_days(months), number, place=text)


def _distinct(key: Ints, indices: int) -> tuple[Ints, Ints]:
    if indices <= DENSE * len(key):
        number = np.bincount(key, minlength=1)
        keys = np.flatnonzero(number)
        return keys, number[keys]
    return np.unique(key, return_counts=True)
