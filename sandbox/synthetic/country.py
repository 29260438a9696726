"""The truth of the synthetic country: persons, stays, trips, crossings with their outcomes, homes, and its figures.

Nothing but the deliveries and, after a release, the score may see it.
"""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sandbox.synthetic import facts
from sandbox.synthetic.chance import pick_by_row, stream
from sandbox.synthetic.crossings import crossings
from sandbox.synthetic.homes import after_earthquake, homes, seasonal_stays
from sandbox.synthetic.people import (
    coming_people,
    coming_stays,
    settled_people,
    settled_stays,
    with_closure,
    without_overlaps,
)
from sandbox.synthetic.places import nearness, neighbours
from sandbox.synthetic.population import citizenship_changes
from sandbox.synthetic.scenario import Scenario
from sandbox.synthetic.subscribers import sims, travellers, users
from sandbox.synthetic.trips import trips

DAY_COLUMNS = ("start", "end", "day", "born", "died", "month", "valid_from", "valid_to")


@dataclass(frozen=True)
class Truth:
    """Everything that is so. Days are whole numbers since 1970-01-01; countries and areas numbers of the scenario."""

    scenario: Scenario
    scale: float
    seed: int
    persons: pd.DataFrame
    stays: pd.DataFrame
    trips: pd.DataFrame
    crossings: pd.DataFrame
    citizenship_changes: pd.DataFrame
    homes: pd.DataFrame
    temporary: pd.DataFrame
    sims: pd.DataFrame
    travellers: pd.DataFrame
    users: pd.DataFrame
    migration: pd.DataFrame
    internal: pd.DataFrame
    stock: pd.DataFrame

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.type is pd.DataFrame}


def make(scale: float, seed: int, scenario: Scenario) -> Truth:
    """Return the country at this scale; the same arguments give the same country."""
    persons, stays = _people(scale, seed, scenario)
    away = trips(stays, persons, scenario, seed)
    crossed = crossings(stays, away, persons, scenario)
    home, displaced = after_earthquake(homes(stays, persons, scenario, seed), scenario, seed)
    temporary = without_overlaps(pd.concat([displaced, seasonal_stays(home, scenario, seed)]), gap=5)
    return Truth(
        scenario=scenario,
        scale=scale,
        seed=seed,
        persons=persons,
        stays=stays,
        trips=away,
        crossings=crossed,
        citizenship_changes=citizenship_changes(persons, crossed, scenario, seed),
        homes=home,
        temporary=temporary,
        sims=sims(persons, stays, home, scenario, scale, seed),
        travellers=travellers(crossed, scenario, seed),
        users=users(persons, stays, scenario, scale, seed),
        migration=facts.migration_by_month(crossed, persons, scenario),
        internal=facts.internal_moves(home, temporary),
        stock=facts.stock_by_month(crossed, persons, scenario),
    )


def write_truth(truth: Truth, folder: Path) -> None:
    """Write every table of the truth as Parquet, days as dates, areas and countries by their codes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in truth.tables.items():
        pq.write_table(_coded(frame, truth.scenario), folder / f"{name}.parquet")


def _people(scale: float, seed: int, scenario: Scenario) -> tuple[pd.DataFrame, pd.DataFrame]:
    settled = settled_people(scenario, scale, seed)
    persons, stays = [settled], [settled_stays(settled, scenario, scale, seed)]
    next_id = len(settled)
    for group in scenario.group:
        if group.monthly:
            coming = coming_people(group, scenario, scale, seed, next_id)
            next_id += len(coming)
            stays.append(coming_stays(coming, group, scenario, seed))
            persons.append(coming.drop(columns="day"))
    everyone = _with_habits(pd.concat(persons, ignore_index=True), scenario, seed)
    return everyone, with_closure(pd.concat(stays, ignore_index=True), scenario, seed)


def _with_habits(persons: pd.DataFrame, scenario: Scenario, seed: int) -> pd.DataFrame:
    """Add where a commuter from each area works (`work_<area>`), and that of a second home (`weekend`)."""
    rng = stream(seed, "habits")
    n = len(persons)
    commutes = rng.random(n) < scenario.population.commuters
    weekend = rng.random(n) < scenario.population.weekend_homes
    rows = np.arange(n) % len(scenario.area)
    away = pick_by_row(rng, nearness(scenario), rng.permutation(rows))
    work = {
        f"work_{area}": np.where(commutes, pick_by_row(rng, neighbours(scenario), np.full(n, number)), -1).astype(
            np.int8
        )
        for number, area in enumerate(scenario.area_ids)
    }
    return persons.assign(weekend=np.where(weekend, away, -1).astype(np.int8), **work)


def _coded(frame: pd.DataFrame, scenario: Scenario) -> pa.Table:
    areas, countries = [*scenario.area_ids, None], [*scenario.countries, scenario.country.code]
    columns = {}
    for name in frame.columns:
        values = frame[name].to_numpy()
        if name in DAY_COLUMNS:
            columns[name] = pa.array(values.astype(np.int32)).cast(pa.date32())
        elif name in ("area", "weekend", "from_area", "to_area"):
            columns[name] = pa.array(np.array(areas, dtype=object)[values])
        elif name in ("birth", "citizenship", "origin", "partner"):
            columns[name] = pa.array(np.array(countries, dtype=object)[values])
        elif name == "sex":
            columns[name] = pa.array(np.array(["F", "M"], dtype=object)[values])
        elif name == "group":
            columns[name] = pa.array(np.array(scenario.group_names, dtype=object)[values])
        else:
            columns[name] = pa.array(values)
    return pa.table(columns)
