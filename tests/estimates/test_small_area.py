"""Fay–Herriot against the published example, and at its edges."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sandbox.errors import CallError
from sandbox.estimates.small_area import fay_herriot

RNG = np.random.default_rng(3)


def milk(shared: Path) -> tuple[pd.Series, pd.Series, pd.DataFrame]:
    rows = pd.read_csv(shared / "data" / "milk" / "milk.csv")
    design = pd.get_dummies(rows["MajorArea"], drop_first=True).astype(float)
    design.insert(0, "intercept", 1.0)
    return rows["yi"], rows["SD"] ** 2, design


def test_reml_reproduces_the_published_milk_example(shared: Path) -> None:
    model = fay_herriot(*milk(shared))
    assert model.sigma2 == pytest.approx(0.01855, abs=5e-6)
    np.testing.assert_allclose(model.beta, [0.968189, 0.132780, 0.226946, -0.241301], atol=2e-6)
    assert model.eblup[0] == pytest.approx(1.0219703, abs=5e-7)
    assert model.mse[0] == pytest.approx(0.01346, abs=5e-6)


def test_reml_is_the_default_and_ml_says_less_variance(shared: Path) -> None:
    assert fay_herriot(*milk(shared), method="REML").sigma2 == fay_herriot(*milk(shared)).sigma2
    assert fay_herriot(*milk(shared), method="ML").sigma2 < fay_herriot(*milk(shared)).sigma2


def test_the_estimate_lies_between_direct_and_model() -> None:
    variance = np.full(30, 0.5)
    direct = 2 + RNG.normal(0, 1, 30) + RNG.normal(0, np.sqrt(0.5), 30)
    model = fay_herriot(direct, variance, np.ones(30))
    synthetic = model.beta[0]
    assert ((model.eblup - synthetic) * (direct - synthetic) >= 0).all()
    assert (np.abs(model.eblup - synthetic) <= np.abs(direct - synthetic)).all()


def test_without_area_effects_the_variance_is_zero_and_the_model_alone_speaks() -> None:
    x = np.column_stack([np.ones(12), np.arange(12.0)])
    model = fay_herriot(x @ [1.0, 2.0], np.full(12, 4.0), x)
    assert model.sigma2 == 0
    np.testing.assert_allclose(model.eblup, x @ [1.0, 2.0])
    assert (model.mse > 0).all()
    assert (model.direct_share == 0).all()


def test_the_mean_squared_error_holds_over_repeated_samples() -> None:
    x, psi = np.column_stack([np.ones(40), RNG.normal(size=40)]), RNG.uniform(0.3, 2, 40)
    errors, stated = [], []
    for _ in range(120):
        truth = x @ [1.0, 0.5] + RNG.normal(0, 1, 40)
        model = fay_herriot(truth + RNG.normal(0, np.sqrt(psi)), psi, x)
        errors.append((model.eblup - truth) ** 2)
        stated.append(model.mse)
    assert np.mean(stated) == pytest.approx(np.mean(errors), rel=0.1)


@pytest.mark.parametrize(
    ("direct", "variance", "x", "says"),
    [
        ([1, 2, 3], [1, 0, 1], [1, 1, 1], "above zero"),
        ([1, 2, 3], [1, 1], [1, 1, 1], "same areas"),
        ([1, np.nan, 3], [1, 1, 1], [1, 1, 1], "finite"),
        ([1, 2], [1, 1], [[1, 0], [0, 1]], "can't estimate"),
        ([1, 2, 3, 4], [1, 1, 1, 1], [[1, 2]] * 4, "sums of others"),
    ],
)
def test_it_refuses_what_it_can_t_estimate(
    direct: list[float], variance: list[float], x: list[float], says: str
) -> None:
    with pytest.raises(CallError, match=says):
        fay_herriot(direct, variance, x)


def test_it_names_the_likelihoods_there_are() -> None:
    with pytest.raises(CallError, match="no likelihood"):
        fay_herriot([1, 2, 3], [1, 1, 1], [1, 1, 1], method="MOM")
