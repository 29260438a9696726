"""Signs of life of whole persons through the residency index: a table of signs in, who is resident when out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.concepts.residency import ResidencyIndex
from sandbox.errors import CallError, DeliveryRefusedError
from sandbox.kernels.residency import Fading, Index, index
from sandbox.persons.columns import check_persons, coded, integers, number_column, status_column

Ints = NDArray[np.int64]
Reals = NDArray[np.float64]

MOST_CELLS = 100_000_000  # persons × periods × signs, held at once in 16 bytes each
DIGITS = 9  # of the index as written; further ones are rounding
YEAR, MONTH = r"^\d{4}$", r"^\d{4}-(0[1-9]|1[0-2])$"


@dataclass(frozen=True)
class Signs:
    """Signs of life on a grid of all persons and all periods from the first to the last of the table.

    `lowest` and `highest` float64[persons, periods, signs] bound each sign: 0 without a row, 0 to 1 where the value is
    empty. `first` int64[persons] is each person's first period with a row; `initial` float64[persons] the index before
    the first period, NaN where it isn't known.
    """

    persons: pa.Array
    names: tuple[str, ...]
    first_period: int
    is_monthly: bool
    lowest: Reals
    highest: Reals
    first: Ints
    initial: Reals

    @property
    def periods(self) -> int:
        """Number of periods."""
        return int(self.lowest.shape[1])

    def of(self, persons: NDArray[np.bool_]) -> "Signs":
        """Return the signs of some persons."""
        return replace(
            self,
            persons=self.persons.filter(pa.array(persons)),
            lowest=self.lowest[persons],
            highest=self.highest[persons],
            first=self.first[persons],
            initial=self.initial[persons],
        )

    def period_text(self, number: Ints) -> pa.Array:
        """Return periods, counted from the first one, as they are written."""
        period = number + self.first_period
        kind = "M8[M]" if self.is_monthly else "M8[Y]"
        return pa.array(np.datetime_as_string((period if self.is_monthly else period - 1970).astype(kind)).astype(str))


def signs_read(rows: pa.Table, initial: pa.Table | None = None) -> Signs:
    """Return the signs of a table of `person_id, period` and one column a sign; every other column is a sign.

    A period without a row has no signs, for a register lists who was active; what is not known is an empty value.
    `initial` has `person_id, resident`: the index before the first period is 1 or 0.
    """
    check_persons(rows["person_id"])
    names = tuple(name for name in rows.column_names if name not in ("person_id", "period"))
    if not names:
        raise DeliveryRefusedError("The file has no column of signs.", "Add one a sign, with 0 or 1, empty if unknown.")
    person, persons = coded(rows["person_id"])
    period, is_monthly = _periods(rows["period"])
    low, count = int(period.min()) if len(period) else 0, int(np.ptp(period)) + 1 if len(period) else 0
    if len(persons) * count * len(names) > MOST_CELLS:
        raise DeliveryRefusedError(
            f"{len(persons):,} persons × {count:,} periods × {len(names)} signs are more than {MOST_CELLS:,}.",
            "Split the file by person.",
        )
    if len(np.unique(person * count + period - low)) < len(period):
        raise DeliveryRefusedError("A person has two rows of one period.", "Keep one, with all signs of the period.")
    lowest, highest = np.zeros((2, len(persons), count, len(names)))
    for number, name in enumerate(names):
        value = _sign(rows[name], name)
        lowest[person, period - low, number] = np.where(np.isnan(value), 0.0, value)
        highest[person, period - low, number] = np.where(np.isnan(value), 1.0, value)
    first = np.full(len(persons), count)
    np.minimum.at(first, person, period - low)
    return Signs(persons, names, low, is_monthly, lowest, highest, first, _initial(initial, persons))


def equal_weights(names: Sequence[str]) -> dict[str, float]:
    """Return weights by which all signs together weigh one."""
    return dict.fromkeys(names, 1 / len(names))


def checked_weights(names: Sequence[str], given: pa.Table) -> dict[str, float]:
    """Return weights from rows of `sign, weight`; refuse a sign that has none, or one below zero."""
    weights = dict(zip(given["sign"].to_pylist(), _numbers(given["weight"], "weight").tolist(), strict=True))
    missing = [name for name in names if not weights.get(name, -1.0) >= 0]
    if missing:
        raise DeliveryRefusedError(
            f"No weight of at least 0 for {', '.join(missing)}.", "Give one a sign: sign, weight."
        )
    return {name: weights[name] for name in names}


def index_of(signs: Signs, weights: Mapping[str, float], rule: ResidencyIndex) -> Index:
    """Return lowest and highest index and status, each [persons, periods]."""
    weight = np.array([weights[name] for name in signs.names])
    persons, periods = signs.lowest.shape[:2]
    fading = Fading(rule.stability, rule.gain, rule.threshold)
    offsets = np.arange(persons + 1) * periods
    found = index(offsets, (signs.lowest @ weight).ravel(), (signs.highest @ weight).ravel(), signs.initial, fading)
    return Index(*(column.reshape(persons, periods) for column in found))


def residency_of(signs: Signs, weights: Mapping[str, float], rule: ResidencyIndex) -> pa.Table:
    """Return one row a person and period from the person's first on, to the last period of the table.

    Columns: `person_id, period, lowest, highest, index, resident, decided`; `index` is filled where it is known,
    `resident` (0/1) where no value of what isn't known would change it, then `decided` is 1.
    """
    found = index_of(signs, weights, rule)
    person, period = np.nonzero(np.arange(signs.periods) >= signs.first[:, None])
    resident = found.resident[person, period]
    lowest, highest = (np.round(column[person, period], DIGITS) for column in (found.lowest, found.highest))
    return pa.table(
        {
            "person_id": signs.persons.take(pa.array(person)),
            "period": signs.period_text(period),
            "lowest": lowest,
            "highest": highest,
            "index": pa.array(lowest, mask=lowest != highest),
            "resident": status_column(resident),
            "decided": number_column((resident >= 0).astype(np.int64)),
        }
    )


def statuses_read(signs: Signs, known: pa.Table) -> NDArray[np.int8]:
    """Return known statuses int8[persons, periods] of rows `person_id, period, resident`; -1 where none is known."""
    status = np.full((len(signs.persons), signs.periods), -1, np.int8)
    period, is_monthly = _periods(known["period"])
    if is_monthly != signs.is_monthly:
        raise CallError("Signs and known statuses are not of the same kind of period.", "Use years or months in both.")
    person = _numbers_of(known["person_id"], signs.persons)
    inside = (person >= 0) & (period >= signs.first_period) & (period < signs.first_period + signs.periods)
    status[person[inside], period[inside] - signs.first_period] = _flags(known)[inside]
    return status


def _periods(column: pa.ChunkedArray) -> tuple[Ints, bool]:
    """Return years, or months since 1970-01, and whether they are months; refuse anything else, or both."""
    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    for pattern, is_monthly in ((YEAR, False), (MONTH, True)):
        if not text.null_count and pc.all(pc.match_substring_regex(text, pattern), min_count=0).as_py():
            kind = np.asarray(text.to_numpy(), "U7").astype("M8[M]" if is_monthly else "M8[Y]")
            return kind.astype(np.int64) + (0 if is_monthly else 1970), is_monthly
    raise DeliveryRefusedError("A period is neither a year nor a month.", "Write all as YYYY, or all as YYYY-MM.")


def _sign(column: pa.ChunkedArray, name: str) -> Reals:
    value = _numbers(column, name)
    if not (np.isnan(value) | ((value >= 0) & (value <= 1))).all():
        raise DeliveryRefusedError(f"The sign {name} has a value below 0 or above 1.", "Write 0 or 1, or a share.")
    return value


def _numbers(column: pa.ChunkedArray, name: str) -> Reals:
    """Return float64[n]; NaN where empty."""
    try:
        return np.asarray(pc.fill_null(pc.cast(column, pa.float64()), np.nan).to_numpy(), np.float64)
    except pa.ArrowInvalid:
        raise DeliveryRefusedError(f"The column {name} has a value that is no number.", "Mend it.") from None


def _initial(initial: pa.Table | None, persons: pa.Array) -> Reals:
    out = np.full(len(persons), np.nan)
    if initial is not None:
        person = _numbers_of(initial["person_id"], persons)
        out[person[person >= 0]] = _flags(initial)[person >= 0]
    return out


def _numbers_of(identifiers: pa.ChunkedArray, persons: pa.Array) -> Ints:
    """Return the number of each person; -1 for one without signs."""
    place = pc.index_in(pc.cast(identifiers, pa.string()), pc.cast(persons, pa.string()))
    return np.asarray(pc.fill_null(place, -1).to_numpy(), np.int64)


def _flags(rows: pa.Table) -> Ints:
    resident = integers(rows["resident"], -1)
    if not np.isin(resident, (0, 1)).all():
        raise DeliveryRefusedError("A value of `resident` is neither 0 nor 1.", "Mend the column.")
    return resident
