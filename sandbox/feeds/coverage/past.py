"""A measure beside the partner's own past: the median of the last comparable periods."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from sandbox.concepts.codes import TOTAL
from sandbox.lakehouse.tables.books import FEED_PROFILE

# The same weekday in the eight weeks before; the same month of up to three years before, where two of them are known,
# else the three months before; the three deliveries before.
WEEKS = tuple(7 * week for week in range(1, 9))
YEARS, MONTHS, DELIVERIES = (12, 24, 36), (1, 2, 3), (1, 2, 3)
FEWEST_DAYS, FEWEST_YEARS = 3, 2


@dataclass(frozen=True)
class Measured:
    """One measure: rows of `period`, `numerator` and, where they differ by row, `denominator`, `area`, `persons`."""

    measure: str
    frequency: str
    rows: pd.DataFrame


def profile_rows(
    feed: str, partner: str, measures: Iterable[Measured], partial: Collection[date] = frozenset()
) -> pa.Table:
    """Return rows of `feed_profile`: each measure with its value, past and ratio; a share of nothing is left out.

    A day that is `partial` is compared with no other, and no other with it.
    """
    completed = [_completed(measured) for measured in measures if len(measured.rows)]
    together: dict[tuple[object, ...], list[pd.DataFrame]] = {}
    for rows in completed:
        together.setdefault(_compared(rows), []).append(rows)
    if not together:
        return FEED_PROFILE.stored.empty_table()
    whole = (_with_past(pd.concat(parts, ignore_index=True), partial) for parts in together.values())
    rows = pd.concat(whole, ignore_index=True).assign(feed=feed, partner=partner)
    rows["persons"] = rows["persons"].astype("Int64")
    return pa.Table.from_pandas(rows[list(FEED_PROFILE.names)], FEED_PROFILE.stored, preserve_index=False)


def _completed(measured: Measured) -> pd.DataFrame:
    given: dict[str, Any] = {"area": TOTAL, "denominator": 1.0, "persons": pd.NA}
    rows = measured.rows.assign(**{name: value for name, value in given.items() if name not in measured.rows})
    rows = rows[rows["denominator"] > 0]
    value = rows["numerator"].astype(float) / rows["denominator"].astype(float)
    return rows.assign(value=value, measure=measured.measure, frequency=measured.frequency)


def _compared(rows: pd.DataFrame) -> tuple[object, ...]:
    """Return what measures must share to be compared in one go: days and months lie in a calendar, deliveries don't."""
    frequency = "".join(rows["frequency"].iloc[:1])
    return (frequency, *sorted(set(rows["period"]))) if frequency == "delivery" else (frequency,)


def _with_past(rows: pd.DataFrame, partial: Collection[date]) -> pd.DataFrame:
    if rows.empty:
        return rows.assign(past=np.nan, ratio=np.nan)
    frequency, across = rows["frequency"].iloc[0], ["measure", "area"]
    wide = rows.pivot(index="period", columns=across, values="value").sort_index()
    if frequency == "D":
        wide.loc[wide.index.isin(partial)] = np.nan
    past = _past(wide, frequency)
    of_row = (
        past.index.get_indexer(pd.Index(rows["period"])),
        past.columns.get_indexer(pd.MultiIndex.from_frame(rows[across])),
    )
    both = rows.assign(past=past.to_numpy()[of_row])
    if frequency == "D":
        both.loc[both["period"].isin(partial), "past"] = np.nan
    return both.assign(ratio=(both["value"] / both["past"]).where(both["past"] > 0))


def _past(wide: pd.DataFrame, frequency: str) -> pd.DataFrame:
    """Return the median of the comparable periods before each, in the shape of `wide`."""
    if frequency == "delivery":
        return _median_of(wide, wide, DELIVERIES, 1)
    days: Sequence[date] = list(wide.index)
    if frequency == "D":
        every = pd.Index([day.date() for day in pd.date_range(days[0], days[-1], freq="D")], name="period")
        return _median_of(wide.reindex(every), wide, WEEKS, FEWEST_DAYS)
    every = pd.Index([day.date() for day in pd.date_range(days[0], days[-1], freq="MS")], name="period")
    whole = wide.reindex(every)
    return _median_of(whole, wide, YEARS, FEWEST_YEARS).fillna(_median_of(whole, wide, MONTHS, 1))


def _median_of(whole: pd.DataFrame, wide: pd.DataFrame, steps: Sequence[int], fewest: int) -> pd.DataFrame:
    stack = np.stack([whole.shift(step).to_numpy(np.float64) for step in steps])
    return pd.DataFrame(_median(stack, fewest), index=whole.index, columns=whole.columns).reindex(wide.index)


def _median(stack: npt.NDArray[np.float64], fewest: int) -> npt.NDArray[np.float64]:
    """Return the median over the first axis where at least `fewest` are known; without a known one NumPy would warn."""
    enough = np.isfinite(stack).sum(axis=0) >= fewest
    median = np.full(stack.shape[1:], np.nan)
    median[enough] = np.nanmedian(stack[:, enough], axis=0)
    return median
