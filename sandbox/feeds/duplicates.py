"""Rows that come twice: in one delivery, in two of the same run, or after one that is in bronze already.

An exact copy is a duplicate: recognised, counted, left out. The same key with other content is no copy; it goes to
quarantine, for a steward to say which is right. The first to come stays: bronze, then by time of delivery.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from sandbox.lakehouse.table import Table

CONFLICT = "conflict:key"
PLACE = ("delivery_id", "file", "row_number")
IN_BRONZE = -1


@dataclass(frozen=True)
class Sorted:
    """Good rows, told apart: those that go to bronze, copies, and rows that contradict an earlier one."""

    fresh: DataFrame
    copies: DataFrame
    conflicts: DataFrame


def with_key_hash(frame: DataFrame, table: Table) -> DataFrame:
    """Add 64 bits of the table's key: equal keys have equal hashes; equal hashes are looked at exactly."""
    return frame.withColumn("key_hash", F.xxhash64(*table.key))


def sorted_out(
    good: DataFrame, bronze: DataFrame | None, table: Table, repeated: DataFrame, order: Sequence[str]
) -> Sorted:
    """Tell rows apart; `order` is the deliveries by time, `repeated` the hashes of keys that come more than once."""
    hashed = with_key_hash(good, table)
    twice = hashed.join(repeated, on="key_hash", how="left_semi").drop("key_hash")
    turn = F.array_position(F.lit(list(order)), F.col("delivery_id"))
    rivals = twice.withColumn("turn", turn.cast("int"))
    if bronze is not None:
        there = with_key_hash(bronze, table).join(repeated, on="key_hash", how="left_semi").drop("key_hash")
        rivals = rivals.unionByName(there.withColumn("turn", F.lit(IN_BRONZE)), allowMissingColumns=True)
    content = F.to_json(F.struct(*(name for name in table.names if name != "delivery_id")))
    by_key = Window.partitionBy(*table.key).orderBy("turn", *PLACE)
    told = (
        rivals.withColumn("content", content)
        .withColumn("place", F.row_number().over(by_key))
        .withColumn("first", F.first("content").over(by_key))
        .where(F.col("turn") != IN_BRONZE)
    )
    once = hashed.join(repeated, on="key_hash", how="left_anti").drop("key_hash")
    same = F.col("content") == F.col("first")
    return Sorted(
        fresh=once.unionByName(told.where("place = 1").select(*once.columns)),
        copies=told.where((F.col("place") > 1) & same),
        conflicts=told.where((F.col("place") > 1) & ~same),
    )


def conflict_rows(conflicts: DataFrame, table: Table) -> DataFrame:
    """Return contradicting rows as rows of quarantine."""
    content = F.struct(*(name for name in table.names if name not in ("delivery_id", "partner", "bucket")))
    return conflicts.select(*PLACE, F.array(F.lit(CONFLICT)).alias("broken_rules"), F.to_json(content).alias("row"))
