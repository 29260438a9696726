"""Figures of the truth: what a perfect office would publish."""

import numpy as np
import pandas as pd

from sandbox.concepts.codes import Direction, Subpopulation
from sandbox.synthetic.chance import Flags, Ints, Texts
from sandbox.synthetic.days import day_number, month_index, month_starts
from sandbox.synthetic.people import OWN
from sandbox.synthetic.scenario import Scenario

LASTING_STAY = 90


def subpopulations(persons: pd.DataFrame) -> Texts:
    """Return the subpopulation of each person."""
    native, citizen = (persons["birth"] == OWN).to_numpy(), (persons["citizenship"] == OWN).to_numpy()
    born_here = np.where(citizen, Subpopulation.NATIVE_CITIZEN.value, Subpopulation.NATIVE_FOREIGN.value)
    born_abroad = np.where(citizen, Subpopulation.FOREIGN_BORN_CITIZEN.value, Subpopulation.FOREIGN_BORN_FOREIGN.value)
    return np.where(native, born_here, born_abroad).astype(object)


def migration_by_month(crossings: pd.DataFrame, persons: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Return true crossings and migrations by month, direction and subpopulation, as far as partners have sent."""
    window = scenario.window
    day = crossings["day"].to_numpy()
    known = (day >= day_number(window.border_from)) & (day <= day_number(window.observed_to))
    rows = crossings[known]
    month = month_index(day[known]).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    return (
        pd.DataFrame(
            {
                "month": month,
                "direction": np.where(rows["arrival"], Direction.ARRIVAL.value, Direction.DEPARTURE.value),
                "subpopulation": subpopulations(persons)[rows["person_id"]],
                "crossings": 1,
                "migrations": rows["is_migration"].to_numpy().astype(np.int64),
            }
        )
        .groupby(["month", "direction", "subpopulation"], as_index=False)
        .sum()
    )


def internal_moves(homes: pd.DataFrame, temporary: pd.DataFrame) -> pd.DataFrame:
    """Return one row a move between areas with at least 90 days on either side.

    `usual` tells changes of usual residence from the two ends of a temporary stay that is as long.
    """
    before = np.roll(homes["area"].to_numpy(), 1)
    usual = pd.DataFrame(
        {
            "person_id": homes["person_id"],
            "day": homes["start"],
            "from_area": before,
            "to_area": homes["area"],
            "reason": homes["reason"],
            "usual": True,
        }
    )[homes["moved"].to_numpy()]
    long = temporary[(temporary["end"] - temporary["start"]).to_numpy() >= LASTING_STAY]
    home = home_on(homes, long["person_id"].to_numpy(), long["start"].to_numpy())
    away = long["area"].to_numpy()
    own = {"person_id": long["person_id"], "reason": long["code"], "usual": False}
    out = pd.DataFrame({**own, "day": long["start"], "from_area": home, "to_area": away})
    back = pd.DataFrame({**own, "day": long["end"], "from_area": away, "to_area": home})
    rows = pd.concat([usual, out, back], ignore_index=True)
    return rows[rows["from_area"] != rows["to_area"]].sort_values(["day", "person_id"], ignore_index=True)


def home_on(homes: pd.DataFrame, person: Ints, day: Ints) -> Ints:
    """Return the area of usual residence of persons on days: the last one begun, −1 where none has."""
    reach = 1_000_000
    key = homes["person_id"].to_numpy() * reach + homes["start"].to_numpy()
    last = np.searchsorted(key, person * reach + day, side="right") - 1
    found = (last >= 0) & (homes["person_id"].to_numpy()[last] == person)
    return np.where(found, homes["area"].to_numpy()[last], -1)


def residents_on(crossings: pd.DataFrame, persons: pd.DataFrame, day: int | Ints) -> Flags:
    """Return for each person whether he is usually resident on that day, or on one of his own, by the 12/16 rule."""
    resident = persons["resident_first"].to_numpy().copy()
    known_by = np.broadcast_to(day, len(persons))[crossings["person_id"].to_numpy()]
    changes = crossings[crossings["is_migration"].to_numpy() & (crossings["day"].to_numpy() <= known_by)]
    # Rows are in order of time within a person: the last assignment stands.
    resident[changes["person_id"].to_numpy()] = changes["arrival"].to_numpy()
    return np.asarray(resident & (persons["born"] <= day).to_numpy() & (persons["died"] > day).to_numpy())


def stock_by_month(crossings: pd.DataFrame, persons: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Return usual residents by country of birth on the first of each month."""
    rows = []
    for first in month_starts(scenario.window.border_from, scenario.window.observed_to):
        born = persons["birth"].to_numpy()[residents_on(crossings, persons, int(first))]
        counts = np.bincount(born + 1, minlength=len(scenario.countries) + 1)
        rows.append(pd.DataFrame({"month": first, "birth": np.arange(len(counts)) - 1, "residents": counts}))
    return pd.concat(rows, ignore_index=True)
