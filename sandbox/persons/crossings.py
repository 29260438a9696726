"""Crossings of whole persons through a rule: one Arrow table in, the same rows with their outcomes out."""

from datetime import date
from enum import StrEnum

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.concepts.codes import MovementError
from sandbox.concepts.rules import Rule, RuleKind
from sandbox.kernels.continuous import Period, continuous
from sandbox.kernels.order import ordered_by_person
from sandbox.kernels.outcomes import COMPLETE_HISTORY, outcomes
from sandbox.kernels.repair import repaired
from sandbox.kernels.walk import NO_DAY, UNKNOWN, Outcomes
from sandbox.persons.columns import EPOCH
from sandbox.persons.linkage import Linked, linked, with_weight
from sandbox.persons.movements import (
    PLAIN_FILE,
    CrossingColumns,
    Crossings,
    Initial,
    crossings_of,
    initial_status,
    seen_by,
)
from sandbox.persons.outcome_columns import ERRORS, with_outcomes


class Repair(StrEnum):
    """What is done to a person's crossings before they are judged."""

    NONE = "none"
    SIMPLE = "simple"
    FULL = "full"


def crossings_decided(
    rows: pa.Table,
    rule: Rule,
    observed_until: date | None,
    repair: str | Linked = Repair.NONE,
    columns: CrossingColumns = PLAIN_FILE,
    initial: pa.Table | None = None,
) -> pa.Table:
    """Return the rows, in their order, with the columns of `sandbox rule apply`.

    `rows` has the columns that `columns` names, all rows of each person; an order within a day comes from `sequence`,
    else from the order of the rows; `time` serves repair only. Rows after `observed_until` are left out;
    `None` is the complete history. `initial` has `person_id, resident, decided_on`, at most one row a person counts.
    Full repair needs all persons of the file and adds `linkage_weight`; a `Linked` is a full repair already made.
    Rows of a person whose history is impossible carry an `error` code and the values that `commands.md` gives them.
    """
    if observed_until is not None:
        rows = seen_by(rows, columns.day, observed_until)
    crossings = crossings_of(rows, columns)
    until = int(COMPLETE_HISTORY) if observed_until is None else observed_until.toordinal() - EPOCH
    status = initial_status(initial, crossings.persons, until)
    if repair == Repair.FULL:
        repair = linked(rows, crossings, status, until)
    result, error = _judged(crossings, status, rule, until, repair)
    decided = with_outcomes(rows, result, error)
    return with_weight(decided, repair) if isinstance(repair, Linked) else decided


def _judged(
    crossings: Crossings, initial: Initial, rule: Rule, until: int, repair: str | Linked
) -> tuple[Outcomes, NDArray[np.int8]]:
    """Return the outcome of each row and its error code, in the order of the table."""
    persons = len(crossings.persons)
    order, offsets = ordered_by_person(crossings.person, persons, crossings.day, crossings.sequence)
    day, direction, person = crossings.day[order], crossings.direction[order], crossings.person[order]
    faulty = _faulty_persons(crossings, persons)
    duplicate = np.zeros(len(order), np.bool_)
    source = np.arange(len(order))
    if repair != Repair.NONE:
        if isinstance(repair, Linked):
            mended, order = repair.repaired, source
        else:
            mended = repaired(offsets, day, direction, crossings.second[order])
        offsets, day, direction, source = mended.person_offsets, mended.day, mended.direction, mended.source
        duplicate = mended.is_duplicate
        person = np.repeat(np.arange(persons), np.diff(offsets))
    same = (direction[1:] == direction[:-1]) & (person[1:] == person[:-1])
    np.maximum.at(faulty, person[1:][same], _code(MovementError.SAME_DIRECTION) * (faulty[person[1:][same]] == 0))
    kept = faulty[person] == 0
    if not kept.all():
        offsets = np.concatenate(([0], np.cumsum(np.bincount(person[kept], minlength=persons))))
        day, direction, source = day[kept], direction[kept], source[kept]
    found = _by_kind(rule, (offsets, day, direction, initial.status, initial.decided_on), until)
    written = source >= 0
    result = _without_outcome(crossings, initial)
    for field in Outcomes._fields:
        getattr(result, field)[order[source[written]]] = getattr(found, field)[written]
    error = faulty[crossings.person]
    removed = order[duplicate]
    error[removed[error[removed] == 0]] = _code(MovementError.DUPLICATE)
    return _with_error_values(result, error), error


def _by_kind(rule: Rule, history: tuple[NDArray[np.int64] | NDArray[np.int8], ...], until: int) -> Outcomes:
    """Ask the kernel of the rule's kind; `history` is what all of them take first."""
    if rule.kind is RuleKind.CONTINUOUS:
        return continuous(*history, Period(rule.window_days, rule.tolerated_days, rule.longest_absence_days), until)
    return outcomes(*history, rule.window_days, rule.threshold_days, until)


def _code(error: MovementError) -> int:
    return ERRORS.index(error) + 1


def _faulty_persons(crossings: Crossings, persons: int) -> NDArray[np.int8]:
    """Error code of each person by what single rows show; the fault that hides the others comes last and wins."""
    faulty = np.zeros(persons, np.int8)
    for rows, error in (
        (crossings.has_repeated_id, MovementError.DUPLICATE_ID),
        (crossings.direction == UNKNOWN, MovementError.BAD_DIRECTION),
        (crossings.day == NO_DAY, MovementError.BAD_DATE),
    ):
        faulty[crossings.person[rows]] = _code(error)
    return faulty


def _without_outcome(crossings: Crossings, initial: Initial) -> Outcomes:
    """Return what rows in error carry: no migration, the initial status, the crossing's own date."""
    rows = len(crossings.day)
    status = initial.status[crossings.person]
    return Outcomes(
        status, status.copy(), np.zeros(rows, np.int8),
        crossings.day.copy(), crossings.day.copy(), crossings.day.copy(),
        np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.full(rows, NO_DAY), np.full(rows, NO_DAY),
    )  # fmt: skip


def _with_error_values(result: Outcomes, error: NDArray[np.int8]) -> Outcomes:
    """Empty the dates of persons with a bad date; rows removed as duplicates have no status."""
    undated = error == _code(MovementError.BAD_DATE)
    for dates in (result.before_decided_on, result.after_decided_on, result.migration_decided_on):
        dates[undated] = NO_DAY
    removed = error == _code(MovementError.DUPLICATE)
    result.resident_before[removed] = UNKNOWN
    result.resident_after[removed] = UNKNOWN
    return result
