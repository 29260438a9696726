"""Movements as they stand in a table, read into arrays: crossings, and who was resident before."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.concepts.codes import Direction
from sandbox.errors import DeliveryRefusedError
from sandbox.kernels.repair import NO_TIME
from sandbox.kernels.walk import NO_DAY, UNKNOWN
from sandbox.persons.columns import EPOCH, check_persons, coded, days, integers


@dataclass(frozen=True)
class CrossingColumns:
    """Names of the columns in a table of crossings; `sequence` and `time` may be absent from the table."""

    movement: str = "movement_id"
    person: str = "person_id"
    day: str = "date"
    direction: str = "direction"
    sequence: str = "sequence"
    time: str = "event_ts"


PLAIN_FILE = CrossingColumns()


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


def seen_by(rows: pa.Table, day: str, observed_until: date) -> pa.Table:
    """Return the rows without those after the day of observation."""
    seen = days(rows[day]) <= observed_until.toordinal() - EPOCH
    return rows if seen.all() else rows.filter(pa.array(seen))


def crossings_of(rows: pa.Table, columns: CrossingColumns) -> Crossings:
    """Return the crossings of a table; what can't be read is marked in its array, not refused."""
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


def initial_status(initial: pa.Table | None, persons: pa.Array, until: int) -> Initial:
    """Return the status of each person that was fixed by day `until`; refuse a table with an impossible value."""
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
