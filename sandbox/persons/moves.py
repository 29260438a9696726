"""Permanent and temporary moves of whole persons, from the timelines of `persons.homes`; and as Chi et al. 2020."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.kernels.walk import NO_DAY
from sandbox.persons.columns import date_column, days, number_column
from sandbox.persons.homes import COSTS, named, starts_of, timelines_of
from sandbox.persons.presence import Counted, Presence, PresenceColumns, days_of, presence_read, segments_found

SHORTEST_AWAY, LONGEST_AWAY = 7, 182
NEAR = 90  # days before and after a move in which evidence is counted


@dataclass(frozen=True)
class Moves:
    """One element a move, by person and start; `end` is the day of return, `NO_DAY` for a permanent one."""

    person: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    from_place: NDArray[np.int64]
    to_place: NDArray[np.int64]


def moves_in(evidence: Counted) -> Moves:
    """Return temporary moves (7 to 182 days away and back) and permanent ones (the home changes)."""
    found = timelines_of(evidence)
    start = starts_of(found)
    before = np.flatnonzero(found.person[1:] == found.person[:-1])
    after = before + 1
    changes = after[found.home[after] != found.home[before]]
    away = after[found.place[after] != found.home[after]]
    away = away[away + 1 < len(start)]
    back = (found.person[away + 1] == found.person[away]) & (found.home[away + 1] == found.home[away])
    away = away[back]
    begin, end = likely_days(found.last[away - 1], found.first[away], found.last[away], found.first[away + 1])
    kept = (end - begin >= SHORTEST_AWAY) & (end - begin <= LONGEST_AWAY)
    away, begin, end = away[kept], begin[kept], end[kept]
    moves = Moves(
        np.append(found.person[away], found.person[changes]),
        np.append(begin, start[changes]),
        np.append(end, np.full(len(changes), NO_DAY)),
        np.append(found.home[away], found.home[changes - 1]),
        np.append(found.place[away], found.home[changes]),
    )
    order = np.lexsort((moves.to_place, moves.start, moves.person))
    return Moves(
        *(column[order] for column in (moves.person, moves.start, moves.end, moves.from_place, moves.to_place))
    )


def likely_days(
    before: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64], after: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the likeliest first day away and day of return, from the first and last day seen there and next to it."""
    begin, end = (before + first + 1) // 2, (last + after + 1) // 2
    # A short trip with silence around it was hardly longer than it was seen.
    spare = COSTS.trip_days - (last - first + 1)
    is_trip = (spare >= 0) & (end - begin > COSTS.trip_days)
    begin = np.where(is_trip, np.maximum(begin, first - spare // 2), begin)
    end = np.where(is_trip, np.minimum(end, last + 1 + spare // 2), end)
    return begin, end


def moves_of_file(rows: pa.Table, by_path: bool) -> pa.Table:
    """Return one row a move, by person and start; `rows` has `person_id, date, place` and optional `n_events`."""
    presence = presence_read(rows, PresenceColumns())
    seen = days_of(presence)
    moves = moves_in(seen) if by_path else _by_segments(rows, presence)
    is_temporary = moves.end != NO_DAY
    key, first = _day_keys(seen)
    person, start = moves.person, moves.start - first
    last = key[np.searchsorted(key, (person + 1) << 32) - 1] - (person << 32)
    return pa.table(
        {
            "person_id": presence.persons.take(pa.array(person)),
            "kind": pc.if_else(pa.array(is_temporary), "temporary", "permanent"),
            "start": date_column(moves.start),
            "end": date_column(moves.end),
            "from_place": named(presence.places, moves.from_place),
            "to_place": named(presence.places, moves.to_place),
            "days_seen_before": number_column(_days_between(key, person, start - NEAR, start)),
            "days_seen_after": number_column(_days_between(key, person, start, start + NEAR)),
            "end_seen": pa.array((is_temporary | (last - start > LONGEST_AWAY)).astype(np.int8)),
        }
    )


def _by_segments(rows: pa.Table, presence: Presence) -> Moves:
    """Find moves as Chi et al.; one undone within 182 days is temporary, and its return no move of its own."""
    found = segments_found(rows).moves
    person = np.asarray(pc.index_in(found["person_id"], presence.persons).to_numpy(), np.int64)
    start = days(found["to_start"])
    origin, target = (
        np.asarray(pc.index_in(found[name], presence.places).to_numpy(), np.int64)
        for name in ("from_place", "to_place")
    )
    is_undone = np.zeros(len(start), np.bool_)
    is_undone[:-1] = (
        (person[1:] == person[:-1])
        & (origin[1:] == target[:-1])
        & (target[1:] == origin[:-1])
        & (start[1:] - start[:-1] <= LONGEST_AWAY)
    )
    # In an unbroken row of moves to and fro every second one is the return of the one before.
    place = np.arange(len(start))
    begins = (
        np.maximum.accumulate(np.where(np.append(True, ~is_undone[:-1])[: len(start)], place, 0))
        if len(start)
        else place
    )
    is_return = (place - begins) % 2 == 1
    end = np.full(len(start), NO_DAY)
    temporary = np.flatnonzero(is_undone & ~is_return)
    end[temporary] = start[temporary + 1]
    return Moves(*(column[~is_return] for column in (person, start, end, origin, target)))


def _day_keys(seen: Counted) -> tuple[NDArray[np.int64], int]:
    """Return one ascending number a person and day seen, and the day that counts as zero."""
    first = int(seen.key.min()) if len(seen.key) else 0
    return np.unique((seen.person << 32) + seen.key - first), first


def _days_between(
    key: NDArray[np.int64], person: NDArray[np.int64], start: NDArray[np.int64], end: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Days seen of each person from `start` to before `end`."""
    low, high = (np.searchsorted(key, (person << 32) + np.maximum(day, 0)) for day in (start, end))
    return high - low
