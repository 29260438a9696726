"""Homes: the cheapest explanation against all explanations, stable homes against counting."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.kernels.home import NO_PLACE, Costs, explained, stable, timelines
from sandbox.kernels.runs import MOST_PLACES, Runs, contrary, known_places, leading

COSTS = Costs(
    move=1.75, stay=2.25, trip=1.75, unended=1.5, trip_days=4, stay_days=9, unended_days=3
)  # small, so that six runs reach every bound


def timeline_of(places: str, costs: Costs = COSTS) -> list[tuple[int, int, str, str]]:
    """First and last day, home and place of each block; one letter a day, a dot where nothing was seen."""
    seen = [(day, ord(place)) for day, place in enumerate(places) if place != "."]
    day, place = np.array(seen).T
    found = timelines(np.array([0, len(day)]), day, place, np.ones(len(day)), costs)
    blocks = zip(found.first, found.last, found.home, found.place, strict=True)
    return [(int(first), int(last), chr(home), chr(place)) for first, last, home, place in blocks]


def cheapest_of_all(runs: Runs, against: np.ndarray, known: list[int], costs: Costs) -> float:
    """Try every way to cut the runs into blocks, at home or away in the place that the block begins and ends with."""
    count, best = len(runs.place), np.inf
    for cut in product([False, True], repeat=count - 1):
        starts = [0, *(run + 1 for run in range(count - 1) if cut[run])]
        ends = [*starts[1:], count]
        choices = []
        for start, end in zip(starts, ends, strict=True):
            at_home = [(home, home) for home in known]
            away = [(home, runs.place[start]) for home in known if home != runs.place[start]]
            choices.append(at_home + (away if runs.place[start] == runs.place[end - 1] else []))
        for blocks in product(*choices):
            best = min(best, cost_of(runs, against, known, list(zip(starts, ends, blocks, strict=True)), costs))
    return best


def cost_of(runs, against, known, blocks, costs: Costs) -> float:
    """What the definition says, block by block: contrary evidence, changes of home, episodes away."""
    total = 0.0
    for number, (start, end, (home, place)) in enumerate(blocks):
        at = known.index(place)
        total += against[end, at] - against[start, at]
        changes = number > 0 and blocks[number - 1][2][0] != home
        if changes and (place != home or runs.place[start] != home):
            return np.inf  # a home begins where it is seen
        total += costs.move if changes else 0.0
        if place != home:
            total += cost_away(runs, blocks, number, costs)
    return total


def cost_away(runs, blocks, number: int, costs: Costs) -> float:
    """By its length if the home is seen before and after, or the home changes after; else by `unended`."""
    start, end, (home, _) = blocks[number]
    days = runs.last[end - 1] - runs.first[start] + 1
    earlier, later = period(blocks, number)
    seen = [
        any(runs.place[run] == home for first, last, (_, at) in some if at == home for run in range(first, last))
        for some in (earlier, later)
    ]
    is_last_away = all(at == home for _, _, (_, at) in later)
    is_first_away = all(at == home for _, _, (_, at) in earlier)
    moves_on = blocks[-1][2][0] != home or any(block[2][0] != home for block in blocks[number:])
    unbegun = not seen[0] and is_first_away
    unended = not seen[1] and is_last_away and not moves_on
    if unbegun or unended:
        both = unbegun and unended
        return costs.unended if days <= costs.unended_days and not both else np.inf
    return costs.trip if days <= costs.trip_days else costs.stay if days <= costs.stay_days else np.inf


def period(blocks, number: int):
    """The blocks before and after that have the same home without a change in between."""
    home = blocks[number][2][0]
    first, last = number, number
    while first > 0 and blocks[first - 1][2][0] == home:
        first -= 1
    while last + 1 < len(blocks) and blocks[last + 1][2][0] == home:
        last += 1
    return blocks[first:number], blocks[number + 1 : last + 1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4)), min_size=1, max_size=6),
    st.lists(st.integers(0, 8), min_size=6, max_size=6),
)
def test_the_explanation_is_the_cheapest_of_all(days: list[tuple[int, int]], second: list[int]) -> None:
    day = np.cumsum([gap for _, gap in days])
    place = np.array([place for place, _ in days])
    share = np.array(second[: len(days)]) / 8
    # The second place of a day is the next one, with what the first one leaves.
    rows = sorted(
        (date, code, weight)
        for date, at, part in zip(day, place, share, strict=True)
        for code, weight in ((at, 1 - part), ((at + 1) % 3, part))
        if weight > 0
    )
    date, code, weight = (np.array(column) for column in zip(*rows, strict=True))
    runs = leading(date, code, weight)
    known = known_places(runs)
    against = contrary(runs, known, date, code, weight)
    cost, blocks = explained(runs, known, against, COSTS)
    assert np.isclose(cost, cheapest_of_all(runs, against, known.tolist(), COSTS))
    ends = [*blocks.run[1:].tolist(), len(runs.place)]
    columns = (blocks.run.tolist(), ends, blocks.home.tolist(), blocks.place.tolist())
    told = [(start, end, (home, at)) for start, end, home, at in zip(*columns, strict=True)]
    assert np.isclose(cost, cost_of(runs, against, known.tolist(), told, COSTS))


def test_the_evidence_against_a_place_is_what_other_places_have() -> None:
    day, place, weight = np.array([0, 0, 1, 2]), np.array([5, 6, 6, 7]), np.array([0.75, 0.25, 1.0, 0.5])
    runs = leading(day, place, weight)
    assert (runs.place.tolist(), runs.first.tolist(), runs.last.tolist()) == ([5, 6, 7], [0, 1, 2], [0, 1, 2])
    against = contrary(runs, np.array([5, 6]), day, place, weight)
    assert against.tolist() == [[0, 0], [0.25, 0.75], [1.25, 0.75], [1.75, 1.25]]


def test_a_tie_goes_to_the_place_of_the_day_before_and_else_to_the_lower() -> None:
    day, place = np.array([0, 0, 1, 2, 2]), np.array([1, 2, 2, 1, 2])
    assert leading(day, place, np.array([0.5, 0.5, 1.0, 0.5, 0.5])).place.tolist() == [1, 2]
    half = np.array([1.0, 0.5, 0.5])
    assert leading(np.array([0, 1, 1]), np.array([1, 1, 2]), half).place.tolist() == [1]
    assert leading(np.array([0, 1, 1]), np.array([3, 1, 2]), half).place.tolist() == [3, 1]
    assert leading(np.array([0, 1, 1]), np.array([2, 1, 2]), half).place.tolist() == [2]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("AAABAAA", [(0, 6, "A", "A")]),  # one day elsewhere is noise
        ("AAAABBBAAAA", [(0, 3, "A", "A"), (4, 6, "A", "B"), (7, 10, "A", "A")]),
        ("AAAA.BBBBBB.AAAA", [(0, 3, "A", "A"), (5, 10, "A", "B"), (12, 15, "A", "A")]),
        ("AAAABBBBBBBBBBAAAA", [(0, 3, "A", "A"), (4, 13, "B", "B"), (14, 17, "A", "A")]),  # too long to be a stay
        ("AAAABBBB", [(0, 3, "A", "A"), (4, 7, "B", "B")]),
        ("AAAAAABBB", [(0, 5, "A", "A"), (6, 8, "A", "B")]),  # not yet known to last
        ("AAABBBBABBBBAAA", [(0, 2, "A", "A"), (3, 11, "A", "B"), (12, 14, "A", "A")]),  # away, with one day's noise
        ("AAAABBBCABBBAAAA", [(0, 3, "A", "A"), (4, 11, "A", "B"), (12, 15, "A", "A")]),  # with noise of two places
        ("BBBAAAAAA", [(0, 2, "A", "B"), (3, 8, "A", "A")]),  # away when first seen
        ("AAACCCCCC", [(0, 2, "C", "A"), (3, 8, "C", "C")]),
        ("CCCCAAABBBCCCC", [(0, 3, "C", "C"), (4, 6, "C", "A"), (7, 9, "C", "B"), (10, 13, "C", "C")]),  # a round trip
    ],
)
def test_timelines_by_example(days: str, expected: list[tuple[int, int, str, str]]) -> None:
    assert timeline_of(days) == expected


def test_a_person_of_more_places_than_are_explained_keeps_those_that_lead_longest() -> None:
    place = np.repeat(np.arange(MOST_PLACES + 8), np.where(np.arange(MOST_PLACES + 8) < 8, 1, 2))
    runs = leading(np.arange(len(place)), place, np.ones(len(place)))
    assert known_places(runs).tolist() == list(range(8, MOST_PLACES + 8))
    found = timelines(np.array([0, len(place)]), np.arange(len(place)), place, np.ones(len(place)), COSTS)
    assert found.first[0] == 0
    assert found.last[-1] == len(place) - 1


def test_of_places_that_lead_equally_long_the_lowest_are_kept() -> None:
    place = np.arange(2 * MOST_PLACES)[::-1]
    runs = leading(np.arange(len(place)), place, np.ones(len(place)))
    assert known_places(runs).tolist() == list(range(MOST_PLACES))
    days = np.random.default_rng(1).integers(1, 4, len(place))
    place = np.repeat(np.arange(len(place)), days)
    runs = leading(np.arange(len(place)), place, np.ones(len(place)))
    longest = sorted(range(len(days)), key=lambda each: (-days[each], each))
    assert known_places(runs).tolist() == sorted(longest[:MOST_PLACES])


def test_places_lead_by_their_days_whenever_they_are_and_in_however_many_runs() -> None:
    first_and_longest = np.repeat(np.arange(MOST_PLACES + 1), [3, *[2] * (MOST_PLACES - 1), 1])
    often_for_a_day = np.array([0, *np.repeat(np.arange(1, MOST_PLACES + 1), 3), 0])
    for place, kept in ((first_and_longest, range(MOST_PLACES)), (often_for_a_day, range(1, MOST_PLACES + 1))):
        runs = leading(np.arange(len(place)), place, np.ones(len(place)))
        assert known_places(runs).tolist() == list(kept)


@pytest.mark.parametrize("unknown", [0, 99])
@pytest.mark.parametrize(("home", "away"), [(1, 7), (7, 1)])
def test_a_day_in_a_place_that_is_not_explained_is_no_return_home(home: int, away: int, unknown: int) -> None:
    place = np.array([*np.repeat(np.arange(8, MOST_PLACES + 6), 2), *[home] * 10, *[away] * 4, unknown])
    day = np.arange(len(place))
    assert unknown not in known_places(leading(day, place, np.ones(len(day))))
    found = timelines(np.array([0, len(day)]), day, place, np.ones(len(day)), COSTS._replace(move=3.0))
    assert (found.home[-2:].tolist(), found.place[-2:].tolist()) == ([home, away], [home, away])


def test_an_episode_before_a_move_costs_what_one_with_an_end_costs() -> None:
    place = np.array([1] * 4 + [2] * 2 + [3] * 4)
    day, weight = np.arange(len(place)), np.ones(len(place))
    runs = leading(day, place, weight)
    cost, _ = explained(runs, known_places(runs), contrary(runs, known_places(runs), day, place, weight), COSTS)
    assert cost == COSTS.trip + COSTS.move  # not COSTS.unended, which is less


def test_timelines_and_stable_homes_are_whole_numbers() -> None:
    assert stable(np.array([0, 1]), np.array([3]), np.array([1], np.int32), 13, 7).dtype == np.int32
    found = timelines(np.array([0, 2]), np.array([0, 1]), np.array([1, 1]), np.ones(2), COSTS)
    assert [column.dtype for column in found] == [np.int64] * 5


def test_each_person_is_explained_alone() -> None:
    day, place = np.array([0, 1, 2, 0, 1, 2]), np.array([1, 1, 1, 2, 2, 2])
    found = timelines(np.array([0, 3, 3, 6]), day, place, np.ones(6), COSTS)
    assert (found.person.tolist(), found.home.tolist()) == ([0, 2], [1, 2])


def test_a_stable_home_is_home_in_seven_of_thirteen_months() -> None:
    random = np.random.default_rng(3)
    for _ in range(100):
        month = np.flatnonzero(random.random(30) < 0.8)
        home = random.choice([NO_PLACE, 1, 2], len(month), p=[0.1, 0.6, 0.3]).astype(np.int32)
        found = stable(np.array([0, len(month)]), month, home, 13, 7)
        for row, centre in enumerate(month):
            around = home[np.abs(month - centre) <= 6]
            expected = [place for place in (1, 2) if (around == place).sum() >= 7] or [NO_PLACE]
            assert found[row] == expected[0]
