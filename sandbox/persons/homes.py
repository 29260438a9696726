"""Homes and moves of whole persons: Arrow rows in, Arrow rows out, through the kernels of `kernels.home`."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.concepts.rules import Rule
from sandbox.kernels import home

# One day's evidence for another place is outvoted by `PENALTY` days for the present one. Three is the value at
# which short stays away are still found (see the design's table); the residence engine will choose it by density.
PENALTY = 3.0
MIN_DAYS = 3
SHORTEST_AWAY, LONGEST_AWAY = 7, 182


class Persons(NamedTuple):
    """Rows of whole persons: `keys` one a person, `offsets` where each begins (one more than persons)."""

    keys: pa.Array
    offsets: NDArray[np.int64]


def persons_of(key: pa.ChunkedArray) -> Persons:
    """Find the persons in rows sorted by person."""
    runs = pc.run_end_encode(key.combine_chunks(), run_end_type=pa.int64())
    ends = runs.run_ends.to_numpy()
    return Persons(runs.values, np.concatenate(([0], ends)).astype(np.int64))


def homes_by_month(presence: pa.Table, penalty: float = PENALTY, min_days: int = MIN_DAYS) -> pa.Table:
    """Return one row a person and month: `person_key, month, home, night_days, days_seen`.

    `presence` has `person_key, local_date, place, weight`, sorted by person and date. `home` is empty where the month
    has too few days or no place has most of them; `month` is its first day.
    """
    persons, places, days = _path(presence, penalty)
    found = home.monthly(days, min_days)
    return pa.table(
        {
            "person_key": persons.keys.take(pa.array(found.person)),
            "month": _first_day(found.month),
            "home": _named(places, found.home),
            "night_days": found.home_days,
            "days_seen": found.days_seen,
        }
    )


def moves_of(presence: pa.Table, penalty: float = PENALTY) -> pa.Table:
    """Return one row a move: `person_key, is_permanent, start, end, from_place, to_place`; [start, end)."""
    persons, places, days = _path(presence, penalty)
    found = home.moves(days, SHORTEST_AWAY, LONGEST_AWAY)
    end = pa.array(found.end, mask=found.end == home.OPEN_END)
    return pa.table(
        {
            "person_key": persons.keys.take(pa.array(found.person)),
            "is_permanent": found.is_permanent,
            "start": _day(pa.array(found.start)),
            "end": _day(end),
            "from_place": _named(places, found.from_place),
            "to_place": _named(places, found.to_place),
        }
    ).sort_by([("person_key", "ascending"), ("start", "ascending")])


def stable_changes(homes: pa.Table, rule: Rule) -> pa.Table:
    """Return one row a change of home: `person_key, month, from_place, to_place, decided, months_between`.

    `homes` has `person_key, month, home`, sorted by person and month. A change is decided once the new home is
    stable (no later month can undo that, for the threshold is more than half of the window), and dated to its first
    stable month; `months_between` is the distance from the last month of the old stable home. Where the last home
    that could be told is not the last stable one, the change is there, undecided, dated to that home's first month.
    """
    persons = persons_of(homes["person_key"])
    places = homes["home"].combine_chunks().dictionary_encode()
    code = pc.fill_null(places.indices, home.NO_PLACE).to_numpy().astype(np.int32)
    month = _month_index(homes["month"])
    stable = home.stable(persons.offsets, month, code, rule.window_days, rule.threshold_days)
    person = np.repeat(np.arange(len(persons.keys)), np.diff(persons.offsets))
    decided = _changes(person, stable)
    opened = _still_open(person, code, stable)
    rows, before = np.concatenate((decided.rows, opened.rows)), np.concatenate((decided.before, opened.before))
    to_place = np.concatenate((stable[decided.rows], code[opened.rows]))
    is_decided = np.arange(len(rows)) < len(decided.rows)
    return pa.table(
        {
            "person_key": persons.keys.take(pa.array(person[rows])),
            "month": _first_day(month[rows]),
            "from_place": places.dictionary.take(pa.array(stable[before])),
            "to_place": places.dictionary.take(pa.array(to_place)),
            "decided": is_decided,
            "months_between": month[rows] - month[before],
        }
    ).sort_by([("person_key", "ascending"), ("month", "ascending")])


class Changes(NamedTuple):
    """Rows of months at which a home begins, and the last rows of the stable home before it."""

    rows: NDArray[np.int64]
    before: NDArray[np.int64]


def _changes(person: NDArray[np.int64], place: NDArray[np.int32]) -> Changes:
    kept = np.flatnonzero(place != home.NO_PLACE)
    new = (person[kept[1:]] == person[kept[:-1]]) & (place[kept[1:]] != place[kept[:-1]])
    return Changes(kept[1:][new], kept[:-1][new])


def _still_open(person: NDArray[np.int64], code: NDArray[np.int32], stable: NDArray[np.int32]) -> Changes:
    """Find persons whose last home is not their last stable one, and where that last home begins."""
    persons = int(person[-1]) + 1 if len(person) else 0
    last_stable, begins = np.full(persons, -1), np.full(persons, -1)
    settled, told = np.flatnonzero(stable != home.NO_PLACE), np.flatnonzero(code != home.NO_PLACE)
    last_stable[person[settled]] = settled
    first = np.ones(len(told), np.bool_)
    first[1:] = (person[told[1:]] != person[told[:-1]]) | (code[told[1:]] != code[told[:-1]])
    begins[person[told[first]]] = told[first]
    both = np.flatnonzero((last_stable >= 0) & (begins > last_stable))
    differs = both[code[begins[both]] != stable[last_stable[both]]]
    return Changes(begins[differs], last_stable[differs])


def _path(presence: pa.Table, penalty: float) -> tuple[Persons, pa.Array, home.Days]:
    persons = persons_of(presence["person_key"])
    places = presence["place"].combine_chunks().dictionary_encode()
    # Codes follow the names, so that a tie goes to the same place on any partitioning.
    ranked = pc.sort_indices(places.dictionary)
    rank = np.empty(len(ranked), np.int32)
    rank[ranked.to_numpy()] = np.arange(len(ranked), dtype=np.int32)
    days = home.path(
        persons.offsets,
        presence["local_date"].cast(pa.int32()).to_numpy().astype(np.int64),
        rank[places.indices.to_numpy()],
        presence["weight"].to_numpy(),
        penalty,
    )
    return persons, places.dictionary.take(ranked), days


def _named(places: pa.Array, codes: NDArray[np.int32]) -> pa.Array:
    return places.take(pa.array(codes, mask=codes == home.NO_PLACE))


def _day(days: pa.Array) -> pa.Array:
    return days.cast(pa.int32()).cast(pa.date32())


def _first_day(month: NDArray[np.int64]) -> pa.Array:
    """Return the first day of months since 1970-01."""
    return pa.array(month.astype("datetime64[M]").astype("datetime64[D]"))


def _month_index(month: pa.ChunkedArray) -> NDArray[np.int64]:
    return month.to_numpy().astype("datetime64[M]").astype(np.int64)
