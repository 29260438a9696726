"""Where true persons are, day by day: one row a person, one column a day.

A value below the number of areas is an area; from there on it is a foreign country; −1 is nowhere (not born, dead).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sandbox.synthetic.chance import Ints, stream
from sandbox.synthetic.country import Truth
from sandbox.synthetic.people import OWN

Places = NDArray[np.int8]
NOWHERE = -1
FRIDAY, SUNDAY = 4, 6


@dataclass(frozen=True)
class Days:
    """A span of days, both ends included."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """Number of days."""
        return self.last - self.first + 1

    @property
    def weekday(self) -> Ints:
        """Weekday of each day, 0 for Monday (1970-01-01 was a Thursday)."""
        return (np.arange(self.first, self.last + 1) + 3) % 7


def nights(truth: Truth, person: Ints, days: Days) -> Places:
    """Return where each person sleeps, shape (persons, days); `person` is sorted and without repetition."""
    areas = len(truth.scenario.area)
    people = truth.persons.iloc[person]
    origin = people["origin"].to_numpy()
    place = np.repeat(np.where(origin == OWN, NOWHERE, areas + origin)[:, None], days.count, axis=1).astype(np.int8)
    stays = _of(truth.stays, person)
    _fill(place, person, days, stays.assign(start=stays["end"] + 1, end=days.last), areas + stays["partner"])
    home = _of(truth.homes, person)
    _fill(place, person, days, home, home["area"])
    _weekends(place, people, days, truth)
    away = _of(truth.temporary, person)
    _fill(place, person, days, away.assign(end=away["end"] - 1), away["area"])
    trip = _of(truth.trips, person)
    _fill(place, person, days, trip.assign(end=trip["end"] - 1), areas + trip["partner"])
    date = np.arange(days.first, days.last + 1)
    alive = (people["born"].to_numpy()[:, None] <= date) & (date < people["died"].to_numpy()[:, None])
    place[~alive] = NOWHERE
    return place


def work(truth: Truth, person: Ints, night: Places, days: Days) -> Places:
    """Return where each person is in working hours: the same place, or a neighbouring area on weekdays."""
    people = truth.persons.iloc[person]
    by_home = people[[f"work_{area}" for area in truth.scenario.area_ids]].to_numpy().astype(np.int8)
    age = 2024 - people["birth_year"].to_numpy()
    inside = (night >= 0) & (night < len(truth.scenario.area))
    working = by_home[np.arange(len(person))[:, None], np.where(inside, night, 0)]
    goes = inside & (working >= 0) & ((age > 17) & (age < 66))[:, None] & (days.weekday < FRIDAY + 1)[None, :]
    return np.where(goes, working, night)


def _of(rows: pd.DataFrame, person: Ints) -> pd.DataFrame:
    return rows[np.isin(rows["person_id"].to_numpy(), person)]


def _fill(place: Places, person: Ints, days: Days, rows: pd.DataFrame, value: "pd.Series[int]") -> None:
    """Write the value of each row over its days; of two rows on one day the later row stands."""
    row = np.searchsorted(person, rows["person_id"].to_numpy())
    start = np.maximum(rows["start"].to_numpy(), days.first)
    length = np.maximum(np.minimum(rows["end"].to_numpy(), days.last) - start + 1, 0)
    offset = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    column = np.repeat(start - days.first, length) + offset
    place[np.repeat(row, length), column] = np.repeat(value.to_numpy(), length)


def _weekends(place: Places, people: pd.DataFrame, days: Days, truth: Truth) -> None:
    """Put people with a second home there in a part of the weekends, Friday and Saturday night."""
    rng = stream(truth.seed, f"weekends {days.first}")
    weekend = people["weekend"].to_numpy()
    week = (np.arange(days.first, days.last + 1) + 3) // 7 % 5000
    goes = rng.random((len(people), int(week.max() - week.min()) + 1)) < 0.45
    away = goes[:, week - week.min()] & ((days.weekday >= FRIDAY) & (days.weekday < SUNDAY))[None, :]
    away &= (weekend >= 0)[:, None] & (place >= 0) & (place < len(truth.scenario.area))
    place[:] = np.where(away, weekend[:, None], place)
