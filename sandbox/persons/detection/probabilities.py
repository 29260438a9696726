"""Probability of detection by density, duration of the stay and distance, with what it means for a correction."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy.stats import binomtest

from sandbox.errors import CheckFailedError
from sandbox.persons.detection import Method
from sandbox.persons.detection.histories import Ints, Reals, histories_of
from sandbox.persons.detection.methods import moves_by
from sandbox.persons.detection.trials import OBSERVED, Trials, tried

STAYS = (7, 30, 90, 183, 365, None)  # edges of the bands of days; the last one is open
KILOMETRES = (0, 10, 50, 200, None)
LEAST = 0.5  # below this lower bound there is no correction: more would be made up than was seen
COLUMNS = pa.schema(
    [
        *((name, pa.float64()) for name in ("density_from", "density_to")),
        *((name, pa.int32()) for name in ("stay_from", "stay_to", "km_from", "km_to")),
        *((name, pa.int64()) for name in ("persons", "moves", "found", "seen")),
        *((name, pa.float64()) for name in ("probability", "lower", "upper", "weight", "weight_error")),
        ("status", pa.string()),
    ]
)


class Status(StrEnum):
    """What a probability is good for: a correction or none."""

    CORRECTED = "corrected"
    REFUSED = "refused"


@dataclass(frozen=True)
class Trial:
    """Moves that were tried in a band, those found again, and all that the thinned histories show there."""

    moves: int
    found: int
    seen: int

    @property
    def interval(self) -> tuple[float, float, float]:
        """Return the share found and its Wilson interval (95 %)."""
        bounds = binomtest(self.found, self.moves).proportion_ci(method="wilson")
        return self.found / self.moves, float(bounds.low), float(bounds.high)

    @property
    def error(self) -> float:
        """Return the standard error of `seen / moves`, as a share of it: moves found by chance, and moves invented.

        Two hits and two misses are added (Agresti & Coull 1998), lest eleven of eleven be certain.
        """
        found, invented = (self.found + 2) / (self.moves + 4), max(self.seen - self.found, 0) / self.moves
        return float(np.sqrt((found * (1 - found) + invented) / self.moves) / (self.seen / self.moves))


@dataclass(frozen=True)
class Band:
    """Values from `low` to below `high` (None: no end); of all values if both are None."""

    low: int | None = None
    high: int | None = None

    def holds(self, value: Ints | Reals) -> NDArray[np.bool_]:
        """Return which values lie in the band; NaN only in that of all."""
        if self.low is None:
            return np.ones(len(value), np.bool_)
        return np.asarray((value >= self.low) & (value < (np.inf if self.high is None else self.high)))


def measured(rows: pa.Table, method: Method, dense_share: float, seed: int) -> pa.Table:
    """Return the table of detection, with `COLUMNS`; `rows` has `person_id, date, place`, maybe `lat, lon`.

    One row is a band of density × duration × distance; both edges NULL mean all durations, or all distances (these
    only, where the file has no coordinates), one edge a band without end. `persons` are those of the file in the band
    of density. `moves` are of dense histories, tried once; `found` how many of them were found again; `seen` how many
    moves the thinned histories show in the band, by the stays that they show themselves. The others: `judged`.
    """
    trials = tried(histories_of(rows), moves_by(method), dense_share, seed)
    if not len(trials.dense.day):
        raise CheckFailedError(
            f"Nothing can be measured: no move is found of persons seen on {dense_share:.0%} of days or more.",
            "Lower --dense-share, or measure on a file with more persons of whom much is seen.",
        )
    return pa.Table.from_pylist(list(_rows(trials)), COLUMNS)


def _rows(trials: Trials) -> Iterator[dict[str, Any]]:
    histories, last = trials.histories, len(trials.edges) - 2
    km, seen_km = (histories.km(moves.from_place, moves.to_place) for moves in (trials.moves, trials.seen))
    share = histories.share[histories.span >= OBSERVED]
    persons = np.bincount(np.searchsorted(trials.edges[1:-1], share, "right"), minlength=last + 1)
    cells = list(_cells(trials, km))

    def trial(band: int, stay: Band, far: Band) -> Trial:
        chosen = (trials.band == band) & stay.holds(trials.moves.stay_days) & far.holds(km)
        seen = (trials.seen_band == band) & stay.holds(trials.seen.stay_days) & far.holds(seen_km)
        return Trial(int(chosen.sum()), int((chosen & trials.was_found).sum()), int(seen.sum()))

    dense = [trial(last, *cell) for cell in cells]
    for band in range(last + 1):
        for (stay, far), reference in zip(cells, dense, strict=True):
            result = trial(band, stay, far)
            if result.moves:
                yield {
                    "density_from": float(trials.edges[band]),
                    "density_to": float(trials.edges[band + 1]),
                    "stay_from": stay.low,
                    "stay_to": stay.high,
                    "km_from": far.low,
                    "km_to": far.high,
                    "persons": int(persons[band]),
                    **judged([reference] if band == last else [result, reference]),
                }


def _cells(trials: Trials, km: Reals) -> Iterator[tuple[Band, Band]]:
    """Yield the bands of stay and distance that have a move: all, each alone, and both together."""
    stays, kilometres = ([Band(), *map(Band, edges[:-1], edges[1:])] for edges in (STAYS, KILOMETRES))
    for stay in stays:
        for far in kilometres:
            if (stay.holds(trials.moves.stay_days) & far.holds(km)).any():
                yield stay, far


def judged(chain: list[Trial]) -> dict[str, Any]:
    """Return what is told of a band from its trial and, behind it, that of the dense histories that it began with.

    `probability` of a move to be found: the product of the shares found, and of their Wilson bounds (which holds at
    least 95 %). `weight` is how many moves there are for each one seen, moves / seen of either trial: 1 / probability,
    less what is invented or shows a stay of another band. `weight_error` is its standard error as a share of it. Both
    are NULL where the lower bound is under a half.
    """
    probability, lower, upper = (
        float(np.prod(values)) for values in zip(*(trial.interval for trial in chain), strict=True)
    )
    can_be_corrected = lower >= LEAST and all(trial.seen for trial in chain)
    weight = float(np.prod([trial.moves / trial.seen for trial in chain])) if can_be_corrected else None
    error = float(np.sqrt(sum(trial.error**2 for trial in chain))) if can_be_corrected else None
    return {
        **asdict(chain[0]),
        "probability": probability,
        "lower": lower,
        "upper": upper,
        "weight": weight,
        "weight_error": error,
        "status": Status.CORRECTED if can_be_corrected else Status.REFUSED,
    }
