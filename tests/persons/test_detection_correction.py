"""From trials to weights, and from weights to a number with its interval; or to none."""

import numpy as np
import pyarrow as pa
import pytest

from sandbox.persons.detection.correction import corrected_number, weights
from sandbox.persons.detection.probabilities import Status, Trial, judged


def test_a_weight_is_how_many_moves_there_are_for_one_that_is_seen() -> None:
    row = judged([Trial(40, 30, 32)])
    assert (row["probability"], row["weight"], row["status"]) == (0.75, 1.25, "corrected")
    assert (row["lower"], row["upper"]) == (pytest.approx(0.5981, abs=1e-4), pytest.approx(0.8581, abs=1e-4))
    assert row["weight_error"] == pytest.approx(np.sqrt((32 / 44 * 12 / 44 + 2 / 40) / 40) / 0.8)
    assert judged([Trial(11, 11, 11)])["weight_error"] > 0.1  # all of few is not certain


def test_what_dense_histories_had_lost_before_is_lost_too() -> None:
    trial, dense = Trial(100, 80, 80), Trial(100, 90, 90)
    row, alone, before = judged([trial, dense]), judged([trial]), judged([dense])
    assert (row["moves"], row["found"], row["probability"]) == (100, 80, pytest.approx(0.72))
    assert row["weight"] == pytest.approx(1 / 0.72)
    assert row["lower"] == pytest.approx(alone["lower"] * before["lower"])
    assert row["weight_error"] == pytest.approx(np.hypot(alone["weight_error"], before["weight_error"]))


def test_below_one_half_at_the_lower_bound_there_is_no_weight() -> None:
    few, enough = judged([Trial(40, 26, 26)]), judged([Trial(40, 27, 27)])
    assert (few["lower"], few["weight"], few["weight_error"]) == (pytest.approx(0.4951, abs=1e-4), None, None)
    assert enough["weight"] == pytest.approx(40 / 27)
    assert judged([Trial(3, 3, 3)])["status"] == Status.REFUSED  # three of three may be less than half
    assert judged([Trial(40, 40, 0)])["status"] == Status.REFUSED  # found, but with a stay of another band
    assert judged([Trial(40, 40, 40), Trial(40, 20, 20)])["status"] == Status.REFUSED


MEASURED = pa.table(
    {
        "density_from": [0.4, 0.4, 0.8, 0.4],
        "density_to": [0.6, 0.6, 1.0, 0.6],
        "stay_from": [90, 183, 90, None],
        "stay_to": [183, None, None, None],
        "km_from": pa.array([None] * 4, pa.int32()),
        "probability": [0.75, 0.5, 0.9, 0.7],
        "weight": [1.25, None, 1.0, 1.35],
        "weight_error": [0.1, None, 0.02, 0.1],
        "status": ["corrected", "refused", "corrected", "corrected"],
    }
)


def test_each_move_has_the_weight_of_its_density_and_stay_or_none() -> None:
    share, stay = np.array([0.4, 0.59, 0.6, 0.5, 0.5, 0.8, 1.0]), np.array([90, 182, 100, 183, 89, 90, 5000])
    answer = weights(share, stay, MEASURED)
    assert answer["weight"].to_pylist() == [1.25, 1.25, None, None, None, 1.0, 1.0]
    assert answer["status"].to_pylist() == ["corrected"] * 2 + ["refused"] * 3 + ["corrected"] * 2


def test_the_interval_has_the_chance_of_the_moves_and_that_of_the_trials() -> None:
    result = corrected_number(np.array([0.5] * 8 + [0.9] * 3 + [0.1]), np.full(12, 100), MEASURED)
    assert (result.found, result.corrected, result.refused) == (11, 8 * 1.25 + 3, 1)
    chance = 10 * (0.75 * 0.25 + 0.05) * 1.25**2 + 3 * (0.9 * 0.1 + 0.1)
    error = 1.96 * np.sqrt(chance + (10 * 0.1 + 3 * 0.02) ** 2)
    assert (result.lower, result.upper) == (pytest.approx(13 - error, abs=0.01), pytest.approx(13 + error, abs=0.01))


def test_nothing_found_is_corrected_to_nothing() -> None:
    result = corrected_number(np.empty(0), np.empty(0, np.int64), MEASURED)
    assert (result.found, result.corrected, result.lower, result.upper, result.refused) == (0, 0.0, 0.0, 0.0, 0)
