"""Persons between two months a year apart: stayed, moved, appeared, unseen; never mixed into flows."""

from datetime import date

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.concepts.codes import FlowClass
from sandbox.estimates.cells import first_day

MONTHS_APART = 12


def flow_classes(homes: DataFrame) -> DataFrame:
    """Count persons by month and class, compared with their home a year before.

    `homes` are determined homes, one row a person and month (`mobile.resident_homes`). A person seen in the later
    month only has appeared; one seen in the earlier only is unseen, not gone.
    """
    person = ["bucket", "person_key", "month"]
    earlier = homes.select(*person[:2], (F.col("month") + MONTHS_APART).alias("month"), F.col("home").alias("before"))
    both = homes.select(*person, F.col("home").alias("after")).join(earlier, person, how="full_outer")
    flow_class = (
        F.when(F.col("before").isNull(), FlowClass.APPEARED.value)
        .when(F.col("after").isNull(), FlowClass.UNSEEN.value)
        .when(F.col("before") == F.col("after"), FlowClass.STAYED.value)
        .when(F.col("before") != F.col("after"), FlowClass.MOVED.value)
    )
    return both.groupBy("month", flow_class.alias("flow_class")).agg(F.count("*").alias("persons"))


def flow_balance(
    classes: pd.DataFrame, feed: str, rule_id: str, first_month: int, last_month: int, vintage: date
) -> pd.DataFrame:
    """Return one row a month from a year after `first_month` to `last_month`, with the four counts."""
    wide = classes.pivot_table(index="month", columns="flow_class", values="persons", aggfunc="sum")
    months = range(first_month + MONTHS_APART, last_month + 1)
    told = wide.reindex(index=months, columns=[each.value for each in FlowClass]).fillna(0).astype(int)
    return told.reset_index(drop=True).assign(
        feed=feed, rule_id=rule_id, vintage=vintage, reference_period=[first_day(month) for month in months]
    )
