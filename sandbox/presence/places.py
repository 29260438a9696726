"""Where an event happened: area and H3 cell at home, country abroad; and at what local time."""

import h3
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

H3_RESOLUTION = 7
BOT_SCORE = 0.5


def cells_with_h3(spark: SparkSession, cells: DataFrame) -> DataFrame:
    """Return one row an antenna and period, with its H3 cell, computed once per distinct coordinate."""
    places = cells.select("lat", "lon").distinct().toArrow()
    indexes = [
        h3.str_to_int(h3.latlng_to_cell(lat, lon, H3_RESOLUTION))
        for lat, lon in zip(places["lat"].to_pylist(), places["lon"].to_pylist(), strict=True)
    ]
    indexed = places.append_column("h3", pa.array(indexes, pa.int64()))
    columns = ("cell_id", "partner", "lat", "lon", "area_id", "time_zone", "valid_from", "valid_to")
    return cells.select(*columns).join(F.broadcast(spark.createDataFrame(indexed)), ["lat", "lon"], how="inner")


def located_events(events: DataFrame, cells: DataFrame, networks: DataFrame, country: str, time_zone: str) -> DataFrame:
    """Return one row an event of a person's device, with place, country, H3 cell and local time.

    A subscriber abroad has no antenna of ours: his place is the country of the network that serves him, his
    local time that of the office's country, since a partner does not send the foreign one. Machines (`m2m`)
    are no persons. An event of an antenna that is not known on that day has no place and is left out.
    """
    own = F.broadcast(networks.select(F.col("mcc").alias("home_mcc"), F.col("country").alias("home_country")))
    serving = F.broadcast(networks.select(F.col("mcc").alias("serving_mcc"), F.col("country").alias("country")))
    antenna = F.broadcast(cells.withColumnRenamed("cell_id", "antenna").withColumnRenamed("partner", "operator"))
    stands = F.col("valid_to").isNull() | (F.to_date("event_ts") <= F.col("valid_to"))
    same_antenna = (
        (F.col("cell_id") == F.col("antenna"))
        & (F.col("partner") == F.col("operator"))
        & (F.to_date("event_ts") >= F.col("valid_from"))
        & stands
    )
    of_persons = events.where(F.coalesce(F.col("tac_class") != "m2m", F.lit(True)))
    known = of_persons.join(own, "home_mcc", how="left").join(serving, "serving_mcc", how="left")
    at_home = F.col("country") == country
    return (
        known.join(antenna, same_antenna, how="left")
        .withColumn("place", F.when(at_home, F.col("area_id")).otherwise(F.col("country")))
        .withColumn("local_ts", F.from_utc_timestamp("event_ts", F.coalesce("time_zone", F.lit(time_zone))))
        .where(F.col("place").isNotNull())
        .select("person_key", "bucket", "place", "country", "h3", "home_country", "local_ts")
    )


def located_posts(posts: DataFrame, country: str, time_zone: str) -> DataFrame:
    """Return one row a post of a person, its place being the country; likely bots are left out.

    Local time abroad is not sent: outside the office's country the day is the UTC day.
    """
    zone = F.when(F.col("country") == country, F.lit(time_zone)).otherwise(F.lit("UTC"))
    return posts.where(F.coalesce("is_bot_score", F.lit(0.0)) < BOT_SCORE).select(
        "person_key",
        "bucket",
        F.col("country").alias("place"),
        "country",
        "h3",
        F.lit(None).cast("string").alias("home_country"),
        F.from_utc_timestamp("ts_utc", zone).alias("local_ts"),
    )
