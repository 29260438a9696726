"""Where an event happened: area and H3 cell at home, country abroad; and in which local hour."""

from dataclasses import dataclass

import h3
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.persons.columns import coded
from sandbox.persons.times import SECONDS_PER_HOUR, local_seconds

H3_RESOLUTION = 7
BOT_SCORE = 0.5
MACHINE = "m2m"
NEVER = np.iinfo(np.int32).max  # last day of an antenna that still stands
BETWEEN = "\x1f"  # between the partner's name and the antenna's: no text of a delivery holds control characters


@dataclass(frozen=True)
class Office:
    """Whose persons these are: the country's code and the clock of its office."""

    country: str
    time_zone: str


@dataclass(frozen=True)
class Antennas:
    """Antennas and the periods in which they stood, one row each, sorted by `name` and first day.

    `first` and `last` are days since 1970-01-01; `begins` numbers the name and first day together.
    """

    name: pa.Array
    begins: NDArray[np.int64]
    last: NDArray[np.int64]
    h3: pa.ChunkedArray
    area: pa.ChunkedArray
    time_zone: pa.ChunkedArray

    @classmethod
    def of(cls, cells: pa.Table) -> "Antennas":
        """Index the rows of `mobile_cell`; H3 is computed once per distinct coordinate."""
        named = cells.append_column("name", _named(cells)).sort_by([("name", "ascending"), ("valid_from", "ascending")])
        code, names = coded(named["name"])
        first = named["valid_from"].cast(pa.int32()).to_numpy().astype(np.int64)
        last = pc.fill_null(named["valid_to"].cast(pa.int32()), int(NEVER)).to_numpy().astype(np.int64)
        return cls(names, (code << 32) + first, last, _h3_cells(named), named["area_id"], named["time_zone"])

    def standing(self, events: pa.Table, day: NDArray[np.int64]) -> pa.Array:
        """Return each event's row here: its partner's antenna of that name which stood on that (UTC) day, or null."""
        code = pc.index_in(_named(events), self.name).combine_chunks()
        is_known = np.asarray(pc.is_valid(code).to_numpy(zero_copy_only=False), np.bool_)
        wanted = (pc.fill_null(code, 0).to_numpy().astype(np.int64) << 32) + day
        row = np.searchsorted(self.begins, wanted, side="right") - 1
        if not len(self.begins):
            return pa.nulls(len(row), pa.int64())
        stood = is_known & (row >= 0) & (self.begins[row] >> 32 == wanted >> 32) & (day <= self.last[row])
        return pa.array(row, mask=~stood)


def located_events(events: pa.Table, antennas: Antennas, networks: pa.Table, office: Office) -> pa.Table:
    """Return one row an event of a person's device, with place, country, H3 cell and local hour.

    A subscriber abroad has no antenna of ours: his place is the country of the network that serves him, his
    local time that of the office's country, since a partner does not send the foreign one. Machines (`m2m`)
    are no persons. An event of an antenna that is not known on that day has no place and is left out.
    """
    events = events.filter(pc.fill_null(pc.not_equal(events["tac_class"], MACHINE), fill_value=True))
    country = _country_of(events["serving_mcc"], networks)
    day = events["event_ts"].cast(pa.timestamp("s", "UTC"), safe=False).cast(pa.int64()).to_numpy() // 86_400
    row = antennas.standing(events, day)
    at_home = pc.fill_null(pc.equal(country, office.country), fill_value=False)
    zone = pc.fill_null(antennas.time_zone.take(row), office.time_zone)
    return _with_place(
        events,
        {
            "place": pc.if_else(at_home, antennas.area.take(row), country),
            "country": country,
            "h3": antennas.h3.take(row),
            "home_country": _country_of(events["home_mcc"], networks),
            "local_hour": _local_hours(events["event_ts"], zone),
        },
    )


def located_posts(posts: pa.Table, office: Office) -> pa.Table:
    """Return one row a post of a person, its place being the country; likely bots are left out.

    Local time abroad is not sent: outside the office's country the day is the UTC day.
    """
    posts = posts.filter(pc.less(pc.fill_null(posts["is_bot_score"], 0.0), BOT_SCORE))
    zone = pc.if_else(pc.equal(posts["country"], office.country), office.time_zone, "UTC")
    return _with_place(
        posts,
        {
            "place": posts["country"],
            "country": posts["country"],
            "h3": posts["h3"],
            "home_country": pa.nulls(posts.num_rows, pa.string()),
            "local_hour": _local_hours(posts["ts_utc"], zone),
        },
    )


def _with_place(rows: pa.Table, known: dict[str, pa.Array]) -> pa.Table:
    persons = {name: rows[name] for name in ("person_key", "bucket")}
    found = pa.table(persons | known)
    return found.filter(pc.is_valid(found["place"]))


def _named(rows: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(rows["partner"], rows["cell_id"], BETWEEN)


def _h3_cells(cells: pa.Table) -> pa.ChunkedArray:
    places = list(zip(cells["lat"].to_pylist(), cells["lon"].to_pylist(), strict=True))
    index = {place: h3.str_to_int(h3.latlng_to_cell(*place, H3_RESOLUTION)) for place in set(places)}
    return pa.chunked_array([pa.array([index[place] for place in places], pa.int64())])


def _country_of(mcc: pa.ChunkedArray, networks: pa.Table) -> pa.ChunkedArray:
    """Return the country of each mobile country code; null for one that the reference table does not have."""
    return networks["country"].take(pc.index_in(mcc, networks["mcc"].combine_chunks()))


def _local_hours(times: pa.ChunkedArray, zone: pa.ChunkedArray) -> pa.Array:
    """Return hours since 1970-01-01 00:00 on the clock of each row's zone, int64."""
    code, zones = coded(zone)
    hours = np.empty(len(code), np.int64)
    for number, name in enumerate(zones.to_pylist()):
        rows = np.flatnonzero(code == number)
        hours[rows] = local_seconds(times.take(pa.array(rows)), name) // SECONDS_PER_HOUR
    return pa.array(hours)
