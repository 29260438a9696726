"""`python -m experiments.bench_nowcast [--scale S --seed N --jobs N]`: a table of seconds, then one of scores.

The country is the synthetic one; from January 2022 on nobody is asked the intended stay (a card redesigned). Its
closure and its new visa are those of the scenario.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from experiments.bench_nowcast.measures import table_of
from sandbox.concepts.rules import RULES
from sandbox.nowcast.headline import Releases, totals_table
from sandbox.nowcast.movements import movements_of
from sandbox.nowcast.releases import Asked, replayed, scored_rows
from sandbox.nowcast.scores import binned, scored
from sandbox.persons.files import read_table
from sandbox.synthetic import scenario
from sandbox.synthetic.border_files import movements, with_faults
from sandbox.synthetic.country import make

RELEASES = range(2021 * 12, 2023 * 12 + 8)
"""January 2021 to August 2023: 32 vintages."""
CARD_REDESIGNED = "2022-01"


@contextmanager
def timed(part: str) -> Iterator[None]:
    """Print how long the block took."""
    start = time.perf_counter()
    yield
    print(f"{part:<32}{time.perf_counter() - start:8.1f} s", flush=True)


def made(scale: float, seed: int, file: Path) -> int:
    """Write a file of movements and return how many there are."""
    truth = make(scale, seed, scenario.read())
    rows = with_faults(movements(truth, seed), truth, seed).drop(columns="day")
    asked = rows["event_date"].astype(str) < CARD_REDESIGNED
    rows.assign(intended_stay_days=rows["intended_stay_days"].where(asked)).to_csv(file, index=False)
    return len(rows)


def measured(file: Path, jobs: int) -> pd.DataFrame:
    """Run the backtest part by part and return the table of its scores."""
    with timed("read and sorted"):
        found = movements_of(read_table(file, ("movement_id", "direction")))
    with timed("replayed, models fitted"):
        replay = replayed(found, Asked(RULES["NZ_12_16"], RELEASES, range(1, 17), "simple", 1, jobs))
    with timed("past vintages judged"):
        print(f"{len(replay.predictions):,} crossings judged")
    with timed("baselines and scores"):
        scores = scored(binned(scored_rows(replay)))
    with timed("totals and intervals"):
        totals = totals_table(Releases(replay))
    return table_of(totals, scores)


def main() -> None:
    """Make the country, measure, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--scale", type=float, default=1.75)
    options.add_argument("--seed", type=int, default=11)
    options.add_argument("--jobs", type=int, default=2)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "movements.csv"
        with timed("country made"):
            print(f"{made(given.scale, given.seed, file):,} movements")
        table = measured(file, given.jobs)
    print(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2:.1f} GiB at most in this process\n")
    print(table.to_string(float_format=lambda value: f"{value:.3f}"))


if __name__ == "__main__":
    main()
