"""Identifiers that were split or exchanged: whose crossings are whose, where the evidence is good.

Two persons with the same sex, band of birth years, nationality and country of birth may be one with two documents. How
likely that is follows Fellegi & Sunter (1969): how often the four agree by chance, against how often a document is
renewed without a link and the stay between the two is as long as this one. Where many are alike nobody is linked.

Two histories that break at the same time, the one going on with the other's sex, birth and nationality and the other
with the one's, were exchanged.
"""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.kernels.walk import UNKNOWN
from sandbox.persons.likeness import SPAN, key_of, ranks
from sandbox.persons.movements import Initial

TRAITS = ("sex", "birth_year_band", "nationality", "birth_country")
RENEWED = 1 / 1000 / 365.25  # a document renewed and not linked, a person and day: one in a thousand persons a year
MOST_ALIKE = 20  # persons with the same traits beyond which no two can be told to be one
GOOD = 0.9
DIFFERENT = 2  # traits that must differ: one may be an error of writing

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


class History(NamedTuple):
    """Crossings sorted by person and time, one element each: person, day, direction (1 arrival), row of the table."""

    person: Ints
    day: Ints
    direction: NDArray[np.int8]
    row: Ints


class Relinked(NamedTuple):
    """The person of each row of the table; identifiers joined to another, and pairs of histories exchanged."""

    person: Ints
    joined: int
    exchanged: int


def relinked(rows: pa.Table, history: History, person: Ints, initial: Initial) -> Relinked:
    """Return whose each row is. Nobody whose initial status is given is joined to an earlier identifier."""
    traits = np.column_stack([ranks(_column(rows, name), rows.num_rows) for name in TRAITS])[history.row]
    if not len(traits) or (traits < 0).all(axis=0).any():
        return Relinked(person, 0, 0)
    owner, exchanged = _exchanged(history, traits)
    order = np.lexsort((np.arange(len(owner)), history.day, owner))
    history = History(owner[order], history.day[order], history.direction[order], history.row[order])
    joined_to = _joined(history, traits[order], initial.status != UNKNOWN)
    person = person.copy()
    person[history.row] = joined_to[history.person]
    return Relinked(person, int((joined_to != np.arange(len(joined_to))).sum()), exchanged)


def _column(rows: pa.Table, name: str) -> pa.ChunkedArray | None:
    return rows[name] if name in rows.column_names else None


def usual(group: Ints, traits: Ints, groups: int) -> Ints:
    """Return the commonest known value of each trait in each group, int64[groups, traits]; −1 where none is known."""
    found = np.full((groups, traits.shape[1]), -1)
    for number, trait in enumerate(traits.T):
        known = trait >= 0
        _, one, count = np.unique(key_of([group[known], trait[known]]), return_index=True, return_counts=True)
        of, value = group[known][one], trait[known][one]
        # Later ones overwrite: the commonest comes last, of those as common the lowest.
        order = np.lexsort((-value, count, of))
        found[of[order], number] = value[order]
    return found


def _exchanged(history: History, traits: Ints) -> tuple[Ints, int]:
    """Return the owner of each crossing after histories that were exchanged have been put right, and how many pairs."""
    person, day, direction = history.person, history.day, history.direction
    follows = person[1:] == person[:-1]
    gap = np.flatnonzero(follows & (direction[1:] == direction[:-1]))
    part = np.cumsum(np.concatenate([[0], ~follows | (direction[1:] == direction[:-1])]))[: len(person)]
    of_part = usual(part, traits, int(part[-1]) + 1)
    head, tail = of_part[part[gap]], of_part[part[gap + 1]]
    known = (head >= 0).all(axis=1) & (tail >= 0).all(axis=1)
    gap_mixed = known & ((head != tail).sum(axis=1) >= DIFFERENT)
    once = np.bincount(person[gap[gap_mixed]], minlength=int(person[-1]) + 1) == 1
    gap_mixed &= once[person[gap]]
    gap, head, tail = gap[gap_mixed], head[gap_mixed], tail[gap_mixed]
    one, other = _mirrored(
        np.column_stack([head, tail, direction[gap]]), np.column_stack([tail, head, 1 - direction[gap]])
    )
    apart = (day[gap[one]] <= day[gap[other] + 1]) & (day[gap[other]] <= day[gap[one] + 1])
    one, other = one[apart], other[apart]
    owner = person.copy()
    for mine, theirs in ((one, other), (other, one)):
        heir = np.arange(int(person[-1]) + 1)
        heir[person[gap[mine]]] = person[gap[theirs]]
        since = np.full(len(heir), len(person))
        since[person[gap[mine]]] = gap[mine]
        moved = np.arange(len(person)) > since[person]
        owner[moved] = heir[person[moved]]
    return owner, len(one)


