"""Border crossings of whole persons: which change residence, and the stays between them. Arrow in, Arrow out."""

from dataclasses import dataclass
from datetime import date
from functools import cache

import airportsdata
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pycountry
from numpy.typing import NDArray

from sandbox.concepts.codes import Direction, FlowClass
from sandbox.concepts.population import age_group, subpopulation
from sandbox.concepts.rules import Rule
from sandbox.concepts.temporary import ABROAD, MISSING, VISITORS, Feature
from sandbox.kernels.temporary import MONDAY_AFTER
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.persons import RESIDENCE_CHANGE, SPELL
from sandbox.persons.columns import coded
from sandbox.persons.crossings import Repair, crossings_decided
from sandbox.persons.first_seen import as_table, status_at_first_sight
from sandbox.persons.movements import CrossingColumns
from sandbox.persons.temporary import IS_WEEKEND, group_of, rhythm_features, typed

MOVEMENT_COLUMNS = CrossingColumns(person="person_key", day="event_date")
NEEDED = (
    "person_key",
    "bucket",
    "movement_id",
    "event_date",
    "event_ts",
    "direction",
    "foreign_port",
    "nationality",
    "residence_country",
    "birth_country",
    "birth_year_band",
    "sex",
    "visa_class",
)
"""Columns of `border_movement` that the functions below read, sorted by person, date, time and movement."""


@dataclass(frozen=True)
class Judgement:
    """How crossings are judged: by which rule, with data up to (not including) which day, for which country."""

    rule: Rule
    observed_until: date
    country: str
    vintage: date

    def decided(self, movements: pa.Table) -> pa.Table:
        """Return the movements with the columns of `sandbox rule apply`, after simple repair of linkage."""
        initial = as_table(status_at_first_sight(movements, self.country), movements)
        return crossings_decided(movements, self.rule, self.observed_until, Repair.SIMPLE, MOVEMENT_COLUMNS, initial)

    def changes(self, movements: pa.Table) -> pa.Table:
        """Return one row of `residence_change` a crossing."""
        rows = self.decided(movements)
        abroad = partner_country(rows, self.country)
        arrives = pc.equal(rows["direction"], Direction.ARRIVAL)
        home = pa.scalar(self.country)
        is_change = rows["is_migration"].cast(pa.bool_())
        judged = pc.is_null(rows["error"])
        known = {
            "change_id": rows["movement_id"],
            "change_date": rows["event_date"],
            "reference_month": pc.floor_temporal(rows["event_date"], unit="month"),
            "from_place": pc.if_else(arrives, abroad, home),
            "to_place": pc.if_else(arrives, home, abroad),
            "flow_class": pc.if_else(judged, pc.if_else(is_change, str(FlowClass.MOVED), str(FlowClass.STAYED)), None),
            "resident_before": rows["resident_before"].cast(pa.bool_()),
            "resident_after": rows["resident_after"].cast(pa.bool_()),
            "is_change": is_change,
            "decided": rows["decided"].cast(pa.bool_()),
            "decided_on": rows["migration_decided_on"],
            "partner_country": abroad,
            "subpopulation": subpopulation(rows["birth_country"], rows["nationality"], self.country),
            "sex": pc.coalesce(rows["sex"], "U"),
            "age_group": age_group(rows["birth_year_band"], pc.year(rows["event_date"])),
        }
        return RESIDENCE_CHANGE.rows_from(rows, self._constants | known)

    def stays(self, movements: pa.Table) -> pa.Table:
        """Return one row of `spell` a stay between two crossings, the last one cut by what was seen.

        A stay on the side where the person resides is residence, on the other side temporary; while the crossing
        before it is undecided it is neither yet. A border sees no days, so observability stays empty.
        """
        rows = self.decided(movements)
        rows = rows.filter(pc.is_null(rows["error"]))
        stays = Stays.between(rows, self.observed_until)
        arrives = pc.equal(rows["direction"], Direction.ARRIVAL)
        place = pc.if_else(arrives, pa.scalar(self.country), partner_country(rows, self.country))
        resides = pc.equal(rows["resident_after"].cast(pa.bool_()), arrives)
        length = pa.array((stays.until - stays.start).astype(np.int64))
        known = {
            "start": rows["event_date"],
            "end": pa.array(np.maximum(stays.until - np.timedelta64(1, "D"), stays.start)),
            "place": place,
            "kind": pc.if_else(resides, "residence", "temporary"),
            "code": _temporary_codes(rows, stays, place, resides),
            "end_seen": pa.array(stays.end_seen),
            "shortest_days": length,
            "longest_days": pc.if_else(pa.array(stays.end_seen), length, None),
            "decided": rows["decided"].cast(pa.bool_()),
            "decided_on": rows["migration_decided_on"],
        }
        return SPELL.rows_from(rows, self._constants | known)

    @property
    def _constants(self) -> dict[str, object]:
        return {"feed": BORDER_MOVEMENT.name, "rule_id": self.rule.id, "vintage": self.vintage}


