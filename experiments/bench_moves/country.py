"""A made-up country of SIMs, nasty on purpose: true homes, stays away, and the days on which each SIM was seen.

Nothing of it comes from data: rates are round guesses. It shares no code with `sandbox.synthetic`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

FIRST_DAY = np.datetime64("2022-01-01")
NOWHERE = -1


@dataclass(frozen=True)
class Country:
    """Sizes and rates; rates are per person and year, days are whole days."""

    persons: int = 19_700
    areas: int = 60
    days: int = 730
    neighbours: int = 5
    median_rate: float = 0.46
    spread_of_density: float = 0.9
    bursts: float = 1.0
    burst_days: tuple[int, int] = (10, 70)
    misplaced: float = 0.02
    misplaced_near: float = 0.8
    misplaced_again: float = 0.2
    churned: float = 0.25
    shortest_life: int = 90
    moves: float = 0.12
    between_moves: int = 120
    stays_away: float = 0.08
    stay_days: tuple[int, int] = (30, 150)
    stays_short: float = 2.0
    trips: float = 1.0
    trip_days: tuple[int, int] = (2, 14)
    weekenders: float = 0.08
    commuters: float = 0.10
    commute_shows: float = 0.10
    sticky: float = 0.35


@dataclass(frozen=True)
class Made:
    """`presence` is what was seen (`person_id, date, place, n_events`); `homes` and `moves` are the truth.

    `homes` has person_id, month, home of each person-month with evidence; `moves` has person_id, kind, start, end,
    from_place, to_place, days as whole numbers from the first day, [start, end);
    a permanent one ends on day -1.
    """

    presence: pd.DataFrame
    homes: pd.DataFrame
    moves: pd.DataFrame


def made(country: Country, seed: int) -> Made:
    """Make one country; the same seed gives the same rows."""
    rng = np.random.default_rng([seed, 7])
    near, far = _geography(rng, country)
    born, died = _lives(rng, country)
    home, moves = _homes(rng, country, near, born, died)
    where, stays = _away(rng, country, near, home, born, died)
    _weekends(rng, country, near, where, home)
    seen = _seen(rng, country, born, died)
    shown = _shown(rng, country, near, far, where, home, seen)
    person, day = np.nonzero(seen)
    presence = pd.DataFrame(
        {
            "person_id": person,
            "date": (FIRST_DAY + day).astype("datetime64[D]"),
            "place": _names(country)[shown[person, day]],
            "n_events": 1 + rng.poisson(2.0, len(person)),
        }
    )
    truth = pd.concat([moves, stays], ignore_index=True)
    return Made(presence, _monthly(country, home, person, day), _evident(truth, seen, _names(country)))


def _geography(rng: np.random.Generator, country: Country) -> tuple[Ints, Reals]:
    """Return the nearest areas of each (areas × neighbours) and the sizes of areas (Zipf)."""
    at = rng.random((country.areas, 2))
    distance = np.hypot(*(at[:, None, axis] - at[None, :, axis] for axis in (0, 1)))
    near = np.argsort(distance, axis=1)[:, 1 : country.neighbours + 1]
    size = 1 / np.arange(1, country.areas + 1)
    return near.astype(np.int64), rng.permutation(size / size.sum())


def _lives(rng: np.random.Generator, country: Country) -> tuple[Ints, Ints]:
    """Return first day and the day after the last of each SIM."""
    born, died = np.zeros(country.persons, np.int64), np.full(country.persons, country.days)
    changes = rng.random((2, country.persons)) < country.churned / 2
    born[changes[0]] = rng.integers(0, country.days - country.shortest_life, changes[0].sum())
    life = country.shortest_life + rng.random(country.persons) * (country.days - born - country.shortest_life)
    died[changes[1]] = (born + life.astype(np.int64))[changes[1]]
    return born, died


def _homes(
    rng: np.random.Generator, country: Country, near: Ints, born: Ints, died: Ints
) -> tuple[NDArray[np.int16], pd.DataFrame]:
    """Return homes (persons × days) and the permanent moves; half of these lead to a near area."""
    size = _sizes(rng, country)
    first = rng.choice(country.areas, country.persons, p=size)
    home = np.repeat(first.astype(np.int16)[:, None], country.days, axis=1)
    rows = []
    number = rng.poisson(country.moves * (died - born) / 365.25)
    for person in np.flatnonzero(number):
        last = int(born[person])
        for day in np.sort(rng.integers(born[person] + 20, died[person] - 20, number[person])):
            if day - last < country.between_moves and last > born[person]:
                continue
            old = int(home[person, day])
            new = int(rng.choice(near[old]) if rng.random() < 0.5 else rng.choice(country.areas, p=size))
            if new != old:
                home[person, day:] = new
                rows.append((int(person), "permanent", int(day), -1, old, new))
                last = int(day)
    return home, _moves(rows)


def _sizes(rng: np.random.Generator, country: Country) -> Reals:
    size = 1 / np.arange(1, country.areas + 1)
    return rng.permutation(size / size.sum())


def _away(
    rng: np.random.Generator, country: Country, near: Ints, home: NDArray[np.int16], born: Ints, died: Ints
) -> tuple[NDArray[np.int16], pd.DataFrame]:
    """Return where each person is (persons × days) and the stays away; trips are away too, but no moves."""
    size = _sizes(rng, country)
    where, rows = home.copy(), []
    for rate, bounds, is_stay in (
        (country.trips, country.trip_days, False),
        (country.stays_away, country.stay_days, True),
    ):
        number = rng.poisson(rate * (died - born) / 365.25)
        person = np.repeat(np.arange(country.persons), number)
        start = born[person] + np.floor(rng.random(len(person)) * (died - born)[person]).astype(np.int64)
        # Short ones are more common than long ones.
        share = rng.random(len(person)) ** country.stays_short
        length = bounds[0] + np.floor((bounds[1] + 1 - bounds[0]) * share).astype(np.int64)
        near_by = rng.random(len(person)) < 0.4
        target = np.where(
            near_by,
            near[home[person, start], rng.integers(0, country.neighbours, len(person))],
            rng.choice(country.areas, len(person), p=size),
        )
        kept_until = np.full(country.persons, -1)
        for each in np.lexsort((start, person)):
            who, begin, to = person[each], start[each], target[each]
            end = begin + length[each]
            # A stay lies within one home, whole, or is cut by the end of the SIM or of the window (then no move).
            inside = home[who, begin:end]
            if begin < kept_until[who] + 10 or (inside != home[who, begin]).any() or to == home[who, begin]:
                continue
            where[who, begin:end] = to
            kept_until[who] = end
            if is_stay and end < died[who]:
                rows.append((who, "temporary", begin, end, int(home[who, begin]), to))
    return where, _moves(rows)


def _weekends(
    rng: np.random.Generator, country: Country, near: Ints, where: NDArray[np.int16], home: NDArray[np.int16]
) -> None:
    """Put weekenders in a place of their own on Saturday and Sunday of every third week or so."""
    date = FIRST_DAY + np.arange(country.days)
    weekday, week = (date.astype(np.int64) + 3) % 7, (date.astype(np.int64) + 3) // 7
    week -= week.min()
    for person in np.flatnonzero(rng.random(country.persons) < country.weekenders):
        goes = (rng.random(week.max() + 1) < 0.35)[week] & (weekday >= 5) & (where[person] == home[person])
        where[person, goes] = rng.choice(near[home[person, 0]])


def _seen(rng: np.random.Generator, country: Country, born: Ints, died: Ints) -> NDArray[np.bool_]:
    """Return the days on which each SIM was seen: by its own density, in runs, with silent bursts."""
    logit = np.log(country.median_rate / (1 - country.median_rate))
    rate = 1 / (1 + np.exp(-rng.normal(logit, country.spread_of_density, country.persons)))
    seen = np.empty((country.persons, country.days), np.bool_)
    seen[:, 0] = rng.random(country.persons) < rate
    for day in range(1, country.days):
        again = country.sticky * seen[:, day - 1] + (1 - country.sticky) * rate
        seen[:, day] = rng.random(country.persons) < again
    date = np.arange(country.days)
    seen &= (date >= born[:, None]) & (date < died[:, None])
    number = rng.poisson(country.bursts * (died - born) / 365.25)
    person = np.repeat(np.arange(country.persons), number)
    start = born[person] + np.floor(rng.random(len(person)) * (died - born)[person]).astype(np.int64)
    for who, begin, length in zip(person, start, rng.integers(*country.burst_days, len(person)), strict=True):
        seen[who, begin : begin + length] = False
    return seen


def _shown(
    rng: np.random.Generator,
    country: Country,
    near: Ints,
    far: Reals,
    where: NDArray[np.int16],
    home: NDArray[np.int16],
    seen: NDArray[np.bool_],
) -> NDArray[np.int16]:
    """Return the place that the data say: some days are misplaced, and commuters show where they work."""
    shown = where.copy()
    work = near[home[:, 0], rng.integers(0, country.neighbours, country.persons)]
    commutes = rng.random(country.persons) < country.commuters
    weekday = ((FIRST_DAY + np.arange(country.days)).astype(np.int64) + 3) % 7
    at_work = (rng.random(seen.shape) < country.commute_shows) & commutes[:, None] & (weekday < 5) & (where == home)
    shown = np.where(at_work, work[:, None].astype(np.int16), shown)
    person, day = np.nonzero(seen & (rng.random(seen.shape) < country.misplaced))
    to_near = rng.random(len(person)) < country.misplaced_near
    shown[person, day] = np.where(
        to_near,
        near[shown[person, day], rng.integers(0, country.neighbours, len(person))],
        rng.choice(country.areas, len(person), p=far),
    )
    # What misplaced one day, an antenna far off or a wrong cell in the register, may do so the next day too.
    again = (rng.random(len(person)) < country.misplaced_again) & (day + 1 < country.days)
    shown[person[again], day[again] + 1] = shown[person[again], day[again]]
    return shown


def _names(country: Country) -> NDArray[np.object_]:
    return np.array([f"A{area:02d}" for area in range(country.areas)], object)


def _moves(rows: list[tuple[int, str, int, int, int, int]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["person_id", "kind", "start", "end", "from_place", "to_place"])


def _monthly(country: Country, home: NDArray[np.int16], person: Ints, day: Ints) -> pd.DataFrame:
    """Return the true home on most days of each person-month with evidence."""
    month = (FIRST_DAY + np.arange(country.days)).astype("datetime64[M]").astype(np.int64)
    middle = np.searchsorted(month, month, "left") + 15
    rows = pd.DataFrame({"person_id": person, "month": month[day], "middle": np.minimum(middle[day], country.days - 1)})
    rows = rows.drop_duplicates(["person_id", "month"])
    text = np.datetime_as_string(rows["month"].to_numpy().astype("datetime64[M]"))
    truth = _names(country)[home[rows["person_id"], rows["middle"]]]
    return pd.DataFrame({"person_id": rows["person_id"].to_numpy(), "month": text, "home": truth})


def _evident(truth: pd.DataFrame, seen: NDArray[np.bool_], names: NDArray[np.object_]) -> pd.DataFrame:
    """Return the moves of which data can tell: at least three days seen before, during and after."""
    total = np.concatenate((np.zeros((len(seen), 1), np.int64), np.cumsum(seen, axis=1)), axis=1)
    who, start = truth["person_id"].to_numpy(), truth["start"].to_numpy()
    end = np.where(truth["end"].to_numpy() < 0, seen.shape[1], truth["end"].to_numpy())
    before, during = total[who, start], total[who, end] - total[who, start]
    is_evident = (before >= 3) & (during >= 3)
    evident: pd.DataFrame = truth[is_evident].reset_index(drop=True)
    return evident.assign(from_place=names[evident["from_place"]], to_place=names[evident["to_place"]])
