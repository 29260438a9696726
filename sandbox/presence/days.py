"""From located events to person × local day × place.

Hours are bits of a 24-bit mask, so that distinct hours add up over any partitioning without a second pass over
the events. Night is 19:00 to 06:59 and belongs to the evening's date (UN Handbook on mobile phone data).
"""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

EVENING_HOURS = sum(1 << hour for hour in range(19, 24))
MORNING_HOURS = sum(1 << hour for hour in range(7))

PERSON = ("person_key", "bucket", "home_country")


def presence_days(located: DataFrame, feed: str) -> DataFrame:
    """Return the rows of `presence_day` of one feed."""
    return (
        located.transform(_hours_by_cell)
        .transform(_with_nights_on_evenings)
        .transform(_by_place)
        .transform(_with_weight)
        .withColumn("feed", F.lit(feed))
    )


def _hours_by_cell(located: DataFrame) -> DataFrame:
    """Return one row a person, calendar day, place and H3 cell: number of events, mask of hours."""
    bit = F.expr("shiftleft(1, hour(local_ts))")
    return located.groupBy(*PERSON, F.to_date("local_ts").alias("local_date"), "place", "country", "h3").agg(
        F.count("*").alias("events"), F.bit_or(bit).alias("hour_mask")
    )


def _with_nights_on_evenings(hours: DataFrame) -> DataFrame:
    """Move the hours after midnight to the date of the evening before; its day hours stay where they are."""
    evening = F.col("hour_mask").bitwiseAND(EVENING_HOURS)
    morning = F.col("hour_mask").bitwiseAND(MORNING_HOURS)
    same_day = F.struct(
        F.col("local_date").alias("date"), F.col("events"), F.col("hour_mask").alias("hours"), evening.alias("nights")
    )
    day_before = F.struct(
        F.date_sub("local_date", 1).alias("date"),
        F.lit(0).cast("bigint").alias("events"),
        F.lit(0).alias("hours"),
        morning.alias("nights"),
    )
    parts = F.when(morning != 0, F.array(same_day, day_before)).otherwise(F.array(same_day))
    exploded = hours.select(*PERSON, "place", "country", "h3", F.explode(parts).alias("part"))
    return exploded.groupBy(*PERSON, F.col("part.date").alias("local_date"), "place", "country", "h3").agg(
        F.sum("part.events").alias("events"),
        F.bit_or("part.hours").alias("hour_mask"),
        F.bit_or("part.nights").alias("night_mask"),
    )


def _by_place(by_cell: DataFrame) -> DataFrame:
    """Sum cells to places; the cell of a place is the one with most nights, hours, events, then the lowest."""
    strongest = F.max(F.struct(F.bit_count("night_mask"), F.bit_count("hour_mask"), F.col("events"), -F.col("h3")))
    return by_cell.groupBy(*PERSON, "local_date", "place", "country").agg(
        F.sum("events").alias("events"),
        F.bit_count(F.bit_or("hour_mask")).cast("bigint").alias("hours"),
        F.bit_count(F.bit_or("night_mask")).cast("bigint").alias("night_hours"),
        (-strongest.getField("col4")).alias("h3"),
    )


def _with_weight(days: DataFrame) -> DataFrame:
    """Add the share of the day's distinct hours, nights counted once more, that the place has."""
    evidence = F.col("hours") + F.col("night_hours")
    of_the_day = Window.partitionBy("person_key", "local_date")
    return days.withColumn("weight", evidence / F.sum(evidence).over(of_the_day))
