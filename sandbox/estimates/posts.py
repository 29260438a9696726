"""Geotagged posts: the share of users who left the country for another, among users seen on both sides."""

from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.concepts.codes import TOTAL
from sandbox.estimates.cells import figures, wilson_bounds

FEED = "geotagged_post"
SIDE_MONTHS = 3
# What stands in the place of a destination for users who stayed.
NOWHERE = ""


def users_seen_on_both_sides(presence: DataFrame, country: str) -> DataFrame:
    """Return one row a user and year, seen in the country in its first quarter and anywhere in its last."""
    month, here = F.month("local_date"), F.col("country") == country
    return (
        presence.groupBy("bucket", "person_key", F.year("local_date").alias("year"))
        .agg(
            F.bool_or((month <= SIDE_MONTHS) & here).alias("before"), F.bool_or(month > 12 - SIDE_MONTHS).alias("after")
        )
        .where("before AND after")
        .select("bucket", "person_key", "year")
    )


def users_by_destination(users: DataFrame, changes: DataFrame, country: str) -> DataFrame:
    """Count users of each year by the country that they moved their residence to; empty for those who stayed.

    `changes` are rows of `residence_change` of one rule and vintage. A user who moved twice counts with the first.
    """
    left = (
        changes.where(F.col("is_change") & (F.col("from_place") == country) & (F.col("to_place") != country))
        .groupBy("bucket", "person_key", F.year("reference_month").alias("year"))
        .agg(F.min_by("to_place", "change_date").alias("destination"))
    )
    told = users.join(left, ["bucket", "person_key", "year"], how="left")
    destination = F.coalesce("destination", F.lit(NOWHERE)).alias("destination")
    return told.groupBy("year", destination).agg(F.count("*").alias("users"))


def leaver_shares(users: pd.DataFrame, years: list[int], vintage: date) -> pd.DataFrame:
    """Return POST_SHARE: users who left, by destination and in all, among users observed; bounds of Wilson.

    It describes users of a platform, not residents: what they are a sample of is not known.
    """
    told = users[users["year"].isin(years)]
    observed = told.groupby("year")["users"].sum()
    left = told[told["destination"] != NOWHERE].rename(columns={"destination": "partner_area"})
    in_all = pd.DataFrame({"year": observed.index, "partner_area": TOTAL})
    in_all["users"] = in_all["year"].map(left.groupby("year")["users"].sum()).fillna(0)
    rows = pd.concat([left, in_all], ignore_index=True)
    trials = rows["year"].map(observed).to_numpy(dtype=np.float64)
    movers = rows["users"].to_numpy(dtype=np.float64)
    lower, upper = wilson_bounds(movers, trials)
    # Agresti & Coull (1998): two more of either kind, so that a share of zero has an error.
    share = (movers + 2) / (trials + 4)
    cells = rows.assign(
        reference_period=[date(int(year), 1, 1) for year in rows["year"]],
        estimate=movers / trials,
        lower=lower,
        upper=upper,
        var_sampling=share * (1 - share) / (trials + 4),
        contributors=rows["users"].astype(int),
    )
    return figures(cells, "POST_SHARE", "A", vintage)
