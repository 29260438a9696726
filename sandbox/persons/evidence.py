"""Evidence of presence from a file: days, nights and working hours of persons in places, and the homes they give."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.errors import DeliveryRefusedError
from sandbox.persons.homes import (
    Months,
    days_at_home,
    home_of_months,
    months_of,
    most_days_of_months,
    named,
)
from sandbox.persons.presence import Counted, Presence, PresenceColumns, counted, days_of, placed, presence_read, shares
from sandbox.persons.times import SECONDS_PER_HOUR, local_seconds, month_number, month_text

EVENING, MORNING, SLEEP_ENDS = 19, 7, 6
WORK_BEGINS, WORK_ENDS, WORK_DAYS = 9, 17, 3
DAY_NUMBER_OF_MONDAY = 4  # 1970-01-05


class HourWeights(NamedTuple):
    """What one clock hour at a place says about home, in parts of a `night` of twelve hours.

    People sleep at home (00:00 to 05:59); in the evening (19:00 to 23:59) they may still be out; the rest of the day
    tells little, but is all there is of some months.
    """

    asleep: float = 1.0
    evening: float = 0.5
    day: float = 0.1
    night: float = 12.0

    def of(self, hour: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the weight of each hour since 1970-01-01 00:00."""
        by_hour = np.array([self.asleep] * SLEEP_ENDS + [self.day] * (EVENING - SLEEP_ENDS) + [self.evening] * 5)
        return np.asarray(by_hour[hour % 24] / self.night, np.float64)


WEIGHTS = HourWeights()


@dataclass(frozen=True)
class Hours:
    """One element a person, place and clock hour with evidence: local hours since 1970-01-01 00:00, each once."""

    person: NDArray[np.int64]
    place: NDArray[np.int64]
    hour: NDArray[np.int64]

    def where(self, rows: NDArray[np.bool_]) -> "Hours":
        """Return the elements of these rows."""
        return Hours(self.person[rows], self.place[rows], self.hour[rows])


def homes_of_file(rows: pa.Table, by_path: bool, time_zone: str | None, weights: HourWeights = WEIGHTS) -> pa.Table:
    """Return the columns of `sandbox home apply`: one row a person and month with any evidence.

    `rows` has `person_id, place` and `start_ts, end_ts`, or `ts`, or `date` with optional `n_events`. By path, the
    home is that of the cheapest explanation of all the person's days; by mode, the place of most nights of the month.
    """
    if "date" in rows.column_names and not {"ts", "start_ts"} & set(rows.column_names):
        presence = presence_read(rows, PresenceColumns())
        evidence = days_of(presence)
        months = months_of(evidence)
        home = home_of_months(evidence, months) if by_path else most_days_of_months(evidence, months)
        return _homes(presence, months, home, np.full(len(home), -1), days_at_home(evidence, months, home))
    presence, hours = _hours(rows, time_zone)
    months = months_of(_by_day(presence, hours, hours.hour // 24))
    nights = shares(_nights(presence, hours))
    if by_path:
        home = home_of_months(_strength(presence, hours, weights, "start_ts" in rows.column_names), months)
    else:
        home = most_days_of_months(nights, months)
    return _homes(presence, months, home, _work(hours, months, home), days_at_home(nights, months, home))


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


def _by_day(presence: Presence, hours: Hours, day: NDArray[np.int64]) -> Counted:
    return counted(len(presence.persons), hours.person, day, hours.place, np.ones(len(day)))


def _nights(presence: Presence, hours: Hours) -> Counted:
    """Return the hours from 19:00 to 06:59 by evening and place."""
    night = hours.where((hours.hour % 24 >= EVENING) | (hours.hour % 24 < MORNING))
    return _by_day(presence, night, (night.hour - MORNING) // 24)


def _strength(presence: Presence, hours: Hours, weights: HourWeights, is_stop: bool) -> Counted:
    """Return how much each evening's date says for each place.

    For stops this is the part of a night that was spent there, so a night seen for an hour says little. Events last
    no time: there the place has its share of what was seen, for silence is no absence.
    """
    evening, weight = (hours.hour - MORNING) // 24, weights.of(hours.hour)
    found = counted(len(presence.persons), hours.person, evening, hours.place, weight)
    return found if is_stop else shares(found)


def _homes(
    presence: Presence,
    months: Months,
    home: NDArray[np.int64],
    work: NDArray[np.int64],
    night_days: NDArray[np.int64],
) -> pa.Table:
    return pa.table(
        {
            "person_id": presence.persons.take(pa.array(months.person)),
            "month": month_text(months.month),
            "home": named(presence.places, home),
            "work": named(presence.places, work),
            "status": pc.if_else(pa.array(home >= 0), "determined", "undetermined"),
            "night_days": pa.array(night_days.astype(np.int32)),
            "days_seen": pa.array(months.days_seen.astype(np.int32)),
        }
    )


def _work(hours: Hours, months: Months, home: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of most working hours outside a known home, on at least three days of the month; else -1."""
    work = np.full(len(home), -1)
    day, hour = hours.hour // 24, hours.hour % 24
    busy = hours.where(((day - DAY_NUMBER_OF_MONDAY) % 7 < 5) & (hour >= WORK_BEGINS) & (hour < WORK_ENDS))
    if not len(busy.hour):
        return work
    row = months.row_of(busy.person, month_number(busy.hour // 24))
    busy, row = busy.where(home[row] != busy.place), row[home[row] != busy.place]
    by_day = counted(len(home), row, busy.hour // 24, busy.place, np.ones(len(row)))
    total = counted(len(home), by_day.person, by_day.place, by_day.place, by_day.weight)
    kept = (total.rows >= WORK_DAYS) & (home[total.person] >= 0)
    best = np.lexsort((-total.place[kept], total.weight[kept], total.person[kept]))
    work[total.person[kept][best]] = total.place[kept][best]
    return work