@dataclass(frozen=True)
class Stays:
    """One element a crossing: the stay after it, [start, until), and whether another crossing ends it."""

    start: NDArray[np.datetime64]
    until: NDArray[np.datetime64]
    end_seen: NDArray[np.bool_]

    @classmethod
    def between(cls, rows: pa.Table, observed_until: date) -> "Stays":
        """Return the stays after crossings sorted by person and time; the last of a person is cut by what was seen."""
        key, start = rows["person_key"].to_numpy(), rows["event_date"].to_numpy()
        end_seen = np.append(key[1:] == key[:-1], False)[: len(key)]
        following = np.append(start[1:], np.datetime64("NaT"))[: len(start)]
        return cls(start, np.where(end_seen, following, np.datetime64(observed_until)), end_seen)


def partner_country(rows: pa.Table, country: str) -> pa.ChunkedArray:
    """Return the country on the other side of each crossing.

    It is the stated country of residence if that is abroad, else the country of the foreign port; empty if neither
    is known.
    """
    stated = pc.if_else(pc.equal(rows["residence_country"], country), None, rows["residence_country"])
    return pc.coalesce(stated, _port_countries(rows))


def _port_countries(rows: pa.Table) -> pa.Array:
    ports = rows["foreign_port"].combine_chunks().dictionary_encode()
    countries = pa.array([country_of_port(port) for port in ports.dictionary.to_pylist()], pa.string())
    return countries.take(ports.indices)


@cache
def country_of_port(port: str) -> str | None:
    """Return the ISO 3166-1 alpha-3 code of an airport's country; None if the IATA code is not known."""
    airport = _airports().get(port)
    entry = pycountry.countries.get(alpha_2=airport["country"]) if airport else None
    return entry.alpha_3 if entry else None


@cache
def _airports() -> dict[str, airportsdata.Airport]:
    return airportsdata.load("IATA")


def _temporary_codes(rows: pa.Table, stays: Stays, place: pa.ChunkedArray, resides: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the type of each stay known to be temporary, by the rules of `concepts.temporary`; empty for others.

    Rhythm is that of the person's temporary stays in the place. A visitor's visa is that of his arrival or, where it
    is missing there, of the departure that ends the stay.
    """
    temporary = np.flatnonzero(np.asarray(pc.fill_null(pc.invert(resides), False).to_numpy(), np.bool_))
    chosen = rows.take(pa.array(temporary))
    arrives = np.asarray(pc.equal(chosen["direction"], Direction.ARRIVAL).to_numpy(), np.bool_)
    start, until = (day[temporary].astype("datetime64[D]").astype(np.int64) for day in (stays.start, stays.until))
    group = _same_person_and_place(chosen["person_key"], place.take(pa.array(temporary)))
    following = np.where(stays.end_seen, np.arange(len(stays.end_seen)) + 1, np.arange(len(stays.end_seen)))[temporary]
    leaving = rows.take(pa.array(following))
    features = {
        **rhythm_features(group, start, until),
        Feature.WEEKEND_SHARE: np.bincount(group, IS_WEEKEND[(start + MONDAY_AFTER) % 7])[group]
        / np.bincount(group)[group],
        Feature.ONWARD: _onward(chosen, leaving),
    }
    visa = pc.coalesce(chosen["visa_class"], leaving["visa_class"], MISSING)
    codes = pc.if_else(pa.array(arrives), typed(VISITORS, features, visa), typed(ABROAD, features))
    out = np.full(rows.num_rows, None, object)
    out[temporary] = codes.to_numpy(zero_copy_only=False)
    return pa.chunked_array([pa.array(out, pa.string())])


def _same_person_and_place(person: pa.ChunkedArray, place: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return the number of each person and place; a stay whose place is not known has one of its own."""
    where, _ = coded(place)
    unknown = np.flatnonzero(np.asarray(place.is_null().to_numpy(), np.bool_))
    where[unknown] = len(where) + unknown
    return group_of(coded(person)[0], where)


def _onward(arriving: pa.Table, leaving: pa.Table) -> NDArray[np.float64]:
    """Return 1 where the country left for is another than the one come from, 0 if the same, NaN if one is unknown."""
    differs = pc.not_equal(_port_countries(arriving), _port_countries(leaving))
    return np.asarray(pc.cast(differs, pa.float64()).to_numpy(zero_copy_only=False), np.float64)
