"""Who is compared with whom: the stays of a key brought together with the nights of keys that could be one person's.

Only joins and counts of whole numbers; what they say is decided in `devices`. No pair of keys is ever written.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sandbox.presence.devices import DAYS_OF_WEEK, LEAST_NIGHTS, MANY_NIGHTS

CROWD = 200  # runs of nights in one place and week, of keys with the same usual places: nobody is told apart there
BLOCK = ("usual", "place", "week")
STAY = ("person_key", "bucket", "usual", "place", "is_abroad", "first", "last")


def crowds(runs: DataFrame) -> DataFrame:
    """Return the blocks (usual places, place away, week) in which so many were seen that agreeing tells nothing."""
    away = _by_week(runs.where("is_away"), "begins", "ends")
    return away.groupBy(*BLOCK).agg(F.count("*").alias("seen")).where(F.col("seen") > CROWD).select(*BLOCK)


def stays_away(runs: DataFrame, crowded: DataFrame) -> DataFrame:
    """Return one row a stay in a place that is not usual, of two nights or more, none of them in a crowd."""
    is_stay = F.col("is_away") & (F.col("nights") >= LEAST_NIGHTS) & (F.col("begins") == F.col("first"))
    stays = runs.where(is_stay).select(*STAY)
    in_crowd = _by_week(stays, "first", "last").join(F.broadcast(crowded), list(BLOCK), "left_semi")
    return stays.join(in_crowd.select("person_key", "first"), ["person_key", "first"], "left_anti")


def candidates(runs: DataFrame, stays: DataFrame) -> DataFrame:
    """Return `person_key, other`, in either order: of keys with the same usual places, who was where another stayed.

    A few nights in the same area of the country are left out: they tell nothing.
    """
    seen = _by_week(runs.where("is_away"), "begins", "ends").select(
        *BLOCK, "begins", "ends", "seen", F.col("person_key").alias("other")
    )
    first_week = F.greatest(_week(F.col("first")), _week(F.col("begins")))
    met = _by_week(stays, "first", "last").join(seen, list(BLOCK), "inner")
    met = met.where((F.col("week") == first_week) & (_shared_nights() > 0) & (F.col("person_key") != F.col("other")))
    place = ["person_key", "other", "place", "is_abroad"]
    one_way = met.groupBy(*place).agg(F.sum(_shared_nights()).alias("at"))
    both_ways = _both_ways(one_way).groupBy(*place).agg(F.sum("at").alias("at"))
    return both_ways.where(F.col("is_abroad") | (F.col("at") >= MANY_NIGHTS)).select("person_key", "other").distinct()


def compared(runs: DataFrame, stays: DataFrame, pairs: DataFrame) -> DataFrame:
    """Return rows for `devices.pairs_of`: nights of one key during the stays of another, both ways, by place."""
    keys = runs.select("usual", "person_key").distinct()
    told = stays.join(F.broadcast(keys.groupBy("usual").agg(F.count("*").alias("alike"))), "usual", "inner")
    seen = runs.select(
        F.col("person_key").alias("other"),
        F.col("bucket").alias("other_bucket"),
        F.col("place").alias("seen_at"),
        *("begins", "ends", "seen"),
    )
    during = told.join(pairs, "person_key", "inner").join(seen, "other", "inner").where(_shared_nights() > 0)
    place = ["person_key", "bucket", "other", "place", "is_abroad", "alike"]
    there = F.when(F.col("seen_at") == F.col("place"), _shared_nights()).otherwise(0)
    one_way = during.groupBy(*place, "other_bucket").agg(
        F.sum(there).alias("at"), F.sum(_shared_nights() - there).alias("elsewhere")
    )
    both_ways = _both_ways(one_way).groupBy(*place).agg(F.sum("at").alias("at"), F.sum("elsewhere").alias("elsewhere"))
    own = told.withColumn("other", F.col("person_key")).select(*place).distinct()
    return both_ways.unionByName(own.withColumns({"at": F.lit(0), "elsewhere": F.lit(0)}))


def by_month(pairs: DataFrame, months: DataFrame) -> DataFrame:
    """Return `person_key, month, other, bits`: the pairs, in each month in which the other key was located."""
    active = months.select(F.col("person_key").alias("other"), "month")
    return pairs.join(active, "other", "inner").select("person_key", "month", "other", "bits")


def _shared_nights() -> Column:
    """Nights of a run that fall into a stay: at most all on which it was seen; below 1 if they do not meet."""
    days = F.least("last", "ends") - F.greatest("first", "begins") + 1
    return F.least(days, "seen")


def _week(day: Column) -> Column:
    return F.floor(day / DAYS_OF_WEEK)


def _by_week(rows: DataFrame, first: str, last: str) -> DataFrame:
    """Return a row for each week that a stay or run touches."""
    return rows.withColumn("week", F.explode(F.sequence(_week(F.col(first)), _week(F.col(last)))))


def _both_ways(pairs: DataFrame) -> DataFrame:
    """Return each row as either of its keys has it."""
    swapped = {"person_key": "other", "other": "person_key", "bucket": "other_bucket", "other_bucket": "bucket"}
    told = F.struct(*pairs.columns)
    turned = F.struct(*(F.col(swapped.get(name, name)).alias(name) for name in pairs.columns))
    return pairs.select(F.explode(F.array(told, turned)).alias("row")).select("row.*")
