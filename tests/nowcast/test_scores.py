import numpy as np
import pandas as pd
import pytest

from sandbox.nowcast.scores import binned, reliability, scored


def rows_of(p: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame({"direction": "A", "horizon": 1, "model": "m", "p": p, "outcome": outcome})


def test_scores_from_bins_are_the_scores_of_the_rows() -> None:
    rng = np.random.default_rng(1)
    p = rng.random(5_000)
    y = (rng.random(5_000) < p).astype(int)
    score = scored(binned(rows_of(p, y))).iloc[0]
    assert score.n == 5_000
    assert score.brier == pytest.approx(np.mean((p - y) ** 2))
    assert score.log_loss == pytest.approx(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))


def test_the_calibration_error_is_that_of_ten_equal_bins() -> None:
    rng = np.random.default_rng(2)
    p = rng.random(20_000)
    y = (rng.random(20_000) < 0.5).astype(int)
    tenth = np.argsort(np.argsort(p)) * 10 // len(p)
    error = sum(abs(p[tenth == k].sum() - y[tenth == k].sum()) for k in range(10)) / len(p)
    assert scored(binned(rows_of(p, y))).iloc[0].ece == pytest.approx(error, abs=0.003)


def test_certain_and_wrong_is_bad_but_finite() -> None:
    score = scored(binned(rows_of(np.array([0.0, 1.0]), np.array([1, 0])))).iloc[0]
    assert score.brier == 1.0
    assert np.isfinite(score.log_loss)


def test_reliability_counts_every_row() -> None:
    bins = binned(rows_of(np.repeat([0.1, 0.9], 50), np.repeat([0, 1], 50)))
    assert reliability(bins).n.sum() == 100