def _mirrored(of: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Return pairs of rows, each once, where one's `wanted` is the other's `of`, and no third row has either."""
    if not len(of):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    _, code = np.unique(np.concatenate([of, wanted]), axis=0, return_inverse=True)
    code = code.reshape(-1)
    own, asked = code[: len(of)], code[len(of) :]
    only = np.bincount(own, minlength=int(code.max()) + 1) == 1
    holder = np.full(len(only), -1)
    holder[own] = np.arange(len(of))
    partner = np.where(only[asked] & only[own], holder[asked], -1)
    one = np.flatnonzero(partner > np.arange(len(of)))
    return one, partner[one]


class Ends(NamedTuple):
    """One element a person with all traits known: who, first and last day, and the directions then."""

    person: Ints
    first: Ints
    last: Ints
    came: NDArray[np.int8]
    left: NDArray[np.int8]


def _joined(history: History, traits: Ints, is_given: Flags) -> Ints:
    """Return for each person the one to whom his crossings belong: himself, or who he was under another identifier."""
    person, day, direction = history.person, history.day, history.direction
    first = np.flatnonzero(np.append(True, person[1:] != person[:-1]))
    last = np.append(first[1:], len(person)) - 1
    of_person = usual(np.repeat(np.arange(len(first)), np.diff(np.append(first, len(person)))), traits, len(first))
    known = (of_person >= 0).all(axis=1)
    first, last = first[known], last[known]
    ends = Ends(person[first], day[first], day[last], direction[first], direction[last])
    to = np.arange(len(is_given))
    if not known.any():
        return to
    earlier, later = _candidates(ends, of_person[known], is_given)
    odds = _odds(history, ends, of_person[known], earlier, later)
    total = np.bincount(earlier, odds, len(ends.person))[earlier] + np.bincount(later, odds, len(ends.person))[later]
    good = odds >= GOOD * (1 + total - odds)
    to[ends.person[later[good]]] = ends.person[earlier[good]]
    while (to[to] != to).any():
        to = to[to]
    return to


def _candidates(ends: Ends, traits: Ints, is_given: Flags) -> tuple[Ints, Ints]:
    """Return pairs of persons alike, the one gone before the other came, with a crossing between the other way."""
    block = np.unique(traits, axis=0, return_inverse=True)[1].reshape(-1)
    order = np.lexsort((ends.person, ends.first, block))
    order = order[np.bincount(block)[block[order]] <= MOST_ALIKE]
    pairs = [np.column_stack([order[:-apart], order[apart:]]) for apart in range(1, min(MOST_ALIKE, len(order)))]
    earlier, later = np.concatenate([np.empty((0, 2), np.int64), *pairs]).T
    fits = (block[earlier] == block[later]) & (ends.last[earlier] < ends.first[later])
    fits &= (ends.left[earlier] != ends.came[later]) & ~is_given[ends.person[later]]
    return earlier[fits], later[fits]


def _odds(history: History, ends: Ends, traits: Ints, earlier: Ints, later: Ints) -> Reals:
    """Return for each pair the odds that both are one person.

    A renewal falls into a stay of g days in proportion to g, and such a stay is as frequent as among whole stays;
    against it stands how many persons with these traits come first into sight in that direction on a day.
    """
    follows = history.person[1:] == history.person[:-1]
    stay, begun = np.diff(history.day)[follows], history.direction[:-1][follows]
    gap, side = ends.first[later] - ends.last[earlier], ends.left[earlier]
    density = np.zeros(len(gap))
    for way in (0, 1):
        length = stay[begun == way]
        count = np.bincount(np.searchsorted(SPAN, length, side="right"), minlength=len(SPAN) + 1)
        width = np.diff(np.concatenate([[0], SPAN, [2 * SPAN[-1]]]))
        of_way = side == way
        density[of_way] = (count / width / max(len(length), 1))[np.searchsorted(SPAN, gap[of_way], side="right")]
    days = int(history.day.max() - history.day.min()) + 1
    by_chance = np.bincount(ends.came, minlength=2)[ends.came[later]] / days
    for columns in ([0], [1], [2, 3]):
        _, code, count = np.unique(traits[:, columns], axis=0, return_inverse=True, return_counts=True)
        by_chance = by_chance * count[code.reshape(-1)[later]] / len(traits)
    return np.asarray(RENEWED * gap * density / by_chance)
