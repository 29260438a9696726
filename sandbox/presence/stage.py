"""Reads the feeds that locate persons; writes `presence_day`."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.feeds import GEOTAGGED_POST, MOBILE_CELL, MOBILE_EVENT
from sandbox.lakehouse.tables.persons import PRESENCE_DAY
from sandbox.lakehouse.tables.reference import NETWORK
from sandbox.presence.days import presence_days
from sandbox.presence.places import cells_with_h3, located_events, located_posts


def run(run: StageRun) -> None:
    """Compute presence from all events that the vintage has seen."""
    for feed, located in ((MOBILE_EVENT.name, _mobile(run)), (GEOTAGGED_POST.name, _posts(run))):
        run.say(f"presence of {feed}")
        run.write(presence_days(located, feed), PRESENCE_DAY, feed=feed)


def _mobile(run: StageRun) -> DataFrame:
    country = run.workspace.settings.country
    events = run.read(MOBILE_EVENT).where(F.col("event_ts") < F.lit(run.observed_until))
    cells = cells_with_h3(run.spark, run.read(MOBILE_CELL))
    return located_events(events, cells, run.read(NETWORK), country.code, country.time_zone)


def _posts(run: StageRun) -> DataFrame:
    country = run.workspace.settings.country
    posts = run.read(GEOTAGGED_POST).where(F.col("ts_utc") < F.lit(run.observed_until))
    return located_posts(posts, country.code, country.time_zone)
