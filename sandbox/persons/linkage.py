"""Repair of linkage (`--repair full`): duplicates out, histories to their persons, missed crossings put in."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.kernels.linkage import GAP, HEAD, TAIL, Breaks, breaks, straightened, with_inserted
from sandbox.kernels.order import ordered_by_person
from sandbox.kernels.outcomes import COMPLETE_HISTORY
from sandbox.kernels.repair import NO_TIME, Repaired
from sandbox.kernels.walk import NO_DAY, UNKNOWN
from sandbox.persons.columns import EPOCH
from sandbox.persons.identifiers import History, Relinked, relinked
from sandbox.persons.likeness import of_break, of_row, of_seeing
from sandbox.persons.missed import Missed, missed, rates
from sandbox.persons.movements import (
    PLAIN_FILE,
    CrossingColumns,
    Crossings,
    Initial,
    crossings_of,
    initial_status,
    seen_by,
)

DAY = 24 * 60 * 60  # seconds
WEIGHT = "linkage_weight"
DIGITS = 4

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Counts:
    """What was repaired; `missed_share` of all crossings was, `left` are expected to be missing still."""

    duplicates: int
    gaps: int
    last_crossings: int
    first_crossings: int
    identifiers_joined: int
    histories_exchanged: int
    missed_share: float
    left: float


class Linked(NamedTuple):
    """Repaired crossings, `source` and `is_duplicate` by row of the table; the weight of each row; what was done.

    The weight is the chance that the stays beside the row are as repaired: 1 where both their ends were seen.
    """

    repaired: Repaired
    weight: Reals
    counts: Counts


class Clean(NamedTuple):
    """Crossings without duplicates, sorted by person and time; `row` is each one's row in the table."""

    person_offsets: Ints
    day: Ints
    direction: NDArray[np.int8]
    row: Ints
    is_duplicate: NDArray[np.bool_]

    @property
    def person(self) -> Ints:
        """Person of each crossing."""
        return np.repeat(np.arange(len(self.person_offsets) - 1), np.diff(self.person_offsets))


class Done(NamedTuple):
    """What is known before crossings are put in: whose rows are whose, and the share of crossings that was missed."""

    whose: Relinked
    missed_share: float


def linked_in_file(
    rows: pa.Table, observed_until: date | None, columns: CrossingColumns = PLAIN_FILE, initial: pa.Table | None = None
) -> Linked:
    """Return the repair of a file's crossings up to `observed_until`, to be given to `crossings_decided` with them."""
    if observed_until is not None:
        rows = seen_by(rows, columns.day, observed_until)
    crossings = crossings_of(rows, columns)
    until = int(COMPLETE_HISTORY) if observed_until is None else observed_until.toordinal() - EPOCH
    return linked(rows, crossings, initial_status(initial, crossings.persons, until), until)


def with_weight(decided: pa.Table, repair: Linked) -> pa.Table:
    """Add `linkage_weight`, empty for rows in error."""
    judged = pc.is_null(decided["error"])
    return decided.append_column(WEIGHT, pc.if_else(judged, pa.array(repair.weight), None))


def linked(rows: pa.Table, crossings: Crossings, initial: Initial, until: int) -> Linked:
    """Return the crossings of a table repaired.

    `crossings` are the arrays of `rows`; `until` is the first day not seen whole, or `COMPLETE_HISTORY`.
    Covariates are those columns of `border_movement` that the table has. Persons with a row that can't be read are left
    out. The order of rows changes nothing, but for rows of one person and day that neither `sequence` nor time tells
    apart. Nothing is put before the first crossing of a person whose initial status is given.
    """
    clean = cleaned(crossings, crossings.person)
    whose = relinked(rows, History(clean.person, clean.day, clean.direction, clean.row), crossings.person, initial)
    if whose.joined or whose.exchanged:
        clean = cleaned(crossings, whose.person)
    seeing = of_seeing(rows)[clean.row]
    seen_from, last = (int(clean.day.min()), int(clean.day.max())) if len(clean.day) else (0, 0)
    found = breaks(
        clean.person_offsets, clean.day, clean.direction, seen_from, last + 1 if until == COMPLETE_HISTORY else until
    )
    likeness = of_break(found, of_row(rows, np.where(crossings.day == NO_DAY, 0, crossings.day))[clean.row])
    put = missed(found, clean.direction, likeness, seeing)
    asked = Breaks(*(field[~found.is_example] for field in found))
    return _put_in(clean, asked, put, initial, Done(whose, float(rates(found, np.zeros_like(seeing))[0])))


def cleaned(crossings: Crossings, person: Ints) -> Clean:
    """Return the crossings of readable persons in order, duplicates out; within a day by `sequence`, else by time."""
    unreadable = np.zeros(len(crossings.persons), np.bool_)
    bad = crossings.has_repeated_id | (crossings.direction == UNKNOWN) | (crossings.day == NO_DAY)
    unreadable[crossings.person[bad]] = True
    row = np.flatnonzero(~unreadable[crossings.person])
    day, second = crossings.day[row], crossings.second[row]
    has_sequence = bool((crossings.sequence[row] != 0).any())
    within = crossings.sequence[row] if has_sequence else np.where(second == NO_TIME, 0, second - day * DAY)
    order, offsets = ordered_by_person(person[row], len(crossings.persons), day, within)
    row, day, second, within = row[order], day[order], second[order], within[order]
    direction = crossings.direction[row]
    order, repeats = straightened(offsets, day, direction, second, within)
    is_duplicate = np.zeros(len(person), np.bool_)
    is_duplicate[row[repeats]] = True
    kept = order[~repeats[order]]
    offsets = np.concatenate([[0], np.cumsum(~repeats[order])])[offsets]
    return Clean(offsets, day[kept], direction[kept], row[kept], is_duplicate)


def _put_in(clean: Clean, found: Breaks, put: Missed, initial: Initial, done: Done) -> Linked:
    """Return the crossings with the missed ones put in; `found` and `put` hold the breaks that were seen."""
    after, first = np.full(len(clean.day), NO_DAY), np.full(len(initial.status), NO_DAY)
    person = clean.person[found.row]
    is_free = (found.kind != HEAD) | (initial.status[person] == UNKNOWN)
    is_put = (put.days != NO_DAY) & is_free
    follows, leads = is_put & (found.kind != HEAD), is_put & (found.kind == HEAD)
    after[found.row[follows]] = clean.day[found.row[follows]] + put.days[follows]
    first[person[leads]] = clean.day[found.row[leads]] - put.days[leads]
    whole = with_inserted(clean.person_offsets, clean.day, clean.direction, first, after)
    source = np.where(whole.source < 0, -1, clean.row[whole.source]) if len(clean.row) else whole.source
    weight = np.ones(len(clean.is_duplicate))
    for row, beside in ((found.row, is_free), (found.beyond, found.kind == GAP)):
        # A row may stand beside two breaks: both have to be as repaired.
        np.multiply.at(weight, clean.row[row[beside]], put.weight[beside])
    gaps, last, leading = (int((is_put & (found.kind == kind)).sum()) for kind in (GAP, TAIL, HEAD))
    counts = Counts(
        int(clean.is_duplicate.sum()),
        gaps,
        last,
        leading,
        done.whose.joined,
        done.whose.exchanged,
        round(done.missed_share, DIGITS),
        round(float(put.left[is_free].sum()), 1),
    )
    return Linked(whole._replace(source=source, is_duplicate=clean.is_duplicate), np.round(weight, DIGITS), counts)
