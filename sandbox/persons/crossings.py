"""Crossings of whole persons through the rule: one Arrow table in, the same rows with their outcomes out."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.concepts.codes import Direction, MovementError
from sandbox.concepts.rules import Rule
from sandbox.errors import DeliveryRefusedError
from sandbox.kernels.order import ordered_by_person
from sandbox.kernels.outcomes import COMPLETE_HISTORY, outcomes
from sandbox.kernels.repair import NO_TIME, repaired
from sandbox.kernels.walk import NO_DAY, UNKNOWN, Outcomes
from sandbox.persons.columns import (
    EPOCH,
    check_persons,
    coded,
    date_column,
    days,
    integers,
    number_column,
    status_column,
)

ERRORS = tuple(MovementError)  # an error's code in arrays is its place here plus one; 0 is none


class Repair(StrEnum):
    """What is done to a person's crossings before they are judged."""

    NONE = "none"
    SIMPLE = "simple"


@dataclass(frozen=True)
class CrossingColumns:
    """Names of the columns in a table of crossings; `sequence` and `time` may be absent from the table."""

    movement: str = "movement_id"
    person: str = "person_id"
    day: str = "date"
    direction: str = "direction"
    sequence: str = "sequence"
    time: str = "event_ts"


@dataclass(frozen=True)
class Crossings:
    """Arrays of one table, one element a row of it, in its order."""

    person: NDArray[np.int64]
    persons: pa.Array
    day: NDArray[np.int64]
    direction: NDArray[np.int8]
    sequence: NDArray[np.int64]
    second: NDArray[np.int64]
    has_repeated_id: NDArray[np.bool_]


@dataclass(frozen=True)
class Initial:
    """Initial status of each person: int8 (-1 not given) and the day on which it was fixed."""

    status: NDArray[np.int8]
    decided_on: NDArray[np.int64]


def crossings_decided(
    rows: pa.Table,
    rule: Rule,
    observed_until: date | None,
    repair: str = Repair.NONE,
    columns: CrossingColumns = CrossingColumns(),
    initial: pa.Table | None = None,
) -> pa.Table:
    """Return the rows, in their order, with the columns of `sandbox rule apply`.

    `rows` has the columns that `columns` names, all rows of each person; an order within a day comes from `sequence`,
    else from the order of the rows; `time` serves `simple` repair only. Rows after `observed_until` are left out;
    `None` is the complete history. `initial` has `person_id, resident, decided_on`, at most one row a person counts.
    Rows of a person whose history is impossible carry an `error` code and the values that `commands.md` gives them.
    """
    if observed_until is not None:
        rows = _seen_by(rows, columns.day, observed_until)
    crossings = _arrays(rows, columns)
    until = int(COMPLETE_HISTORY) if observed_until is None else observed_until.toordinal() - EPOCH
    status = _initial_status(initial, crossings.persons, until)
    result, error = _judged(crossings, status, rule, until, repair)
    return _with_outcomes(rows, result, error)


def _seen_by(rows: pa.Table, day: str, observed_until: date) -> pa.Table:
    seen = days(rows[day]) <= observed_until.toordinal() - EPOCH
    return rows if seen.all() else rows.filter(pa.array(seen))


def _arrays(rows: pa.Table, columns: CrossingColumns) -> Crossings:
    count = rows.num_rows
    check_persons(rows[columns.person])
    person, persons = coded(rows[columns.person])
    direction = np.full(count, UNKNOWN, np.int8)
    direction[_equals(rows[columns.direction], Direction.ARRIVAL)] = 1
    direction[_equals(rows[columns.direction], Direction.DEPARTURE)] = 0
    has_sequence = columns.sequence in rows.column_names
    sequence = integers(rows[columns.sequence], int(NO_DAY)) if has_sequence else np.zeros(count, np.int64)
    return Crossings(
        person,
        persons,
        days(rows[columns.day]),
        direction,
        sequence,
        _seconds(rows, columns.time),
        _repeated(rows[columns.movement]),
    )


def _equals(column: pa.ChunkedArray, code: str) -> NDArray[np.bool_]:
    return np.asarray(pc.fill_null(pc.equal(column, code), fill_value=False).to_numpy(), np.bool_)


def _seconds(rows: pa.Table, name: str) -> NDArray[np.int64]:
    """Seconds since epoch; `NO_TIME` where the table has no such column or the value can't be read."""
    if name not in rows.column_names:
        return np.full(rows.num_rows, NO_TIME, np.int64)
    column = rows[name]
    if not pa.types.is_timestamp(column.type):
        text = pc.cast(column, pa.string())
        is_iso = pc.match_substring_regex(
            text, r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?$"
        )
        zoned = pc.match_substring_regex(text, r"(Z|[+-]\d{2}:?\d{2})$")
        text = pc.if_else(is_iso, text, None)
        kind = pa.timestamp("us", "UTC") if pc.any(zoned).as_py() else pa.timestamp("us")
        column = pc.cast(pc.if_else(zoned, text, pc.binary_join_element_wise(text, "Z", "")) if kind.tz else text, kind)
    seconds = pc.cast(pc.cast(column, pa.timestamp("s", column.type.tz), safe=False), pa.int64())
    return np.asarray(pc.fill_null(seconds, int(NO_TIME)).to_numpy(), np.int64)


