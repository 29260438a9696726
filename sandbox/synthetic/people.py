"""Who lives in the country or comes to it: one row a person, and their stays in the country, one row a stay.

Columns of persons: person_id, group (number), birth, citizenship, origin (numbers of foreign countries, −1 for the
own), sex, birth_year, born, died (days; `NEVER` while alive), resident_first (before any crossing).
Columns of stays: person_id, group, start, end (first and last day), start_seen, end_seen (whether the border was
crossed there), planned (days that the person meant to stay), partner (country of departure or destination).
"""

import numpy as np
import pandas as pd

from sandbox.synthetic.chance import Flags, Ints, Reals, days_between, pick, stream
from sandbox.synthetic.days import day_number, month_of_year, month_starts
from sandbox.synthetic.scenario import Group, Scenario

NEVER = 200_000
OWN = -1
LONGEST_CHAIN = 14


def settled_people(scenario: Scenario, scale: float, seed: int) -> pd.DataFrame:
    """Return the settled population at the start and those born to it later."""
    rng = stream(seed, "settled")
    told = scenario.population
    start, end = day_number(scenario.window.start), day_number(scenario.window.truth_to)
    n, births = round(told.persons * scale), round(told.births_per_year * scale * (end - start) / 365.25)
    ages = np.minimum(rng.gamma(2.1, 18.5, n), 97.0)
    born = np.concatenate([start - (ages * 365.25).astype(np.int64) - 1, rng.integers(start, end, births)])
    death_age = np.clip(rng.normal(82, 11, n + births), 1, 104)
    died = np.maximum(born + (death_age * 365.25).astype(np.int64), start + rng.integers(1, 3650, n + births))
    foreign = (rng.random(n + births) < told.foreign_born) & (born < start - 8000)
    birth = np.where(foreign, pick(rng, [o.settlers for o in scenario.origin], n + births), OWN)
    naturalised = rng.random(n + births) < told.foreign_born_citizens
    other = pick(rng, [o.settlers for o in scenario.origin], n + births)
    citizenship = np.where(foreign & ~naturalised, birth, OWN)
    citizenship = np.where(~foreign & (rng.random(n + births) < told.native_foreigners), other, citizenship)
    return pd.DataFrame(
        {
            "person_id": np.arange(n + births),
            "group": scenario.group_names.index("native"),
            "birth": birth,
            "citizenship": citizenship,
            "origin": OWN,
            "sex": rng.integers(0, 2, n + births),
            "birth_year": 1970 + born // 365.25,
            "born": born,
            "died": np.where(died <= end, died, NEVER),
            "resident_first": True,
        }
    ).astype({"birth_year": "int64"})


def settled_stays(people: pd.DataFrame, scenario: Scenario, scale: float, seed: int) -> pd.DataFrame:
    """Return the stays of the settled: the whole life, cut in two where a person emigrates for years or for good."""
    rng = stream(seed, "emigration")
    told, n = scenario.population, len(people)
    start, end = day_number(scenario.window.start), day_number(scenario.window.truth_to)
    born, died = people["born"].to_numpy(), people["died"].to_numpy()
    age = (end - born) / 365.25
    # Young adults leave most; the weights give the wanted number a month on average.
    eager = np.exp(-0.5 * ((age - 36) / 13) ** 2) + 0.12
    months = (end - start) / 30.44
    chance = np.minimum(eager / eager.sum() * told.emigrants_per_month * scale * months, 0.9)
    leave = start + rng.integers(0, end - start, n)
    leaves = (rng.random(n) < chance) & (leave < died - 60) & (leave > born + 17 * 365)
    back = leave + 390 + (rng.gamma(1.6, 480, n)).astype(np.int64)
    returns = leaves & (rng.random(n) < told.emigrants_returning) & (back < np.minimum(died - 30, end))
    partner = pick(rng, [o.destination for o in scenario.origin], n)
    first = _stay_rows(people, np.maximum(born, start), np.where(leaves, leave, np.minimum(died, NEVER)), partner)
    first = first.assign(start_seen=False, end_seen=leaves)
    second = _stay_rows(people, back, died, partner).assign(start_seen=True, end_seen=False)[returns]
    return pd.concat([first, second], ignore_index=True)


