"""Permanent and temporary moves of a plain file of presence, with the columns of `sandbox moves apply`."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.kernels.walk import NO_DAY
from sandbox.persons.columns import date_column, days, number_column
from sandbox.persons.evidence import Counted, counted, presence_table
from sandbox.persons.homes import LONGEST_AWAY, moves_of
from sandbox.persons.presence import Presence, PresenceColumns, presence_read, segments_found

NEAR = 90  # days before and after a move in which evidence is counted


@dataclass(frozen=True)
class Moves:
    """One element a move; `end` is the day of return, `NO_DAY` for a permanent one."""

    person: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    from_place: pa.ChunkedArray
    to_place: pa.ChunkedArray


def moves_of_file(rows: pa.Table, by_path: bool) -> pa.Table:
    """Return one row a move, by person and start; `rows` has `person_id, date, place` and optional `n_events`."""
    presence = presence_read(rows, PresenceColumns())
    seen = counted(len(presence.persons), presence.person, presence.day, presence.place, presence.weight)
    moves = _by_path(presence, seen) if by_path else _by_segments(rows, presence)
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
            "from_place": moves.from_place,
            "to_place": moves.to_place,
            "days_seen_before": number_column(_days_between(key, person, start - NEAR, start)),
            "days_seen_after": number_column(_days_between(key, person, start, start + NEAR)),
            "end_seen": pa.array((is_temporary | (last - start > LONGEST_AWAY)).astype(np.int8)),
        }
    )


def _by_path(presence: Presence, seen: Counted) -> Moves:
    if not len(seen.key):
        none, nowhere = np.empty(0, np.int64), pa.chunked_array([], presence.places.type)
        return Moves(none, none, none, nowhere, nowhere)
    found = moves_of(presence_table(presence, seen))
    start, end = days(found["start"]), days(found["end"])
    return Moves(found["person_key"].to_numpy(), start, end, found["from_place"], found["to_place"])


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
    kept = pa.array(~is_return)
    return Moves(
        person[~is_return], start[~is_return], end[~is_return],
        found["from_place"].filter(kept), found["to_place"].filter(kept),
    )  # fmt: skip


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
