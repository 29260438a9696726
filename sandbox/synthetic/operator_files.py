"""What the mobile operator sends: events of a part of the days of its customers and guests, and its antennas."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.synthetic.chance import Flags, Ints, Reals, pick, pick_by_row, stream
from sandbox.synthetic.country import Truth
from sandbox.synthetic.days import day_number, later
from sandbox.synthetic.handover import Handover
from sandbox.synthetic.places import antennas, neighbours
from sandbox.synthetic.subscribers import activity
from sandbox.synthetic.whereabouts import NOWHERE, Days, Places, nights, work

PARTNER = "telco_one"
EARLY, WORK_BEGINS, WORK_ENDS, LATE = 7, 8, 18, 20
EVENT_TYPES = ("data", "call", "text", "signalling")
# Share of events by hour: by day, in the evening, and of those who work at night.
PROFILES: Reals = np.array(
    [
        [1, 1, 1, 1, 1, 2, 4, 6, 9, 9, 9, 9, 10, 9, 9, 9, 9, 8, 7, 7, 6, 5, 3, 2],
        [3, 2, 1, 1, 1, 1, 2, 3, 3, 3, 3, 3, 4, 3, 3, 3, 4, 5, 7, 11, 13, 13, 10, 7],
        [9, 9, 8, 8, 7, 5, 3, 2, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 5, 5, 6, 8, 9, 9],
    ],
    dtype=float,
)


@dataclass(frozen=True)
class Network:
    """The operator's view: SIM rows with how they are used, where their users are, and which antennas exist."""

    sims: pd.DataFrame
    use: dict[str, Reals]
    night: Places
    day: Places
    seen: Flags
    days: Days
    cells: pd.DataFrame
    down: Flags


def write_operator(truth: Truth, landing: Path, seed: int) -> Iterator[Path]:
    """Write the antennas, then the events quarter by quarter, by the UTC day of the event."""
    window = truth.scenario.window
    network = _network(truth, seed)
    told = Handover(PARTNER, "mobile_cell", "cells", window.mobile_from, window.observed_to)
    yield told.write(landing, {"cells.csv": _cell_rows(network.cells, truth, seed)})
    quarter, carried = window.mobile_from, None
    while quarter <= window.observed_to:
        last = min(later(quarter, 3) - timedelta(days=1), window.observed_to)
        rows = _events(network, truth, Days(day_number(quarter), day_number(last)), seed)
        # Far in the east a quarter's first hours belong to the last one, which has gone out; they are lost.
        rows = rows.filter(pc.greater_equal(rows["event_ts"], _midnight(quarter)))
        rows = rows if carried is None else pa.concat_tables([carried, rows])
        early = pc.less(rows["event_ts"], _midnight(last + timedelta(days=1)))
        carried = rows.filter(pc.invert(early))
        name = f"{quarter.year}-q{(quarter.month + 2) // 3}"
        told = Handover(PARTNER, "mobile_event", name, quarter, last)
        yield told.write(landing, {"events.parquet": _numbered(rows.filter(early), name)})
        quarter = later(quarter, 3)


def _midnight(day: date) -> pa.Scalar:
    return pa.scalar(datetime.combine(day, time(), UTC), pa.timestamp("us", tz="UTC"))


def _network(truth: Truth, seed: int) -> Network:
    window = truth.scenario.window
    days = Days(day_number(window.mobile_from) - 1, day_number(window.observed_to))
    sims = truth.sims
    use = activity(sims, truth.scenario, seed)
    people = np.unique(sims["person_id"].to_numpy())
    people = people[people >= 0]
    night = nights(truth, people, days)
    day = work(truth, people, night, days)
    row = np.searchsorted(people, sims["person_id"].to_numpy()).clip(0, len(people) - 1)
    cells = antennas(truth.scenario, seed)
    machine = (sims["role"] == "m2m").to_numpy()
    # A machine stands where its owner put it.
    fixed = pick(stream(seed, "machines"), truth.scenario.area_shares, len(sims)).astype(np.int8)
    night_of_sim = np.where(machine[:, None], fixed[:, None], night[row])
    day_of_sim = np.where(machine[:, None], fixed[:, None], day[row])
    seen = _seen(sims, use, night_of_sim, days, truth, seed)
    return Network(sims, use, night_of_sim, day_of_sim, seen, days, cells, _outages(cells, days, truth, seed))


