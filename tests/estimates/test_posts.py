"""Shares of users who left, among users seen on both sides."""

from datetime import date
from typing import Any

import pandas as pd
import pytest
from pyspark.sql import DataFrame, SparkSession

from sandbox.estimates import posts
from sandbox.lakehouse.store import spark_schema
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.persons import PRESENCE_DAY, RESIDENCE_CHANGE


def table(spark: SparkSession, of: Table, rows: list[dict[str, Any]]) -> DataFrame:
    told = [{"bucket": 0, "feed": "geotagged_post"} | row for row in rows]
    return spark.createDataFrame([tuple(row.get(name) for name in of.names) for row in told], spark_schema(of))


def test_only_users_seen_here_in_the_first_and_anywhere_in_the_last_quarter_count(spark: SparkSession) -> None:
    seen = {1: ("XAA", 11), 2: ("XAA", 9), 3: ("NZL", 12)}
    rows = [
        {"person_key": user, "local_date": date(2024, month, 1), "country": country}
        for user, (place, last) in seen.items()
        for month, country in ((2, place), (last, "NZL"))
    ]
    users = posts.users_seen_on_both_sides(table(spark, PRESENCE_DAY, rows), "XAA")
    assert [row.person_key for row in users.collect()] == [1]


def test_a_user_counts_with_the_first_destination(spark: SparkSession) -> None:
    users = spark.createDataFrame([(0, 1, 2024), (0, 2, 2024)], "bucket int, person_key long, year int")
    moves = [(date(2024, 3, 1), "XAA", "NZL"), (date(2024, 8, 1), "XAA", "AUS"), (date(2024, 7, 1), "NZL", "XAA")]
    rows = [
        {
            "person_key": 1,
            "change_id": str(day),
            "change_date": day,
            "reference_month": day,
            "from_place": before,
            "to_place": after,
            "is_change": True,
        }
        for day, before, after in moves
    ]
    counts = posts.users_by_destination(users, table(spark, RESIDENCE_CHANGE, rows), "XAA").toPandas()
    assert counts.set_index("destination")["users"].to_dict() == {"NZL": 1, "": 1}


def test_shares_are_of_all_observed_and_none_is_certain() -> None:
    counts = pd.DataFrame({"year": 2024, "destination": ["", "NZL"], "users": [96, 4]})
    rows = posts.leaver_shares(counts, [2024], date(2025, 1, 1)).set_index("partner_area")
    assert rows["estimate"].to_dict() == {"NZL": 0.04, "_T": 0.04}
    assert rows.loc["NZL", "lower"] == pytest.approx(0.0157, abs=1e-4)
    assert rows.loc["NZL", "upper"] == pytest.approx(0.0984, abs=1e-4)
    nobody = posts.leaver_shares(counts.head(1), [2024], date(2025, 1, 1)).iloc[0]
    assert nobody["estimate"] == 0
    assert nobody["upper"] > 0.03
    assert nobody["se"] > 0