def coming_people(group: Group, scenario: Scenario, scale: float, seed: int, first_id: int) -> pd.DataFrame:
    """Return the persons of one group, with the day (`day`) on which each first arrives."""
    rng = stream(seed, f"coming {group.name}")
    months = month_starts(group.opens or scenario.window.start, scenario.window.truth_to)
    season = np.asarray(group.season) / np.mean(group.season)
    counts = rng.poisson(group.monthly * scale * season[month_of_year(months)])
    day = np.repeat(months, counts) + rng.integers(0, 28, counts.sum())
    n = len(day)
    origin = _origins(rng, group, scenario, n)
    # A few come from another country than that of their birth, or hold another passport.
    elsewhere = pick(rng, [o.settlers for o in scenario.origin], n)
    birth = np.where(rng.random(n) < 0.05, elsewhere, origin)
    years = rng.triangular(group.ages[0], group.ages[0] + 0.3 * (group.ages[1] - group.ages[0]), group.ages[1], n)
    born = day - (years * 365.25).astype(np.int64)
    return pd.DataFrame(
        {
            "person_id": first_id + np.arange(n),
            "group": scenario.group_names.index(group.name),
            "birth": birth,
            "citizenship": np.where(rng.random(n) < 0.03, OWN, birth),
            "origin": origin,
            "sex": rng.integers(0, 2, n),
            "birth_year": (1970 + born // 365.25).astype(np.int64),
            "born": born,
            "died": NEVER,
            "resident_first": False,
            "day": day,
        }
    )


def coming_stays(people: pd.DataFrame, group: Group, scenario: Scenario, seed: int) -> pd.DataFrame:
    """Return the stays of one group: the first, and those of the persons who come again."""
    rng = stream(seed, f"stays {group.name}")
    end = day_number(scenario.window.truth_to)
    arrive = people["day"].to_numpy()
    left = rng.poisson(group.repeats, len(people)) if group.repeats else np.zeros(len(people), dtype=np.int64)
    rows, kept = [], np.arange(len(people))
    for _ in range(LONGEST_CHAIN):
        length = stay_lengths(rng, group, len(kept))
        who = people.iloc[kept]
        rows.append(_stay_rows(who, arrive, arrive + length, who["origin"].to_numpy()))
        gap = rng.integers(group.gap[0], group.gap[1] + 1, len(kept))
        if group.yearly:
            gap = np.maximum(365 - length + rng.integers(-12, 13, len(kept)), 30)
        arrive = arrive + length + gap
        again = (left > 0) & (arrive < end)
        arrive, left, kept = arrive[again], left[again] - 1, kept[again]
        if not len(kept):
            break
    return pd.concat(rows, ignore_index=True).assign(start_seen=True, end_seen=True)


def stay_lengths(rng: np.random.Generator, group: Group, size: int) -> Ints:
    """Return planned lengths of stay in days, from the group's mixture."""
    parts = pick(rng, [part[0] for part in group.stay], size)
    low, high = np.array([part[1] for part in group.stay]), np.array([part[2] for part in group.stay])
    return days_between(rng, low[parts], high[parts])


def with_closure(stays: pd.DataFrame, scenario: Scenario, seed: int) -> pd.DataFrame:
    """Return the stays as the closure of the border left them: most not begun, many not ended in time."""
    rng = stream(seed, "closure")
    begin, end = day_number(scenario.closure.start), day_number(scenario.closure.end)
    kept_share = np.array([group.closure_kept for group in scenario.group])[stays["group"]]
    starts_in = _between(stays["start"], begin, end) & stays["start_seen"].to_numpy()
    kept = ~starts_in | (rng.random(len(stays)) < kept_share)
    ends_in = _between(stays["end"], begin, end) & stays["end_seen"].to_numpy()
    stuck = ends_in & (rng.random(len(stays)) < scenario.closure.stuck)
    later = rng.integers(begin + 120, end + 90, len(stays))
    out = stays.assign(end=np.where(stuck, np.maximum(later, stays["end"]), stays["end"]))
    return without_overlaps(out[kept], gap=3)


def without_overlaps(rows: pd.DataFrame, gap: int) -> pd.DataFrame:
    """Drop rows that begin before the person's previous one has ended and `gap` days have passed."""
    rows = rows.sort_values(["person_id", "start", "end"], kind="stable").reset_index(drop=True)
    while True:
        person, start, end = (rows[name].to_numpy() for name in ("person_id", "start", "end"))
        clash = np.zeros(len(rows), dtype=bool)
        clash[1:] = (person[1:] == person[:-1]) & (start[1:] < end[:-1] + gap)
        # Of a run of clashing rows only the first goes at each pass: its successor may fit then.
        clash[1:] &= ~clash[:-1]
        if not clash.any():
            return rows
        rows = rows[~clash].reset_index(drop=True)


def _between(days: "pd.Series[int]", begin: int, end: int) -> Flags:
    values = days.to_numpy()
    return np.asarray((values >= begin) & (values <= end))


def _origins(rng: np.random.Generator, group: Group, scenario: Scenario, size: int) -> Ints:
    if group.only:
        return np.full(size, scenario.countries.index(group.only))
    passing = group.purpose == "holiday"
    weights: Reals = np.array([o.visitors if passing else o.settlers for o in scenario.origin])
    return pick(rng, weights, size)


def _stay_rows(people: pd.DataFrame, start: Ints, end: Ints, partner: Ints) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person_id": people["person_id"].to_numpy(),
            "group": people["group"].to_numpy(),
            "start": start,
            "end": end,
            "planned": end - start,
            "partner": partner,
        }
    )
