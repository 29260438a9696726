"""Moves found, corrected and true by density, in made-up countries: `python -m experiments.bench_detection`.

Prints one Markdown table a method: rows are bands of density, of the countries of all seeds together. The rate at which
silence is no evidence (`sandbox.kernels.silences.COMMON`) was chosen on seed 1; the way of correcting after
a look at seeds 11 to 13; the seeds here were looked at for neither.
"""

import sys
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from experiments.bench_moves.country import Country, Made, made
from sandbox.persons.detection import Method
from sandbox.persons.detection.correction import corrected_number, weights
from sandbox.persons.detection.histories import Histories, Reals, histories_of
from sandbox.persons.detection.methods import MovesFound, moves_by
from sandbox.persons.detection.probabilities import Status, measured
from sandbox.persons.detection.trials import matched

SEEDS = (21, 22, 23)
COUNTRY = Country(persons=6000, spread_of_density=1.6, moves=0.25)
DENSE = 0.8
METHODS = (Method.CHI, Method.DENSITY)
EDGES = np.append(np.arange(0, 9) / 10, 1.01)
HEADER = "| days seen | true | found | true ones among them | corrected | 95 % | true, where corrected |"


@dataclass(frozen=True)
class Truth:
    """Moves by the method if everybody were seen on every day; density of the person as really seen."""

    moves: MovesFound
    share: Reals


def table_of(country: Made) -> pa.Table:
    """Return presence with text for persons, as a file has it."""
    rows = country.presence.assign(person_id=country.presence["person_id"].astype(str))
    return pa.Table.from_pandas(rows[["person_id", "date", "place"]], preserve_index=False)


def seen_whole(country: Country) -> Country:
    """Return the country with the same lives (they are drawn first), every day of which is seen where it was."""
    return replace(country, median_rate=1 - 1e-12, spread_of_density=0.0, bursts=0.0, misplaced=0.0, commute_shows=0.0)


def truth_of(country: Country, seed: int, histories: Histories, persons: NDArray[np.str_]) -> Truth:
    """Return the true moves of the persons of `histories`, by their numbers there; `persons` are their ids in order."""
    whole = histories_of(table_of(made(seen_whole(country), seed)))
    moves = moves_by(Method.CHI)(whole)
    ids = np.array(sorted(map(str, range(country.persons))))  # each was alive and so seen
    number = np.searchsorted(persons, ids[moves.person])
    is_known = persons[np.minimum(number, len(persons) - 1)] == ids[moves.person]
    moves = replace(moves, person=number).of(np.flatnonzero(is_known))
    return Truth(moves, histories.share[moves.person])


def rows_of(table: pa.Table, truth: Truth, method: Method, seed: int) -> list[tuple[float, ...]]:
    """Return for each band of density: true, found, right, corrected, squared error, true where corrected."""
    histories = histories_of(table)
    found = moves_by(method)(histories)
    measure = measured(table, method, DENSE, seed)
    share = histories.share[found.person]
    is_right = np.isin(np.arange(len(share)), matched(truth.moves, found))
    status = weights(truth.share, truth.moves.stay_days, measure)["status"].to_numpy(zero_copy_only=False)
    rows: list[tuple[float, ...]] = []
    for low, high in pairwise(EDGES):
        here, true_here = _between(share, low, high), _between(truth.share, low, high)
        number = corrected_number(share[here], found.stay_days[here], measure)
        told = true_here & (status != Status.REFUSED)
        error = (number.upper - number.corrected) ** 2
        rows.append((true_here.sum(), here.sum(), is_right[here].sum(), number.corrected, error, told.sum()))
    return rows


def _between(value: Reals, low: float, high: float) -> NDArray[np.bool_]:
    return np.asarray((value >= low) & (value < high))


def main() -> None:
    """Print the tables."""
    countries = []
    for seed in SEEDS:
        table = table_of(made(COUNTRY, seed))
        persons = np.array(sorted(set(table["person_id"].to_pylist())))
        countries.append((seed, table, truth_of(COUNTRY, seed, histories_of(table), persons)))
    for method in METHODS:
        rows = np.array([rows_of(table, truth, method, seed) for seed, table, truth in countries]).sum(axis=0)
        told_bands = held = 0
        sys.stdout.write(f"\n{method}\n\n{HEADER}\n|{'---|' * 7}\n")
        for (low, high), (true, found, right, corrected, error, told) in zip(pairwise(EDGES), rows, strict=True):
            span = np.sqrt(error)
            told_bands += told > 0
            held += told > 0 and abs(corrected - told) <= span
            answer = f"{corrected:.0f} | {corrected - span:.0f}–{corrected + span:.0f} | {told:.0f}"
            answer = answer if told else "refused | |"
            sys.stdout.write(f"| {low:.0%}–{min(high, 1):.0%} | {true:.0f} | {found:.0f} | {right:.0f} | {answer} |\n")
        sys.stdout.write(f"\n{held} of {told_bands} intervals hold the true number\n")


if __name__ == "__main__":
    main()
