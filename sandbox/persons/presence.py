"""Presence of whole persons: rows of person, day and place into sorted arrays, and their segments and moves."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.errors import DeliveryRefusedError
from sandbox.kernels.order import ordered_by_person
from sandbox.kernels.segments import Settings, segments
from sandbox.kernels.silences import days_seen, silent_longer
from sandbox.kernels.walk import NO_DAY
from sandbox.persons.columns import check_persons, coded, date_column, days, number_column

WEIGHT = "n_events"
STANDARD = Settings()


@dataclass(frozen=True)
class PresenceColumns:
    """Names of the columns in a table of presence; `weight` may be absent, then each row weighs one."""

    person: str = "person_id"
    day: str = "date"
    place: str = "place"
    weight: str = WEIGHT


@dataclass(frozen=True)
class Presence:
    """Evidence of persons in places: codes count `persons` and `places`, the latter in the order of their text."""

    person: NDArray[np.int64]
    persons: pa.Array
    place: NDArray[np.int64]
    places: pa.Array
    day: NDArray[np.int64]
    weight: NDArray[np.float64]

    def sorted_by(
        self, first: NDArray[np.int64], second: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return order and person offsets that sort by person and the two keys."""
        return ordered_by_person(self.person, len(self.persons), first, second)


class Counted(NamedTuple):
    """One element a person, key (such as a day) and place, sorted by these: how many rows it has, what they weigh."""

    person: NDArray[np.int64]
    key: NDArray[np.int64]
    place: NDArray[np.int64]
    rows: NDArray[np.int64]
    weight: NDArray[np.float64]


@dataclass(frozen=True)
class SegmentsFound:
    """`moves` and `segments`, with the columns of `sandbox segments apply`.

    `observed` persons were seen over a time in which a move can lie, stays of `min_days` on either side;
    `out_of_reach` of them too seldom for the method, so that no move of theirs says nothing.
    """

    moves: pa.Table
    segments: pa.Table
    observed: int
    out_of_reach: int


def presence_read(rows: pa.Table, columns: PresenceColumns) -> Presence:
    """Return the arrays of a table; refuse one with a row that has no date or no place."""
    return placed(rows, columns, days(rows[columns.day]))


def placed(rows: pa.Table, columns: PresenceColumns, day: NDArray[np.int64]) -> Presence:
    """Return the arrays of a table whose days are known already."""
    check_dated_and_placed(day, rows[columns.place])
    check_persons(rows[columns.person])
    person, persons = coded(rows[columns.person])
    place, places = ranked(rows[columns.place])
    weight = weights(rows[columns.weight]) if columns.weight in rows.column_names else np.ones(rows.num_rows)
    return Presence(person, persons, place, places, day, weight)


def ranked(column: pa.ChunkedArray) -> tuple[NDArray[np.int64], pa.Array]:
    """Return codes in the order of the text, so that a tie goes to the same place in any file, and the texts."""
    code, values = coded(column)
    ascending = pc.array_sort_indices(values)
    rank = np.empty(len(values), np.int64)
    rank[ascending.to_numpy()] = np.arange(len(values))
    return rank[code] if len(code) else code, values.take(ascending)


def counted(
    persons: int,
    person: NDArray[np.int64],
    key: NDArray[np.int64],
    place: NDArray[np.int64],
    weight: NDArray[np.float64],
) -> Counted:
    """Count and sum rows by person, key and place."""
    order, _ = ordered_by_person(person, persons, key, place)
    person, key, place = person[order], key[order], place[order]
    is_first = np.ones(len(order), np.bool_)
    is_first[1:] = (person[1:] != person[:-1]) | (key[1:] != key[:-1]) | (place[1:] != place[:-1])
    first = np.flatnonzero(is_first)
    rows = np.diff(np.append(first, len(order)))
    total = np.add.reduceat(weight[order], first) if len(first) else np.empty(0)
    return Counted(person[first], key[first], place[first], rows, total)


def days_of(presence: Presence) -> Counted:
    """Return the evidence of each person, day and place: its share of what the day weighs."""
    return shares(counted(len(presence.persons), presence.person, presence.day, presence.place, presence.weight))


def shares(found: Counted) -> Counted:
    """Return each weight as a share of all that the person and key have; 0 where these weigh nothing."""
    is_first = np.ones(len(found.key), np.bool_)
    is_first[1:] = (found.person[1:] != found.person[:-1]) | (found.key[1:] != found.key[:-1])
    first = np.flatnonzero(is_first)
    total = np.add.reduceat(found.weight, first) if len(first) else np.empty(0)
    total = np.repeat(total, np.diff(np.append(first, len(found.key))))
    return found._replace(weight=np.divide(found.weight, total, out=np.zeros(len(total)), where=total > 0))


def check_dated_and_placed(day: NDArray[np.int64], place: pa.ChunkedArray) -> None:
    """Raise `DeliveryRefusedError` if a row has no date that can be read, or no place."""
    undated = int((day == NO_DAY).sum())
    if undated or place.null_count:
        raise DeliveryRefusedError(
            f"{undated:,} rows have no date that can be read, {place.null_count:,} have no place.",
            "Dates are written YYYY-MM-DD; remove or mend these rows.",
        )


def weights(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Return float64[n], at least 0; refuse a column that has other values."""
    try:
        weight = np.asarray(pc.cast(column, pa.float64()).to_numpy(), np.float64)
    except pa.ArrowInvalid:
        weight = np.array([np.nan])
    if not (weight >= 0).all():
        raise DeliveryRefusedError(
            "A number of events is empty, no number, or below zero.", "Mend the column n_events."
        )
    return weight


def segments_found(
    rows: pa.Table, settings: Settings = STANDARD, columns: PresenceColumns = PresenceColumns()
) -> SegmentsFound:
    """Return segments and moves of Chi et al. 2020, or by density; `rows` are whole histories, in any order."""
    presence = presence_read(rows, columns)
    order, offsets = presence.sorted_by(presence.place, presence.day)
    found = segments(offsets, presence.day[order], presence.place[order], settings)
    person, step, place, start, end = found.segments.T
    moved, origin, target, date, uncertainty, *dates = found.moves.T
    steps = pa.table(
        {
            columns.person: presence.persons.take(pa.array(person)),
            "step": number_column(step),
            "place": presence.places.take(pa.array(place)),
            "start": date_column(start),
            "end": date_column(end),
        }
    )
    moves = pa.table(
        {
            columns.person: presence.persons.take(pa.array(moved)),
            "from_place": presence.places.take(pa.array(origin)),
            "to_place": presence.places.take(pa.array(target)),
            "date": date_column(date),
            "uncertainty_days": number_column(uncertainty),
            **{
                name: date_column(day)
                for name, day in zip(("from_start", "from_end", "to_start", "to_end"), dates, strict=True)
            },
        }
    )
    return SegmentsFound(moves, steps, *reach(offsets, presence.day[order], settings))


def reach(person_offsets: NDArray[np.int64], day: NDArray[np.int64], settings: Settings) -> tuple[int, int]:
    """Return how many persons were observed for two stays of `min_days`, and how many of these are out of reach.

    With fixed gaps who was seen on fewer than `min_share` of all days, which every stay has to show; by density who is
    silent for longer than may be joined in every second stay. `day` needs no order within a person.
    """
    number, span = days_seen(person_offsets, day)
    is_observed = span >= 2 * settings.min_days
    if settings.by_density:
        is_beyond = silent_longer(person_offsets, day, settings.min_days, settings.max_move_gap_days)
    else:
        is_beyond = number < settings.min_share * span
    return int(is_observed.sum()), int((is_observed & is_beyond).sum())
