"""Reads the feeds that locate persons; writes `presence_day` and `person_month`."""

from collections.abc import Callable
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sandbox.lakehouse.batches import by_person
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.feeds import GEOTAGGED_POST, MOBILE_CELL, MOBILE_EVENT
from sandbox.lakehouse.tables.persons import PERSON_MONTH, PRESENCE_DAY
from sandbox.lakehouse.tables.reference import NETWORK
from sandbox.presence import pairs
from sandbox.presence.activity import person_months
from sandbox.presence.days import presence_days
from sandbox.presence.devices import PAIR, RUN, pairs_of, runs_of
from sandbox.presence.places import MACHINE, Antennas, Office, located_events, located_posts

Locate = Callable[[pa.Table], pa.Table]
EVENT_COLUMNS = (
    "person_key", "bucket", "partner", "event_ts", "cell_id", "home_mcc", "serving_mcc", "tac_class",
)  # fmt: skip
MICRO = 1_000_000
POST_COLUMNS = ("person_key", "bucket", "ts_utc", "country", "h3", "is_bot_score")
DAY_COLUMNS = (
    "person_key", "bucket", "home_country", "local_date", "place", "country", "events", "hours", "night_hours",
    "weight",
)  # fmt: skip


def run(run: StageRun) -> None:
    """Compute presence from all events that the vintage has seen; then what it says of the persons behind the keys."""
    country = run.workspace.settings.country
    office = Office(country.code, country.time_zone)
    antennas = Antennas.of(run.read_small(MOBILE_CELL))
    networks = run.read_small(NETWORK)
    events = run.read(MOBILE_EVENT).where(F.col("event_ts") < F.lit(run.observed_until)).select(*EVENT_COLUMNS)
    locate = partial(located_events, antennas=antennas, networks=networks, office=office)
    _write(run, events, locate, MOBILE_EVENT.name)
    posts = run.read(GEOTAGGED_POST).where(F.col("ts_utc") < F.lit(run.observed_until)).select(*POST_COLUMNS)
    _write(run, posts, partial(located_posts, office=office), GEOTAGGED_POST.name)
    _write_months(run, events, office)


def _write(run: StageRun, events: DataFrame, locate: Locate, feed: str) -> None:
    run.say(f"presence of {feed}")
    run.write_persons(events, partial(_days, locate=locate, feed=feed), PRESENCE_DAY, (), feed=feed)


def _days(events: pa.Table, locate: Locate, feed: str) -> pa.Table:
    return presence_days(locate(events), feed)


def _write_months(run: StageRun, events: DataFrame, office: Office) -> None:
    """Write `person_month` of the subscribers' feed; accounts that post say too little to be told apart."""
    run.say("activity of keys, and persons behind them")
    feed, second_sims = MOBILE_EVENT.name, run.workspace.settings.country.second_sims
    days = run.read(PRESENCE_DAY).where(F.col("feed") == feed).select(*DAY_COLUMNS)
    months = located_months(days, office.country).persist()
    # Where no second SIMs are declared, nobody is compared: each key is one person.
    own = days.where(is_own(office.country) & F.lit(second_sims > 0)).drop("home_country", "weight")
    runs = by_person(own, partial(runs_of, country=office.country), RUN, ()).persist()
    crowded = pairs.crowds(runs).persist()
    stays = pairs.stays_away(runs, crowded).persist()
    compared = pairs.compared(runs, stays, pairs.candidates(runs, stays))
    told = by_person(compared, pairs_of, PAIR, ("other", "place"))
    by_key = events_by_month(events, run.read_small(MOBILE_CELL), office.time_zone)
    found = months.join(by_key, ["person_key", "bucket", "month"], "full_outer")
    found = found.join(pairs.by_month(told, months), ["person_key", "month"], "left")
    run.write_persons(
        found, partial(person_months, feed=feed, second_sims=second_sims), PERSON_MONTH, ("month", "other"), feed=feed
    )
    run.say(f"{crowded.count():,} crowds in which nobody is told apart")
    for frame in (months, runs, crowded, stays):
        frame.unpersist()


def events_by_month(events: DataFrame, cells: pa.Table, time_zone: str) -> DataFrame:
    """Count the events of persons' devices, located or not, by key and month on the clock of the antenna.

    Where that is not known, or is the office's, it is the office's clock: as for located events.
    """
    elsewhere = cells.filter(pc.not_equal(cells["time_zone"], time_zone)).group_by(["partner", "cell_id"])
    zones = elsewhere.aggregate([("time_zone", "min")]).rename_columns(["partner", "cell_id", "zone"])
    schema = "partner string, cell_id string, zone string"
    zone_of_cell = events.sparkSession.createDataFrame([tuple(row.values()) for row in zones.to_pylist()], schema)
    told = events.join(F.broadcast(zone_of_cell), ["partner", "cell_id"], "left")
    month = F.trunc(F.from_utc_timestamp("event_ts", F.coalesce("zone", F.lit(time_zone))), "month").alias("month")
    is_person = F.col("tac_class").isNull() | (F.col("tac_class") != MACHINE)
    return told.where(is_person).groupBy("person_key", "bucket", month).agg(F.count("*").alias("events"))


def located_months(days: DataFrame, country: str) -> DataFrame:
    """Return one row a key and month with a located event, from `presence_day`.

    `days_seen`; `weight`, the evidence of all places, and `leading`, that of the place with most, both in millionths
    of a day, so that their sums are the same in any order; `is_own`, whether the key's network is of the country.
    """
    month = F.trunc("local_date", "month").alias("month")
    located = days.where(F.col("events") > 0)
    by_place = located.groupBy("person_key", "bucket", month, "place").agg(
        F.sum(F.round(F.col("weight") * MICRO).cast("long")).alias("weight"),
        F.bit_or(F.expr("shiftleft(1L, day(local_date))")).alias("dates"),
        F.bool_and(is_own(country)).alias("is_own"),
    )
    return by_place.groupBy("person_key", "bucket", "month").agg(
        F.bit_count(F.bit_or("dates")).alias("days_seen"),
        F.sum("weight").alias("weight"),
        F.max("weight").alias("leading"),
        F.bool_and("is_own").alias("is_own"),
    )


def is_own(country: str) -> Column:
    """Whether the person's own network is of the country; taken to be where the feed does not tell it."""
    return F.coalesce("home_country", F.lit(country)) == country
