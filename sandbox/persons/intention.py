"""What travellers intend, beside what they did: a variant of an outcome, never mixed into it."""

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import Direction
from sandbox.concepts.rules import Rule
from sandbox.errors import CallError
from sandbox.persons.columns import integers

STATED = "intended_stay_days"
NOT_STATED = -1


def check_intention(rule: Rule) -> None:
    """Raise `CallError` for a rule whose definition asks for no intention."""
    if not rule.intended_days:
        raise CallError(
            f"The definition of {rule.id} asks for no intention.", "Leave --intention out, or choose PR_6M or PR_12M."
        )


def with_intention(decided: pa.Table, rule: Rule) -> pa.Table:
    """Return crossings that were decided by the rule with two more columns; none of theirs is changed.

    `intended`: 1 if the crossing leads away from the residence and the stated stay is as long as the rule asks,
    0 if not, empty where stay or residence is not known. `is_migration_or_intended`: 1 if either is, 0 if neither is,
    empty while that may still be.
    """
    stay = integers(decided[STATED], NOT_STATED)
    is_long = pc.if_else(pa.array(stay >= 0), pa.array(stay >= rule.intended_days), None)
    arrives = pc.equal(decided["direction"], Direction.ARRIVAL)
    leads_away = pc.xor(decided["resident_before"].cast(pa.bool_()), arrives)
    intended = pc.if_else(pc.is_null(decided["error"]), pc.and_kleene(leads_away, is_long), None)
    either = pc.or_kleene(decided["is_migration"].cast(pa.bool_()), intended)
    for name, column in (("intended", intended), ("is_migration_or_intended", either)):
        decided = decided.append_column(name, column.cast(pa.int8()))
    return decided
