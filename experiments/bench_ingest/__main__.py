"""Seconds of ingestion and of the checker beside DuckDB, same files and rules: `python -m experiments.bench_ingest`.

`--rows-events` and `--rows-movements` set the size; files are made once below `--folder`. Every run is a process of its
own; before a time is told, the good rows of both sides are compared column by column.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from experiments.bench_ingest.feeds import files_of
from experiments.bench_ingest.sql import compared, copy_sql, scan_sql
from sandbox.feeds import contract as contracts
from sandbox.feeds.delivery import pack
from sandbox.feeds.keys import create_key
from sandbox.settings import Country, create_workspace
from sandbox.synthetic.agreements import agreed_terms

ROUNDS = 3
DUCKDB = "import duckdb, sys; duckdb.connect(config={'threads': 2}).execute(sys.argv[1])"
FORMATS = {"parquet": "parquet", "csv.gz": "csv"}


@dataclass(frozen=True)
class Bench:
    """One feed in one format: its files, and where either side writes."""

    feed: str
    ending: str
    files: list[Path]
    folder: Path

    @property
    def contract(self) -> Path:
        """The contract that the files come under."""
        return self.workspace / "contracts" / f"telco.{self.feed}.odcs.yaml"

    @property
    def workspace(self) -> Path:
        """A workspace that is made anew for every round."""
        return self.folder / f"{self.feed}-{self.ending}"

    @property
    def delivery(self) -> Path:
        """The files as a delivery."""
        return self.folder / f"{self.feed}-{self.ending}-delivery"

    def make_ready(self) -> None:
        """Make an empty workspace, and the delivery where it is not there yet."""
        shutil.rmtree(self.workspace, ignore_errors=True)
        workspace = create_workspace(self.workspace, Country(code="NZL", name="Made up", time_zone="UTC", mcc="901"))
        create_key(workspace.key_file, secret="5a" * 32)
        self.contract.write_text(contracts.new(self.feed, "telco", "active", **agreed_terms(self.feed)), "utf-8")
        if not self.delivery.exists():
            sent = [(file, FORMATS[self.ending]) for file in self.files]
            period, at = (date(2024, 3, 1), date(2024, 3, 31)), datetime(2024, 4, 1, tzinfo=UTC)
            pack(self.delivery, sent, contracts.read(self.contract), period, at)


def ratios(bench: Bench) -> dict[str, float]:
    """Return median seconds of ingestion and checking beside DuckDB, and their ratios."""
    sql_out = bench.folder / f"{bench.feed}-{bench.ending}-sql"
    ingest = sandbox("feed", "ingest", bench.delivery, "--workspace", bench.workspace)
    check = sandbox("feed", "check", *bench.files, "--contract", bench.contract, "--delivered-on", "2024-04-01")
    copy = [sys.executable, "-c", DUCKDB, copy_sql(bench.feed, bench.files, sql_out)]
    scan = [sys.executable, "-c", DUCKDB, scan_sql(bench.feed, bench.files)]
    bench.make_ready()
    timed(ingest), timed(copy)
    compared(bench.feed, bench.workspace / "bronze" / bench.feed, sql_out)
    seconds = medians({"ingest": ingest, "duckdb_copy": copy, "check": check, "duckdb_scan": scan}, bench.make_ready)
    return {
        **seconds,
        "ingest/duckdb": seconds["ingest"] / seconds["duckdb_copy"],
        "check/duckdb": seconds["check"] / seconds["duckdb_scan"],
    }


def sandbox(*arguments: object) -> list[str]:
    """Return a command line."""
    return [sys.executable, "-m", "sandbox", *map(str, arguments), "--quiet"]


def medians(commands: dict[str, list[str]], before: Callable[[], None]) -> dict[str, float]:
    """Return the median seconds of each command; they take turns. What was compared before has warmed the disk."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        before()
        for name, command in commands.items():
            seconds[name].append(timed(command))
    return {name: statistics.median(measured) for name, measured in seconds.items()}


def timed(command: Sequence[str]) -> float:
    """Return the seconds of a process; the checker's 1 says that some rows break a rule."""
    start = time.perf_counter()
    done = subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode not in {0, 1}:
        raise RuntimeError(done.stderr.decode())
    return time.perf_counter() - start


def main() -> None:
    """Print one line a feed and format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows-events", type=int, default=20_000_000)
    parser.add_argument("--rows-movements", type=int, default=2_000_000)
    parser.add_argument("--folder", type=Path, default=Path("bench_ingest"))
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    for feed, rows in (("border_movement", asked.rows_movements), ("mobile_event", asked.rows_events)):
        for ending, files in files_of(feed, rows, asked.folder).items():
            found = ratios(Bench(feed, ending, files, asked.folder))
            figures = " | ".join(f"{name} {value:,.2f}" for name, value in found.items())
            sys.stdout.write(f"{feed} | {ending} | rows {rows:,} | {figures}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
