"""Full repair of linkage: what is missing is put in where the file's own whole histories put it."""

from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.concepts.rules import RULES
from sandbox.kernels.linkage import GAP, breaks
from sandbox.persons.crossings import Repair, crossings_decided
from sandbox.persons.linkage import Linked, linked_in_file
from sandbox.persons.missed import median_of_like, rates

RULE, UNTIL, BEGIN = RULES["NZ_12_16"], date(2021, 1, 1), date(2012, 1, 1)
LAST = (UNTIL - BEGIN).days


def table(text: str) -> pa.Table:
    header, *rows = [line.split() for line in text.strip().splitlines()]
    columns = zip(*rows, strict=True) if rows else [()] * len(header)
    return pa.table({name: pa.array(column, pa.string()) for name, column in zip(header, columns, strict=True)})


def crossings(rows: list[tuple[int, int, str]], **more: list[str]) -> pa.Table:
    """Person, day since 2012 and direction of each row."""
    person, day, direction = zip(*rows, strict=True)
    return pa.table(
        {
            "movement_id": pa.array([str(number) for number in range(len(rows))]),
            "person_id": pa.array([f"p{each}" for each in person]),
            "date": pa.array([(BEGIN + timedelta(days=int(each))).isoformat() for each in day]),
            "direction": pa.array(direction),
            **more,
        }
    )


def country(persons: int, missed: float, seed: int = 1) -> tuple[pa.Table, pd.DataFrame]:
    """Visitors for some days and settlers for good, who travel; of their crossings a share is missed.

    Returns what was seen, and the whole with `seen`.
    """
    rng, rows = np.random.default_rng(seed), []
    for person in range(persons):
        day, stays_for_good = int(rng.integers(0, LAST - 1000)), person % 4 == 0
        while day < LAST:
            rows.append((person, day, "A"))
            day += int(rng.integers(500, 1500)) if stays_for_good else int(rng.integers(3, 25))
            rows.append((person, day, "D"))
            day += int(rng.integers(5, 30)) if stays_for_good else int(rng.integers(300, 1800))
    whole = pd.DataFrame([row for row in rows if row[1] < LAST], columns=["person", "day", "direction"])
    whole["seen"] = rng.random(len(whole)) >= missed
    whole["visa"] = np.where(whole["person"] % 4 == 0, "work", "visitor")
    seen = whole[whole["seen"]]
    rows_seen = list(seen[["person", "day", "direction"]].itertuples(index=False, name=None))
    return crossings(rows_seen, visa_class=pa.array(seen["visa"].tolist())), whole


def by_person(repair: Linked) -> list[list[tuple[int, int, int]]]:
    """Day, direction and source of the repaired crossings of each person."""
    done = repair.repaired
    rows = list(zip(done.day.tolist(), done.direction.tolist(), done.source.tolist(), strict=True))
    bounds = done.person_offsets.tolist()
    return [rows[start:end] for start, end in pairwise(bounds)]


@st.composite
def files(draw: st.DrawFn) -> list[tuple[int, int, str]]:
    """Rows of up to five persons, none twice on a day, directions as they come."""
    days = st.sets(st.integers(0, LAST), min_size=1, max_size=12)
    return [
        (person, day, draw(st.sampled_from("AD"))) for person in range(draw(st.integers(1, 5))) for day in draw(days)
    ]


@settings(deadline=None, max_examples=60)
@given(files())
def test_after_repair_directions_alternate_in_order_and_each_crossing_is_kept(rows: list[tuple[int, int, str]]) -> None:
    for history in by_person(linked_in_file(crossings(rows), UNTIL)):
        assert all(one[1] != other[1] for one, other in pairwise(history))
        assert [row[0] for row in history] == sorted(row[0] for row in history)
    repair = linked_in_file(crossings(rows), UNTIL)
    kept = repair.repaired.source[repair.repaired.source >= 0].tolist()
    assert sorted([*kept, *np.flatnonzero(repair.repaired.is_duplicate).tolist()]) == list(range(len(rows)))


def test_the_same_holds_where_enough_is_seen_to_put_in_first_and_last_crossings() -> None:
    rows, _ = country(600, missed=0.05)
    repair = linked_in_file(rows, UNTIL)
    assert min(repair.counts.gaps, repair.counts.first_crossings, repair.counts.last_crossings) > 5
    for history in by_person(repair):
        assert all(one[1] != other[1] for one, other in pairwise(history))
        assert [row[0] for row in history] == sorted(row[0] for row in history)
    assert sorted(repair.repaired.source[repair.repaired.source >= 0]) == list(range(rows.num_rows))


@pytest.mark.parametrize("missed", [0.0, 0.05])
def test_the_order_of_rows_changes_nothing(missed: float) -> None:
    rows, _ = country(300, missed)
    shuffled = rows.take(pa.array(np.random.default_rng(3).permutation(rows.num_rows)))
    one, other = (
        crossings_decided(each, RULE, UNTIL, Repair.FULL).sort_by("movement_id").to_pydict()
        for each in (rows, shuffled)
    )
    assert one == other


def test_whole_histories_are_left_as_they_are() -> None:
    rows, _ = country(300, missed=0.0)
    full = crossings_decided(rows, RULE, UNTIL, Repair.FULL)
    assert pc.min(full["linkage_weight"]).as_py() == 1
    assert full.drop_columns("linkage_weight").equals(crossings_decided(rows, RULE, UNTIL, Repair.NONE))


