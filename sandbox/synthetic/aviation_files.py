"""What the office of civil aviation sends: passengers by month, country of origin and destination, and carrier."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sandbox.synthetic.chance import Flags, Ints, stream
from sandbox.synthetic.country import Truth
from sandbox.synthetic.days import day_number, month_date, month_index
from sandbox.synthetic.handover import Handover

PARTNER = "civil_aviation"
CARRIERS = {"AX": 0.55, "TM": 0.30, "SK": 0.15}
SEATS_PER_FLIGHT = 40
COUNTING_ERROR = 0.03
ONE_WAY_OF_TRIPS = 0.08


def write_aviation(truth: Truth, landing: Path, seed: int) -> Iterator[Path]:
    """Write one delivery a year, in it one file a month and carrier."""
    rows = passengers(truth, seed)
    window = truth.scenario.window
    for year in range(window.border_from.year, window.observed_to.year + 1):
        own = rows[rows["period"].map(lambda day: day.year) == year]
        files = {
            f"od-{period:%Y-%m}-{str(carrier).lower()}.csv.gz": pa.Table.from_pandas(part, preserve_index=False)
            for period, of_month in own.groupby("period")
            for carrier, part in of_month.groupby("carrier")
        }
        told = Handover(PARTNER, "air_od_month", str(year), date(year, 1, 1), date(year, 12, 31))
        yield told.write(landing, files)


def passengers(truth: Truth, seed: int) -> pd.DataFrame:
    """Return one row a month, country pair and carrier, counted with a small error and with crews and infants."""
    rng = stream(seed, "passengers")
    scenario = truth.scenario
    day = truth.crossings["day"].to_numpy()
    first, last = day_number(scenario.window.border_from), day_number(scenario.window.observed_to)
    known = truth.crossings[(day >= first) & (day <= last)]
    months = np.arange(month_index(np.array([first]))[0], month_index(np.array([last]))[0] + 1)
    shape = (len(months), 2, len(scenario.origin))
    cell = (month_index(known["day"].to_numpy()) - months[0], known["arrival"].to_numpy() * 1, known["partner"])
    cells, size = np.ravel_multi_index(cell, shape), int(np.prod(shape))
    counts = np.bincount(cells, minlength=size).reshape(shape)
    by_group = np.array([group.one_way for group in scenario.group])[known["group"]]
    single = np.where(known["trip"].eq(""), by_group, ONE_WAY_OF_TRIPS)
    one_way = np.bincount(cells, single, minlength=size) / np.maximum(counts.ravel(), 1)
    month, arrival, partner = (each.ravel() for each in np.indices(shape))
    parts = []
    for carrier, share in CARRIERS.items():
        persons = rng.poisson(counts.ravel() * share * 1.02) * rng.normal(1, COUNTING_ERROR, counts.size)
        whole = np.maximum(np.round(persons), 0).astype(np.int64)
        rows = _rows(truth, months[month], arrival == 1, partner, whole)
        single_share = np.clip(one_way + rng.normal(0, COUNTING_ERROR, counts.size), 0, 1)
        parts.append(rows.assign(carrier=carrier, one_way_share=np.round(single_share, 3)))
    return pd.concat(parts, ignore_index=True).query("passengers > 0")


def _rows(
    truth: Truth,
    month: Ints,
    arrival: Flags,
    partner: Ints,
    whole: Ints,
) -> pd.DataFrame:
    country = truth.scenario.country
    ports = np.array([origin.port for origin in truth.scenario.origin])[partner]
    codes = np.array(truth.scenario.countries)[partner]
    flights = -(-whole // SEATS_PER_FLIGHT)
    return pd.DataFrame(
        {
            "period": [month_date(int(each)) for each in month],
            "origin": np.where(arrival, ports, country.port),
            "destination": np.where(arrival, country.port, ports),
            "origin_country": np.where(arrival, codes, country.code),
            "destination_country": np.where(arrival, country.code, codes),
            "measure": "od_true",
            "passengers": whole,
            "seats": flights * SEATS_PER_FLIGHT,
            "flights": flights,
            "source": "Office of civil aviation, origin and destination",
            "revision": 0,
            "is_estimated": False,
            "year_basis": "calendar",
        }
    )
