"""Chi et al. 2020 against a slow twin: sets of days, as the paper's own code has them."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from sandbox.kernels.segments import Settings, segments

SMALL = Settings(
    min_days=6, max_gap_days=3, short_segment_days=4, min_share=0.6, max_overlap_days=0, max_move_gap_days=5
)


def runs_of(days: set[int], shortest: int) -> list[tuple[int, int]]:
    found = []
    for day in sorted(days):
        if day - 1 not in days:
            end = day
            while end + 1 in days:
                end += 1
            if end - day + 1 >= shortest:
                found.append((day, end))
    return found


def days_of(run: tuple[int, int]) -> set[int]:
    return set(range(run[0], run[1] + 1))


def gap_of(anywhere: set[int], settings: Settings) -> int:
    """The longest silence of which a stay of `min_days` holds a tenth or more, within the two bounds."""
    days = sorted(anywhere)
    steps, span = [after - day for day, after in pairwise(days)], days[-1] - days[0] + 1
    usual = [g for g in steps if sum(step >= g for step in steps) * settings.min_days / span >= 0.1]
    return max(settings.max_gap_days, min(max(usual, default=0), settings.max_move_gap_days))


def contiguous(seen: dict[int, set[int]], settings: Settings):
    first: dict[int, list[tuple[int, int]]] = {}
    anywhere = set().union(*seen.values())
    gap = gap_of(anywhere, settings) if settings.by_density else settings.max_gap_days
    for place, days in seen.items():
        filled = set(days)
        for day, following in pairwise(sorted(days)):
            if following - day <= gap:
                filled |= set(range(day, following))
        runs = runs_of(filled, settings.short_segment_days)
        could = {run: days_of(run) & anywhere if settings.by_density else days_of(run) for run in runs}
        kept = [run for run in runs if len(days & days_of(run)) >= settings.min_share * len(could[run])]
        if kept:
            first[place] = kept
    return first


def merged(first):
    second: dict[int, list[tuple[int, int]]] = {}
    for place, kept in first.items() if len(first) > 1 else ():
        elsewhere = set().union(*(days_of(run) for other in first if other != place for run in first[other]))
        joined = [kept[0]]
        for run in kept[1:]:
            if set(range(joined[-1][1] + 1, run[0])) & elsewhere:
                joined.append(run)
            else:
                joined[-1] = (joined[-1][0], run[1])
        second[place] = joined
    return second


def without_overlap(second, settings: Settings):
    third = []
    for place, kept in second.items():
        left: set[int] = set()
        foreign = [days_of(run) for other in sorted(second) if other != place for run in second[other]]
        for run in kept:
            own = days_of(run)
            for days in foreign:
                if len(own & days) > settings.max_overlap_days:
                    own -= days
            left |= own
        third += [(*run, place) for run in runs_of(left, settings.min_days)]
    return sorted(third)


def day_of_move(home: set[int], target: set[int], end: int, start: int) -> int:
    def wrong(chosen: int) -> int:
        return len([day for day in target if end <= day < chosen]) + len([day for day in home if chosen < day <= start])

    return min(range(end, start + 1), key=lambda day: (wrong(day), -day))


def moves_between(third, seen: dict[int, set[int]], settings: Settings):
    moves = []
    for number, (start, end, place) in enumerate(third):
        later = [run for run in third[number + 1 :] if run[2] != place and run[0] > end]
        if later and later[0][0] - end <= settings.max_move_gap_days:
            begin, last, target = later[0]
            date = day_of_move(seen[place], seen[target], end, begin)
            moves.append((place, target, date, begin - end - 1, start, end, begin, last))
    return moves


def found_in(rows: list[tuple[int, int]], settings: Settings):
    """Segments of rows of place and day, sorted, all of one person."""
    day, place = (np.array([row[key] for row in rows], np.int64) for key in (1, 0))
    return segments(np.array([0, len(rows)]), day, place, settings)


@pytest.mark.parametrize(("overlap", "density"), [(0, None), (2, None), (0, 0.3), (0, 0.7)])
def test_every_step_and_every_move_equals_the_sets_of_days(overlap: int, density: float | None) -> None:
    settings = SMALL._replace(max_overlap_days=overlap, by_density=density is not None)
    random = np.random.default_rng(overlap)
    moves_seen = 0
    for _ in range(300):
        home = np.repeat(random.integers(0, 3, 6), random.integers(3, 14, 6))
        rows = {(int(place), day) for day, place in enumerate(home) if random.random() < (density or 0.85)}
        rows |= {(int(random.integers(0, 3)), int(random.integers(0, len(home)))) for _ in range(6)}
        ordered = sorted(rows)
        seen = {place: {day for where, day in rows if where == place} for place, _ in ordered}
        result = found_in(ordered, settings)
        first = contiguous(seen, settings)
        second = merged(first)
        third = without_overlap(second, settings)
        found = {step: {tuple(row[2:]) for row in result.segments.tolist() if row[1] == step} for step in (1, 2, 3)}
        assert found[1] == {(place, *run) for place, kept in first.items() for run in kept}
        assert found[2] == {(place, *run) for place, kept in second.items() for run in kept}
        assert found[3] == {(place, start, end) for start, end, place in third}
        if overlap == 0:  # with more, the paper's own code has no day to choose from
            moves = moves_between(third, seen, settings)
            assert [tuple(row[1:]) for row in result.moves.tolist()] == moves
            moves_seen += len(moves)
    assert overlap or moves_seen > 40


def test_a_row_written_twice_counts_once() -> None:
    days = np.repeat(np.arange(0, 20, 2), 2)
    result = segments(np.array([0, len(days)]), days, np.zeros(len(days), np.int64), SMALL)
    assert len(result.segments) == 0  # 10 of 19 days are too few


def test_nobody_gives_nothing() -> None:
    result = segments(np.array([0]), np.empty(0, np.int64), np.empty(0, np.int64), SMALL)
    assert len(result.segments) == len(result.moves) == 0


@hypothesis_settings(deadline=None)  # the first call compiles
@given(st.lists(st.integers(0, 2), min_size=1, max_size=60), st.integers(0, 20))
def test_of_a_person_seen_every_day_gaps_by_density_find_what_fixed_ones_find(places: list[int], double: int) -> None:
    rows = sorted({(place, day) for day, place in enumerate(places)} | {(0, min(double, len(places) - 1))})
    fixed, by_density = (found_in(rows, SMALL._replace(by_density=choice)) for choice in (False, True))
    assert fixed.segments.tolist() == by_density.segments.tolist()
    assert fixed.moves.tolist() == by_density.moves.tolist()


def test_a_silence_that_is_usual_for_the_person_does_not_end_a_stay() -> None:
    rows = [(0, day) for day in range(0, 40, 4)]  # every fourth day: longer than a gap of 3
    (fixed, by_density) = (found_in(rows, SMALL._replace(by_density=choice)).segments for choice in (False, True))
    assert (len(fixed), by_density[0].tolist()) == (0, [0, 1, 0, 0, 36])


def test_days_seen_elsewhere_count_against_a_stay() -> None:
    rows = [(0, day) for day in range(0, 40, 4)] + [(1, day) for day in range(2, 40, 4)]
    assert len(found_in(rows, SMALL._replace(by_density=True)).segments) == 0  # half of the days seen


def test_no_gap_is_joined_that_is_longer_than_a_move_may_take() -> None:
    rows = [(0, day) for day in range(0, 60, 6)]
    assert len(found_in(rows, SMALL._replace(by_density=True, max_move_gap_days=5)).segments) == 0
    assert len(found_in(rows, SMALL._replace(by_density=True, max_move_gap_days=6)).segments) == 1


def test_each_person_has_segments_and_moves_of_its_own() -> None:
    one = [(place, day + 10 * place) for place in range(3) for day in range(9)]
    two = [(place, day + 12 * place) for place in (2, 3) for day in range(10)]
    alone = [found_in(rows, SMALL) for rows in (one, two)]
    place, day = (np.array([row[key] for row in (*one, *two)]) for key in (0, 1))
    for settings in (SMALL, SMALL._replace(by_density=True)):
        both = segments(np.array([0, len(one), len(one), len(one + two)]), day, place, settings)
        for name, table in both._asdict().items():
            first, second = (getattr(found, name) for found in alone)
            assert table[:, 1:].tolist() == [*first[:, 1:].tolist(), *second[:, 1:].tolist()], name
            assert table[:, 0].tolist() == [0] * len(first) + [2] * len(second)
            assert table.dtype == np.int64
    assert [len(found.moves) for found in alone] == [2, 1]


def test_a_person_of_a_hundred_stays_has_a_hundred_segments_and_a_move_after_each_but_the_last() -> None:
    rows = sorted((number % 2, 9 * number + day) for number in range(100) for day in range(8))
    result = found_in(rows, SMALL)
    starts = list(range(0, 900, 9))
    for step in (1, 2, 3):
        assert sorted(result.segments[result.segments[:, 1] == step, 3].tolist()) == starts
    assert result.moves[:, 5].tolist() == starts[:-1]


def test_a_stay_elsewhere_that_ends_on_the_day_after_keeps_two_stays_apart() -> None:
    rows = [(0, day) for day in (*range(6), *range(12, 18))] + [(1, day) for day in range(2, 7)]
    result = found_in(rows, SMALL)
    second = result.segments[result.segments[:, 1] == 2]
    assert second[:, 2:].tolist() == [[0, 0, 5], [1, 2, 6], [0, 12, 17]]


def test_stays_may_overlap_by_the_days_allowed_and_one_more_is_no_move() -> None:
    for first, moves in ((9, [[0, 1, -1]]), (8, [[0, 1, -2]])):
        rows = [(0, day) for day in range(10)] + [(1, day) for day in range(first, 25)]
        result = found_in(rows, SMALL._replace(max_overlap_days=2))
        assert result.moves[:, [1, 2, 4]].tolist() == moves


def test_a_record_written_twice_contradicts_the_day_of_a_move_once() -> None:
    rows = [(0, 11), (0, 11), *((0, day) for day in range(16, 26)), *((1, day) for day in (*range(10), 13))]
    result = found_in(rows, SMALL._replace(max_move_gap_days=10))
    assert result.moves[:, 1:4].tolist() == [[1, 0, 16]]  # one record against 16, one against 11: the later day
