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
