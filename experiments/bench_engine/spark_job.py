"""A rule on a Parquet file through Spark: `python -m experiments.bench_engine.spark_job crossings|segments FILE DIR`.

The way of the pipeline: rows brought together by person, the kernel on the workers, files left in a table's folder and
named by one commit. A process of its own, so that starting Java is in the time.
"""

import sys
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from experiments.bench_engine.made import UNTIL
from sandbox.concepts.rules import RULES
from sandbox.lakehouse.batches import PersonFunction, written_by_person
from sandbox.lakehouse.session import spark_session
from sandbox.lakehouse.store import commit_files
from sandbox.lakehouse.table import DAY, FLAG, INT, SMALL, TEXT, Column, Table
from sandbox.persons.crossings import crossings_decided
from sandbox.persons.movements import CrossingColumns
from sandbox.persons.presence import STANDARD, PresenceColumns, segments_found
from sandbox.settings import Country, Zone, create_workspace

BUCKETS = 8
PERSON = (Column("person_key", INT, "Person"), Column("bucket", SMALL, "Hash bucket of the person"))
DECIDED = Table(
    "bench_decided",
    Zone.GOLD,
    "One crossing with its outcome",
    (
        Column("movement_id", INT, "Crossing"),
        *PERSON,
        Column("resident_before", SMALL, "1 resident before, 0 not, empty where not known"),
        Column("is_migration", SMALL, "1 a migration, 0 not, empty where undecided"),
        Column("days_migrating", INT, "Days on the new side", "days"),
        Column("days_returned", INT, "Days back", "days"),
        Column("earliest_decision", DAY, "First day of decision"),
        Column("latest_decision", DAY, "Last day of decision"),
        Column("decided", FLAG, "Whether `is_migration` is filled"),
    ),
    ("movement_id",),
    ("bucket",),
)
STEPS = Table(
    "bench_segments",
    Zone.SILVER,
    "One segment of a person",
    (
        *PERSON,
        Column("step", SMALL, "1 contiguous, 2 merged, 3 without overlap"),
        Column("place", TEXT, "Place"),
        Column("start", DAY, "First day"),
        Column("end", DAY, "Last day"),
    ),
    ("person_key", "step", "place", "start"),
    ("bucket",),
)


def decided(rows: pa.Table) -> pa.Table:
    """Return one row of `DECIDED` a crossing, of whole persons."""
    columns = CrossingColumns(person="person_key")
    return DECIDED.rows_from(crossings_decided(rows, RULES["NZ_12_16"], UNTIL, columns=columns), {})


def segments(rows: pa.Table) -> pa.Table:
    """Return one row of `STEPS` a segment, of whole persons."""
    found = segments_found(rows, STANDARD, PresenceColumns(person="person_key")).segments
    bucket = pa.array(found["person_key"].to_numpy() % BUCKETS)
    return STEPS.rows_from(found, {"bucket": bucket})


def crossings_of(frame: DataFrame) -> tuple[DataFrame, PersonFunction, Table, tuple[str, ...]]:
    """Return rows, function, table and order within a person for crossings."""
    rows = frame.select("movement_id", F.col("person_id").alias("person_key"), "date", "sequence", "direction")
    return _in_buckets(rows), decided, DECIDED, ("date", "sequence")


def days_of(frame: DataFrame) -> tuple[DataFrame, PersonFunction, Table, tuple[str, ...]]:
    """Return rows, function, table and order within a person for days in places."""
    rows = frame.select(F.col("person_id").cast("bigint").alias("person_key"), "date", "place")
    return _in_buckets(rows), segments, STEPS, ("place", "date")


def _in_buckets(rows: DataFrame) -> DataFrame:
    return rows.withColumn("bucket", F.pmod("person_key", F.lit(BUCKETS)).cast("int"))


PARTS = {"crossings": crossings_of, "segments": days_of}


def main(part: str, source: Path, folder: Path) -> None:
    """Write the table of one part in a workspace made for it."""
    workspace = create_workspace(folder, Country(code="XAA", name="Made up", time_zone="UTC", mcc="901"))
    frame = spark_session(workspace).read.parquet(str(source))
    rows, function, table, order = PARTS[part](frame)
    files = written_by_person(rows, function, table, order, table.path(workspace))
    commit_files(files, workspace, table, {}, {})


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
