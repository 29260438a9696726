"""Every true crossing of the border, and whether it was a migration by the 12/16 rule, with hindsight.

Written from the definition, apart from the software's own kernel: of the `window_days` days after a crossing at
least `threshold_days` on the new side, by a person resident on the other side before (Stats NZ, outcomes-based
migration measure).
"""

import numpy as np
import pandas as pd

from sandbox.concepts.rules import rule_named
from sandbox.synthetic.chance import Flags, Ints
from sandbox.synthetic.days import day_number
from sandbox.synthetic.scenario import Scenario

RULE_ID = "NZ_12_16"
REACH = 1_000_000


def crossings(stays: pd.DataFrame, trips: pd.DataFrame, people: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Return all crossings from the window's start to the end of the truth, by person and day, with outcomes."""
    died = people["died"].to_numpy()
    own = ["person_id", "group", "partner", "planned"]
    parts = (
        stays[stays["start_seen"]].rename(columns={"start": "day"})[[*own, "day"]].assign(arrival=True, trip=""),
        stays[stays["end_seen"]].rename(columns={"end": "day"})[[*own, "day"]].assign(arrival=False, trip=""),
        trips.rename(columns={"start": "day", "kind": "trip"})[[*own, "day", "trip"]].assign(arrival=False),
        trips.rename(columns={"end": "day", "kind": "trip"})[[*own, "day", "trip"]].assign(arrival=True),
    )
    rows = pd.concat(parts, ignore_index=True)
    known = (rows["day"] >= day_number(scenario.window.start)) & (rows["day"] <= day_number(scenario.window.truth_to))
    rows = rows[known & (rows["day"].to_numpy() < died[rows["person_id"]])]
    # A same-day visitor arrives before leaving; nobody else crosses twice on one day.
    rows = rows.assign(leaving=~rows["arrival"]).sort_values(["person_id", "day", "leaving"], kind="stable")
    return with_outcomes(rows.drop(columns="leaving").reset_index(drop=True), people, scenario)


def with_outcomes(rows: pd.DataFrame, people: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Add `resident_before`, `is_migration` and `decided` (whether the truth reaches to the window's end)."""
    rule = rule_named(RULE_ID)
    person, day, arrival = (rows[name].to_numpy() for name in ("person_id", "day", "arrival"))
    inside = days_inside(person, day, arrival, np.full(len(day), rule.window_days))
    on_new_side = np.where(arrival, inside, rule.window_days - inside)
    lasting = on_new_side >= rule.threshold_days
    before = _resident_before(person, arrival, lasting, people["resident_first"].to_numpy())
    return rows.assign(
        resident_before=before,
        is_migration=lasting & (before != arrival),
        decided=day + rule.window_days <= day_number(scenario.window.truth_to),
    )


def days_inside(person: Ints, day: Ints, arrival: Flags, window: Ints) -> Ints:
    """Return the days spent in the country in the `window` days after each crossing (rows by person and day)."""
    same = np.concatenate([[False], person[1:] == person[:-1]])
    step = np.where(same, np.concatenate([[0], np.diff(day)]), 0)
    spent_in = np.concatenate([[False], arrival[:-1]]) & same
    total = np.cumsum(np.where(spent_in, step, 0))
    key = person * REACH + day
    last = np.searchsorted(key, key + window, side="right") - 1
    return np.asarray(total[last] + np.where(arrival[last], day + window - day[last], 0) - total)


def rule_so_far(rows: pd.DataFrame, known_until: int) -> Flags:
    """Return what the naive rule says of each crossing known by a day: lasting, if so far in proportion."""
    rule = rule_named(RULE_ID)
    known = rows[rows["day"].to_numpy() < known_until]
    person, day, arrival = (known[name].to_numpy() for name in ("person_id", "day", "arrival"))
    horizon = np.minimum(known_until - day, rule.window_days)
    inside = days_inside(person, day, arrival, horizon)
    on_new_side = np.where(arrival, inside, horizon - inside)
    in_proportion = on_new_side * rule.window_days >= rule.threshold_days * horizon
    return np.asarray(in_proportion & (known["resident_before"].to_numpy() != arrival))


def _resident_before(person: Ints, arrival: Flags, lasting: Flags, at_start: Flags) -> Flags:
    """Status goes with the last crossing that lasted; before the first of them it is the initial one."""
    position = np.arange(len(person))
    last = np.maximum.accumulate(np.where(lasting, position, -1))
    previous = np.concatenate([[-1], last[:-1]])
    first_of_person = np.searchsorted(person, person, side="left")
    known = previous >= first_of_person
    return np.where(known, arrival[np.maximum(previous, 0)], at_start[person])
