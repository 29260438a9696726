"""One pass over a feed of persons: what leaves Spark are counts by day, month, area, antenna, hour and code."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT, GEOTAGGED_POST, MOBILE_CELL, MOBILE_EVENT, STOP

NOWHERE = ""
ABROAD = "abroad"
MONTHS_BEFORE = 3
LONGEST_MONTH, DAY = 31, "day_"


@dataclass(frozen=True)
class PersonFeed:
    """How a feed of persons is read: its clock, its finest place, codes that may drift, numbers whose unit may."""

    table: Table
    clock: str
    place: str
    codes: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


PERSON_FEEDS = {
    feed.table.name: feed
    for feed in (
        PersonFeed(MOBILE_EVENT, "event_ts", "cell_id", ("event_type", "tac_class", "home_mcc", "serving_mcc")),
        PersonFeed(
            BORDER_MOVEMENT,
            "event_ts",
            "foreign_port",
            ("direction", "mode", "sex", "visa_class", "source"),
            ("intended_stay_days", "doc_link_quality"),
        ),
        PersonFeed(GEOTAGGED_POST, "ts_utc", "h3", ("geo_source", "client_app"), ("is_bot_score",)),
        PersonFeed(STOP, "start_ts", "place"),
    )
}


@dataclass(frozen=True)
class Counted:
    """Counts of one partner's feed of persons; no row is about a person.

    `place_days`: day, area, place, rows · `months`: month, persons, person_days, seen_before (in the three months
    before), and the persons of each day, `day_1` to `day_31` · `area_months`: month, area, persons, rows ·
    `hours`: month, hour (local), the feed's codes, rows · `medians`: month, and one column a number.
    """

    place_days: pa.Table
    months: pa.Table
    area_months: pa.Table
    hours: pa.Table
    medians: pa.Table


def counted(run: StageRun, feed: PersonFeed, partner: str) -> Counted:
    """Count one partner's rows, in three groupings of them; a person's days of a month are the bits of one number."""
    rows = _placed(run, feed, partner)
    seen = F.expr("bit_or(shiftleft(1, dayofmonth(day) - 1))").alias("seen")
    by_person = rows.groupBy("person_key", "month", "area").agg(seen, F.count("*").alias("rows")).persist()
    try:
        return Counted(
            place_days=rows.groupBy("day", "area", "place").agg(F.count("*").alias("rows")).toArrow(),
            months=_by_month(by_person).toArrow(),
            area_months=by_person.groupBy("month", "area")
            .agg(F.sum("rows").alias("rows"), F.count("*").alias("persons"))
            .toArrow(),
            hours=rows.groupBy("month", "hour", *feed.codes).agg(F.count("*").alias("rows")).toArrow(),
            medians=_medians(rows, feed.numbers),
        )
    finally:
        by_person.unpersist()


def _placed(run: StageRun, feed: PersonFeed, partner: str) -> DataFrame:
    """Return rows with their local `day` and `hour`, their `month`, their `area` and their finest `place`."""
    rows = run.read(feed.table).where(F.col("partner") == partner)
    own_zone = run.workspace.settings.country.time_zone
    local, area = F.from_utc_timestamp(feed.clock, own_zone), F.lit(NOWHERE)
    if feed.table is MOBILE_EVENT:
        antennas = _antennas(run, partner)
        rows = _with_antenna(rows, antennas)
        local = _local(feed.clock, pc.unique(antennas["time_zone"]).to_pylist(), own_zone)
        # Where no antenna is named, the subscriber is abroad.
        area = F.coalesce("antenna_area", F.lit(ABROAD))
    elif feed.table is BORDER_MOVEMENT:
        area = F.coalesce("port", F.lit(NOWHERE))
    elif feed.table is GEOTAGGED_POST:
        at_home = F.col("country") == run.workspace.settings.country.code
        area = F.when(at_home, F.coalesce("admin1", F.lit(NOWHERE))).otherwise(F.lit(ABROAD))
    elif feed.table is STOP:
        local = F.col(feed.clock)  # stops carry local time as if it were UTC
    day = F.col("event_date") if feed.table is BORDER_MOVEMENT else F.to_date(local)
    placed = {
        "day": day,
        "month": F.trunc(day, "month"),
        "hour": F.hour(local),
        "area": area,
        "place": F.coalesce(F.col(feed.place).cast("string"), F.lit(NOWHERE)),
    }
    return rows.withColumns(placed).select("person_key", *placed, *feed.codes, *feed.numbers)


def _antennas(run: StageRun, partner: str) -> pa.Table:
    """Return area and time zone of each of the partner's antennas; one that moved has those of its newest period."""
    if store.latest_version(run.workspace, MOBILE_CELL) is None:
        return pa.table({name: pa.array([], pa.string()) for name in ("cell_id", "antenna_area", "time_zone")})
    rows = run.read_small(MOBILE_CELL, partner=partner).sort_by("valid_from")
    newest = rows.group_by("cell_id", use_threads=False).aggregate([("area_id", "last"), ("time_zone", "last")])
    return newest.select(["cell_id", "area_id_last", "time_zone_last"]).rename_columns(
        ["cell_id", "antenna_area", "time_zone"]
    )


def _with_antenna(rows: DataFrame, antennas: pa.Table) -> DataFrame:
    known = rows.sparkSession.createDataFrame(antennas)
    return rows.join(F.broadcast(known), on="cell_id", how="left")


def _local(clock: str, zones: Sequence[str], own_zone: str) -> Column:
    """Return local time by antenna; a zone that is a literal costs a tenth of one that is a column."""
    local = F.from_utc_timestamp(clock, own_zone)
    for zone in zones:
        if zone != own_zone:
            local = F.when(F.col("time_zone") == zone, F.from_utc_timestamp(clock, zone)).otherwise(local)
    return local


def _by_month(by_person: DataFrame) -> DataFrame:
    """Return persons by month and by day of it, the days on which they were seen, those seen in three months before."""
    person_months = by_person.groupBy("person_key", "month").agg(F.bit_or("seen").alias("seen"))
    of_person = Window.partitionBy("person_key").orderBy("month")
    lately = F.lag("month").over(of_person) >= F.add_months("month", -MONTHS_BEFORE)
    by_day = [
        F.sum(F.shiftright("seen", day - 1).bitwiseAND(1)).alias(f"{DAY}{day}") for day in range(1, LONGEST_MONTH + 1)
    ]
    return (
        person_months.withColumn("seen_before", F.coalesce(lately, F.lit(False)).cast("int"))
        .groupBy("month")
        .agg(
            F.count("*").alias("persons"),
            F.sum(F.bit_count("seen")).alias("person_days"),
            F.sum("seen_before").alias("seen_before"),
            *by_day,
        )
    )


def _medians(rows: DataFrame, numbers: Sequence[str]) -> pa.Table:
    if not numbers:
        return pa.table({"month": pa.array([], pa.date32())})
    positive = [F.percentile_approx(F.when(F.col(n) > 0, F.col(n)), 0.5).cast("double").alias(n) for n in numbers]
    return rows.groupBy("month").agg(*positive).toArrow()
