"""Border crossings of whole persons: which change residence, and the stays between them. Arrow in, Arrow out."""

from dataclasses import dataclass
from datetime import date
from functools import cache

import airportsdata
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pycountry

from sandbox.concepts.codes import CODE_OF_VISA, Direction, FlowClass, TemporaryMobility
from sandbox.concepts.population import age_group, subpopulation
from sandbox.concepts.rules import Rule
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.persons import RESIDENCE_CHANGE, SPELL
from sandbox.persons.crossings import CrossingColumns, Repair, crossings_decided
from sandbox.persons.first_seen import as_table, status_at_first_sight

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
        key, start = rows["person_key"].to_numpy(), rows["event_date"].to_numpy()
        end_seen = np.append(key[1:] == key[:-1], False)[: len(key)]
        following = np.append(start[1:], np.datetime64("NaT"))[: len(start)]
        until = np.where(end_seen, following, np.datetime64(self.observed_until))
        overnight = pa.array(until > start)
        arrives = pc.equal(rows["direction"], Direction.ARRIVAL)
        resides = pc.equal(rows["resident_after"].cast(pa.bool_()), arrives)
        known = {
            "start": rows["event_date"],
            "end": pa.array(np.maximum(until - np.timedelta64(1, "D"), start)),
            "place": pc.if_else(arrives, pa.scalar(self.country), partner_country(rows, self.country)),
            "kind": pc.if_else(resides, "residence", "temporary"),
            "code": pc.if_else(resides, None, _temporary_code(rows, arrives, overnight)),
            "end_seen": pa.array(end_seen),
            "decided": rows["decided"].cast(pa.bool_()),
            "decided_on": rows["migration_decided_on"],
        }
        return SPELL.rows_from(rows, self._constants | known)

    @property
    def _constants(self) -> dict[str, object]:
        return {"feed": BORDER_MOVEMENT.name, "rule_id": self.rule.id, "vintage": self.vintage}


def partner_country(rows: pa.Table, country: str) -> pa.ChunkedArray:
    """Return the country on the other side of each crossing.

    It is the stated country of residence if that is abroad, else the country of the foreign port; empty if neither
    is known.
    """
    stated = pc.if_else(pc.equal(rows["residence_country"], country), None, rows["residence_country"])
    ports = rows["foreign_port"].combine_chunks().dictionary_encode()
    countries = pa.array([country_of_port(port) for port in ports.dictionary.to_pylist()], pa.string())
    return pc.coalesce(stated, countries.take(ports.indices))


@cache
def country_of_port(port: str) -> str | None:
    """Return the ISO 3166-1 alpha-3 code of an airport's country; None if the IATA code is not known."""
    airport = _airports().get(port)
    entry = pycountry.countries.get(alpha_2=airport["country"]) if airport else None
    return entry.alpha_3 if entry else None


@cache
def _airports() -> dict[str, airportsdata.Airport]:
    return airportsdata.load("IATA")


def _temporary_code(rows: pa.Table, arrives: pa.ChunkedArray, overnight: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return the type of a stay that is no residence: by visa for visitors; a resident's trip is not told."""
    visas = pc.coalesce(rows["visa_class"], "").combine_chunks().dictionary_encode()
    codes = pa.array([CODE_OF_VISA.get(visa, TemporaryMobility.UNKNOWN) for visa in visas.dictionary.to_pylist()])
    of_visitor = pc.if_else(overnight, codes.take(visas.indices), str(TemporaryMobility.VISITOR_SAME_DAY))
    return pc.if_else(arrives, of_visitor, str(TemporaryMobility.UNKNOWN))
