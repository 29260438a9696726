"""Moves corrected for those that the method misses, or the refusal to do so: numbers and the measured table in."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.persons.detection.histories import Ints, Reals
from sandbox.persons.detection.probabilities import Status

NORMAL_95 = 1.959963984540054
NO_ROW = -1


@dataclass(frozen=True)
class CorrectedNumber:
    """How many moves were found and how many there are, with a 95 % interval, where that can be told.

    `refused` moves were found where it can't: they are in none of the other figures, nor are those missed beside them.
    """

    found: int
    corrected: float
    lower: float
    upper: float
    refused: int


def weights(share: Reals, stay_days: Ints, measured: pa.Table) -> pa.Table:
    """Return `weight` and `status` of each move found, by the share of days its person was seen and its shorter stay.

    The weight is NULL where the status is `refused`: also where no dense history had such a move. `measured` is what
    `probabilities.measured` returns, or its file read again.
    """
    by_stay = _by_stay(measured)
    row = _row_of(by_stay, share, stay_days)
    known = pa.array(row, mask=row == NO_ROW)
    return pa.table(
        {
            "weight": pc.cast(by_stay["weight"], pa.float64()).take(known),
            "status": pc.fill_null(by_stay["status"].take(known), Status.REFUSED.value),
        }
    )


def corrected_number(share: Reals, stay_days: Ints, measured: pa.Table) -> CorrectedNumber:
    """Return the number of moves that these stand for: one element a move found.

    Two errors are in the interval. Which of the moves happened to be found: of N moves N / weight ± √(N · v) are seen,
    v = p (1 − p) plus the share invented. And the weight itself, from so many trials; the same moves are tried in each
    band of density, and all weights rest on the dense histories, so these errors are added, not their squares.
    """
    by_stay = _by_stay(measured)
    row = _row_of(by_stay, share, stay_days)
    weight = _numbers(by_stay, "weight", np.nan)
    counts = np.bincount(row[row != NO_ROW], minlength=len(weight))
    is_told = ~np.isnan(weight)
    counts, weight = counts[is_told], weight[is_told]
    chance, weight_error = (_numbers(by_stay, name, np.nan)[is_told] for name in ("probability", "weight_error"))
    number = counts * weight
    spread = chance * (1 - chance) + np.maximum(1 / weight - chance, 0)
    error = NORMAL_95 * float(np.sqrt((number * spread * weight**2).sum() + (number * weight_error).sum() ** 2))
    total, told = float(number.sum()), int(counts.sum())
    return CorrectedNumber(told, total, max(0.0, total - error), total + error, len(row) - told)


def _by_stay(measured: pa.Table) -> pa.Table:
    """Return the rows of one band of stays each, over all distances."""
    return measured.filter(pc.and_(pc.is_valid(measured["stay_from"]), pc.is_null(measured["km_from"])))


def _row_of(by_stay: pa.Table, share: Reals, stay_days: Ints) -> Ints:
    """Return the row in whose bands each move lies, `NO_ROW` if there is none."""
    row = np.full(len(share), NO_ROW)
    edges = [_numbers(by_stay, name, np.inf) for name in ("density_from", "density_to", "stay_from", "stay_to")]
    for number, (low, high, shortest, longest) in enumerate(zip(*edges, strict=True)):
        is_dense = (share >= low) & ((share < high) | (high == 1.0))
        row[is_dense & (stay_days >= shortest) & (stay_days < longest)] = number
    return row


def _numbers(rows: pa.Table, name: str, empty: float) -> NDArray[np.float64]:
    """Return a column of numbers, or of their text as a CSV has it."""
    return np.asarray(pc.fill_null(pc.cast(rows[name], pa.float64()), empty).to_numpy(), np.float64)
