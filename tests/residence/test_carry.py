"""Rows of persons for whom nothing is new, carried into a later vintage, equal those of the full run."""

from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sandbox.concepts.rules import RULES
from sandbox.lakehouse.run import observed_until
from sandbox.residence.carry import Carry
from sandbox.residence.crossings import Judgement
from tests.residence.test_crossings import movements

BEFORE, NOW = date(2024, 3, 1), date(2024, 5, 1)
FIRST = date(2021, 1, 1)
DAYS = (observed_until(BEFORE) - FIRST).days - 1
VISITOR = {"visa_class": "visitor", "nationality": "NZL"}


def judged(vintage: date) -> Judgement:
    return Judgement(RULES["NZ_12_16"], observed_until(vintage), "XAA", vintage)


def nothing_is_new(changes: pa.Table, stays: pa.Table) -> bool:
    """As the stage asks: all decided, and nobody away for a time and not back."""
    away = pc.and_(pc.equal(stays["kind"], "temporary"), pc.invert(stays["end_seen"]))
    return all(changes["decided"].to_pylist()) and not pc.any(pc.fill_null(away, True), min_count=0).as_py()


@settings(deadline=None, max_examples=400)
@given(
    st.lists(st.integers(0, DAYS), min_size=1, max_size=7), st.sampled_from("AD"), st.sampled_from(["visitor", None])
)
@example([0], "A", None)
@example([0, 100, 104], "A", "visitor")
def test_what_is_carried_equals_what_a_full_run_finds(days: list[int], first: str, visa: str | None) -> None:
    directions = first + ("DA" if first == "A" else "AD") * 4
    crossings = [
        (1, (FIRST + timedelta(day)).isoformat(), direction)
        for day, direction in zip(sorted(days), directions, strict=False)
    ]
    rows = movements(*crossings, visa_class=visa)
    changes, stays = judged(BEFORE).changes(rows), judged(BEFORE).stays(rows)

    if nothing_is_new(changes, stays):
        carry = Carry(BEFORE, NOW)
        vintage = pa.scalar(NOW, pa.date32())
        for carried, full in (
            (carry.changes(changes), judged(NOW).changes(rows)),
            (carry.stays(stays), judged(NOW).stays(rows)),
        ):
            moved = carried.set_column(
                carried.column_names.index("vintage"), "vintage", pa.repeat(vintage, len(carried))
            )
            assert moved.to_pylist() == full.to_pylist()


def test_a_migrants_days_go_on_growing_after_the_decision() -> None:
    arrived = movements((1, "2022-01-01", "A"))

    carried = Carry(BEFORE, NOW).changes(judged(BEFORE).changes(arrived))

    assert carried["days_migrating"].to_pylist() == [(observed_until(NOW) - date(2022, 1, 1)).days]