def _seen(sims: pd.DataFrame, use: dict[str, Reals], night: Places, days: Days, truth: Truth, seed: int) -> Flags:
    """Return on which days a SIM leaves any event: a chain of active and silent days within its time of use."""
    rng = stream(seed, "seen")
    share = use["seen"].clip(0.02, 0.98)
    to_silent = 1.0 / use["burst"]
    to_active = np.minimum(to_silent * share / (1 - share), 1.0)
    to_silent = np.where(to_active >= 1.0, (1 - share) / share, to_silent)
    active = rng.random(len(sims)) < share
    seen = np.empty(night.shape, dtype=bool)
    for day in range(days.count):
        draw = rng.random(len(sims))
        active = np.where(active, draw >= to_silent, draw < to_active)
        seen[:, day] = active
    date = np.arange(days.first, days.last + 1)
    seen &= (sims["valid_from"].to_numpy()[:, None] <= date) & (date <= sims["valid_to"].to_numpy()[:, None])
    abroad = night >= len(truth.scenario.area)
    column = np.arange(days.count)
    since = column - np.maximum.accumulate(np.where(abroad, -1, column), axis=1)
    # Abroad a SIM is used less, and after some weeks hardly at all.
    usual = np.where(abroad, np.where(since > 45, 0.04, 0.5), 1.0)
    return np.asarray(seen & (night != NOWHERE) & (rng.random(night.shape) < usual))


def _outages(cells: pd.DataFrame, days: Days, truth: Truth, seed: int) -> Flags:
    """Return which antennas are down on which days: single ones, and all of the shaken area for a few days."""
    rng = stream(seed, "outages")
    down = np.zeros((len(cells), days.count), dtype=bool)
    for _ in range(truth.scenario.mobile.outages):
        begin = int(rng.integers(1, days.count - 8))
        down[rng.integers(0, len(cells)), begin : begin + int(rng.integers(2, 8))] = True
    shaken = truth.scenario.area_ids.index(truth.scenario.earthquake.area)
    begin = day_number(truth.scenario.earthquake.day) - days.first
    down[(cells["area"] == shaken).to_numpy(), max(begin, 0) : max(begin + 3, 0)] = True
    return down


def _events(network: Network, truth: Truth, days: Days, seed: int) -> pa.Table:
    """Return the events of some local days, in order of time, without numbers."""
    rng = stream(seed, f"events {days.first}")
    told = truth.scenario.mobile
    offset = days.first - network.days.first
    sim, column = np.nonzero(network.seen[:, offset : offset + days.count])
    strays = rng.random(len(sim)) < told.misplaced
    count = 1 + rng.poisson(network.use["events"][sim])
    sim, column, strays = np.repeat(sim, count), np.repeat(column + offset, count), np.repeat(strays, count)
    hour = pick_by_row(rng, PROFILES, network.use["habit"][sim].astype(np.int64))
    place = _place_at(network, sim, column, hour)
    areas = len(truth.scenario.area)
    inside = place < areas
    astray = strays & inside
    place[astray] = _astray(place[astray], sim[astray], column[astray], truth)
    cell = _cell_at(rng, network, sim, place, inside)
    up = ~inside | ~network.down[cell, column]
    sim, column, hour, place, cell = (each[up] for each in (sim, column, hour, place, cell))
    local = (network.days.first + column) * 86_400 + hour * 3600 + rng.integers(0, 3600, len(sim))
    utc = local - _utc_offset(truth)[place]
    order = np.lexsort((sim, utc))
    return _table(network, truth, sim[order], place[order], cell[order], utc[order], rng)


def _place_at(network: Network, sim: Ints, column: Ints, hour: Ints) -> Ints:
    """Return the place by hour: before seven that of the night before; at night those of the night shift at work."""
    habit = network.use["habit"][sim]
    night = np.where(hour < EARLY, network.night[sim, np.maximum(column - 1, 0)], network.night[sim, column])
    working = np.where(habit == 2, (hour >= LATE) | (hour < EARLY - 1), (hour >= WORK_BEGINS) & (hour < WORK_ENDS))
    place = np.where(working, network.day[sim, column], night).astype(np.int64)
    # Nowhere the night before (a first day): the day's own place.
    return np.where(place < 0, network.night[sim, column], place)


