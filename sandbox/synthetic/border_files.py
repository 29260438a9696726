"""What the border office sends: every crossing that it saw, with what the traveller stated. One file a year."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from sandbox.synthetic.chance import Flags, Ints, Reals, Texts, pick, pick_by_row, stream
from sandbox.synthetic.country import Truth
from sandbox.synthetic.days import day_number, iso, year_of
from sandbox.synthetic.handover import Handover
from sandbox.synthetic.people import OWN

PARTNER = "border_agency"
LOCAL_HOURS_BEHIND = 8
# Travellers round what they state.
HEAPS = np.array([3, 7, 10, 14, 21, 30, 60, 90, 120, 180, 270, 365, 540, 730])
RETENTION_DAYS = 3652
TRIP_ONE_WAY = {"long_trip": 0.40, "long_home_visit": 0.30, "semester_break": 0.15}


def write_border(truth: Truth, landing: Path, seed: int) -> Iterator[Path]:
    """Write one delivery a year."""
    window = truth.scenario.window
    frame = with_faults(movements(truth, seed), truth, seed)
    years = year_of(frame.pop("day").to_numpy())
    for year in range(window.border_from.year, window.observed_to.year + 1):
        rows = _spoilt(frame[years == year].reset_index(drop=True), truth, seed, year)
        told = Handover(PARTNER, "border_movement", str(year), date(year, 1, 1), date(year, 12, 31))
        yield told.write(landing, {"movements.csv.gz": pa.Table.from_pandas(rows, preserve_index=False)})


def movements(truth: Truth, seed: int) -> pd.DataFrame:
    """Return all crossings in order of time, as a perfect office would have written them down; `day` is kept."""
    rng = stream(seed, "border")
    window, country = truth.scenario.window, truth.scenario.country
    day = truth.crossings["day"].to_numpy()
    known = (day >= day_number(window.border_from)) & (day <= day_number(window.observed_to))
    rows = truth.crossings[known]
    arrival, day = rows["arrival"].to_numpy(), rows["day"].to_numpy()
    minute = np.where(arrival, rng.integers(300, 800, len(rows)), rng.integers(830, 1390, len(rows)))
    second = (day * 1440 + minute + 60 * LOCAL_HOURS_BEHIND) * 60 + rng.integers(0, 60, len(rows))
    order = np.lexsort((rows["person_id"].to_numpy(), second))
    rows, second, day = rows.iloc[order], second[order], day[order]
    by_air = rng.random(len(rows)) < 0.94
    port = np.array([origin.port for origin in truth.scenario.origin])[rows["partner"]]
    flight = rng.integers(100, 180, len(rows))
    return pd.DataFrame(
        {
            "day": day,
            "traveller_id": _documents(truth, rows["person_id"].to_numpy(), day),
            "event_ts": second.astype("datetime64[s]"),
            "event_date": iso(day).astype(object),
            "direction": np.where(rows["arrival"], "A", "D").astype(object),
            "mode": np.where(by_air, "air", "sea").astype(object),
            "port": np.where(by_air, country.port, "XAS").astype(object),
            "foreign_port": port.astype(object),
            "flight_no": np.where(by_air, np.char.add("AX", flight.astype(str)).astype(object), np.array(None)),
            "leg_seq": 1,
            "itin_id": np.char.add("J", (second // 60 * 1000 + flight).astype(str)).astype(object),
            **_covariates(truth, rows, rng),
            "doc_link_quality": np.round(1 - rng.beta(1.2, 14, len(rows)), 3),
            "source": np.array(["API", "PNR", "border"], dtype=object)[pick(rng, [0.6, 0.1, 0.3], len(rows))],
            "retention_expiry": iso(day + RETENTION_DAYS).astype(object),
        }
    )


def with_faults(rows: pd.DataFrame, truth: Truth, seed: int) -> pd.DataFrame:
    """Return what the office has: some crossings missed, some twice within minutes, covariates missing; numbered."""
    rng = stream(seed, "border faults")
    told = truth.scenario.border
    rows = rows[rng.random(len(rows)) >= told.missed]
    again = np.flatnonzero(rng.random(len(rows)) < told.duplicated)
    place = np.sort(np.concatenate([np.arange(len(rows)), again]))
    copy = np.concatenate([[False], place[1:] == place[:-1]])
    rows = rows.iloc[place].reset_index(drop=True)
    late = rows["event_ts"].to_numpy().astype("datetime64[s]") + rng.integers(40, 280, len(rows))
    rows = rows.assign(event_ts=np.where(copy, late, rows["event_ts"].to_numpy().astype("datetime64[s]")))
    for name in ("nationality", "residence_country", "birth_country", "birth_year_band", "sex", "visa_class"):
        missing = rng.random(len(rows)) < told.missing_covariate * (0.4 if name == "nationality" else 1.0)
        rows[name] = rows[name].mask(missing)
    serial = pd.Series(np.arange(1, len(rows) + 1)).astype(str).str.zfill(9)
    stamp = np.char.add(np.datetime_as_string(rows["event_ts"].to_numpy().astype("datetime64[s]")), "Z")
    return rows.assign(event_ts=stamp.astype(object), movement_id="M" + serial)


def _spoilt(rows: pd.DataFrame, truth: Truth, seed: int, year: int) -> pd.DataFrame:
    """Break a few rows: a year of five digits, a direction that is none, no traveller."""
    rng = stream(seed, f"broken {year}")
    count = max(3, round(truth.scenario.border.broken * len(rows) / 10_000))
    chosen = rng.choice(len(rows), min(count, len(rows)), replace=False)
    rows = rows.copy()
    for position, column in enumerate(("event_date", "direction", "traveller_id")):
        which = chosen[position::3]
        spoilt = rows[column].to_numpy(dtype=object).copy()
        wrong = {"event_date": "2" + str(year)[1:] + "4-03-05", "direction": "X", "traveller_id": ""}[column]
        spoilt[which] = wrong
        rows[column] = spoilt
    return rows


def _documents(truth: Truth, person: Ints, day: Ints) -> Texts:
    """Return the document that each traveller carried on the day."""
    papers = truth.travellers.sort_values(["person_id", "valid_from"], kind="stable")
    reach = 1_000_000
    key = papers["person_id"].to_numpy() * reach + papers["valid_from"].to_numpy()
    last = np.searchsorted(key, person * reach + day, side="right") - 1
    return papers["traveller_id"].to_numpy()[last].astype(object)


def _covariates(truth: Truth, rows: pd.DataFrame, rng: np.random.Generator) -> dict[str, object]:
    """Return what passports, tickets and travellers say: informative, and often not so."""
    scenario = truth.scenario
    codes = np.array([*scenario.countries, scenario.country.code], dtype=object)
    people = truth.persons.iloc[rows["person_id"].to_numpy()]
    resident = rows["resident_before"].to_numpy()
    partner, origin = rows["partner"].to_numpy(), people["origin"].to_numpy()
    elsewhere = np.where(origin == OWN, partner, origin)
    # One in ten states a country of residence that is out of date.
    says_resident = resident ^ (rng.random(len(rows)) < 0.09)
    return {
        "nationality": codes[people["citizenship"]],
        "residence_country": codes[np.where(says_resident, OWN, elsewhere)],
        "birth_country": codes[people["birth"]],
        "birth_year_band": (people["birth_year"].to_numpy() // 5 * 5).astype("float64"),
        "sex": np.array(["F", "M"], dtype=object)[people["sex"]],
        "visa_class": _visa(truth, rows, people, rng),
        "intended_stay_days": _stated(truth, rows, rng),
        "one_way_ticket": _one_way(truth, rows, rng),
    }


def _visa(truth: Truth, rows: pd.DataFrame, people: pd.DataFrame, rng: np.random.Generator) -> Texts:
    """Return classes of visa: mostly the person's usual one; residents in time get a resident's."""
    names = sorted({visa for group in truth.scenario.group for visa in group.visa})
    mix: Reals = np.array([[group.visa.get(name, 0.0) for name in names] for group in truth.scenario.group])
    usual = pick_by_row(stream(truth.seed, "visas"), mix, truth.persons["group"].to_numpy())
    now = pick_by_row(rng, mix, rows["group"].to_numpy())
    visa = np.array(names, dtype=object)[np.where(rng.random(len(rows)) < 0.85, usual[rows["person_id"]], now)]
    settled = rows["resident_before"].to_numpy() & (rng.random(len(rows)) < 0.35)
    visa = np.where(settled, "resident", visa)
    return np.where((people["citizenship"] == OWN).to_numpy(), "citizen", visa)


def _stated(truth: Truth, rows: pd.DataFrame, rng: np.random.Generator) -> "pd.Series[int]":
    """Return the stay that travellers state: asked of those who leave home, heaped, sometimes wrong or missing."""
    told = truth.scenario.border
    exact = np.array([group.stated_exact for group in truth.scenario.group])[rows["group"]]
    planned = np.maximum(rows["planned"].to_numpy(), 1)
    emigrates = (~rows["arrival"] & rows["trip"].eq("") & rows["resident_before"]).to_numpy()
    planned = np.where(emigrates, 730, planned)
    off = np.where(rng.random(len(rows)) < exact, 0.0, rng.normal(-0.15, 0.75, len(rows)))
    heap: Ints = np.searchsorted(HEAPS * 1.25, planned * np.exp(off)).clip(0, len(HEAPS) - 1)
    wrong = rng.random(len(rows)) < told.intended_wrong
    days = HEAPS[np.where(wrong, rng.integers(3, len(HEAPS), len(rows)), heap)]
    # Nobody asks those who come home from a trip, nor visitors who leave.
    back = (rows["trip"].ne("") & rows["arrival"]) | (rows["trip"].eq("") & ~rows["arrival"] & ~rows["resident_before"])
    missing: Flags = back.to_numpy() | (rng.random(len(rows)) < told.intended_missing)
    return pd.Series(days).astype("Int32").mask(missing).set_axis(rows.index)


def _one_way(truth: Truth, rows: pd.DataFrame, rng: np.random.Generator) -> "pd.Series[bool]":
    by_group = np.array([group.one_way for group in truth.scenario.group])[rows["group"]]
    by_trip = rows["trip"].map(TRIP_ONE_WAY).fillna(0.08).to_numpy()
    emigrates = (~rows["arrival"] & rows["resident_before"]).to_numpy()
    chance = np.where(rows["trip"].ne(""), by_trip, np.where(emigrates, 0.62, by_group))
    flags = pd.Series(rng.random(len(rows)) < chance).astype("boolean")
    return flags.mask(rng.random(len(rows)) < 0.2).set_axis(rows.index)
