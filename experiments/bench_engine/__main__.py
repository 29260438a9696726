"""Seconds of the engine's file commands beside SQL that does the same part: `python -m experiments.bench_engine`.

Each figure is the median over rounds that take turns; every run is a process of its own that reads and writes Parquet.
Before a time is told, both sides' rows are compared.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from experiments.bench_moves.country import Country, made

ROUNDS, THREADS = 3, 2
PERSON_DAYS = 5_000_000
# Step 1 of Chi et al. 2020: days of one place joined over gaps of up to 7 days, at least 30 long, seen on 60 %.
CONTIGUOUS_SQL = """
COPY (
    WITH days AS (SELECT DISTINCT person_id, place, date FROM read_parquet('{source}')),
    begun AS (
        SELECT *, coalesce(date - lag(date) OVER one_place > 7, true)::INT AS begins FROM days
        WINDOW one_place AS (PARTITION BY person_id, place ORDER BY date)
    ),
    numbered AS (SELECT *, sum(begins) OVER (PARTITION BY person_id, place ORDER BY date) AS stay FROM begun)
    SELECT person_id, place, min(date) AS start, max(date) AS "end" FROM numbered
    GROUP BY person_id, place, stay
    HAVING max(date) - min(date) + 1 >= 30 AND count(*) >= 0.6 * (max(date) - min(date) + 1)
) TO '{out}' (FORMAT parquet)
"""
DUCKDB = "import duckdb, sys; duckdb.connect(config={'threads': int(sys.argv[2])}).execute(sys.argv[1])"
KEYS = ["person_id", "place", "start", "end"]


def segments(folder: Path) -> dict[str, float]:
    """Return seconds of `sandbox segments apply` (three steps and moves) and of SQL for the first step alone."""
    source, steps, by_sql = folder / "presence.parquet", folder / "segments.parquet", folder / "sql.parquet"
    rows = person_days()
    pq.write_table(rows, source)
    ours = sandbox("segments", "apply", source, "--out", folder / "moves.parquet", "--segments-out", steps)
    theirs = [sys.executable, "-c", DUCKDB, CONTIGUOUS_SQL.format(source=source, out=by_sql), str(THREADS)]
    seconds = medians({"ours": ours, "duckdb": theirs})
    first = pq.read_table(steps)
    first = first.filter(pc.equal(first["step"], 1)).select(KEYS)
    check_equal(first, pq.read_table(by_sql))
    return {"rows": rows.num_rows, "segments": first.num_rows, **seconds, "ratio": seconds["ours"] / seconds["duckdb"]}


def homes(folder: Path) -> dict[str, float]:
    """Return seconds of `sandbox home apply` on the labelled stops."""
    shared = Path(os.environ.get("SANDBOX_SHARED", Path(__file__).parents[3] / "shared"))
    stops = pq.read_table(shared / "data" / "labelled_stops" / "stops.parquet")
    source = folder / "stops.parquet"
    columns = {"useruuid": "person_id", "loc": "place", "start": "start_ts", "end": "end_ts"}
    pq.write_table(stops.select(list(columns)).rename_columns(list(columns.values())), source)
    return {
        "rows": stops.num_rows,
        **medians({"ours": sandbox("home", "apply", source, "--out", folder / "h.parquet")}),
    }


def person_days() -> pa.Table:
    """Return at least five million rows of `person_id, date, place`, in random order."""
    presence = made(replace(Country(), median_rate=0.55), seed=1).presence[["person_id", "date", "place"]]
    order = np.random.default_rng(1).permutation(len(presence))[:PERSON_DAYS]
    rows = pa.Table.from_pandas(presence.iloc[order].astype({"person_id": str}), preserve_index=False)
    return rows.set_column(1, "date", rows["date"].cast(pa.date32()))


def sandbox(*arguments: object) -> list[str]:
    """Return the command line of a file command."""
    return [sys.executable, "-m", "sandbox", *map(str, arguments), "--quiet"]


def medians(commands: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """Return the median seconds of each command; they take turns, after one round that is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS + 1):
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(measured[1:]) for name, measured in seconds.items()}


def check_equal(ours: pa.Table, theirs: pa.Table) -> None:
    """Raise `AssertionError` unless both hold the same rows."""
    one, other = (
        pa.table([rows[key].cast(pa.date32() if key in {"start", "end"} else pa.string()) for key in KEYS], names=KEYS)
        for rows in (ours, theirs)
    )
    if not one.sort_by([(key, "ascending") for key in KEYS]).equals(
        other.sort_by([(key, "ascending") for key in KEYS])
    ):
        raise AssertionError(f"{one.num_rows:,} rows of ours differ from {other.num_rows:,} of SQL.")


def main() -> None:
    """Print one line a part."""
    for part in (segments, homes):
        with tempfile.TemporaryDirectory() as folder:
            found = part(Path(folder))
        figures = " | ".join(f"{name} {value:,.2f}" for name, value in found.items())
        sys.stdout.write(f"{part.__name__} | {figures}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
