"""Rows of a feed of persons with their local day and hour, their area and their finest place. No Spark."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.feeds.coverage.persons import ABROAD, NOWHERE, Source
from sandbox.persons.columns import coded
from sandbox.persons.times import SECONDS_PER_HOUR, local_seconds, month_number

Ints = NDArray[np.int64]
NO_HOUR = -1
HOURS = 24
# Clocks differ from UTC by whole quarters of an hour, and are put forward and back on one.
QUARTER_US = 900_000_000


@dataclass(frozen=True)
class Labels:
    """A text for each row: `code` int64[n] numbers `texts`, which are all different."""

    code: Ints
    texts: pa.Array

    @classmethod
    def of(cls, code: Ints, texts: pa.Array) -> "Labels":
        """Return labels by numbers of texts that may stand there twice."""
        number, distinct = coded(pa.chunked_array([texts]))
        return cls(number[code], distinct)

    def mapped(self, texts: pa.Array) -> "Labels":
        """Return other texts in the place of these, one by one."""
        return Labels.of(self.code, texts)

    def where(self, chosen: NDArray[np.bool_], otherwise: str) -> "Labels":
        """Return these texts where `chosen`, elsewhere the other."""
        texts = pa.concat_arrays([self.texts, pa.array([otherwise])])
        return Labels.of(np.where(chosen, self.code, len(texts) - 1), texts)

    def take(self, code: Ints) -> pa.Array:
        """Return the texts of these numbers."""
        return self.texts.take(pa.array(code))


@dataclass(frozen=True)
class Placed:
    """One element a row: `day` and `month` count from 1970, `hour` is 0 to 23 or `NO_HOUR`."""

    person: Ints
    day: Ints
    month: Ints
    hour: Ints
    area: Labels
    place: Labels

    def where(self, chosen: NDArray[np.bool_]) -> "Placed":
        """Return these rows only."""
        area, place = (Labels(each.code[chosen], each.texts) for each in (self.area, self.place))
        return Placed(self.person[chosen], self.day[chosen], self.month[chosen], self.hour[chosen], area, place)


def placed(rows: pa.Table, source: Source) -> Placed:
    """Place rows of bronze, which takes none without a day."""
    feed = source.feed
    place = labels(rows[feed.place])
    antenna = pc.index_in(place.texts, source.antennas.name)
    if feed.is_local:
        zone = place.mapped(pa.repeat(pa.scalar("UTC"), len(place.texts)))
    else:
        zone = place.mapped(pc.fill_null(source.antennas.time_zone.take(antenna), source.time_zone))
    day, hour = _local(rows[feed.clock], zone)
    if feed.day:
        day = rows[feed.day].cast(pa.int32()).to_numpy().astype(np.int64)
    return Placed(rows["person_key"].to_numpy(), day, months_of(day), hour, _areas(rows, place, source), place)


def labels(column: pa.ChunkedArray) -> Labels:
    """Return the texts of a column; NULL is `NOWHERE`."""
    whole = pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if not pa.types.is_dictionary(whole.type):
        whole = pc.dictionary_encode(whole)
    texts = pa.concat_arrays([whole.dictionary.cast(pa.string()), pa.array([NOWHERE])])
    code = pc.fill_null(whole.indices.cast(pa.int64()), len(texts) - 1)
    return Labels.of(code.to_numpy(zero_copy_only=False), texts)


def months_of(day: Ints) -> Ints:
    """Return months since 1970-01 of days since 1970-01-01, by way of the days between first and last."""
    if not len(day):
        return day
    first = int(day.min())
    return month_number(np.arange(first, int(day.max()) + 1))[day - first]


def _areas(rows: pa.Table, place: Labels, source: Source) -> Labels:
    feed = source.feed
    if feed.by_antenna:
        # Where no antenna is named, the subscriber is abroad.
        antenna = pc.index_in(place.texts, source.antennas.name)
        return place.mapped(pc.fill_null(source.antennas.area.take(antenna), ABROAD))
    if not feed.area:
        return place.mapped(pa.repeat(pa.scalar(NOWHERE), len(place.texts)))
    area = labels(rows[feed.area])
    if not feed.country:
        return area
    country = labels(rows[feed.country])
    at_home = pc.equal(country.texts, source.country).to_numpy(zero_copy_only=False)
    return area.where(at_home[country.code], ABROAD)


def _local(times: pa.ChunkedArray, zone: Labels) -> tuple[Ints, Ints]:
    """Return the day since 1970-01-01 and the hour of the day on the clock of each row's zone; 0, `NO_HOUR` of none."""
    known = pc.is_valid(times).to_numpy(zero_copy_only=False)
    moments = pc.fill_null(times.cast(pa.int64()), 0).to_numpy()
    quarter, quarters = coded(pa.chunked_array([pa.array(moments // QUARTER_US)]))
    starts = pa.chunked_array([pc.multiply(quarters, QUARTER_US).cast(pa.timestamp("us", "UTC"))])
    zone_code, zones = coded(pa.chunked_array([zone.texts]))
    by_zone = np.stack([local_seconds(starts, name) // SECONDS_PER_HOUR for name in zones.to_pylist()])
    day, hour = np.divmod(by_zone, HOURS)
    of_zone = zone_code[zone.code]
    return day[of_zone, quarter], np.where(known, hour[of_zone, quarter], NO_HOUR)
