"""Evidence of presence from a file: days, nights and working hours of persons in places, and the homes they give."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.errors import DeliveryRefusedError
from sandbox.kernels.order import ordered_by_person
from sandbox.persons.columns import date_column
from sandbox.persons.homes import PENALTY, homes_by_month
from sandbox.persons.presence import Presence, PresenceColumns, placed, presence_read
from sandbox.persons.times import SECONDS_PER_HOUR, local_seconds, month_number, month_text

EVENING, MORNING = 19, 7
WORK_BEGINS, WORK_ENDS, WORK_DAYS = 9, 17, 3
DAY_NUMBER_OF_MONDAY = 4  # 1970-01-05


@dataclass(frozen=True)
class Hours:
    """One element a person, place and clock hour with evidence: local hours since 1970-01-01 00:00, each once."""

    person: NDArray[np.int64]
    place: NDArray[np.int64]
    hour: NDArray[np.int64]

    def where(self, rows: NDArray[np.bool_]) -> "Hours":
        """Return the elements of these rows."""
        return Hours(self.person[rows], self.place[rows], self.hour[rows])


@dataclass(frozen=True)
class Counted:
    """One element a person, key and place: how many rows it has, and how much they weigh."""

    person: NDArray[np.int64]
    key: NDArray[np.int64]
    place: NDArray[np.int64]
    rows: NDArray[np.int64]
    weight: NDArray[np.float64]


def counted(
    persons: int,
    person: NDArray[np.int64],
    key: NDArray[np.int64],
    place: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> Counted:
    """Count and sum rows by person, key and place; sorted by these."""
    order, _ = ordered_by_person(person, persons, key, place)
    person, key, place = person[order], key[order], place[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (person[1:] != person[:-1]) | (key[1:] != key[:-1]) | (place[1:] != place[:-1])
    first = np.flatnonzero(is_first)
    rows = np.diff(np.append(first, len(order)))
    total = np.add.reduceat(weight[order], first) if len(first) else np.empty(0)
    return Counted(person[first], key[first], place[first], rows, total)


def homes_of_file(rows: pa.Table, by_path: bool, time_zone: str | None) -> pa.Table:
    """Return the columns of `sandbox home apply`: one row a person and month with any evidence.

    `rows` has `person_id, place` and `start_ts, end_ts`, or `ts`, or `date` with optional `n_events`. By path, a
    change of place must explain three days of contrary evidence; by mode, each night counts for its strongest place.
    """
    if "date" in rows.column_names and not {"ts", "start_ts"} & set(rows.column_names):
        presence = presence_read(rows, PresenceColumns())
        days = counted(len(presence.persons), presence.person, presence.day, presence.place, presence.weight)
        return _homes(presence, days, days, None, by_path)
    presence, hours = _hours(rows, time_zone)
    persons, ones = len(presence.persons), np.ones(len(hours.hour))
    days = counted(persons, hours.person, hours.hour // 24, hours.place, ones)
    night = hours.where((hours.hour % 24 >= EVENING) | (hours.hour % 24 < MORNING))
    evening = (night.hour - MORNING) // 24
    nights = counted(persons, night.person, evening, night.place, np.ones(len(evening)))
    return _homes(presence, days, nights, hours, by_path)


def _hours(rows: pa.Table, time_zone: str | None) -> tuple[Presence, Hours]:
    """Return each clock hour that a stop touches; a stop without length touches the one that it falls in."""
    names = ("start_ts", "end_ts") if "start_ts" in rows.column_names else ("ts", "ts")
    missing = [name for name in names if name not in rows.column_names]
    if missing:
        raise DeliveryRefusedError(
            "The file has neither `start_ts` and `end_ts`, nor `ts`, nor `date`.", "Add one of them."
        )
    start, end = (local_seconds(rows[name], time_zone) for name in names)
    if (end < start).any():
        raise DeliveryRefusedError(f"{int((end < start).sum()):,} stops end before they start.", "Mend or remove them.")
    presence = placed(rows, PresenceColumns(), start // (24 * SECONDS_PER_HOUR))
    first = start // SECONDS_PER_HOUR
    count = np.maximum(end - 1, start) // SECONDS_PER_HOUR - first + 1
    source = np.repeat(np.arange(len(first)), count)
    hour = first[source] + np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count)
    person, place = presence.person[source], presence.place[source]
    once = counted(len(presence.persons), person, hour, place, np.ones(len(hour)))
    return presence, Hours(once.person, once.place, once.key)


def _homes(presence: Presence, days: Counted, nights: Counted, hours: Hours | None, by_path: bool) -> pa.Table:
    month = month_number(days.key)
    seen = counted(len(presence.persons), days.person, month, days.key, np.ones(len(month)))  # one a person, month, day
    months = counted(len(presence.persons), seen.person, seen.key, np.zeros_like(seen.key), np.ones(len(seen.key)))
    home = _leading_homes(presence, nights, months, PENALTY if by_path else 0.0)
    at_home = _night_days(nights, months, home)
    work = np.full(len(home), -1) if hours is None else _work(hours, months, home)
    return pa.table(
        {
            "person_id": presence.persons.take(pa.array(months.person)),
            "month": month_text(months.key),
            "home": presence.places.take(pa.array(home, mask=home < 0)),
            "work": presence.places.take(pa.array(work, mask=work < 0)),
            "status": pc.if_else(pa.array(home >= 0), "determined", "undetermined"),
            "night_days": pa.array(at_home.astype(np.int32)),
            "days_seen": pa.array(months.rows.astype(np.int32)),
        }
    )


def presence_table(presence: Presence, days: Counted) -> pa.Table:
    """Return person × day × place rows as `persons.homes` reads them; the weight is the share of the day's evidence."""
    is_first = np.ones(len(days.key), np.bool_)
    is_first[1:] = (days.person[1:] != days.person[:-1]) | (days.key[1:] != days.key[:-1])
    first = np.flatnonzero(is_first)
    total = np.add.reduceat(days.weight, first) if len(first) else np.empty(0)
    total = np.repeat(total, np.diff(np.append(first, len(days.key))))
    return pa.table(
        {
            "person_key": days.person,
            "local_date": pa.chunked_array([date_column(days.key)]),
            "place": pa.DictionaryArray.from_arrays(pa.array(days.place), presence.places).cast(presence.places.type),
            "weight": np.divide(days.weight, total, out=np.zeros(len(total)), where=total > 0),
        }
    )


