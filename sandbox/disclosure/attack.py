"""The attacker: what can be computed of a hidden cell from what is published, by two linear programmes a cell.

For each hidden cell the least and the greatest value that fit every published sum (Fischetti & Salazar 2000,
Management Science 47; SDC Handbook, ch. 4.4: the auditing problem). Programmes of cells that no sum ties together
are solved apart; those of one group are stacked, many to a call of HiGHS, since a call costs more than a programme.
The bounds are those of the linear relaxation, brought to whole numbers: in tables of two dimensions that is exact,
in others an attacker with whole numbers alone may know a little more.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import block_diag, csr_array
from scipy.sparse.csgraph import connected_components

from sandbox.disclosure.margins import FLOAT_ERROR, Reals, Sums

Flags = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]

# What a published sum may be off by for a reason of arithmetic; far below one person.
CONTRADICTION = 1e-4
VARIABLES_PER_CALL = 4_000
OPTIMAL = 0


@dataclass(frozen=True)
class Intervals:
    """Bounds of the wanted cells, in their order; not a number where no programme has a solution.

    `contradicted`: published figures alone break a sum, so that nothing can be said: a failed audit.
    """

    lower: Reals
    upper: Reals
    contradicted: bool

    @property
    def width(self) -> Reals:
        """Upper less lower; infinite where nothing published bounds the cell."""
        return np.where(np.isinf(self.upper), np.inf, self.upper - self.lower)

    def too_narrow(self, least_width: float, least_percent: float) -> Flags:
        """Return which cells are given away: narrower than asked for, or without a solution."""
        bound = np.where(np.isfinite(self.upper), self.upper, 0.0)
        asked = np.maximum(least_width, least_percent / 100 * bound)
        return ~(self.width >= asked - FLOAT_ERROR) | self.contradicted


def feasible_intervals(sums: Sums, values: Reals, least: Reals, wanted: Places, whole: bool) -> Intervals:
    """Return what an attacker can compute of the cells `wanted`, which are among those without a value.

    `values` has one value a cell of `sums`, not a number where it is hidden or not shown; `least` is what the
    attacker knows each to be at least (minus infinity for signed figures); `whole`: all cells are counts.
    """
    hidden = np.flatnonzero(np.isnan(values))
    known = np.nan_to_num(values)
    reached = sums.matrix @ known
    unknown = csr_array(sums.matrix[:, hidden])
    low, high = sums.low - reached, sums.high - reached
    told = np.diff(unknown.indptr) == 0
    slack = CONTRADICTION * (1 + FLOAT_ERROR * np.abs(reached))
    contradicted = bool((told & ((low > slack) | (high < -slack))).any())
    far = 10 * (float(np.abs(known).sum()) + float(np.abs(np.nan_to_num(high, posinf=0.0)).sum()) + 1000)
    lower, upper = np.full(len(values), np.nan), np.full(len(values), np.nan)
    limits = Sums(unknown[~told], low[~told], high[~told])
    for group in _tied_together(limits.matrix):
        targets = np.flatnonzero(np.isin(hidden[group.cells], wanted))
        if len(targets):
            part = Sums(
                csr_array(limits.matrix[group.rows][:, group.cells]), limits.low[group.rows], limits.high[group.rows]
            )
            found = _solved(part, np.maximum(least[hidden[group.cells]], -far), far, targets)
            lower[hidden[group.cells[targets]]], upper[hidden[group.cells[targets]]] = found
    if whole:
        lower, upper = np.ceil(lower - CONTRADICTION), np.floor(upper + CONTRADICTION)
    upper = np.where(upper > far / 5, np.inf, upper)
    lower = np.where(lower < -far / 5, -np.inf, lower)
    return Intervals(lower[wanted] + 0.0, upper[wanted] + 0.0, contradicted)


@dataclass(frozen=True)
class _Group:
    """Cells and rows that are tied together."""

    cells: Places
    rows: Places


def _tied_together(matrix: csr_array) -> Iterator[_Group]:
    rows, cells = matrix.shape
    square = csr_array(
        (matrix.data, matrix.indices + rows, np.append(matrix.indptr, [matrix.indptr[-1]] * cells)),
        shape=(rows + cells, rows + cells),
    )
    count, label = connected_components(square, directed=False)
    order = np.argsort(label, kind="stable")
    for members in np.split(order, np.cumsum(np.bincount(label, minlength=count))[:-1]):
        yield _Group(members[members >= rows] - rows, members[members < rows])


def _solved(sums: Sums, least: Reals, far: float, targets: Places) -> tuple[Reals, Reals]:
    """Return least and greatest values of `targets`, many programmes stacked in one call."""
    found = [np.empty(0), np.empty(0)]
    size = max(1, VARIABLES_PER_CALL // (2 * sums.cells))
    for start in range(0, len(targets), size):
        chunk = targets[start : start + size]
        for side, values in enumerate(_both_ends(sums, least, far, chunk)):
            found[side] = np.concatenate([found[side], values])
    return found[0], found[1]


def _both_ends(sums: Sums, least: Reals, far: float, targets: Places) -> tuple[Reals, Reals]:
    copies = 2 * len(targets)
    aim = np.zeros((copies, sums.cells))
    aim[np.arange(0, copies, 2), targets] = 1.0
    aim[np.arange(1, copies, 2), targets] = -1.0
    limits: tuple[LinearConstraint, ...] = ()
    if sums.matrix.shape[0]:
        stacked = block_diag([sums.matrix] * copies, format="csr")
        limits = (LinearConstraint(stacked, np.tile(sums.low, copies), np.tile(sums.high, copies)),)
    bounds = Bounds(np.tile(least, copies), np.full(copies * sums.cells, far))
    answer = milp(aim.ravel(), constraints=limits, bounds=bounds)
    if answer.status != OPTIMAL or answer.x is None:
        return np.full(len(targets), np.nan), np.full(len(targets), np.nan)
    reached = answer.x.reshape(copies, sums.cells)
    return reached[0::2][np.arange(len(targets)), targets], reached[1::2][np.arange(len(targets)), targets]