def _astray(place: Ints, sim: Ints, column: Ints, truth: Truth) -> Ints:
    """Return the neighbouring area in which a whole day of a SIM is wrongly put."""
    near = np.argsort(-neighbours(truth.scenario), axis=1)[:, :2]
    return np.asarray(near[place, (sim + column) % 2])


def _cell_at(rng: np.random.Generator, network: Network, sim: Ints, place: Ints, inside: Flags) -> Ints:
    """Return an antenna of the place (any number abroad): mostly the person's usual one there."""
    area = network.cells["area"].to_numpy()
    first, number = np.searchsorted(area, np.arange(area.max() + 1)), np.bincount(area)
    at = np.where(inside, place, 0)
    usual = (sim * 7919 + at * 104_729) % number[at]
    any_one = np.floor(rng.random(len(sim)) * number[at]).astype(np.int64)
    return np.asarray(first[at] + np.where(rng.random(len(sim)) < 0.72, usual, any_one))


def _utc_offset(truth: Truth) -> Ints:
    """Return seconds ahead of UTC by place: Pitcairn −8 h, Gambier −9 h; abroad by longitude."""
    own = [-9 if area.time_zone == "Pacific/Gambier" else -8 for area in truth.scenario.area]
    return np.array([*own, *(round(origin.place[1] / 15) for origin in truth.scenario.origin)]) * 3600


def _table(
    network: Network, truth: Truth, sim: Ints, place: Ints, cell: Ints, utc: Ints, rng: np.random.Generator
) -> pa.Table:
    sims, areas = network.sims, len(truth.scenario.area)
    abroad = place >= areas
    mcc = np.array([*([truth.scenario.country.mcc] * areas), *(origin.mcc for origin in truth.scenario.origin)])
    cells = pa.DictionaryArray.from_arrays(pa.array(cell, pa.int32(), mask=abroad), network.cells["cell_id"])
    device = np.where(sims["role"] == "m2m", 1, (np.arange(len(sims)) % 29 == 0) * 2)
    kinds = pick(rng, [0.60, 0.18, 0.10, 0.12], len(sim))
    return pa.table(
        {
            "subscriber_id": _repeated(sims["subscriber_id"].to_numpy(), sim),
            "event_ts": pa.array(utc.astype("datetime64[s]").astype("datetime64[us]"), pa.timestamp("us", tz="UTC")),
            "cell_id": cells.cast(pa.string()),
            "event_type": _repeated(np.array(EVENT_TYPES), kinds),
            "home_mcc": _repeated(sims["mcc"].to_numpy(), sim),
            "serving_mcc": _repeated(mcc, place),
            "tac_class": _repeated(np.array(["phone", "m2m", "other"]), device[sim]),
        }
    )


def _repeated(values: NDArray[np.object_] | NDArray[np.str_], index: Ints) -> pa.Array:
    return pa.array(values.astype(object)).take(pa.array(index))


def _numbered(rows: pa.Table, name: str) -> pa.Table:
    """Put a number before each event, in order of time."""
    ordered = rows.take(pc.sort_indices(rows, [("event_ts", "ascending"), ("subscriber_id", "ascending")]))
    serial = pc.utf8_lpad(pa.array(np.arange(ordered.num_rows)).cast(pa.string()), 8, "0")
    return ordered.add_column(0, "event_id", pc.binary_join_element_wise(name.replace("-", ""), serial, ""))


def _cell_rows(cells: pd.DataFrame, truth: Truth, seed: int) -> pa.Table:
    """Return the antennas as sent: a few, which carry no traffic, with latitude and longitude swapped."""
    swapped = stream(seed, "swapped").choice(len(cells), truth.scenario.mobile.swapped_cells, replace=False)
    extra = cells.iloc[swapped].assign(cell_id=[f"C9{n:03d}" for n in range(len(swapped))])
    extra = extra.assign(lat=extra["lon"], lon=extra["lat"])
    rows = pd.concat([cells, extra], ignore_index=True)
    areas = truth.scenario.area
    return pa.table(
        {
            "cell_id": rows["cell_id"],
            "lat": rows["lat"],
            "lon": rows["lon"],
            "azimuth": rows["azimuth"],
            "radius_m": rows["radius_m"],
            "h3": rows["h3"],
            "area_id": [areas[number].id for number in rows["area"]],
            "time_zone": [areas[number].time_zone for number in rows["area"]],
            "valid_from": pa.array([date(2019, 1, 1)] * len(rows)),
            "valid_to": pa.nulls(len(rows), pa.date32()),
        }
    )