def _repeated(identifiers: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Whether another row has the same identifier; numbers are sorted, which is cheaper than a table of all of them."""
    if pa.types.is_integer(identifiers.type) and not identifiers.null_count:
        numbers = np.asarray(identifiers.to_numpy(), np.int64)
        ascending = np.sort(numbers)
        twice = ascending[1:][ascending[1:] == ascending[:-1]]
        return np.isin(numbers, twice) if len(twice) else np.zeros(len(numbers), np.bool_)
    codes, _ = coded(identifiers)
    return np.bincount(codes)[codes] > 1 if len(codes) else np.zeros(0, np.bool_)


def _initial_status(initial: pa.Table | None, persons: pa.Array, until: int) -> Initial:
    status, decided_on = np.full(len(persons), UNKNOWN, np.int8), np.full(len(persons), NO_DAY, np.int64)
    if initial is None or not initial.num_rows or not len(persons):
        return Initial(status, decided_on)
    resident, fixed = integers(initial["resident"], -1), days(initial["decided_on"])
    if not np.isin(resident, (0, 1)).all() or (fixed == NO_DAY).any():
        raise DeliveryRefusedError(
            "The initial status has a value of `resident` other than 0 and 1, or a `decided_on` that is no date.",
            "Mend the file: person_id, resident (0 or 1), decided_on (YYYY-MM-DD).",
        )
    place = pc.index_in(pc.cast(persons, pa.string()), pc.cast(initial["person_id"], pa.string()).combine_chunks())
    found = np.asarray(pc.is_valid(place).to_numpy(zero_copy_only=False), np.bool_)
    where = np.asarray(pc.fill_null(place, 0).to_numpy(zero_copy_only=False), np.int64)
    found &= fixed[where] <= until
    status[found] = resident[where][found]
    decided_on[found] = fixed[where][found]
    return Initial(status, decided_on)


def _judged(
    crossings: Crossings, initial: Initial, rule: Rule, until: int, repair: str
) -> tuple[Outcomes, NDArray[np.int8]]:
    """Return the outcome of each row and its error code, in the order of the table."""
    persons = len(crossings.persons)
    order, offsets = ordered_by_person(crossings.person, persons, crossings.day, crossings.sequence)
    day, direction, person = crossings.day[order], crossings.direction[order], crossings.person[order]
    faulty = _faulty_persons(crossings, persons)
    duplicate = np.zeros(len(order), np.bool_)
    source = np.arange(len(order))
    if repair == Repair.SIMPLE:
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
    found = outcomes(
        offsets, day, direction, initial.status, initial.decided_on, rule.window_days, rule.threshold_days, until
    )
    written = source >= 0
    result = _without_outcome(crossings, initial)
    for field in Outcomes._fields:
        getattr(result, field)[order[source[written]]] = getattr(found, field)[written]
    error = faulty[crossings.person]
    removed = order[duplicate]
    error[removed[error[removed] == 0]] = _code(MovementError.DUPLICATE)
    return _with_error_values(result, error), error


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


def _with_outcomes(rows: pa.Table, result: Outcomes, error: NDArray[np.int8]) -> pa.Table:
    faulty = error > 0
    codes = pa.DictionaryArray.from_arrays(pa.array(np.maximum(error - 1, 0), mask=~faulty), pa.array(ERRORS))
    added = {
        "resident_before": status_column(result.resident_before),
        "resident_after": status_column(result.resident_after),
        "is_migration": status_column(result.is_migration),
        "before_decided_on": date_column(result.before_decided_on),
        "after_decided_on": date_column(result.after_decided_on),
        "migration_decided_on": date_column(result.migration_decided_on),
        "decided": pa.array((result.is_migration >= 0).astype(np.int8)),
        "days_migrating": number_column(result.days_migrating, faulty),
        "days_returned": number_column(result.days_returned, faulty),
        "earliest_decision": date_column(result.earliest_decision),
        "latest_decision": date_column(result.latest_decision),
        "error": codes.cast(pa.string()),
    }
    for name, column in added.items():
        if name in rows.column_names:
            rows = rows.drop_columns([name])
        rows = rows.append_column(name, column)
    return rows


def with_days(rule: Rule, window_days: int | None, threshold_days: int | None) -> Rule:
    """Return the rule with another window or threshold, where one is given."""
    return replace(
        rule,
        window_days=rule.window_days if window_days is None else window_days,
        threshold_days=rule.threshold_days if threshold_days is None else threshold_days,
    )
