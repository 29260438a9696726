import numpy as np
import pyarrow as pa
import pytest

from sandbox.disclosure.cell_key import distribution, noise, perturbed
from sandbox.disclosure.published import Layout
from sandbox.disclosure.rules import default_rules
from sandbox.errors import CallError

RULES = default_rules()
LAYOUT = Layout(("area",), "n", "n", cell_key="key")


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_noise_has_mean_zero_the_set_variance_and_a_bound(count: int) -> None:
    steps, probabilities = distribution(count, 2.0, 5)
    assert steps.min() >= -count
    assert np.abs(steps).max() <= 5
    assert probabilities.sum() == pytest.approx(1)
    assert steps @ probabilities == pytest.approx(0, abs=1e-4)
    assert steps**2 @ probabilities == pytest.approx(2, abs=1e-3)


def test_over_all_keys_the_noise_has_nearly_that_mean_and_variance() -> None:
    found = noise(np.full(256, 40.0), np.arange(256), 2.0, 5)
    assert found.mean() == pytest.approx(0, abs=0.05)
    assert found.var() == pytest.approx(2, abs=0.1)


def test_the_same_cell_gets_the_same_noise_in_every_table() -> None:
    first = perturbed(pa.table({"area": ["a", "b", "_T"], "n": [20, 30, 50], "key": [7, 300, 307]}), LAYOUT, RULES, {})
    other = perturbed(pa.table({"area": ["x", "a"], "n": [12, 20], "key": [9, 7 + 256]}), LAYOUT, RULES, {})
    assert first.published["n"].to_pylist()[0] == other.published["n"].to_pylist()[1]


def test_zero_stays_zero_and_nothing_falls_below_it() -> None:
    table = pa.table({"area": [f"a{i}" for i in range(256)], "n": [0] * 128 + [1] * 128, "key": list(range(256))})
    shown = perturbed(table, LAYOUT, RULES, {}).published["n"].to_pylist()
    assert shown[:128] == [0] * 128
    assert min(shown) == 0


def test_totals_that_are_made_have_the_sum_of_keys() -> None:
    found = perturbed(pa.table({"area": ["a", "b"], "n": [20, 30], "key": [200, 100]}), LAYOUT, RULES, {})
    assert found.internal["key"].to_pylist() == [200, 100, 44]
    assert set(found.internal["status"].to_pylist()) == {"perturbed"}


@pytest.mark.parametrize("layout", [Layout(("area",), "n", "n"), Layout(("area",), "w", "n", cell_key="key")])
def test_weighted_figures_and_missing_keys_are_refused(layout: Layout) -> None:
    table = pa.table({"area": ["a"], "n": [20], "w": [20.5], "key": [1]})
    with pytest.raises(CallError):
        perturbed(table, layout, RULES, {})
