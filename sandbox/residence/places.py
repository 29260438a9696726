"""Presence of whole persons: homes of months, changes of home, temporary spells. Arrow in, Arrow out."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import FlowClass, InternalMobility, Sex, Subpopulation
from sandbox.concepts.population import UNKNOWN_AGE
from sandbox.concepts.rules import Rule
from sandbox.lakehouse.tables.persons import HOME, RESIDENCE_CHANGE, SPELL
from sandbox.persons.homes import homes_by_month, stable_changes
from sandbox.persons.temporary import Shock, spells_of

AVERAGE_MONTH = 365.25 / 12


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
        """Return one row of `spell` a stay away from home, from rows of `presence_day`, typed by `concepts.temporary`.

        Where its beginning or end was not seen it may yet be residence: it is neither kind, and has a type only if a
        rule holds all the same.
        """
        found = spells_of(days, self.shocks)
        rows = found.join(_first_rows(days).select(["person_key", "bucket"]), "person_key")
        rows = rows.sort_by([("person_key", "ascending"), ("start", "ascending"), ("place", "ascending")])
        start, end = rows["start"].to_numpy(), rows["end"].to_numpy()
        decided = pc.and_(rows["begin_seen"], rows["end_seen"])
        is_open = pc.and_(pc.invert(decided), pc.equal(rows["code"], InternalMobility.UNKNOWN))
        length = (end - start).astype(np.int64)
        known = {
            "end": pa.array(end - np.timedelta64(1, "D")),
            "kind": pc.if_else(decided, "temporary", None),
            "code": pc.if_else(is_open, None, rows["code"]),
            "decided": decided,
            "decided_on": pc.if_else(decided, rows["end"], None),
            "observability": pa.array(np.minimum(rows["days_seen"].to_numpy() / length, 1.0)),
        }
        return SPELL.rows_from(rows, self._constants | known)

    @property
    def _constants(self) -> dict[str, object]:
        return {"feed": self.feed, "rule_id": self.rule.id, "vintage": self.vintage}


def _first_rows(rows: pa.Table) -> pa.Table:
    """Return the first row of each person, of rows sorted by person."""
    key = rows["person_key"].to_numpy()
    return rows.filter(pa.array(np.append(True, key[1:] != key[:-1])[: len(key)]))
