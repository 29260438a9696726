"""How the cells of a table add up: sums over a dimension (`_T`) and over the children of a code."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from sandbox.concepts.codes import TOTAL

Key = tuple[str, ...]
Reals = npt.NDArray[np.float64]
Hierarchy = Mapping[str, Mapping[str, str]]
"""Parent of a code, by dimension."""

MOST_DECIMALS = 6
FLOAT_ERROR = 1e-7


@dataclass(frozen=True)
class Equation:
    """One sum: the cell `total` is the sum of the cells `parts` (positions in `Lattice.keys`)."""

    total: int
    parts: tuple[int, ...]


@dataclass(frozen=True)
class Lattice:
    """Cells and the sums between them; the first `given` keys are rows of the table, the rest are implied.

    An implied cell is a sum that the table does not show but that ties cells which it does show. A cell that the
    table has no row for is a structural zero.
    """

    keys: tuple[Key, ...]
    given: int
    equations: tuple[Equation, ...]


# A total is hidden only where parts of so many times its value would have to be hidden instead.
TOTAL_COST = 8


@dataclass(frozen=True)
class Sums:
    """What is known to hold: `low` ≤ `matrix` · cells ≤ `high`."""

    matrix: csr_array
    low: Reals
    high: Reals

    @property
    def cells(self) -> int:
        """Number of cells."""
        return int(self.matrix.shape[1])

    def costs(self, values: Reals) -> Reals:
        """Return what it costs to hide each cell: its value, and much more for totals, which users need first.

        A cell that is the total of two sums (the grand total of a table of two dimensions) costs more than all others.
        """
        totals = np.asarray((self.matrix < 0).sum(axis=0)).ravel()
        return (values + 1) * float(TOTAL_COST) ** totals


def lattice(
    keys: Sequence[Key],
    dimensions: Sequence[str],
    hierarchy: Hierarchy,
    whole: bool = False,
    shown_only: Sequence[str] = (),
) -> Lattice:
    """Return the sums between cells; a dimension is summed over if `_T` occurs in it (or, if `whole`, always).

    Over the dimensions in `shown_only` no sums are implied that the table has no row for.
    """
    parents = [
        _parents_of(hierarchy.get(name, {}), whole or any(key[place] == TOTAL for key in keys))
        for place, name in enumerate(dimensions)
    ]
    implied = [(place, parent) for place, parent in enumerate(parents) if dimensions[place] not in shown_only]
    closed = _with_ancestors(keys, implied)
    position = {key: index for index, key in enumerate(closed)}
    grouped: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index, key in enumerate(closed):
        for place, parent_of in enumerate(parents):
            above = _ancestor(key, place, parent_of)
            if above is not None and above in position:
                grouped[place, position[above]].append(index)
    equations = [Equation(total, tuple(parts)) for (_, total), parts in sorted(grouped.items())]
    return Lattice(tuple(closed), len(keys), tuple(equations)) if whole else _pruned(closed, len(keys), equations)


def sums_of(cells: Lattice, rounding: float) -> Sums:
    """Return the sums as a sparse matrix; each term may be off by `rounding`."""
    entries = [(row, cell, 1.0) for row, each in enumerate(cells.equations) for cell in each.parts]
    entries += [(row, each.total, -1.0) for row, each in enumerate(cells.equations)]
    rows, columns, values = zip(*entries, strict=True) if entries else ((), (), ())
    shape = (len(cells.equations), len(cells.keys))
    matrix = csr_array((np.array(values, dtype=np.float64), (rows, columns)), shape=shape)
    slack = np.array([rounding * (len(each.parts) + 1) for each in cells.equations], dtype=np.float64)
    return Sums(matrix, -slack, slack)


def completed(values: Reals, cells: Lattice, fold: Callable[[Iterable[float]], float] = sum) -> Reals:
    """Return `values` of the given cells, with those of the implied cells behind them, summed up (or folded)."""
    full = [*values.tolist(), *[None] * (len(cells.keys) - len(values))]
    of_total = {each.total: each.parts for each in reversed(cells.equations)}

    def folded(cell: int) -> float:
        value = full[cell]
        if value is None:
            value = full[cell] = fold([folded(part) for part in of_total[cell]])
        return value

    return np.array([folded(cell) for cell in range(len(full))], dtype=np.float64)


def additive(values: Reals, cells: Lattice) -> Reals:
    """Return the values with totals that are the sums of their parts: fewest of 12 months don't add up.

    A total of two sums is the greater of them; what the other lacks is added to the largest part that is no total.
    """
    sums: dict[int, list[tuple[int, ...]]] = defaultdict(list)
    for each in cells.equations:
        sums[each.total].append(each.parts)
    found = values[: cells.given].copy()

    def settle(cell: int) -> float:
        added = [sum(settle(part) for part in parts) for parts in sums.pop(cell, [])]
        if added:
            found[cell] = max(added)
            for parts, total in zip(parts_of[cell], added, strict=True):
                free = [part for part in parts if part not in parts_of]
                if total < found[cell] and free:
                    found[max(free, key=lambda part: found[part])] += found[cell] - total
        return float(found[cell])

    parts_of = dict(sums)
    for cell in parts_of:
        settle(cell)
    return found


def rounding_of(values: Reals) -> float:
    """Return by how much a published value may be off: half of its last decimal; nothing for whole counts."""
    known = values[np.isfinite(values)]
    for decimals in range(MOST_DECIMALS + 1):
        scaled = known * 10.0**decimals
        if np.all(np.abs(scaled - np.rint(scaled)) <= FLOAT_ERROR):
            return 0.5 * 10.0**-decimals if decimals else 0.0
    return FLOAT_ERROR


def is_whole(values: Reals) -> bool:
    """Return whether all values are counts."""
    return rounding_of(values) == 0.0


def _parents_of(children: Mapping[str, str], summed: bool) -> Mapping[str, str | None]:
    above = {code: parent for code, parent in children.items() if parent and parent != TOTAL}
    return _Above(above, TOTAL if summed else None)


class _Above(dict[str, str | None]):
    """Parent of a code: as the hierarchy says, else the total if there is one."""

    def __init__(self, above: Mapping[str, str], top: str | None) -> None:
        super().__init__(above)
        self[TOTAL] = None
        self._top = top

    def __missing__(self, code: str) -> str | None:
        return self._top


def _ancestor(key: Key, place: int, parent_of: Mapping[str, str | None]) -> Key | None:
    parent = parent_of[key[place]]
    return None if parent is None else (*key[:place], parent, *key[place + 1 :])


def _with_ancestors(keys: Iterable[Key], parents: Sequence[tuple[int, Mapping[str, str | None]]]) -> list[Key]:
    closed = list(dict.fromkeys(keys))
    seen = set(closed)
    for key in closed:  # grows while it is walked
        for place, parent_of in parents:
            above = _ancestor(key, place, parent_of)
            if above is not None and above not in seen:
                seen.add(above)
                closed.append(above)
    return closed


def _pruned(closed: Sequence[Key], given: int, equations: Sequence[Equation]) -> Lattice:
    """Drop implied cells that stand in one sum only: they tie nothing."""
    kept = list(equations)
    while True:
        uses = np.zeros(len(closed), dtype=np.int64)
        for each in kept:
            uses[[each.total, *each.parts]] += 1
        idle = (uses < 2) & (np.arange(len(closed)) >= given)
        needed = [each for each in kept if not idle[[each.total, *each.parts]].any()]
        if len(needed) == len(kept):
            break
        kept = needed
    used = [index for index in range(len(closed)) if index < given or uses[index]]
    moved = {old: new for new, old in enumerate(used)}
    return Lattice(
        tuple(closed[index] for index in used),
        given,
        tuple(Equation(moved[each.total], tuple(moved[part] for part in each.parts)) for each in kept),
    )
