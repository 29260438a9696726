"""What was known at an origin: features and outcomes of a view, never of what came after."""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from sandbox.concepts.rules import RULES
from sandbox.kernels.features import FEATURES
from sandbox.lakehouse.tables.nowcasts import CROSSING_FEATURE, NUMBERS
from sandbox.nowcast.features import Plan, crossing_rows
from sandbox.nowcast.parts import month_number

VINTAGE = month_number(date(2021, 6, 1))
PLAN = Plan(
    RULES["NZ_12_16"], VINTAGE, VINTAGE - 30, VINTAGE - 25, VINTAGE, VINTAGE, 16, (VINTAGE - 6, VINTAGE), "simple"
)
CUT = pa.scalar(date(2021, 1, 1), pa.date32())
"""The first refit of the plan is December 2020: it knows the crossings before this day."""


def crossings(*rows: tuple[int, str, str]) -> pa.Table:
    """Person, date, direction; in order."""
    return pa.table(
        {
            "movement_id": [f"M{number}" for number in range(len(rows))],
            "person_key": pa.array([row[0] for row in rows], pa.int64()),
            "bucket": pa.array([0] * len(rows), pa.int32()),
            "event_date": pa.array([date.fromisoformat(row[1]) for row in rows]),
            "direction": [row[2] for row in rows],
        }
    )


def at(rows: pa.Table, movement: str, origin: str) -> dict[str, object]:
    found = [
        row
        for row in rows.to_pylist()
        if row["change_id"] == movement and row["origin"] == date.fromisoformat(f"{origin}-01")
    ]
    assert len(found) == 1
    return found[0]


def test_features_of_the_kernel_have_their_columns() -> None:
    assert NUMBERS[: len(FEATURES)] == FEATURES


def test_a_crossing_is_undecided_until_the_day_that_decides_it() -> None:
    rows = crossing_rows(crossings((1, "2020-01-10", "A")), PLAN)
    assert at(rows, "M0", "2020-03")["is_migration"] is None
    assert at(rows, "M0", "2020-12")["is_migration"] is None
    assert at(rows, "M0", "2021-01")["is_migration"] is True


def test_an_undecided_crossing_is_never_a_non_migration(border: pa.Table) -> None:
    rows = crossing_rows(border, PLAN)
    undecided = rows.filter(pc.invert(rows["decided"]))
    assert undecided.num_rows > 1_000
    assert undecided["is_migration"].null_count == undecided.num_rows


def test_days_so_far_end_with_the_origin() -> None:
    rows = crossing_rows(crossings((1, "2020-01-10", "A"), (1, "2020-03-01", "D"), (1, "2020-03-11", "A")), PLAN)
    seen = at(rows, "M0", "2020-03")
    assert (seen["days_migrating"], seen["days_returned"], seen["crossings_since"]) == (51 + 21, 10, 2)
    earlier = at(rows, "M0", "2020-02")
    assert (earlier["days_migrating"], earlier["days_returned"], earlier["crossings_since"]) == (51, 0, 0)


def test_the_rule_so_far_lets_the_present_stay_go_on() -> None:
    gone = crossing_rows(crossings((1, "2020-01-10", "A"), (1, "2020-03-01", "D")), PLAN)
    assert at(gone, "M0", "2020-02")["rule_so_far"] == 1
    assert at(gone, "M0", "2020-03")["rule_so_far"] == 0


def test_what_comes_after_the_origin_changes_nothing(border: pa.Table) -> None:
    rows = crossing_rows(border, PLAN)
    after = pc.greater_equal(border["event_date"], CUT)
    other = pa.array(np.random.default_rng(2).permutation(["A", "D"] * border.num_rows)[: border.num_rows])
    altered = border.set_column(4, "direction", pc.if_else(after, other, border["direction"]))
    for later in (altered, border.filter(pc.invert(after))):
        assert before(crossing_rows(later, PLAN)).equals(before(rows))


def before(rows: pa.Table) -> pa.Table:
    """Rows of the origins before the change; `known_outcomes` as known at the first refit."""
    known = pc.list_element(rows["known_outcomes"], 0)
    kept = rows.drop_columns(["known_outcomes"]).append_column("known", known)
    return kept.filter(pc.less(kept["origin"], CUT))


def test_an_initial_status_fixed_later_is_not_known_before(border: pa.Table) -> None:
    from sandbox.persons.crossings import Initial

    persons = len(set(border["person_key"].to_pylist()))
    late = Initial(np.ones(persons, np.int8), np.full(persons, 30_000, np.int64))
    assert crossing_rows(border, PLAN, late).equals(crossing_rows(border, PLAN))


def test_two_equal_directions_are_left_out_without_repair() -> None:
    twice = crossings((1, "2020-01-10", "A"), (1, "2020-06-01", "A"), (2, "2020-01-10", "A"))
    rows = crossing_rows(twice, replace(PLAN, repair="none")).to_pylist()
    in_may, in_june = ({row["person_key"] for row in rows if row["origin"].month == month} for month in (5, 6))
    assert (in_may, in_june) == ({1, 2}, {2})


def test_a_repair_is_made_of_what_was_seen() -> None:
    twice = crossings((1, "2020-01-10", "A"), (1, "2020-06-01", "A"))
    rows = crossing_rows(twice, PLAN)
    assert at(rows, "M0", "2020-03")["crossings_since"] == 0
    assert at(rows, "M0", "2020-06")["crossings_since"] == 2


def test_each_band_draws_one_horizon_a_crossing(border: pa.Table) -> None:
    rows = crossing_rows(border, PLAN)
    drawn = rows.filter(pc.and_(rows["drawn"], pc.equal(rows["direction"], "A"))).to_pandas()
    band = np.searchsorted([3, 8], drawn["horizon"], side="left")
    assert not drawn.assign(band=band).duplicated(["change_id", "band"]).any()


def test_a_persons_draw_does_not_depend_on_others(border: pa.Table) -> None:
    one = border.filter(pc.equal(border["person_key"], border["person_key"][0]))
    alone = crossing_rows(one, PLAN)["draw"].to_pylist()
    among = crossing_rows(border, PLAN)
    assert set(alone) <= set(among.filter(pc.equal(among["person_key"], border["person_key"][0]))["draw"].to_pylist())


def test_rows_fit_the_declared_table(border: pa.Table) -> None:
    assert crossing_rows(border.slice(0, 50), PLAN).column_names == list(CROSSING_FEATURE.names)


@pytest.mark.parametrize("month", [24_000, 24_255])
def test_months_are_whole_numbers(month: int) -> None:
    from sandbox.nowcast.parts import month_start

    assert month_number(month_start(month)) == month
