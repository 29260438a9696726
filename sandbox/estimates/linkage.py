"""Linkage: crossings that the border office missed, estimated from the gaps they leave, and the migrants they make up.

A visitor whose departure was missed, and who never comes again, looks like an immigrant. Such a crossing leaves no
gap. But crossings missed in the middle of a history do: two of the same direction in a row. From their share follows
how many were missed without a trace.
"""

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from sandbox.concepts.codes import Direction


def missed_share(changes: DataFrame) -> float:
    """Return the share of crossings that was missed, as histories show it from within.

    A missed crossing shows where the person has others before and after it: it leaves a gap, two days with crossings
    in the same direction, one after the other. So the share is gaps, among gaps and crossings seen between two others.
    Crossings of one day that cancel each other (out and back) are left out. Rows of `residence_change` of one rule and
    vintage.
    """
    by_person = Window.partitionBy("bucket", "person_key").orderBy("change_date")
    arrived = F.when(F.col("direction") == Direction.ARRIVAL.value, 1).otherwise(-1)
    days = (
        judged(changes)
        .groupBy("bucket", "person_key", "change_date")
        .agg(F.signum(F.sum(arrived)).alias("way"))
        .where(F.col("way") != 0)
    )
    before, after = F.lag("way").over(by_person), F.lead("way").over(by_person)
    placed = days.withColumns({"is_gap": F.col("way") == before, "is_between": before.isNotNull() & after.isNotNull()})
    counted = placed.agg(F.count_if("is_gap").alias("gaps"), F.count_if("is_between").alias("between")).first()
    told = counted["gaps"] + counted["between"] if counted else 0
    return float(counted["gaps"]) / told if counted and told else 0.0


def judged(changes: DataFrame) -> DataFrame:
    """Leave out rows that were put aside as duplicates or errors."""
    return changes.where(F.coalesce("error", F.lit("")) == "")


def with_linkage(changes: DataFrame) -> DataFrame:
    """Add what a missed crossing may have done, or may yet do, to each crossing.

    `is_exposed`: no migration, and it would have looked like one, had the crossing after it been missed, which is so
    where the crossing after it is the person's last. `is_inferred`: a migration whose next crossing has the same
    direction, so that one was missed in between: when the person turned back nobody knows, repair put it half-way.
    """
    in_order = Window.partitionBy("bucket", "person_key").orderBy("change_date", "change_id")
    newest_first = Window.partitionBy("bucket", "person_key").orderBy(F.desc("change_date"), F.desc("change_id"))
    is_change = F.coalesce("is_change", F.lit(False))
    is_last_but_one = F.row_number().over(newest_first) == 2
    has_gap_after = F.coalesce(F.lead("direction").over(in_order) == F.col("direction"), F.lit(False))
    return changes.withColumns(
        {
            "is_exposed": is_last_but_one & F.coalesce(~F.col("is_change"), F.lit(False)),
            "is_inferred": is_change & has_gap_after,
        }
    )


def linkage_variance(cells: pd.DataFrame, missed: float) -> pd.Series:
    """Return the variance of the cells' estimate from missed crossings.

    Migrations that rest on a crossing which repair put in (`inferred`) may all be false. Expected false migrants
    beside them, which left no gap: missed · (share exposed, by direction) · crossings that are no migrations. Missed
    true ones: missed · migrants. Each is taken whole as one standard error, and the false with their Poisson error.
    """
    final = cells[(cells["undecided"] == 0) & (cells["crossings"] > 0)]
    of_direction = final.groupby("direction")[["exposed", "crossings", "decided"]].sum()
    share = of_direction["exposed"] / (of_direction["crossings"] - of_direction["decided"]).clip(lower=1)
    others = (cells["crossings"] - cells["estimate"]).clip(lower=0)
    false = missed * cells["direction"].map(share).fillna(0.0) * others
    lost = missed * cells["estimate"]
    inferred = cells["inferred"]
    variance = np.square(inferred) + inferred + np.square(false) + false + np.square(lost)
    return pd.Series(variance, index=cells.index)
