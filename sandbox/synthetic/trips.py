"""Trips abroad of people while they live or stay in the country: one row a trip, days away from and back at home.

Columns: person_id, group, start (day of departure), end (day of return), planned, partner, kind.
"""

import numpy as np
import pandas as pd

from sandbox.synthetic.chance import Ints, pick, short_days, stream
from sandbox.synthetic.days import day_number, month_of_year
from sandbox.synthetic.people import OWN, without_overlaps
from sandbox.synthetic.scenario import Scenario, TripKind

SETTLING_DAYS = 12
ADULT_YEARS = 16


def trips(stays: pd.DataFrame, people: pd.DataFrame, scenario: Scenario, seed: int) -> pd.DataFrame:
    """Return all trips, none outside a stay in the country and none across another."""
    rows = []
    for number, group in enumerate(scenario.group):
        own = stays[stays["group"].to_numpy() == number]
        for kind in group.trip:
            rows.append(_of_kind(own, people, kind, scenario, seed).assign(group=number))
    drawn = pd.concat(rows, ignore_index=True)
    return without_overlaps(_with_closure(drawn, scenario, seed), gap=3).drop(columns="stay_end")


def _of_kind(stays: pd.DataFrame, people: pd.DataFrame, kind: TripKind, scenario: Scenario, seed: int) -> pd.DataFrame:
    rng = stream(seed, f"trips {kind.name} {stays['group'].iloc[0] if len(stays) else ''}")
    begin, last = day_number(scenario.window.start), day_number(scenario.window.truth_to)
    start = np.maximum(stays["start"].to_numpy(), begin)
    end = np.minimum(stays["end"].to_numpy(), last + 400)
    # Who travels is settled once a person, and some of them travel far more than others.
    person = stays["person_id"].to_numpy()
    draws = stream(seed, f"travellers {kind.name}").random((2, int(people["person_id"].max()) + 1))
    travels, keen = draws[0][person] < kind.share, 0.4 - 0.6 * np.log(draws[1][person])
    season = np.asarray(kind.season)
    rate = np.where(travels, kind.per_year * keen, 0.0) * season.max() / season.mean()
    row = np.repeat(np.arange(len(stays)), rng.poisson(rate * np.maximum(end - start, 0) / 365.25))
    day = start[row] + np.floor(rng.random(len(row)) * (end - start)[row]).astype(np.int64)
    kept = rng.random(len(row)) * season.max() < season[month_of_year(day)]
    row, day = row[kept], day[kept]
    length = short_days(rng, *kind.days, len(row))
    trip = pd.DataFrame(
        {
            "person_id": person[row],
            "start": day,
            "end": day + length,
            "planned": length,
            "partner": _partners(rng, stays["partner"].to_numpy()[row], person[row], people, scenario),
            "kind": kind.name,
            "stay_end": stays["end"].to_numpy()[row],
        }
    )
    return trip[_fits(trip, start[row], people)]


def _fits(trip: pd.DataFrame, stay_start: Ints, people: pd.DataFrame) -> "pd.Series[bool]":
    born = people["born"].to_numpy()[trip["person_id"]]
    adult = trip["start"] > born + ADULT_YEARS * 365 * (trip["person_id"] % 4 > 0)
    return adult & (trip["start"] > stay_start + SETTLING_DAYS) & (trip["end"] < trip["stay_end"] - SETTLING_DAYS)


def _partners(rng: np.random.Generator, partner: Ints, person: Ints, people: pd.DataFrame, scenario: Scenario) -> Ints:
    """Migrants go mostly where they came from; natives, and some migrants, anywhere."""
    anywhere = pick(rng, [o.destination + o.visitors for o in scenario.origin], len(partner))
    foreign = people["origin"].to_numpy()[person] != OWN
    return np.where(foreign & (rng.random(len(partner)) < 0.8), partner, anywhere)


def _with_closure(drawn: pd.DataFrame, scenario: Scenario, seed: int) -> pd.DataFrame:
    rng = stream(seed, "trips in the closure")
    begin, end = day_number(scenario.closure.start), day_number(scenario.closure.end)
    starts_in = ((drawn["start"] >= begin) & (drawn["start"] <= end)).to_numpy()
    kept = ~starts_in | (rng.random(len(drawn)) < scenario.closure.residents_trips_kept)
    late = ~starts_in & ((drawn["end"] > begin) & (drawn["end"] <= end)).to_numpy() & (rng.random(len(drawn)) < 0.4)
    longer = np.minimum(drawn["end"] + rng.integers(20, 200, len(drawn)), drawn["stay_end"] - 2)
    return drawn.assign(end=np.where(late, np.maximum(longer, drawn["end"]), drawn["end"]))[kept]
