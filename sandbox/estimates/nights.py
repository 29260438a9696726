"""Nights of non-residents: subscribers of foreign networks, seen in the country at night."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from sandbox.concepts.codes import TOTAL
from sandbox.estimates.cells import figures, first_day
from sandbox.estimates.mobile import BENCHMARK


def nights_of_nonresidents(presence: DataFrame, country: str) -> DataFrame:
    """Count nights in the country of subscribers of foreign networks by month and area, and for the country.

    A night counts where most of its hours with evidence were spent. One row a cell: nights, subscribers, and the
    sum of squares of a subscriber's nights, from which the error follows.
    """
    foreign = presence.where(
        (F.col("country") == country) & (F.col("home_country") != country) & (F.col("night_hours") > 0)
    )
    of_night = Window.partitionBy("bucket", "person_key", "local_date").orderBy(
        F.desc("night_hours"), F.desc("hours"), F.desc("events"), "place"
    )
    nights = foreign.withColumn("rank", F.row_number().over(of_night)).where(F.col("rank") == 1)
    month = F.year("local_date") * 12 + F.month("local_date") - 1
    cells = nights.select(
        "bucket", "person_key", month.alias("month"), F.explode(F.array("place", F.lit(TOTAL))).alias("area")
    )
    by_person = cells.groupBy("bucket", "person_key", "month", "area").agg(F.count("*").alias("nights"))
    return by_person.groupBy("month", "area").agg(
        F.sum("nights").alias("nights"),
        F.count("*").alias("subscribers"),
        F.sum(F.col("nights") * F.col("nights")).alias("squares"),
    )


def night_figures(nights: pd.DataFrame, weight: float, months: Sequence[int], vintage: date) -> pd.DataFrame:
    """Return NIGHTS_NONRES: nights with evidence × residents per person of the operator in the whole country.

    The weight assumes that the operator hosts non-residents in the proportion in which it serves residents; a
    night without evidence is not counted. The error is that of a sample of subscribers (clusters of nights).
    """
    told = nights[nights["month"].isin(list(months))]
    return figures(
        told.assign(
            reference_period=[first_day(month) for month in told["month"]],
            estimate=told["nights"] * weight,
            var_sampling=told["squares"] * weight**2,
            naive=told["nights"].astype(float),
            contributors=told["subscribers"],
            calibrated_to=BENCHMARK,
        ),
        "NIGHTS_NONRES",
        "M",
        vintage,
    )