def _leading_homes(presence: Presence, nights: Counted, months: Counted, penalty: float) -> NDArray[np.int64]:
    """Return the place code of each month's home; -1 where it can't be told."""
    home = np.full(len(months.key), -1)
    if not len(nights.key):
        return home
    found = homes_by_month(presence_table(presence, nights), penalty)
    place = np.asarray(pc.fill_null(pc.index_in(found["home"], presence.places), -1).to_numpy(), np.int64)
    month = month_number(found["month"].to_numpy().astype("datetime64[D]").astype(np.int64))
    row = _rows_of(months, found["person_key"].to_numpy(), month)
    home[row[row >= 0]] = place[row >= 0]
    return home


def _rows_of(months: Counted, person: NDArray[np.int64], month: NDArray[np.int64]) -> NDArray[np.int64]:
    """Row of each person and month among `months`; -1 if there is none."""
    low = min(int(months.key.min()), int(month.min()))
    span = max(int(months.key.max()), int(month.max())) - low + 1
    known, asked = months.person * span + months.key - low, person * span + month - low
    row = np.minimum(np.searchsorted(known, asked), len(known) - 1)
    return np.where(known[row] == asked, row, -1)


def _night_days(nights: Counted, months: Counted, home: NDArray[np.int64]) -> NDArray[np.int64]:
    count = np.zeros(len(home), np.int64)
    if len(nights.key):
        row = _rows_of(months, nights.person, month_number(nights.key))
        at_home = (row >= 0) & (home[row] == nights.place)
        np.add.at(count, row[at_home], 1)
    return count


def _work(hours: Hours, months: Counted, home: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of most working hours outside a known home, on at least three days of the month; else -1."""
    work = np.full(len(home), -1)
    day, hour = hours.hour // 24, hours.hour % 24
    busy = hours.where(((day - DAY_NUMBER_OF_MONDAY) % 7 < 5) & (hour >= WORK_BEGINS) & (hour < WORK_ENDS))
    if not len(busy.hour):
        return work
    row = _rows_of(months, busy.person, month_number(busy.hour // 24))
    busy, row = busy.where(home[row] != busy.place), row[home[row] != busy.place]
    by_day = counted(len(home), row, busy.hour // 24, busy.place, np.ones(len(row)))
    total = counted(len(home), by_day.person, by_day.place, by_day.place, by_day.weight)
    kept = (total.rows >= WORK_DAYS) & (home[total.person] >= 0)
    best = np.lexsort((-total.place[kept], total.weight[kept], total.person[kept]))
    work[total.person[kept][best]] = total.place[kept][best]
    return work
