"""Made-up people with a known reason to be away, and the days on which each was seen. Rates are round guesses.

It shares no code with `sandbox.synthetic`, and nothing of it comes from data.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]

FIRST_DAY = date(2022, 1, 1)
SHOCK_PLACE, SHOCK_DAY = 0, 500
ON_AND_OFF = ((14, 14), (21, 21), (28, 28), (14, 21), (7, 7))


@dataclass(frozen=True)
class Country:
    """Sizes and rates. `seen` bounds the share of days on which a person is seen, drawn evenly."""

    persons: int = 2_100
    areas: int = 40
    days: int = 1_095
    seen: tuple[float, float] = (0.1, 0.9)
    silences: float = 1.0  # a year
    silent_days: tuple[int, int] = (5, 40)
    misplaced: float = 0.02
    commuters: float = 0.3
    commute_shows: float = 0.5  # share of a commuter's weekdays on which work leads
    trips: float = 2.0  # a year
    trip_days: tuple[int, int] = (2, 12)


@dataclass(frozen=True)
class Made:
    """`presence` as the engine reads it; `truth` with one row a spell away: person, place, start, end, code."""

    presence: pd.DataFrame
    truth: pd.DataFrame


def made(country: Country, seed: int) -> Made:
    """Make one country; the same seed gives the same rows. Every seventh person has each reason, one in seven none."""
    rng = np.random.default_rng([seed, 11])
    persons, days = country.persons, country.days
    reason = np.arange(persons) % len(REASONS)
    home: Ints = rng.integers(1, country.areas, persons, np.int64)
    home = np.where(reason == REASONS.index("displacement"), SHOCK_PLACE, home)
    where = np.repeat(home[:, None], days, axis=1)
    _commute(rng, country, where, home)
    _trips(rng, country, where, home)
    spells = [
        (person, (home[person] + rng.integers(1, country.areas)) % country.areas, reason[person])
        for person in np.flatnonzero(reason)
    ]
    rows = [
        (person, place, start, min(end, days), REASONS[why])
        for person, place, why in spells
        for start, end in EPISODES[REASONS[why]](rng, days)
        if 0 <= start < min(end, days)
    ]
    for person, place, start, end, _ in rows:
        where[person, start:end] = place
    seen = _seen(rng, country)
    lost = rng.random(where.shape) < country.misplaced
    where[lost] = rng.integers(0, country.areas, int(lost.sum()))
    who, day = np.nonzero(seen)
    presence = pd.DataFrame({"person": who, "day": day, "place": where[who, day]})
    truth = pd.DataFrame(rows, columns=["person", "place", "start", "end", "code"])
    return Made(presence, truth)


def _seasonal(rng: np.random.Generator, days: int) -> Iterator[tuple[int, int]]:
    day, length = int(rng.integers(20, 300)), int(rng.integers(30, 120))
    for year in range(days // 365 + 1):
        start = day + 365 * year + int(rng.integers(-12, 13))
        yield start, start + length + int(rng.integers(-12, 13))


def _study(rng: np.random.Generator, days: int) -> Iterator[tuple[int, int]]:
    first = int(rng.integers(30, 60))
    for term in range(2 * days // 365):
        start = first + round(182.6 * term) + int(rng.integers(-5, 6))
        yield start, start + int(rng.integers(105, 130))


def _rotation(rng: np.random.Generator, days: int) -> Iterator[tuple[int, int]]:
    on, off = ON_AND_OFF[rng.integers(0, len(ON_AND_OFF))]
    for start in range(int(rng.integers(0, 200)), days, on + off):
        yield start, start + on


def _weekends(rng: np.random.Generator, days: int) -> Iterator[tuple[int, int]]:
    often, first_friday = rng.uniform(0.25, 0.9), (4 - FIRST_DAY.weekday()) % 7
    for friday in range(first_friday, days, 7):
        if rng.random() < often:
            yield friday, friday + 2 + int(rng.random() < 0.3)


def _displaced(rng: np.random.Generator, _days: int) -> Iterator[tuple[int, int]]:
    start = SHOCK_DAY + int(rng.integers(0, 14))
    yield start, start + int(rng.integers(14, 150))


def _once(rng: np.random.Generator, days: int) -> Iterator[tuple[int, int]]:
    start = int(rng.integers(60, days - 200))
    yield start, start + int(rng.integers(14, 150))


EPISODES: dict[str, Callable[[np.random.Generator, int], Iterator[tuple[int, int]]]] = {
    "seasonal": _seasonal,
    "study": _study,
    "work_rotation": _rotation,
    "weekend_home": _weekends,
    "displacement": _displaced,
    "unknown": _once,
}
REASONS = ("", *EPISODES)


def _commute(rng: np.random.Generator, country: Country, where: Ints, home: Ints) -> None:
    weekday = (np.arange(country.days) + FIRST_DAY.weekday()) % 7
    commutes = rng.random(country.persons) < country.commuters
    work = (home + rng.integers(1, country.areas, country.persons)) % country.areas
    goes = (rng.random(where.shape) < country.commute_shows) & commutes[:, None] & (weekday < 5)
    where[:] = np.where(goes, work[:, None], where)


def _trips(rng: np.random.Generator, country: Country, where: Ints, home: Ints) -> None:
    for person in np.repeat(np.arange(country.persons), rng.poisson(country.trips * country.days / 365, len(home))):
        start, length = rng.integers(0, country.days), rng.integers(*country.trip_days)
        where[person, start : start + length] = rng.integers(0, country.areas)


def _seen(rng: np.random.Generator, country: Country) -> NDArray[np.bool_]:
    rate = rng.uniform(*country.seen, country.persons)
    seen = rng.random((country.persons, country.days)) < rate[:, None]
    silences = rng.poisson(country.silences * country.days / 365, country.persons)
    for person in np.repeat(np.arange(country.persons), silences):
        start = rng.integers(0, country.days)
        seen[person, start : start + rng.integers(*country.silent_days)] = False
    return seen