def test_a_visitor_who_comes_twice_stays_a_short_time_and_a_settler_is_away_for_one() -> None:
    rows, _ = country(600, missed=0.03)
    extra = crossings([(9001, 100, "A"), (9001, 1300, "A"), (9004, 100, "A"), (9004, 1300, "A"), (9004, 2000, "D")])
    extra = extra.set_column(0, "movement_id", pa.array([f"x{number}" for number in range(5)]))
    visas = pa.array(["visitor", "visitor", "work", "work", "work"])
    together = pa.concat_tables([rows, extra.append_column("visa_class", visas)])
    repair = linked_in_file(together, UNTIL)
    visitor, settler = by_person(repair)[-2:]
    assert visitor[1][1:] == settler[1][1:] == (0, -1)
    assert visitor[1][0] - visitor[0][0] < 30
    assert settler[2][0] - settler[1][0] < 30
    weight = repair.weight[rows.num_rows :]
    assert 0.9 < weight[0] < 1
    assert weight[2] > 0.9


def test_false_migrations_fall_and_true_ones_are_not_lost() -> None:
    rows, whole = country(3000, missed=0.03)
    true = crossings_decided(
        crossings(list(whole[["person", "day", "direction"]].itertuples(index=False, name=None))), RULE, UNTIL
    )
    is_true = np.array(true["is_migration"].fill_null(0).to_pylist())[whole["seen"].to_numpy()] == 1
    false, right = {}, {}
    for repair in (Repair.SIMPLE, Repair.FULL):
        found = np.array(crossings_decided(rows, RULE, UNTIL, repair)["is_migration"].fill_null(0).to_pylist()) == 1
        false[repair], right[repair] = int((found & ~is_true).sum()), int((found & is_true).sum())
    assert false[Repair.FULL] < 0.4 * false[Repair.SIMPLE]
    assert right[Repair.FULL] > 0.99 * right[Repair.SIMPLE]


def test_the_share_missed_is_found_from_the_file_alone() -> None:
    rows, _ = country(3000, missed=0.03)
    assert linked_in_file(rows, UNTIL).counts.missed_share == pytest.approx(0.03, abs=0.006)


def test_a_group_in_which_more_is_missed_has_a_higher_rate() -> None:
    offsets, day = np.array([0, 300]), np.arange(300)
    direction = ((np.arange(300) + (np.arange(300) > 200) + (np.arange(300) > 210)) % 2).astype(np.int8)
    found = breaks(offsets, day, direction, 0, 400)
    low, high = rates(found, (np.arange(300) > 150).astype(np.int64))
    assert (found.kind == GAP)[~found.is_example].sum() == 2
    assert low < 2 / 297 < high


def test_a_file_that_says_too_little_has_its_gaps_halved_and_nothing_else_put_in() -> None:
    repair = linked_in_file(crossings([(1, 10, "A"), (1, 20, "A"), (2, 5, "D")]), UNTIL)
    assert [row[0] - by_person(repair)[0][0][0] for row in by_person(repair)[0]] == [0, 5, 10]
    counts = repair.counts
    assert (counts.gaps, counts.first_crossings, counts.last_crossings, counts.missed_share) == (1, 0, 0, 0)
    assert repair.weight.tolist() == [0.5, 0.5, 1]


def test_nothing_is_put_before_the_first_crossing_of_a_person_whose_status_was_given() -> None:
    rows, _ = country(600, missed=0.05)
    free = linked_in_file(rows, UNTIL)
    persons = pc.unique(rows["person_id"])
    count = len(persons)
    given = pa.table({"person_id": persons, "resident": [0] * count, "decided_on": [BEGIN.isoformat()] * count})
    assert free.counts.first_crossings > 0
    assert linked_in_file(rows, UNTIL, initial=given).counts.first_crossings == 0


def test_duplicates_are_written_with_their_error_and_without_weight() -> None:
    rows = table("""
        movement_id person_id date       direction event_ts
        1           p         2020-01-01 A         2020-01-01T10:00:00
        2           p         2020-01-01 A         2020-01-01T10:20:00
        3           p         2020-02-01 D         2020-02-01T10:00:00
        """)
    found = crossings_decided(rows, RULE, UNTIL, Repair.FULL)
    assert found["error"].to_pylist() == [None, "duplicate", None]
    assert found["linkage_weight"].to_pylist() == [1, None, 1]


def test_a_person_who_can_not_be_read_is_in_error_and_touches_nobody_else() -> None:
    rows = table("""
        movement_id person_id date       direction
        1           p         2020-01-01 A
        2           p         20202-01-1 A
        3           q         2020-02-01 D
        """)
    found = crossings_decided(rows, RULE, UNTIL, Repair.FULL)
    assert found["error"].to_pylist() == ["bad_date", "bad_date", None]


def test_no_rows_in_no_rows_out() -> None:
    found = crossings_decided(table("movement_id person_id date direction"), RULE, UNTIL, Repair.FULL)
    assert found.num_rows == 0
    assert "linkage_weight" in found.column_names


def test_the_lower_median_of_the_alike_is_taken_and_without_any_what_is_given() -> None:
    like, length = np.array([1, 1, 1, 1, 2]), np.array([9, 3, 5, 7, 8])
    is_example = np.array([True, True, True, True, False])
    assert median_of_like(like, length, is_example, np.full(5, 99)).tolist() == [5, 5, 5, 5, 99]
