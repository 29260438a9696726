"""Twelve months without an absence of over thirty days, by example: a non-resident comes and goes."""

from itertools import pairwise

import numpy as np

from sandbox.kernels.continuous import Period, continuous

YEAR = Period(365, 182, 30)


def arrivals_and_departures(*days: int, until: int) -> list[dict[str, int]]:
    direction = np.array([(1 + k) % 2 for k in range(len(days))], np.int8)
    history = (np.array([0, len(days)]), np.array(days, np.int64), direction)
    found = continuous(*history, np.array([0], np.int8), np.array([-1]), YEAR, until)
    return [{field: int(getattr(found, field)[row]) for field in found._fields} for row in range(len(days))]


def test_a_holiday_of_thirty_days_is_forgiven_and_one_of_thirty_one_is_not() -> None:
    for absence, migrates in ((30, 1), (31, 0)):
        assert arrivals_and_departures(0, 100, 100 + absence, until=400)[0]["is_migration"] == migrates


def test_the_days_of_a_forgiven_absence_belong_to_the_period() -> None:
    came, left, back = arrivals_and_departures(0, 100, 130, until=365)
    assert (came["is_migration"], came["migration_decided_on"]) == (1, 365)
    assert (came["days_migrating"], came["days_returned"]) == (335, 30)
    assert (left["is_migration"], left["migration_decided_on"], left["resident_after"]) == (0, 100, 1)
    assert (back["is_migration"], back["migration_decided_on"], back["resident_before"]) == (0, 130, 1)


def test_who_is_away_when_the_period_is_over_is_decided_on_the_morning_after_coming_back() -> None:
    assert arrivals_and_departures(0, 360, 380, until=381)[0]["migration_decided_on"] == 381
    assert arrivals_and_departures(0, 360, 380, until=380)[0]["is_migration"] == -1


def test_a_day_trip_does_not_end_an_absence() -> None:
    came, *_ = arrivals_and_departures(0, 100, 120, 120, until=135)
    assert (came["is_migration"], came["migration_decided_on"]) == (0, 130)


def test_who_is_away_for_most_of_the_period_does_not_live_there() -> None:
    weekends = [day for week in range(60) for day in (7 * week, 7 * week + 2)]
    rows = arrivals_and_departures(*weekends, until=700)
    assert [row["is_migration"] for row in rows] == [0] * len(rows)


def test_while_a_period_is_open_only_its_first_crossing_is_undecided() -> None:
    rows = arrivals_and_departures(0, 50, 60, until=100)
    assert [row["is_migration"] for row in rows] == [-1, 0, 0]
    assert (rows[0]["earliest_decision"], rows[0]["latest_decision"]) == (130, 395)
    assert [row["resident_before"] for row in rows] == [0, -1, -1]


def test_after_a_break_the_next_arrival_opens_a_new_period() -> None:
    rows = arrivals_and_departures(0, 50, 90, until=500)
    assert [row["is_migration"] for row in rows] == [0, 0, 1]
    assert rows[2]["migration_decided_on"] == 455


def test_persons_do_not_touch_each_other() -> None:
    day, direction = np.array([0, 100, 7, 5, 50, 60, 290]), np.array([0, 1, 0, 1, 0, 1, 0], np.int8)
    status, fixed = np.array([1, 0, -1, 1], np.int8), np.array([0, 0, 0, -1])
    offsets = [0, 2, 2, 3, 7]  # the second person has no crossing
    together = continuous(np.array(offsets), day, direction, status, fixed, YEAR, 300)
    for person, (start, end) in enumerate(pairwise(offsets)):
        own, one = slice(start, end), slice(person, person + 1)
        alone = continuous(np.array([0, end - start]), day[own], direction[own], status[one], fixed[one], YEAR, 300)
        for both, single in zip(together, alone, strict=True):
            assert both[own].tolist() == single.tolist()
