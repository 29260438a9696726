"""From located events to person × local day × place.

Hours are bits of a 24-bit mask, so that distinct hours add up without a second pass over the events. Night is 19:00
to 06:59 and belongs to the evening's date (UN Handbook on mobile phone data).
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.lakehouse.tables.persons import PRESENCE_DAY
from sandbox.persons.columns import coded, date_column
from sandbox.persons.presence import ranked

Ints = NDArray[np.int64]

EVENING_HOURS = sum(1 << hour for hour in range(19, 24))
MORNING_HOURS = sum(1 << hour for hour in range(7))
NO_CELL = np.iinfo(np.int64).max


class Evidence(NamedTuple):
    """One element an event, later one a person, day, place and H3 cell: `key` numbers the first three together."""

    key: Ints
    h3: Ints
    home: Ints
    events: Ints
    hours: Ints
    nights: Ints

    def take(self, rows: Ints) -> "Evidence":
        """Return these rows."""
        return Evidence(*(column[rows] for column in self))


class Keys(NamedTuple):
    """How person, day and place make one number that ascends with each of them: its parts and their spans."""

    first_day: int
    days: int
    places: int

    @classmethod
    def spanning(cls, day: Ints, places: int) -> "Keys":
        """Return keys that hold these days, the day before them (hours after midnight go there), and the places."""
        if not len(day):
            return cls(0, 1, 1)
        return cls(int(day.min()) - 1, int(np.ptp(day)) + 2, places)

    def joined(self, person: Ints, day: Ints, place: Ints) -> Ints:
        """Return the numbers."""
        return (person * self.days + day - self.first_day) * self.places + place

    def parted(self, key: Ints) -> tuple[Ints, Ints, Ints]:
        """Return person, day and place of each number."""
        person_day, place = np.divmod(key, self.places)
        person, day = np.divmod(person_day, self.days)
        return person, day + self.first_day, place


def presence_days(located: pa.Table, feed: str) -> pa.Table:
    """Return the rows of `presence_day` of one feed, from all located events of each person, in any order.

    `located` has `person_key, bucket, place, country, h3, home_country, local_hour` (hours since 1970-01-01 00:00).
    """
    person, first_event = _persons(located)
    place, places = ranked(located["place"])
    home, homes = ranked(located["home_country"])
    day, hour = np.divmod(located["local_hour"].to_numpy(), 24)
    keys = Keys.spanning(day, len(places))
    h3 = pc.fill_null(located["h3"], int(NO_CELL)).to_numpy()
    mask = np.left_shift(1, hour)
    by_day = Evidence(keys.joined(person, day, place), h3, home, np.ones_like(day), mask, mask & EVENING_HOURS)
    found = _by_place(_by_cell(_with_evenings(by_day, keys.places, mask & MORNING_HOURS)))
    number, date, code = keys.parted(found.key)
    person_days = found.key // keys.places
    country = located["country"].take(pa.array(_first_rows_of(place, len(places))))
    hours, nights = np.bitwise_count(found.hours), np.bitwise_count(found.nights)
    known = {
        "person_key": located["person_key"].take(pa.array(first_event[number])),
        "bucket": located["bucket"].take(pa.array(first_event[number])),
        "local_date": date_column(date),
        "place": places.take(pa.array(code)),
        "country": country.take(pa.array(code)),
        "h3": pa.array(found.h3, mask=found.h3 == NO_CELL),
        "home_country": homes.take(pa.array(found.home)),
        "events": pa.array(found.events),
        "hours": pa.array(hours.astype(np.int64)),
        "night_hours": pa.array(nights.astype(np.int64)),
        "weight": pa.array(_share_of_day(hours.astype(np.float64) + nights, person_days)),
        "feed": feed,
    }
    return PRESENCE_DAY.rows_from(pa.table({"person_key": known["person_key"]}), known)


def _persons(located: pa.Table) -> tuple[Ints, Ints]:
    """Return the number of each row's person, and a row of each person."""
    person, persons = coded(located["person_key"])
    return person, _first_rows_of(person, len(persons))


def _first_rows_of(code: Ints, codes: int) -> Ints:
    first = np.zeros(codes, np.int64)
    first[code[::-1]] = np.arange(len(code))[::-1]
    return first


def _with_evenings(evidence: Evidence, places: int, morning: Ints) -> Evidence:
    """Append the nights after midnight as rows of the evening before, without events or day hours."""
    rows = np.flatnonzero(morning)
    nothing = np.zeros(len(rows), np.int64)
    before = Evidence(
        evidence.key[rows] - places, evidence.h3[rows], evidence.home[rows], nothing, nothing, morning[rows]
    )
    return Evidence(*(np.concatenate(pair) for pair in zip(evidence, before, strict=True)))


def _by_cell(evidence: Evidence) -> Evidence:
    """Join the rows of one person, day, place and cell."""
    rows = evidence.take(np.lexsort((evidence.h3, evidence.key)))
    is_first = np.append(True, (rows.key[1:] != rows.key[:-1]) | (rows.h3[1:] != rows.h3[:-1]))
    return _joined(rows, np.flatnonzero(is_first[: len(rows.key)]))


def _by_place(by_cell: Evidence) -> Evidence:
    """Join the cells of a place; its cell is the one with most nights, hours, events, then the lowest."""
    nights, hours = np.bitwise_count(by_cell.nights), np.bitwise_count(by_cell.hours)
    rows = by_cell.take(np.lexsort((by_cell.h3, -by_cell.events, -hours.astype(int), -nights.astype(int), by_cell.key)))
    return _joined(rows, np.flatnonzero(np.append(True, rows.key[1:] != rows.key[:-1])[: len(rows.key)]))


def _joined(rows: Evidence, first: Ints) -> Evidence:
    """Join each run of rows that begins at `first`; key and cell are those of its first row."""
    if not len(first):
        return rows
    return Evidence(
        rows.key[first],
        rows.h3[first],
        np.minimum.reduceat(rows.home, first),
        np.add.reduceat(rows.events, first),
        np.bitwise_or.reduceat(rows.hours, first),
        np.bitwise_or.reduceat(rows.nights, first),
    )


def _share_of_day(evidence: NDArray[np.float64], person_day: Ints) -> NDArray[np.float64]:
    """Return the share of the day's distinct hours, nights counted once more, that each place has."""
    _, number = np.unique(person_day, return_inverse=True)
    return np.asarray(evidence / np.bincount(number, evidence)[number], np.float64)
