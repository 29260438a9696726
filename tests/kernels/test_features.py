"""Features of a crossing: only what was known at the cut-off."""

import numpy as np

from sandbox.kernels.features import FEATURES, crossing_features

DAYS = [0, 400, 420, 700, 710]
DIRECTIONS = [1, 0, 1, 0, 1]


def features(rows: list[int], cutoff: int, days: list[int] = DAYS, directions: list[int] = DIRECTIONS):
    table = crossing_features(
        np.array([0, len(days)]), np.array(days), np.array(directions, np.int8), np.array(rows),
        np.ones(len(days), np.int8), np.zeros(len(days), np.int64), np.zeros(len(days), np.int64), cutoff,
    )  # fmt: skip
    return [dict(zip(FEATURES, row, strict=True)) for row in table]


def test_there_is_one_column_a_feature() -> None:
    assert len(features([0], 800)[0]) == len(FEATURES)


def test_crossings_after_the_cut_off_change_nothing() -> None:
    assert repr(features([1, 2], 700)) == repr(features([1, 2], 700, DAYS[:3], DIRECTIONS[:3]))


def test_a_departure_knows_its_history() -> None:
    (row,) = features([3], 705)
    assert row["days_since_crossing"] == row["days_since_last_crossing"] == 5
    assert (row["crossings_before"], row["crossings_since"]) == (3, 0)
    assert (row["earlier_stays"], row["longest_earlier_stay"]) == (1, 20)
    assert row["crossings_in_year_before"] == 2
    assert row["share_in_country_365"] == (365 - 20) / 365


def test_before_the_first_crossing_a_person_was_where_it_came_from() -> None:
    assert features([0], 10)[0]["share_in_country_365"] == 0
    assert features([0], 10, [0], [0])[0]["share_in_country_365"] == 1


def test_what_does_not_exist_is_not_a_number() -> None:
    (row,) = features([0], 10)
    assert np.isnan(row["days_since_previous_crossing"])
    assert np.isnan(row["mean_earlier_stay"])


def test_every_feature_of_an_arrival_by_hand() -> None:
    (row,) = features([4], 720)
    assert list(row.values())[3:] == [10, 1, 0, 4, 1, 10, 2, 400, 340, 3, (55 + 280) / 365, (400 + 280) / 730]


def test_the_mean_of_one_earlier_stay_is_its_length() -> None:
    assert features([3], 705)[0]["mean_earlier_stay"] == 20


def test_what_happened_since_is_counted_to_the_last_crossing_before_the_cut_off() -> None:
    (row,) = features([1], 705)
    assert (row["days_since_crossing"], row["days_since_last_crossing"], row["crossings_since"]) == (305, 5, 2)
    assert row["is_on_new_side"] == 1
    assert features([1], 700)[0]["is_on_new_side"] == 0


def test_a_crossing_of_the_cut_off_s_own_day_is_not_seen() -> None:
    assert features([3], 710)[0]["crossings_since"] == 0
    assert features([3], 711)[0]["crossings_since"] == 1


def test_a_crossing_is_within_the_year_before_on_its_first_day() -> None:
    assert features([1], 400, [0, 365], [1, 0])[0]["crossings_in_year_before"] == 1
    assert features([1], 400, [0, 366], [1, 0])[0]["crossings_in_year_before"] == 0
    assert features([1], 400, [0, 366], [1, 0])[0]["share_in_country_365"] == 1


def test_what_was_decided_is_taken_from_the_outcomes_and_an_unknown_status_is_not_a_number() -> None:
    table = crossing_features(
        np.array([0, 3]), np.array([0, 5, 9]), np.array([1, 0, 1], np.int8), np.array([0, 1, 2]),
        np.array([0, 1, -1], np.int8), np.array([5, 4, 2]), np.array([3, 2, 0]), 11,
    )  # fmt: skip
    columns = [FEATURES.index(name) for name in ("days_migrating", "days_returned", "resident_before")]
    np.testing.assert_array_equal(table[:, columns], [[5, 3, 0], [4, 2, 1], [2, 0, np.nan]])
    assert table.dtype == np.float64


def test_persons_do_not_touch_each_other() -> None:
    one, two = (DAYS, DIRECTIONS), ([100, 101, 350], [0, 1, 0])
    day, direction = (np.array([*first, *second]) for first, second in zip(one, two, strict=True))
    nothing = np.zeros(8, np.int64)
    both = crossing_features(
        np.array([0, 5, 8]), day, direction.astype(np.int8), np.arange(8), np.ones(8, np.int8), nothing, nothing, 800
    )
    alone = [
        list(row.values()) for rows, each in ((range(5), one), (range(3), two)) for row in features(rows, 800, *each)
    ]
    np.testing.assert_array_equal(both, alone)


def test_who_leaves_on_the_day_of_arrival_was_not_in_the_country() -> None:
    assert features([2], 20, [3, 3, 10], [1, 0, 1])[0]["share_in_country_365"] == 0
