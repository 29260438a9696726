"""The published cases once more, persons spread over Spark's workers: what a file command says, Spark says too."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pv
import pytest
from pyspark.sql import SparkSession

from sandbox.concepts.rules import RULES
from sandbox.kernels.segments import Settings
from sandbox.lakehouse.batches import PersonFunction, by_person
from sandbox.lakehouse.table import Column, Table
from sandbox.persons.crossings import CrossingColumns, crossings_decided
from sandbox.persons.presence import PresenceColumns, segments_found
from sandbox.settings import Zone

CROSSINGS = CrossingColumns(person="person_key")
PRESENCE = PresenceColumns(person="person_key", day="date")
CASES = (
    "fig_2_data",
    "fig_4a_data",
    "fig_4b_data_stay40",
    "migrant_location_history_example1",
    "migrant_location_history_example2",
    "nonmigrant_location_history_example1",
    "nonmigrant_location_history_example2",
)
PARAMETERS = {"fig_4b_data_stay40": ("fig_4b_data", Settings(min_days=40))}


def table_like(rows: pa.Table) -> Table:
    columns = tuple(Column(field.name, field.type, field.name) for field in rows.schema)
    return Table("found", Zone.SILVER, "What a function found", columns, ())


def through_spark(
    spark: SparkSession, rows: pa.Table, function: PersonFunction, order: tuple[str, ...], expected: pa.Table
) -> pa.Table:
    bucket = pa.array([key % 2 for key in rows["person_key"].to_pylist()], pa.int32())
    frame = spark.createDataFrame(rows.append_column("bucket", bucket))
    return by_person(frame, function, table_like(expected), order).toArrow()


def as_rows(table: pa.Table) -> list[dict[str, object]]:
    return sorted(table.to_pylist(), key=repr)


def test_the_rule_on_workers_equals_the_rule_on_a_file(spark: SparkSession, shared: Path) -> None:
    source = shared / "conformance" / "nz_12_16"
    read = pv.read_csv(source / "crossings.csv")
    status = pv.read_csv(source / "initial_status.csv").rename_columns(["person_id", "resident", "decided_on"])
    crossings = pa.table(
        {
            "person_key": read["personId"],
            "movement_id": pa.array(range(read.num_rows)),
            "date": read["date_crossing"],
            "direction": pc.if_else(pc.equal(read["is_arrival"], 1), "A", "D"),
        }
    )

    def decided(rows: pa.Table) -> pa.Table:
        found = crossings_decided(rows, RULES["NZ_12_16"], None, "none", CROSSINGS, status)
        return found.select([name for name in found.column_names if name != "bucket"])

    expected = decided(crossings)
    assert as_rows(through_spark(spark, crossings, decided, ("movement_id",), expected)) == as_rows(expected)


def day(compact: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(pc.strptime(pc.cast(compact, pa.string()), "%Y%m%d", "s"), pa.date32())


@pytest.mark.parametrize("case", CASES)
def test_segments_and_moves_on_workers_are_the_published_ones(spark: SparkSession, shared: Path, case: str) -> None:
    name, settings = PARAMETERS.get(case, (case, Settings()))
    source = shared / "conformance" / "chi_segments"
    read = pv.read_csv(source / f"{name}.csv")
    presence = pa.table(
        {"person_key": read["user_id"], "date": day(read["date"]), "place": pc.cast(read["location"], pa.string())}
    )

    def segments(rows: pa.Table) -> pa.Table:
        return segments_found(rows, settings, PRESENCE).segments

    def moves(rows: pa.Table) -> pa.Table:
        return segments_found(rows, settings, PRESENCE).moves

    order = ("date", "place")
    steps = through_spark(spark, presence, segments, order, segments(presence)).to_pylist()
    published = pv.read_csv(source / "expected" / f"{case}.segments.csv")
    assert {tuple(map(str, row.values())) for row in steps} == {
        (str(row["user_id"]), str(row["step"]), str(row["location"]), str(row["start"]), str(row["end"]))
        for row in published.append_column("start", day(published["start_date"]))
        .append_column("end", day(published["end_date"]))
        .to_pylist()
    }
    turns = through_spark(spark, presence, moves, order, moves(presence)).to_pylist()
    told = pv.read_csv(source / "expected" / f"{case}.csv")
    on = day(told["migration_date"]).to_pylist() if told.num_rows else []
    assert sorted((str(r["person_key"]), str(r["from_place"]), str(r["to_place"]), r["date"]) for r in turns) == sorted(
        (str(row["user_id"]), str(row["home"]), str(row["destination"]), date)
        for row, date in zip(told.to_pylist(), on, strict=True)
    )
