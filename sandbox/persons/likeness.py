"""What a crossing tells of how it would look if the one beside it had been missed: categories, from columns if present.

Nationality and country of birth are no such categories: nobody is to become a migrant, or not, by his passport.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.kernels.linkage import Breaks
from sandbox.persons.columns import integers

# First days of the bands; what is not known is a category of its own, 0.
SPAN = np.array([14, 30, 60, 90, 120, 183, 274, 365, 487, 730, 1100, 1500, 2000])
MEAN = np.array([0, 20, 60, 183])
INTENDED = np.array([0, 32, 100, 200, 364])
AGE = np.array([0, 18, 25, 32, 45, 60, 120])
MOST_CROSSINGS, FEW = 5, 2
YES, NO = ("1", "true", "t", "yes"), ("0", "false", "f", "no")
NOT_KNOWN = -1
LARGEST = 2**62  # a packed key stays below it

Ints = NDArray[np.int64]


def ranks(column: pa.ChunkedArray | None, rows: int) -> Ints:
    """Return for each value its place among the values of the column in ascending order; −1 where empty or absent."""
    if column is None:
        return np.full(rows, NOT_KNOWN)
    encoded = pc.cast(column, pa.string()).combine_chunks().dictionary_encode()
    place = np.argsort(np.argsort(encoded.dictionary.to_numpy(zero_copy_only=False).astype(str)))
    codes = pc.fill_null(encoded.indices, NOT_KNOWN).to_numpy(zero_copy_only=False)
    return np.where(codes < 0, NOT_KNOWN, place[codes] if len(place) else NOT_KNOWN).astype(np.int64)


def of_row(rows: pa.Table, day: Ints) -> Ints:
    """Return categories int64[n, 4] of rows: visa with stated residence, intended stay, one-way ticket, age."""
    count = rows.num_rows
    visa = ranks(_column(rows, "visa_class"), count) + 1
    stated = _column(rows, "residence_country"), _column(rows, "nationality")
    lives = np.zeros(count, np.int64)
    if stated[0] is not None and stated[1] is not None:
        at_home = pc.equal(pc.cast(stated[0], pa.string()), pc.cast(stated[1], pa.string()))
        lives = np.asarray(pc.fill_null(pc.cast(at_home, pa.int64()), NOT_KNOWN).to_numpy(), np.int64) + 1
    born = _number(_column(rows, "birth_year_band"), count)
    year = day.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970
    age = np.where(born < 0, NOT_KNOWN, np.maximum(year - born, 0))
    intended = _number(_column(rows, "intended_stay_days"), count)
    return np.column_stack(
        [visa * 3 + lives, _band(intended, INTENDED), _one_way(_column(rows, "one_way_ticket"), count), _band(age, AGE)]
    )


def of_seeing(rows: pa.Table) -> Ints:
    """Return the group int64[n] in which crossings are missed alike: mode and third of the quality of the document."""
    count = rows.num_rows
    mode, column = ranks(_column(rows, "mode"), count) + 1, _column(rows, "doc_link_quality")
    if column is None:
        return mode * 4
    text = pc.cast(column, pa.string())
    is_number = pc.match_substring_regex(text, r"^\d{1,6}(\.\d{1,12})?$")
    quality = pc.cast(pc.if_else(is_number, text, None), pa.float64()).to_numpy()
    known = quality[~np.isnan(quality)]
    third = np.searchsorted(np.quantile(known, [1 / 3, 2 / 3]), quality) if len(known) else np.zeros(count)
    return np.where(np.isnan(quality), mode * 4, mode * 4 + 1 + third).astype(np.int64)


def of_break(found: Breaks, of_rows: Ints) -> Ints:
    """Return categories int64[breaks, k]: how long, the person's own pattern, the row's and the row's beyond a gap."""
    span, own, other = np.searchsorted(SPAN, found.days, side="right"), _band(found.own, MEAN), _band(found.other, MEAN)
    crossings, row = np.minimum(found.crossings, MOST_CROSSINGS), of_rows[found.row]
    few, visa = np.minimum(found.crossings, FEW), row[:, 0]
    beyond = np.where(found.beyond < 0, 0, of_rows[found.beyond, 0] + 1)
    wide = span // 3 * (FEW + 1) + few
    return np.column_stack([span, own, other, crossings, row, beyond, wide, visa * (FEW + 1) + few])


def key_of(columns: Sequence[Ints]) -> Ints:
    """Return one number a row, the same where all columns (whole numbers from 0) are, in the order of the columns."""
    key, size = np.zeros(len(columns[0]), np.int64), 1
    for column in columns:
        values = int(column.max(initial=0)) + 1
        if size * values > LARGEST:
            known, key = np.unique(key, return_inverse=True)
            size = len(known)
        key, size = key * values + column, size * values
    return key


def _column(rows: pa.Table, name: str) -> pa.ChunkedArray | None:
    return rows[name] if name in rows.column_names else None


def _number(column: pa.ChunkedArray | None, rows: int) -> Ints:
    if column is None:
        return np.full(rows, NOT_KNOWN)
    whole = pc.replace_substring_regex(pc.cast(column, pa.string()), r"\.0+$", "")
    return integers(pa.chunked_array(whole) if isinstance(whole, pa.Array) else whole, NOT_KNOWN)


def _band(number: NDArray[np.int64] | NDArray[np.float64], first: Ints) -> Ints:
    """Return 0 for what is not known (negative), else the number of the band from 1."""
    return np.searchsorted(first, number, side="right").astype(np.int64)


def _one_way(column: pa.ChunkedArray | None, rows: int) -> Ints:
    if column is None:
        return np.zeros(rows, np.int64)
    text = pc.utf8_lower(pc.cast(column, pa.string()))
    code = pc.if_else(pc.is_in(text, pa.array(YES)), 2, pc.if_else(pc.is_in(text, pa.array(NO)), 1, 0))
    return np.asarray(pc.fill_null(code, 0).to_numpy(), np.int64)
