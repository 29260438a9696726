"""The methods whose detection can be measured: each finds the moves of whole histories."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sandbox.kernels.order import ordered_by_person
from sandbox.kernels.segments import Settings, segments
from sandbox.kernels.walk import NO_DAY
from sandbox.persons.detection import Method
from sandbox.persons.detection.histories import Histories, Ints
from sandbox.persons.moves import moves_in

PERMANENT, TEMPORARY = 0, 1


@dataclass(frozen=True)
class MovesFound:
    """One element a move, int64: person, places, kind, day, and how many days the shorter of its two stays lasts.

    The shorter one, for that is what a method loses first. It begins or ends with the move on one side, and on the
    other with the last day that is known of it; a temporary move has one stay, the one away.
    """

    person: Ints
    from_place: Ints
    to_place: Ints
    kind: Ints
    day: Ints
    stay_days: Ints

    def of(self, chosen: Ints) -> "MovesFound":
        """Return the moves with these numbers, or where these are true."""
        return MovesFound(*(column[chosen] for column in vars(self).values()))


def moves_by(method: Method) -> Callable[[Histories], MovesFound]:
    """Return the function that finds moves in histories."""
    if method is Method.PATH:
        return _by_path
    settings = Settings(by_density=method is Method.DENSITY)
    return lambda histories: _by_segments(histories, settings)


def _by_segments(histories: Histories, settings: Settings) -> MovesFound:
    rows = histories.evidence
    order, offsets = ordered_by_person(rows.person, len(histories.span), rows.place, rows.key)
    found = segments(offsets, rows.key[order], rows.place[order], settings).moves
    person, origin, target, day, _, from_start, from_end, _, to_end = found.T
    stay = np.minimum(np.maximum(day, from_end + 1) - from_start, to_end - day + 1)
    return MovesFound(person, origin, target, np.full(len(day), PERMANENT), day, stay)


def _by_path(histories: Histories) -> MovesFound:
    found = moves_in(histories.evidence)
    is_temporary = found.end != NO_DAY
    stay = found.end - found.start
    lasting = np.flatnonzero(~is_temporary)
    person, day = found.person[lasting], found.start[lasting]
    key, offsets = histories.evidence.key, histories.offsets
    begin, end = key[offsets[person]], key[offsets[person + 1] - 1]
    is_same = person[1:] == person[:-1]
    begin[1:] = np.where(is_same, day[:-1], begin[1:])
    end[:-1] = np.where(is_same, day[1:], end[:-1])
    stay[lasting] = np.minimum(day - begin, end - day)
    kind = np.where(is_temporary, TEMPORARY, PERMANENT)
    return MovesFound(found.person, found.from_place, found.to_place, kind, found.start, stay)
