"""The true population by group: who changes citizenship, and stocks and events by year.

A person's `citizenship` is that of the day of the census. A change before or after it is one row of
`citizenship_changes`: person_id, day, acquired (a foreigner became a citizen; false: a citizen gave it up).
"""

from datetime import date

import numpy as np
import pandas as pd

from sandbox.synthetic.chance import Flags, Ints, Reals, Texts, stream
from sandbox.synthetic.days import day_number, year_of
from sandbox.synthetic.facts import residents_on, subpopulations
from sandbox.synthetic.people import OWN
from sandbox.synthetic.scenario import Scenario

CENSUS_DAY = date(2023, 1, 1)
FOREIGN = 0  # any number of a foreign country: which one it was nobody asks


def citizenship_changes(persons: pd.DataFrame, crossings: pd.DataFrame, scenario: Scenario, seed: int) -> pd.DataFrame:
    """Return the changes of citizenship of persons resident before and after the year of it, at most one a person."""
    rng = stream(seed, "citizenship")
    rates = ((True, scenario.population.acquire_per_year), (False, scenario.population.give_up_per_year))
    free = np.ones(len(persons), dtype=bool)
    parts = []
    for year in office_years(scenario):
        start, end = day_number(date(year, 1, 1)), day_number(date(year + 1, 1, 1))
        stays = residents_on(crossings, persons, start - 1) & residents_on(crossings, persons, end - 1)
        for acquired, rate in rates:
            chance = _chances(persons, stays & free, acquired, rate, year)
            who = np.flatnonzero(rng.random(len(persons)) < chance)
            free[who] = False
            day = rng.integers(start, end, len(who))
            parts.append(pd.DataFrame({"person_id": who, "day": day, "acquired": acquired}))
    return pd.concat(parts, ignore_index=True).sort_values(["day", "person_id"], ignore_index=True)


def groups_on(persons: pd.DataFrame, changes: pd.DataFrame, day: int | Ints) -> Texts:
    """Return the subpopulation of each person on a day, or on one of its own."""
    citizenship = persons["citizenship"].to_numpy().copy()
    who = changes["person_id"].to_numpy()
    has_changed = changes["day"].to_numpy() <= np.broadcast_to(day, len(persons))[who]
    citizenship[who] = np.where(changes["acquired"].to_numpy() == has_changed, OWN, FOREIGN)
    return subpopulations(persons.assign(citizenship=citizenship))


def population_rows(persons: pd.DataFrame, crossings: pd.DataFrame, changes: pd.DataFrame, of: range) -> pd.DataFrame:
    """Return one row a person and part of the account: `part, year, person_id, subpopulation`.

    Parts: `stock` (resident when the year begins), `births`, `deaths`, and `acquired` and `lost`, these two under
    the subpopulation that the person left by it. Births and deaths are those of residents.
    """
    everyone = np.arange(len(persons))
    born, died, changed = persons["born"].to_numpy(), persons["died"].to_numpy(), changes["day"].to_numpy()
    left = groups_on(persons, changes, _day_of_each(changes, len(persons)) - 1)
    parts = []
    for year in of:
        before = day_number(date(year, 1, 1)) - 1
        there = residents_on(crossings, persons, before)
        parts.append(_rows("stock", np.full(there.sum(), year), everyone[there], groups_on(persons, changes, before)))
    for part, day in (("births", born), ("deaths", died - 1)):
        resident = residents_on(crossings, persons, day)
        happened = born if part == "births" else died
        parts.append(_rows(part, year_of(happened[resident]), everyone[resident], groups_on(persons, changes, day)))
    for part, acquired in (("acquired", True), ("lost", False)):
        its = (changes["acquired"] == acquired).to_numpy()
        parts.append(_rows(part, year_of(changed[its]), changes["person_id"].to_numpy()[its], left))
    rows = pd.concat(parts, ignore_index=True)
    return rows[rows["year"].isin(of)].reset_index(drop=True)


def office_years(scenario: Scenario) -> range:
    """Return the years of which the office has figures."""
    return range(scenario.window.border_from.year, scenario.window.observed_to.year + 1)


def _rows(part: str, year: Ints, person: Ints, groups: Texts) -> pd.DataFrame:
    return pd.DataFrame({"part": part, "year": year, "person_id": person, "subpopulation": groups[person]})


def _day_of_each(changes: pd.DataFrame, persons: int) -> Ints:
    """Return the day on which each person changes citizenship, 0 for those who don't."""
    day = np.zeros(persons, dtype=np.int64)
    day[changes["person_id"]] = changes["day"]
    return day


def _chances(persons: pd.DataFrame, may: Flags, acquired: bool, rate: float, year: int) -> Reals:
    """Return each person's chance of the change in a year; `may` says who is there and has not changed.

    From the census on those who may and have the old citizenship change at the rate. Before it, who had changed is
    drawn among those who have the new one on the day of the census: as many, by country of birth, as the rate
    gives of those who still have the old one.
    """
    citizen, native = ((persons[name] == OWN).to_numpy() for name in ("citizenship", "birth"))
    old = may & (~citizen if acquired else citizen)
    new = may & ~old
    if year >= CENSUS_DAY.year:
        return np.where(old, rate, 0.0)
    chance = np.zeros(len(persons))
    for born_there in (native, ~native):
        chance[new & born_there] = rate * (old & born_there).sum() / max((new & born_there).sum(), 1)
    return chance
