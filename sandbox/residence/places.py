"""Presence of whole persons: homes of months, changes of home, temporary spells. Arrow in, Arrow out."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import FlowClass, InternalMobility, Sex, Subpopulation
from sandbox.concepts.population import UNKNOWN_AGE
from sandbox.concepts.rules import Rule
from sandbox.lakehouse.tables.persons import HOME, RESIDENCE_CHANGE, SPELL
from sandbox.persons.homes import homes_by_month, stable_changes
from sandbox.persons.moves import moves_of

DAYS_AFTER_SHOCK = 30
AVERAGE_MONTH = 365.25 / 12


@dataclass(frozen=True)
class Shock:
    """A shock that may displace people: where, and when."""

    area: str
    day: date


@dataclass(frozen=True)
class Presence:
    """How presence is judged: the feed it comes from, the rule, the vintage, and the shocks that are known."""

    feed: str
    rule: Rule
    vintage: date
    shocks: tuple[Shock, ...] = ()

    def homes(self, days: pa.Table) -> pa.Table:
        """Return one row of `home` a person and month, from rows of `presence_day`."""
        found = homes_by_month(days)
        persons = _first_rows(days).select(["person_key", "bucket", "home_country"])
        rows = found.join(persons, "person_key").sort_by([("person_key", "ascending"), ("month", "ascending")])
        status = pc.if_else(pc.is_valid(rows["home"]), "determined", "undetermined")
        return HOME.rows_from(rows, self._constants | {"status": status})

    def changes(self, homes: pa.Table) -> pa.Table:
        """Return one row of `residence_change` a change of home, from rows of `home`."""
        found = stable_changes(homes, self.rule)
        rows = found.join(_first_rows(homes).select(["person_key", "bucket"]), "person_key")
        rows = rows.sort_by([("person_key", "ascending"), ("month", "ascending")])
        decided, month = rows["decided"], rows["month"]
        known = {
            "change_id": pc.binary_join_element_wise(
                rows["person_key"].cast(pa.string()), month.cast(pa.string()), rows["to_place"], "|"
            ),
            "change_date": month,
            "reference_month": month,
            "is_change": pc.if_else(decided, decided, None),
            "flow_class": pc.if_else(decided, str(FlowClass.MOVED), None),
            "uncertainty_days": pc.multiply(rows["months_between"].cast(pa.float64()), AVERAGE_MONTH / 2),
            "subpopulation": Subpopulation.UNKNOWN,
            "sex": Sex.UNKNOWN,
            "age_group": UNKNOWN_AGE,
        }
        return RESIDENCE_CHANGE.rows_from(rows, self._constants | known)

    def temporary(self, days: pa.Table) -> pa.Table:
        """Return one row of `spell` a stay away from home that ended, from rows of `presence_day`.

        It is a displacement if it began within 30 days after a shock in the place that was left; else its type is
        not known.
        """
        found = moves_of(days)
        found = found.filter(pc.invert(found["is_permanent"]))
        rows = found.join(_first_rows(days).select(["person_key", "bucket"]), "person_key")
        rows = rows.sort_by([("person_key", "ascending"), ("start", "ascending"), ("to_place", "ascending")])
        last_day = rows["end"].to_numpy() - np.timedelta64(1, "D")
        known = {
            "place": rows["to_place"],
            "end": pa.array(last_day),
            "kind": "temporary",
            "code": self._codes(rows),
            "end_seen": True,
            "decided": True,
            "decided_on": rows["end"],
        }
        return SPELL.rows_from(rows, self._constants | known)

    def _codes(self, rows: pa.Table) -> pa.ChunkedArray:
        displaced = pa.chunked_array([np.zeros(rows.num_rows, np.bool_)])
        for shock in self.shocks:
            after = pc.and_(
                pc.greater_equal(rows["start"], pa.scalar(shock.day)),
                pc.less_equal(rows["start"], pa.scalar(shock.day + timedelta(DAYS_AFTER_SHOCK))),
            )
            displaced = pc.or_(displaced, pc.and_(after, pc.equal(rows["from_place"], shock.area)))
        return pc.if_else(displaced, str(InternalMobility.DISPLACEMENT), str(InternalMobility.UNKNOWN))

    @property
    def _constants(self) -> dict[str, object]:
        return {"feed": self.feed, "rule_id": self.rule.id, "vintage": self.vintage}


def _first_rows(rows: pa.Table) -> pa.Table:
    """Return the first row of each person, of rows sorted by person."""
    key = rows["person_key"].to_numpy()
    return rows.filter(pa.array(np.append(True, key[1:] != key[:-1])[: len(key)]))
