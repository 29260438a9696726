"""Repair on the synthetic country: fewer false migrations than plain repair, and hardly a true one lost for it."""

import pandas as pd
import pytest

from experiments.bench_linkage.__main__ import results


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.DataFrame(results((5,), 0.1, ("whole", "noisy"))).set_index(["setting", "method", "direction"])


def test_whole_histories_are_counted_alike_by_every_repair(rows: pd.DataFrame) -> None:
    whole = rows.loc["whole"]
    for direction in "AD":
        assert whole.loc[("full", direction), "counted"] == whole.loc[("none", direction), "counted"]
        assert whole.loc[("full", direction), "not in the file %"] == 0


def test_full_repair_counts_far_fewer_false_migrations_than_simple(rows: pd.DataFrame) -> None:
    for direction in "AD":
        simple, full = (rows.loc[("noisy", method, direction)] for method in ("simple", "full"))
        assert full["false %"] < 0.6 * simple["false %"]
        assert abs(full["excess %"]) < abs(simple["excess %"])
        assert full["lost %"] < simple["lost %"] + 2


def test_dates_alone_are_worth_something(rows: pd.DataFrame) -> None:
    for direction in "AD":
        simple, dates = (rows.loc[("noisy", method, direction)] for method in ("simple", "full, dates alone"))
        assert dates["false %"] < simple["false %"]
