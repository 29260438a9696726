"""How active a key was in a month, before any place is told, and which part of a person it counts for.

A key that falls silent has no row: it is not seen, which is neither a move nor an emigration.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.concepts.codes import Activity
from sandbox.lakehouse.tables.persons import PERSON_MONTH
from sandbox.persons.columns import days
from sandbox.persons.homes import MIN_DAYS
from sandbox.presence.devices import Flags, Ints, chance_of_another, changes

STABLE = 0.9  # share of the month's evidence in one place


def activity(days_seen: Ints, leading: Ints, weight: Ints) -> NDArray[np.str_]:
    """Return the class of each month: by days located, and by how much of the evidence one place has."""
    is_stable = leading >= STABLE * weight
    classes = [Activity.UNLOCATABLE, Activity.INACTIVE, Activity.STABLE]
    return np.select([days_seen == 0, days_seen < MIN_DAYS, is_stable], classes, Activity.MOBILE).astype(str)


def person_months(rows: pa.Table, feed: str, second_sims: float) -> pa.Table:
    """Return rows of `person_month` of whole persons, from rows sorted by person, month and other key.

    `rows` have `days_seen, weight, leading, is_own` (empty where no event of the month was located), `events`, and
    `other` and `bits` of `PAIR`, of keys active in the month, if any: one row a person, month and other key.
    """
    is_first = changes(rows["person_key"].to_numpy()) | changes(days(rows["month"]))
    is_own = pc.fill_null(pc.equal(rows["other"], rows["person_key"]), fill_value=False)
    bits = pc.fill_null(rows["bits"], float("nan"))
    chance = chance_of_another(np.cumsum(is_first) - 1, is_own.to_numpy().astype(bool), bits.to_numpy(), second_sims)
    months = rows.filter(pa.array(is_first))
    located, leading, weight = (pc.fill_null(months[name], 0).to_numpy() for name in ("days_seen", "leading", "weight"))
    chance = np.where(_flags(months["is_own"]), chance, 0.0)
    nobody = located == 0
    known = {
        "feed": feed,
        "events": pc.fill_null(months["events"], 0),
        "days_seen": pa.array(located),
        "activity": pa.array(activity(located, leading, weight)),
        "same_person": pa.array(chance, mask=nobody),
        "duplicity_weight": pa.array(1 - chance / 2, mask=nobody),
    }
    return PERSON_MONTH.rows_from(months, known)


def _flags(column: pa.ChunkedArray) -> Flags:
    return np.asarray(pc.fill_null(column, fill_value=False).to_numpy(), np.bool_)
