"""Homes: the cheapest path against all paths, stable homes against counting."""

from itertools import pairwise, product

import numpy as np

from sandbox.kernels.home import NO_PLACE, monthly, moves, path, stable

PENALTY = 1.5


def days_of(places: list[int], first: int = 0):
    offsets, day = np.array([0, len(places)]), np.arange(first, first + len(places))
    return path(offsets, day, np.array(places, np.int32), np.ones(len(places)), PENALTY)


def test_the_path_is_the_cheapest_of_all_paths() -> None:
    random = np.random.default_rng(7)
    for _ in range(60):
        days, places = int(random.integers(1, 7)), int(random.integers(1, 4))
        share = random.dirichlet(np.ones(places), days)
        rows = [(day, place) for day in range(days) for place in range(places)]
        found = path(
            np.array([0, len(rows)]),
            np.array([day for day, _ in rows]),
            np.array([place for _, place in rows], np.int32),
            np.array([share[row] for row in rows]),
            PENALTY,
        )

        def cost(chosen: tuple[int, ...], share: np.ndarray = share) -> float:
            changes = sum(a != b for a, b in pairwise(chosen))
            return sum(1 - share[day, place] for day, place in enumerate(chosen)) + PENALTY * changes

        assert np.isclose(cost(tuple(found.place)), min(map(cost, product(range(places), repeat=days))))


def test_one_day_elsewhere_does_not_move_the_home() -> None:
    assert days_of([1, 1, 1, 2, 1, 1, 1]).place.tolist() == [1] * 7


def test_the_home_of_a_month_needs_days_and_a_majority() -> None:
    assert monthly(days_of([1] * 20), 3).home.tolist() == [1]
    assert monthly(days_of([1] * 2), 3).home.tolist() == [NO_PLACE]
    assert monthly(days_of([1] * 10 + [2] * 10), 3).home.tolist() == [NO_PLACE]


def test_ten_days_away_and_back_are_temporary_and_no_return_is_permanent() -> None:
    trip = moves(days_of([1] * 20 + [2] * 10 + [1] * 20), 7, 182)
    assert (trip.is_permanent.tolist(), trip.start.tolist(), trip.end.tolist()) == ([False], [20], [30])
    move = moves(days_of([1] * 20 + [2] * 30), 7, 182)
    assert (move.is_permanent.tolist(), move.start.tolist(), move.to_place.tolist()) == ([True], [20], [2])


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
