"""A plain file of movements as the nowcast reads them: typed, with a key a person, sorted by person and time."""

import hashlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.errors import DeliveryRefusedError
from sandbox.kernels.walk import NO_DAY, UNKNOWN
from sandbox.lakehouse.tables.nowcasts import CATEGORIES
from sandbox.persons.columns import coded, date_column, days, integers
from sandbox.persons.movements import Initial

NO_SEQUENCE = np.iinfo(np.int64).max
TRUE = ("1", "true", "t", "yes")
FALSE = ("0", "false", "f", "no")


@dataclass(frozen=True)
class Movements:
    """Movements sorted by person and time, the initial status of each person, and how many rows were left out."""

    rows: pa.Table
    initial: Initial
    left_out: int


def movements_of(table: pa.Table, initial: pa.Table | None = None) -> Movements:
    """Return the movements of a file (columns of `commands.md`); rows without a date or direction are left out."""
    person = _first_of(table, ("person_id", "traveller_id"))
    day = days(_first_of(table, ("event_date", "date")))
    direction = table["direction"].cast(pa.string())
    good = (day != NO_DAY) & pc.is_in(direction, pa.array(["A", "D"])).to_numpy() & pc.is_valid(person).to_numpy()
    codes, names = coded(person)
    keys = _keys(names)[codes]
    columns = {
        "movement_id": table["movement_id"].cast(pa.string()),
        "person_key": pa.array(keys),
        "bucket": pa.array(np.zeros(len(keys), np.int32)),
        "event_date": date_column(day),
        "direction": direction,
        "sequence": pa.array(_sequence(table)),
        "row": pa.array(np.arange(len(keys))),
        **_covariates(table),
    }
    order = [(name, "ascending") for name in ("person_key", "event_date", "sequence", "row")]
    rows = pa.table(columns).filter(pa.array(good)).sort_by(order)
    return Movements(rows, _initial(rows, initial), int((~good).sum()))


def _first_of(table: pa.Table, names: tuple[str, ...]) -> pa.ChunkedArray:
    for name in names:
        if name in table.column_names:
            return table[name]
    raise DeliveryRefusedError(f"The movements have no column {' or '.join(names)}.", "Rename or add it.")


def _keys(names: pa.Array) -> NDArray[np.int64]:
    """Return a number for each person that depends on nothing but the identifier."""
    digests = [hashlib.blake2b(str(name).encode(), digest_size=8).digest() for name in names.to_pylist()]
    return np.frombuffer(b"".join(digests), np.int64) if digests else np.empty(0, np.int64)


def _sequence(table: pa.Table) -> NDArray[np.int64]:
    """Return what orders the crossings of one day: `sequence`, else the time, else nothing."""
    if "sequence" in table.column_names:
        return integers(table["sequence"], NO_SEQUENCE)
    if "event_ts" not in table.column_names:
        return np.zeros(table.num_rows, np.int64)
    return pc.fill_null(_times(table).cast(pa.int64()), NO_SEQUENCE).to_numpy()


def _times(table: pa.Table) -> pa.ChunkedArray:
    column = table["event_ts"]
    if not pa.types.is_temporal(column.type):
        text = pc.replace_substring_regex(column.cast(pa.string()), r"Z$|[+-]00:?00$", "")
        is_time = pc.match_substring_regex(text, r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?$")
        column = pc.if_else(is_time, text, None).cast(pa.timestamp("us"))
    return column.cast(pa.timestamp("s", "UTC"), safe=False)


def _covariates(table: pa.Table) -> dict[str, pa.Array | pa.ChunkedArray]:
    found: dict[str, pa.Array | pa.ChunkedArray] = {
        name: table[name].cast(pa.string()) for name in CATEGORIES if name in table.column_names
    }
    for name in ("birth_year_band", "intended_stay_days"):
        if name in table.column_names:
            number = pc.replace_substring_regex(table[name].cast(pa.string()), r"\.0+$", "")
            values = integers(number, int(NO_DAY))
            found[name] = pa.array(values, mask=values == NO_DAY)
    if "one_way_ticket" in table.column_names:
        text = pc.utf8_lower(table["one_way_ticket"].cast(pa.string()))
        is_known = pc.is_in(text, pa.array([*TRUE, *FALSE]))
        found["one_way_ticket"] = pc.if_else(is_known, pc.is_in(text, pa.array(TRUE)), None)
    if "event_ts" in table.column_names:
        found["event_ts"] = _times(table)
    return found


def _initial(rows: pa.Table, initial: pa.Table | None) -> Initial:
    key = rows["person_key"].to_numpy()
    persons = key[np.r_[True, key[1:] != key[:-1]]] if len(key) else key
    status, decided_on = np.full(len(persons), UNKNOWN, np.int8), np.full(len(persons), NO_DAY, np.int64)
    if initial is not None and initial.num_rows and len(persons):
        given = _keys(initial["person_id"].cast(pa.string()).combine_chunks())
        place = np.minimum(np.searchsorted(persons, given), len(persons) - 1)
        known = persons[place] == given
        status[place[known]] = integers(initial["resident"], -1)[known]
        decided_on[place[known]] = days(initial["decided_on"])[known]
    return Initial(status, decided_on)
