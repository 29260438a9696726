"""Which crossings were missed, and where they belong: learnt from the whole histories of the same file.

The chance that a tail or a head is a missed crossing is how many were expected of its like (whole histories that would
look so with one crossing taken out, times the odds of missing one) over how many were seen of its like. Which stay of a
gap was the longer one is told by whole stays that together are as long and look alike.

What is learnt is counts by category: sums over persons, which can be added up from parts of a file.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sandbox.kernels.chances import chance, fitted
from sandbox.kernels.linkage import GAP, HEAD, TAIL, Breaks
from sandbox.kernels.walk import NO_DAY
from sandbox.persons.likeness import SPAN, key_of

RIDGE = 1.0  # a rare category says little; chosen on seed 1 of `experiments/bench_linkage`
ALIKE = 200.0  # crossings at which a group's own rate of missing weighs as much as that of all
LEAST = 100  # crossings between others, below which a file doesn't say how many were missed
LIKELY = 0.5
VISA = 4  # its place among the categories of `likeness.of_break`

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Missed(NamedTuple):
    """One element a break that was seen: the days from its `row` to the crossing to put in, and its weight.

    `days` is `NO_DAY` where none is put in; else at most the length of the break. `weight` is the chance that the
    history is as repaired, or as it is where nothing is put in; `left` that a crossing is missing all the same.
    """

    days: Ints
    weight: Reals
    left: Reals


def rates(found: Breaks, seeing: Ints) -> Reals:
    """Return the chance float64[groups] of missing the crossing beside one of a group; all 0 if too little is known.

    `seeing` int64[n] is the group of each crossing. Of crossings with one before and one after, those missed left a
    gap; a group is drawn to the rate of all.
    """
    groups = int(seeing.max(initial=0)) + 1
    between = found.kind == GAP
    seen = np.bincount(seeing[found.row[between & found.is_example]], minlength=groups)
    missed = np.bincount(seeing[found.row[between & ~found.is_example]], minlength=groups)
    if seen.sum() + missed.sum() < LEAST:
        return np.zeros(groups)
    return np.asarray((missed + ALIKE * missed.sum() / (seen.sum() + missed.sum())) / (seen + missed + ALIKE))


def missed(found: Breaks, direction: NDArray[np.int8], likeness: Ints, seeing: Ints) -> Missed:
    """Return what to put into the breaks that were seen, in their order.

    `direction` and `seeing` are of crossings, `likeness` int64[breaks, k] are categories of all breaks.
    """
    side = direction[found.row]
    odds = rates(found, seeing)
    odds = odds / (1 - odds)
    chances = np.where(found.kind == GAP, LIKELY, 0.0)
    for kind in (GAP, TAIL, HEAD):
        for way in (0, 1):
            of_kind = (found.kind == kind) & (side == way)
            if odds.any() and of_kind.any():
                group = seeing[found.row[of_kind]]
                part = Breaks(*(field[of_kind] for field in found))
                chances[of_kind] = _chances(part, likeness[of_kind], group, odds)
    is_gap, asked = found.kind == GAP, ~found.is_example
    days = np.where(is_gap, _in_gap(found, side, chances), _at_end(found, side, likeness))
    put = is_gap | (chances >= LIKELY)
    weight = np.where(put, chances, 1 - chances)
    weight = np.where(is_gap, np.maximum(chances, 1 - chances), weight)
    return Missed(np.where(put, days, NO_DAY)[asked], weight[asked], np.where(put, 0, chances)[asked])


def _chances(part: Breaks, likeness: Ints, group: Ints, odds: Reals) -> Reals:
    """Return for breaks of one kind and direction how likely a crossing was missed; in a gap, that it came late."""
    _, one, cell = np.unique(key_of([*likeness.T, group]), return_index=True, return_inverse=True)
    examples = np.bincount(cell, part.is_example, len(one))
    if part.kind[0] == GAP:
        late = np.sign(2 * part.known - part.days) + 1.0
        hits, tries = np.bincount(cell, late * part.is_example, len(one)) / 2, examples.astype(np.float64)
    else:
        hits, tries = examples * odds[group[one]], np.bincount(cell, ~part.is_example, len(one)).astype(np.float64)
    codes, size = _coefficients(likeness[one])
    return chance(codes, fitted(codes, hits, tries, size, RIDGE))[cell]


def _coefficients(categories: Ints) -> tuple[Ints, int]:
    """Return the coefficients that each cell has, the intercept first, and how many there are."""
    codes, size = [np.zeros(len(categories), np.int64)], 1
    for column in categories.T:
        known, code = np.unique(column, return_inverse=True)
        codes.append(size + code)
        size += len(known)
    return np.column_stack(codes), size


def _in_gap(found: Breaks, side: NDArray[np.int8], late: Reals) -> Ints:
    """Return the days from a gap's beginning to the crossing that was missed in it: half of it if nothing is known.

    The shorter of the two stays is as long as the person's own stays on that side, or else as the median of its like.
    """
    is_late = late > LIKELY
    of_example = 2 * found.known > found.days
    like = (side.astype(np.int64) * 2 + np.where(found.is_example, of_example, is_late)) * (len(SPAN) + 1)
    like = like + np.searchsorted(SPAN, found.days, side="right")
    shorter = np.minimum(found.known, found.days - found.known)
    middle = found.days // 2
    short = median_of_like(like, shorter, found.is_example & (found.kind == GAP), middle)
    own = np.where(is_late, found.other, found.own)
    short = np.minimum(np.where(own >= 0, own.astype(np.int64), short), middle)
    short = np.where(late == LIKELY, middle, short)
    return np.where(is_late, found.days - short, short)


def _at_end(found: Breaks, side: NDArray[np.int8], likeness: Ints) -> Ints:
    """Return the length of the stay that a missed last (or first) crossing ended (or began), within what was seen."""
    place = key_of([found.kind.astype(np.int64), side.astype(np.int64), likeness[:, VISA]])
    own = np.where(found.own >= 0, found.own.astype(np.int64), found.days)
    length = median_of_like(place, found.known, found.is_example, own)
    return np.minimum(length, found.days)


def median_of_like(like: Ints, length: Ints, is_example: Flags, otherwise: Ints) -> Ints:
    """Return for each element the lower median of the examples with the same `like`, or `otherwise` without any."""
    order = np.lexsort((length[is_example], like[is_example]))
    sorted_like = like[is_example][order]
    first, last = np.searchsorted(sorted_like, like, "left"), np.searchsorted(sorted_like, like, "right")
    if not len(order):
        return otherwise
    return np.where(
        last > first, length[is_example][order][np.minimum((first + last - 1) // 2, len(order) - 1)], otherwise
    )
