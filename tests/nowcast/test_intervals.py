import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.nowcast.intervals import State, band_of, monitored, population_stability


def test_nineteen_errors_attain_95_percent_with_the_largest_of_them() -> None:
    errors = np.linspace(-0.19, 0.17, 19)
    band = band_of(errors)
    assert (band.level, band.upper, band.lower) == (pytest.approx(0.95), 0.19, -0.19)


def test_fewer_errors_state_the_level_that_they_attain() -> None:
    assert band_of(np.array([0.1, -0.2, 0.05, 0.0])).level == pytest.approx(4 / 5)


def test_many_errors_leave_the_farthest_outside() -> None:
    errors = np.r_[np.full(98, 0.1), 0.9]
    assert band_of(errors).upper == 0.1


def test_the_band_covers_the_next_error_as_often_as_it_says() -> None:
    rng = np.random.default_rng(1)
    draws = rng.standard_t(3, size=(4_000, 25))
    inside = [abs(row[-1]) <= band_of(row[:-1]).upper for row in draws]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_without_past_errors_nothing_is_said() -> None:
    assert monitored(np.zeros(0), 0.0).state is State.WITHHELD
    assert monitored(np.array([0.1, 0.2]), 0.0).state is State.WITHHELD


def test_errors_that_leave_the_old_band_widen_it_then_withhold_it() -> None:
    calm = np.full(20, 0.01)
    assert monitored(np.r_[calm, np.full(6, 0.01)], 0.0).state is State.STEADY
    assert monitored(np.r_[calm, 0.01, 0.01, 0.01, 0.01, 0.5, 0.5], 0.0).state is State.WIDENED
    assert monitored(np.r_[calm, 0.01, 0.5, 0.5, 0.5, 0.5, 0.5], 0.0).state is State.WITHHELD


def test_drifting_inputs_widen_then_withhold() -> None:
    errors = np.r_[np.full(24, 0.01), 0.2]
    steady, widened, withheld = (monitored(errors, drift) for drift in (0.0, 0.4, 1.5))
    assert (steady.state, widened.state, withheld.state) == (State.STEADY, State.WIDENED, State.WITHHELD)
    assert widened.upper > 0.2 >= steady.upper


def test_equal_shares_do_not_drift_and_a_new_class_does() -> None:
    assert population_stability({"a": 100, "b": 300}, {"a": 1_000, "b": 3_000}) == pytest.approx(0, abs=1e-4)
    assert population_stability({"a": 100, "b": 300}, {"a": 100, "b": 100, "c": 200}) > 0.25
    assert population_stability({}, {}) == 0.0


@given(st.lists(st.floats(-1, 1), min_size=3, max_size=40))
def test_a_band_is_symmetric_and_holds_most_of_its_own_errors(errors: list[float]) -> None:
    band = band_of(np.array(errors))
    assert band.lower == -band.upper
    assert np.mean(np.abs(errors) <= band.upper) >= 0.9
