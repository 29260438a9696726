"""Chi et al. 2020 against a slow twin: sets of days, as the paper's own code has them."""

from itertools import pairwise

import numpy as np
import pytest

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


def contiguous(seen: dict[int, set[int]], settings: Settings):
    first: dict[int, list[tuple[int, int]]] = {}
    for place, days in seen.items():
        filled = set(days)
        for day, following in pairwise(sorted(days)):
            if following - day <= settings.max_gap_days:
                filled |= set(range(day, following))
        runs = runs_of(filled, settings.short_segment_days)
        kept = [run for run in runs if len(days & days_of(run)) >= settings.min_share * (run[1] - run[0] + 1)]
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


@pytest.mark.parametrize("overlap", [0, 2])
def test_every_step_and_every_move_equals_the_sets_of_days(overlap: int) -> None:
    settings = SMALL._replace(max_overlap_days=overlap)
    random = np.random.default_rng(overlap)
    moves_seen = 0
    for _ in range(300):
        home = np.repeat(random.integers(0, 3, 6), random.integers(3, 14, 6))
        rows = {(int(place), day) for day, place in enumerate(home) if random.random() < 0.85}
        rows |= {(int(random.integers(0, 3)), int(random.integers(0, len(home)))) for _ in range(6)}
        ordered = sorted(rows)
        seen = {place: {day for where, day in rows if where == place} for place, _ in ordered}
        result = segments(
            np.array([0, len(ordered)]),
            np.array([day for _, day in ordered]),
            np.array([place for place, _ in ordered]),
            settings,
        )
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
    assert overlap or moves_seen > 50


def test_a_row_written_twice_counts_once() -> None:
    days = np.repeat(np.arange(0, 20, 2), 2)
    result = segments(np.array([0, len(days)]), days, np.zeros(len(days), np.int64), SMALL)
    assert len(result.segments) == 0  # 10 of 19 days are too few


def test_nobody_gives_nothing() -> None:
    result = segments(np.array([0]), np.empty(0, np.int64), np.empty(0, np.int64), SMALL)
    assert len(result.segments) == len(result.moves) == 0
