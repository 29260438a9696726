"""The 12/16 rule by example, and several persons at once."""

import numpy as np

from sandbox.kernels.outcomes import outcomes

Person = tuple[list[int], list[int], tuple[int, int]]  # days, directions, initial status and the day it was fixed


def by_12_16(*persons: Person, until: int) -> list[dict[str, int]]:
    """One dict a crossing."""
    days, ways, initial = zip(*persons, strict=True)
    status, fixed = (np.array(each, np.int64) for each in zip(*initial, strict=True))
    day, direction = (np.concatenate([np.array(each, np.int64) for each in own]) for own in (days, ways))
    offsets = np.cumsum([0, *map(len, days)])
    found = outcomes(offsets, day, direction.astype(np.int8), status.astype(np.int8), fixed, 487, 365, until)
    return [{field: int(getattr(found, field)[row]) for field in found._fields} for row in range(len(day))]


def test_a_departure_is_undecided_until_a_threshold_is_reached() -> None:
    left = ([0], [0], (1, 0))
    assert by_12_16(left, until=364)[0]["is_migration"] == -1
    assert by_12_16(left, until=365)[0]["is_migration"] == 1
    assert by_12_16(left, until=365)[0]["migration_decided_on"] == 365


def test_an_undecided_crossing_carries_the_first_and_last_day_of_decision() -> None:
    (row,) = by_12_16(([0], [0], (1, 0)), until=100)
    assert (row["earliest_decision"], row["latest_decision"]) == (222, 487)
    assert (row["days_migrating"], row["days_returned"]) == (100, 0)


def test_a_short_return_is_flagged_at_once_though_residence_is_open() -> None:
    _, back = by_12_16(([0, 10], [0, 1], (1, 0)), until=20)
    assert (back["is_migration"], back["migration_decided_on"]) == (0, 10)
    assert (back["resident_before"], back["resident_after"]) == (-1, -1)


def test_no_crossings_give_no_rows_and_columns_have_the_types_that_are_written_down() -> None:
    none = np.empty(0, np.int64)
    result = outcomes(np.array([0]), none, none.astype(np.int8), none.astype(np.int8), none, 487, 365, 100)
    assert all(len(column) == 0 for column in result)
    assert [column.dtype for column in result] == [np.int8] * 3 + [np.int64] * 7


def test_persons_do_not_touch_each_other() -> None:
    persons: list[Person] = [
        ([0, 10], [0, 1], (1, 0)),
        ([], [], (0, 0)),
        ([3], [1], (-1, 0)),
        ([5, 300, 301, 390], [1, 0, 1, 0], (0, -1)),
    ]
    alone = [by_12_16(person, until=400) for person in persons]
    assert by_12_16(*persons, until=400) == [row for rows in alone for row in rows]
