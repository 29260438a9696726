"""Persons, not keys: which part of a person a key stands for. Sums of whole millionths are the same in any order."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

MICRO = 1_000_000
KEY = ["bucket", "person_key", "month"]


def with_part(rows: DataFrame, months: DataFrame) -> DataFrame:
    """Add `part`, the millionths of a person that the key stands for in the month: one person where it is not told.

    `rows` have `bucket, person_key, month` (a number); `months` are rows of `person_month`.
    """
    number = F.year("month") * 12 + F.month("month") - 1
    part = F.round(F.col("duplicity_weight") * MICRO).cast("long")
    told = months.select("bucket", "person_key", number.alias("month"), part.alias("part"))
    return rows.join(told, KEY, how="left").withColumn("part", F.coalesce("part", F.lit(MICRO)))


def persons(part: Column) -> Column:
    """Sum the parts of persons that keys stand for."""
    return F.sum(part) / MICRO
