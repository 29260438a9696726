"""Reads the feeds that locate persons; writes `presence_day`."""

from collections.abc import Callable
from functools import partial

import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.feeds import GEOTAGGED_POST, MOBILE_CELL, MOBILE_EVENT
from sandbox.lakehouse.tables.persons import PRESENCE_DAY
from sandbox.lakehouse.tables.reference import NETWORK
from sandbox.presence.days import presence_days
from sandbox.presence.places import Antennas, Office, located_events, located_posts

Locate = Callable[[pa.Table], pa.Table]
EVENT_COLUMNS = (
    "person_key", "bucket", "partner", "event_ts", "cell_id", "home_mcc", "serving_mcc", "tac_class",
)  # fmt: skip
POST_COLUMNS = ("person_key", "bucket", "ts_utc", "country", "h3", "is_bot_score")


def run(run: StageRun) -> None:
    """Compute presence from all events that the vintage has seen."""
    country = run.workspace.settings.country
    office = Office(country.code, country.time_zone)
    antennas = Antennas.of(run.read_small(MOBILE_CELL))
    networks = run.read_small(NETWORK)
    events = run.read(MOBILE_EVENT).where(F.col("event_ts") < F.lit(run.observed_until)).select(*EVENT_COLUMNS)
    locate = partial(located_events, antennas=antennas, networks=networks, office=office)
    _write(run, events, locate, MOBILE_EVENT.name)
    posts = run.read(GEOTAGGED_POST).where(F.col("ts_utc") < F.lit(run.observed_until)).select(*POST_COLUMNS)
    _write(run, posts, partial(located_posts, office=office), GEOTAGGED_POST.name)


def _write(run: StageRun, events: DataFrame, locate: Locate, feed: str) -> None:
    run.say(f"presence of {feed}")
    run.write_persons(events, partial(_days, locate=locate, feed=feed), PRESENCE_DAY, (), feed=feed)


def _days(events: pa.Table, locate: Locate, feed: str) -> pa.Table:
    return presence_days(locate(events), feed)
