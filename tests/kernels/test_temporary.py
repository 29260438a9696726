"""Spells away, their rhythm and what shocks explain, against plain definitions."""

from datetime import date
from itertools import groupby, pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kernels.home import Costs, timelines
from sandbox.kernels.temporary import (
    DAYS_OF_YEAR,
    HALF_YEAR,
    MONDAY_AFTER,
    REGULAR,
    Rhythms,
    Spells,
    rhythms,
    share_after,
    spells_away,
)
from sandbox.kernels.walk import NO_DAY

COSTS = Costs(trip_days=6, stay_days=14, unended_days=5)
WEEKEND = np.arange(7) > 3


def of_person(places: str) -> tuple[list[int], list[int]]:
    """One letter a day, a dot where nothing was seen."""
    seen = [(day, ord(place)) for day, place in enumerate(places) if place != "."]
    return [day for day, _ in seen], [place for _, place in seen]


def found_by_kernel(histories: list[str]) -> tuple[Spells, list[tuple[int, ...]]]:
    """Return spells, and the blocks of the timelines: person, first, last, home, place."""
    seen = [of_person(places) for places in histories]
    offsets = np.cumsum([0, *(len(days) for days, _ in seen)])
    day = np.array([each for days, _ in seen for each in days], np.int64)
    place = np.array([each for _, places in seen for each in places], np.int64)
    blocks = timelines(offsets, day, place, np.ones(len(day)), COSTS)
    spells = spells_away(offsets, day, place, np.ones(len(day)), blocks, WEEKEND)
    return spells, list(zip(*(column.tolist() for column in blocks), strict=True))


def by_definition(histories: list[str], blocks: list[tuple[int, ...]]) -> list[tuple]:
    """Seen days of one block away are a spell; so are days in a row in another place of a block at home."""
    spells = []
    for person, places in enumerate(histories):
        own = [block for block in blocks if block[0] == person]
        days, at = of_person(places)
        labelled = []
        for day, place in zip(days, at, strict=True):
            number, block = max((n, b) for n, b in enumerate(own) if b[1] <= day)
            home, away = block[3], block[4]
            label = (number, True, home, away) if away != home else (number, False, home, place)
            labelled.append((day, place, label))
        for (_, is_episode, home, there), group in groupby(labelled, key=lambda row: row[2]):
            if there == home:
                continue
            rows = list(group)
            first, last = rows[0][0], rows[-1][0]
            before = max((day for day in days if day < first), default=NO_DAY)
            after = min((day for day in days if day > last), default=NO_DAY)
            inside = [day for day, place, _ in rows if place == there]
            weekend = sum(
                bool(WEEKEND[date.fromordinal(day + date(1970, 1, 1).toordinal()).weekday()]) for day in inside
            )
            spells.append((person, home, there, before, first, last, after, len(inside), weekend, is_episode))
    return spells


HISTORIES = st.lists(st.text("AAB.C", min_size=0, max_size=40), min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_spells_are_those_of_the_definition(histories: list[str]) -> None:
    spells, blocks = found_by_kernel(histories)
    assert list(zip(*(column.tolist() for column in spells), strict=True)) == by_definition(histories, blocks)


def test_a_stay_lasted_at_least_as_seen_and_at_most_from_the_last_to_the_next_day_elsewhere() -> None:
    spells, _ = found_by_kernel(["AAAAAAAA..BB.BBB..BB...AAAAAAAA"])
    bounds = (spells.before, spells.first, spells.last, spells.after)
    assert [day.tolist() for day in bounds] == [[7], [10], [19], [23]]
    assert spells.days_seen.tolist() == [7]


def rhythm_by_definition(spells: list[tuple[int, int]]) -> Rhythms:
    starts = [start for start, _ in spells]
    steps = [later - start for start, later in pairwise(starts)]
    cycle = float(np.median(steps)) if steps else np.nan
    regular = float(np.mean([abs(step - cycle) <= REGULAR * cycle for step in steps])) if steps else np.nan
    near = [sum(abs(other - start) <= HALF_YEAR for other in starts) for start in starts]
    years = []
    for start, end in spells:
        found = {0}
        for year in range(-60, 61):
            moved = round(year * DAYS_OF_YEAR)
            for first, last in spells:
                both = len(set(range(first, last)) & set(range(start + moved, end + moved)))
                if both and 2 * both >= min(end - start, last - first):
                    found.add(year)
        years.append(len(found))
    count = len(spells)
    return Rhythms(
        np.full(count, count), np.array(near), np.array(years), np.full(count, cycle), np.full(count, regular)
    )


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 200)), min_size=1, max_size=7), max_size=3))
def test_the_rhythm_is_that_of_the_definition(groups: list[list[tuple[int, int]]]) -> None:
    spells, offsets = [], [0]
    for gaps in groups:
        day, own = 0, []
        for gap, length in gaps:
            own.append((day + gap, day + gap + length))
            day += gap + length
        spells.append(own)
        offsets.append(offsets[-1] + len(own))
    start, end = (np.array([spell[side] for own in spells for spell in own], np.int64) for side in (0, 1))
    found = rhythms(np.array(offsets), start, end)
    for number, own in enumerate(spells):
        told = [column[offsets[number] : offsets[number + 1]] for column in found]
        for ours, defined in zip(told, rhythm_by_definition(own), strict=True):
            np.testing.assert_allclose(ours, defined)


def test_a_hundred_thousand_day_trips_of_one_person_are_counted_in_bounded_time() -> None:
    start = np.arange(100_000)
    found = rhythms(np.array([0, len(start)]), start, start + 1)
    assert (found.cycle[0], found.regular[0], found.in_year[50_000]) == (1.0, 1.0, 2 * HALF_YEAR + 1)


@given(st.integers(0, 40), st.integers(0, 30), st.lists(st.tuples(st.integers(0, 1), st.integers(0, 60)), max_size=3))
def test_a_shock_explains_the_days_of_departure_that_follow_it(earliest: int, spare: int, shocks: list) -> None:
    within = 10
    days = range(earliest, earliest + spare + 1)
    shares = [sum(day <= each <= day + within for each in days) / len(days) for place, day in shocks if place == 1]
    found = share_after(
        np.array([1]),
        np.array([earliest]),
        np.array([earliest + spare]),
        np.array([place for place, _ in shocks], np.int64),
        np.array([day for _, day in shocks], np.int64),
        within,
    )
    assert np.isclose(found[0], max(shares, default=0.0))


def test_the_first_weekday_is_monday() -> None:
    assert (date(2024, 1, 1).toordinal() - date(1970, 1, 1).toordinal() + MONDAY_AFTER) % 7 == 0


def test_persons_do_not_touch_each_other() -> None:
    histories = ["AAAABBBAAAA", "", "CCCCAAAAAACCCC", "AAAABBBCABBBAAAA"]
    together, _ = found_by_kernel(histories)
    alone = [found_by_kernel([history])[0] for history in histories]
    for name, column in together._asdict().items():
        each = [getattr(spells, name).tolist() for spells in alone]
        if name == "person":
            each = [[person] * len(own) for person, own in enumerate(each)]
        assert column.tolist() == [value for own in each for value in own], name


def test_days_are_whole_numbers() -> None:
    spells, _ = found_by_kernel(["AAAABBBAAAA"])
    assert [column.dtype for column in spells] == [np.int64] * 9 + [np.bool_]
    found = rhythms(np.array([0, 1]), np.array([0]), np.array([5]))
    assert [column.dtype for column in found] == [np.int64] * 3 + [np.float64] * 2
