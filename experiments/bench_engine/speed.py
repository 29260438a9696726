"""The parts that are timed; each returns what it measured, by name."""

import os
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from experiments.bench_engine.increment import increment
from experiments.bench_engine.made import UNTIL, crossings, person_days
from experiments.bench_engine.sql import contiguous, walked
from experiments.bench_engine.timing import check_equal, duckdb, medians, sandbox, spark
from sandbox.concepts.rules import RULES, Rule

RULE = RULES["NZ_12_16"]
CROSSINGS, MANY = 5_000_000, (10_000_000, 20_000_000)
KEYS = ["person_id", "place", "start", "end"]
# Rows per second of `migration_detector` (g-chi) on this kind of machine, as the issue states it.
MIGRATION_DETECTOR = 208_000
FIRST_CALL = """
import time; begin = time.perf_counter()
import numpy as np, sandbox.kernels.outcomes as kernel
args = (np.array([0, 2]), np.array([0, 400]), np.array([1, 0], np.int8), np.array([-1], np.int8))
kernel.outcomes(*args, np.array([0]), 487, 365, 900)
print(time.perf_counter() - begin)
"""


def rule(folder: Path) -> dict[str, float]:
    """Time the 12/16 rule on five million crossings: file command, SQL for the days of the walk, Spark."""
    source, by_sql, by_file = (folder / f"{name}.parquet" for name in ("crossings", "sql", "decided"))
    rows = crossings(CROSSINGS)
    pq.write_table(rows, source)
    ours = sandbox("rule", "apply", RULE.id, source, "--out", by_file, "--observed-until", UNTIL)
    theirs = duckdb(walked(source, by_sql, RULE, UNTIL))
    seconds = medians({"file": ours, "duckdb": theirs, "spark": spark("crossings", source, folder / "spark")})
    compared = check_walks(pq.read_table(by_file), pq.read_table(by_sql), RULE)
    by_spark = DeltaTable(str(folder / "spark" / "gold" / "bench_decided")).to_pyarrow_table()
    names = ["movement_id", "is_migration", "days_migrating", "days_returned"]
    check_equal(by_spark.select(names), pq.read_table(by_file, columns=names))
    return {"rows": rows.num_rows, "rows compared": compared, **seconds, **ratios(seconds)}


def check_walks(ours: pa.Table, theirs: pa.Table, rule: Rule) -> int:
    """Compare days and threshold met of crossings that are walked by persons whose status before is known."""
    arrives = pc.equal(ours["direction"], "A")
    walks = pc.fill_null(pc.not_equal(pc.equal(ours["resident_before"], 1), arrives), fill_value=False)
    chosen = ours.filter(walks)
    met = pc.greater_equal(chosen["days_migrating"], rule.threshold_days)
    own = chosen.select(["movement_id", "days_migrating", "days_returned"]).append_column("met", met)
    other = theirs.filter(pc.is_in(theirs["movement_id"], own["movement_id"].combine_chunks()))
    reached = pc.greater_equal(other["along"], rule.threshold_days)
    other = other.rename_columns(["movement_id", "days_migrating", "days_returned"]).append_column("met", reached)
    check_equal(own, other)
    return int(chosen.num_rows)


def growth(folder: Path) -> dict[str, float]:
    """Time the file command on twice and four times as many crossings."""
    found: dict[str, float] = {}
    for count in (CROSSINGS, *MANY):
        source = folder / f"crossings-{count}.parquet"
        rows = crossings(count)
        pq.write_table(rows, source)
        line = sandbox("rule", "apply", RULE.id, source, "--out", folder / "o.parquet", "--observed-until", UNTIL)
        seconds = medians({"file": line}, rounds=1)["file"]
        found |= {
            f"{rows.num_rows:,} rows": seconds,
            f"{rows.num_rows:,} rows: µs a row": 1e6 * seconds / rows.num_rows,
        }
        source.unlink()
    return found


def segments(folder: Path) -> dict[str, float]:
    """Time segments on five million person-days (three steps and moves), and SQL for the first step alone."""
    source, steps, by_sql = (folder / f"{name}.parquet" for name in ("presence", "segments", "sql"))
    rows = person_days()
    pq.write_table(rows, source)
    ours = sandbox("segments", "apply", source, "--out", folder / "moves.parquet", "--segments-out", steps)
    theirs = duckdb(contiguous(source, by_sql))
    seconds = medians({"file": ours, "duckdb": theirs, "spark": spark("segments", source, folder / "spark")})
    first = first_step(pq.read_table(steps))
    check_equal(first, pq.read_table(by_sql))
    by_spark = DeltaTable(str(folder / "spark" / "silver" / "bench_segments")).to_pyarrow_table()
    check_equal(first_step(by_spark.rename_columns({"person_key": "person_id"})), first)
    peer = rows.num_rows / seconds["file"] / MIGRATION_DETECTOR
    return {"rows": rows.num_rows, **seconds, **ratios(seconds), "times migration_detector": peer}


def first_step(steps: pa.Table) -> pa.Table:
    """Return the contiguous segments, dates as dates."""
    first = steps.filter(pc.equal(steps["step"], 1)).select(KEYS)
    return first.set_column(2, "start", first["start"].cast(pa.date32())).set_column(
        3, "end", first["end"].cast(pa.date32())
    )


def homes(folder: Path) -> dict[str, float]:
    """Time `sandbox home apply` on the labelled stops, whole process."""
    shared = Path(os.environ.get("SANDBOX_SHARED", Path(__file__).parents[3] / "shared"))
    stops = pq.read_table(shared / "data" / "labelled_stops" / "stops.parquet")
    source = folder / "stops.parquet"
    columns = {"useruuid": "person_id", "loc": "place", "start": "start_ts", "end": "end_ts"}
    pq.write_table(stops.select(list(columns)).rename_columns(list(columns.values())), source)
    seconds = medians({"file": sandbox("home", "apply", source, "--out", folder / "h.parquet")})
    return {"rows": stops.num_rows, **seconds}


def start(_folder: Path) -> dict[str, float]:
    """Time importing a kernel and its first call, with the compiled code on disk."""
    return medians({"import and first call": [sys.executable, "-c", FIRST_CALL]})


def ratios(seconds: dict[str, float]) -> dict[str, float]:
    """Return ours over DuckDB's."""
    return {f"{name} / duckdb": seconds[name] / seconds["duckdb"] for name in ("file", "spark")}


PARTS = {"increment": increment, "rule": rule, "growth": growth, "segments": segments, "homes": homes, "start": start}
