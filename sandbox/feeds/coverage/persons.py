"""Feeds of persons: how each is read for the profile, and what is counted of it."""

from dataclasses import dataclass

import pyarrow as pa

from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT, GEOTAGGED_POST, MOBILE_EVENT, STOP

NOWHERE = ""
ABROAD = "abroad"


@dataclass(frozen=True)
class PersonFeed:
    """How a feed of persons is read: its clock, its finest place, codes that may drift, numbers whose unit may.

    `day` is the column of its local date, else the day is the clock's. `area` is the column of the area; `by_antenna`:
    the place is an antenna, whose area and time zone are the row's. `country` is the column of the country, outside
    which every area is abroad. `is_local`: the clock shows local time as if it were UTC.
    """

    table: Table
    clock: str
    place: str
    codes: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    day: str = ""
    area: str = ""
    country: str = ""
    is_local: bool = False
    by_antenna: bool = False

    @property
    def columns(self) -> list[str]:
        """Columns of bronze that are read."""
        named = ("person_key", self.clock, self.place, self.day, self.area, self.country, *self.codes, *self.numbers)
        return [name for name in named if name]

    @property
    def dated_by(self) -> str:
        """Column that says on which day a row lies."""
        return self.day or self.clock


PERSON_FEEDS = {
    feed.table.name: feed
    for feed in (
        PersonFeed(
            MOBILE_EVENT,
            "event_ts",
            "cell_id",
            ("event_type", "tac_class", "home_mcc", "serving_mcc"),
            by_antenna=True,
        ),
        PersonFeed(
            BORDER_MOVEMENT,
            "event_ts",
            "foreign_port",
            ("direction", "mode", "sex", "visa_class", "source"),
            ("intended_stay_days", "doc_link_quality"),
            day="event_date",
            area="port",
        ),
        PersonFeed(
            GEOTAGGED_POST,
            "ts_utc",
            "h3",
            ("geo_source", "client_app"),
            ("is_bot_score",),
            area="admin1",
            country="country",
        ),
        PersonFeed(STOP, "start_ts", "place", is_local=True),
    )
}


@dataclass(frozen=True)
class Antennas:
    """Area and time zone of each of a partner's antennas, one element an antenna."""

    name: pa.Array
    area: pa.Array
    time_zone: pa.Array


@dataclass(frozen=True)
class Source:
    """What rows of a partner's feed are read with: the feed, the office's country and clock, the antennas."""

    feed: PersonFeed
    country: str
    time_zone: str
    antennas: Antennas
