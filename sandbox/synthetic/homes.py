"""Where people live inside the country: one row a period in one area of usual residence, and temporary stays.

Columns of homes: person_id, start, end (first and last day), area, reason, moved (whether it began with a move
between areas). Columns of temporary stays: person_id, start, end, area, code.
"""

import numpy as np
import pandas as pd

from sandbox.synthetic.chance import Flags, Ints, Reals, pick, pick_by_row, short_days, stream
from sandbox.synthetic.days import day_number
from sandbox.synthetic.people import without_overlaps
from sandbox.synthetic.places import nearness
from sandbox.synthetic.scenario import Scenario

LEAST_STAY = 130
REASONS = ("work", "family", "study")


def homes(stays: pd.DataFrame, people: pd.DataFrame, scenario: Scenario, seed: int) -> pd.DataFrame:
    """Return areas of usual residence in all stays, before any earthquake."""
    rng = stream(seed, "homes")
    begin, last = day_number(scenario.window.start), day_number(scenario.window.truth_to)
    start, end = stays["start"].to_numpy(), np.minimum(stays["end"].to_numpy(), last)
    person = stays["person_id"].to_numpy()
    native = people["group"].to_numpy()[person] == scenario.group_names.index("native")
    # Migrants and visitors go to the capital and the coast more than natives do.
    centre = scenario.area_shares ** np.where(native, 1.0, 1.25)[:, None]
    first = pick_by_row(rng, centre, np.arange(len(stays)))
    age = (begin + 2200 - people["born"].to_numpy()[person]) / 365.25
    rate = scenario.population.moves_per_year * (0.45 + 1.9 * np.exp(-0.5 * ((age - 27) / 9) ** 2))
    moves = rng.poisson(rate * np.maximum(end - start, 0) / 365.25)
    row = np.repeat(np.arange(len(stays)), moves)
    day = start[row] + np.floor(rng.random(len(row)) * (end - start)[row]).astype(np.int64)
    order = np.lexsort((day, row))
    row, day = row[order], day[order]
    row, day = _spaced(row, day, start, end)
    return _in_rows(rng, person, start, end, first, row, day, nearness(scenario))


def after_earthquake(homes: pd.DataFrame, scenario: Scenario, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return homes with those who left the area for good, and the temporary stays of those who came back."""
    rng = stream(seed, "earthquake")
    told = scenario.earthquake
    day, area = day_number(told.day), scenario.area_ids.index(told.area)
    there = ((homes["area"] == area) & (homes["start"] <= day - 30) & (homes["end"] > day + 60)).to_numpy()
    displaced = there & (rng.random(len(homes)) < told.displaced)
    gone = displaced & (rng.random(len(homes)) < told.for_good)
    left = day + rng.integers(0, 12, len(homes))
    refuge = pick_by_row(rng, nearness(scenario), np.full(len(homes), area))
    length = short_days(rng, *told.days, len(homes))
    new = homes[gone].assign(start=left[gone], area=refuge[gone], reason="displacement", moved=True)
    kept = homes.assign(end=np.where(gone, left - 1, homes["end"]))
    away = displaced & ~gone
    temporary = pd.DataFrame(
        {
            "person_id": homes["person_id"].to_numpy()[away],
            "start": left[away],
            "end": np.minimum(left + length, homes["end"].to_numpy())[away],
            "area": refuge[away],
            "code": "displacement",
        }
    )
    both = pd.concat([kept, new], ignore_index=True).sort_values(["person_id", "start"], kind="stable")
    return both.reset_index(drop=True), temporary


def seasonal_stays(homes: pd.DataFrame, scenario: Scenario, seed: int) -> pd.DataFrame:
    """Return temporary stays of weeks to months in another area: seasonal work, courses."""
    rng = stream(seed, "temporary stays")
    start, end = homes["start"].to_numpy(), homes["end"].to_numpy()
    rate = scenario.population.seasonal_per_year * np.maximum(end - start - 60, 0) / 365.25
    row = np.repeat(np.arange(len(homes)), rng.poisson(rate))
    begin = start[row] + 20 + np.floor(rng.random(len(row)) * (end - start - 60)[row]).astype(np.int64)
    length = short_days(rng, 20, 115, len(row))
    out = pd.DataFrame(
        {
            "person_id": homes["person_id"].to_numpy()[row],
            "start": begin,
            "end": np.minimum(begin + length, end[row] - 10),
            "area": pick_by_row(rng, nearness(scenario), homes["area"].to_numpy()[row]),
            "code": np.array(["seasonal", "study"])[pick(rng, [0.8, 0.2], len(row))],
        }
    )
    return without_overlaps(out[out["end"] > out["start"]], gap=20)


def _spaced(row: Ints, day: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
    """Drop moves too near to the one before, or to either end of the stay."""
    inside = (day > start[row] + LEAST_STAY) & (day < end[row] - LEAST_STAY)
    row, day = row[inside], day[inside]
    while True:
        near = np.zeros(len(row), dtype=bool)
        near[1:] = (row[1:] == row[:-1]) & (day[1:] < day[:-1] + LEAST_STAY)
        near[1:] &= ~near[:-1]
        if not near.any():
            return row, day
        row, day = row[~near], day[~near]


def _in_rows(
    rng: np.random.Generator, person: Ints, start: Ints, end: Ints, first: Ints, row: Ints, day: Ints, near: Reals
) -> pd.DataFrame:
    """Return one row a period from first areas (one a stay) and moves (sorted by stay and day)."""
    stay = np.concatenate([np.arange(len(person)), row])
    begins = np.concatenate([start, day])
    moved: Flags = np.concatenate([np.zeros(len(person), dtype=bool), np.ones(len(row), dtype=bool)])
    order = np.lexsort((begins, moved, stay))
    stay, begins, moved = stay[order], begins[order], moved[order]
    area = np.where(moved, -1, first[stay])
    # The area moved to depends on the one left: the first moves of all stays, then the second ones, and so on.
    while (area < 0).any():
        ready = np.flatnonzero((area < 0) & (np.roll(area, 1) >= 0))
        area[ready] = pick_by_row(rng, near, area[ready - 1])
    until = np.where(np.roll(stay, -1) == stay, np.roll(begins, -1) - 1, end[stay])
    until[-1] = end[stay[-1]]
    reason = np.where(moved, np.array(REASONS)[pick(rng, [0.55, 0.3, 0.15], len(stay))], "")
    return pd.DataFrame(
        {"person_id": person[stay], "start": begins, "end": until, "area": area, "reason": reason, "moved": moved}
    ).sort_values(["person_id", "start"], kind="stable", ignore_index=True)
