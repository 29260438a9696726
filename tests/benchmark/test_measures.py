"""Measures: what they count, and what a missing pair is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.benchmark import measures
from sandbox.benchmark.pairs import Pairs, Side, paired
from sandbox.errors import CallError


def pairs_of(estimate: dict[str, float], official: dict[str, float], signed: bool | None = None) -> Pairs:
    ours = pd.DataFrame({"cell": estimate.keys(), "e": estimate.values()}).rename(columns={"cell": "k"})
    theirs = pd.DataFrame({"k": official.keys(), "o": official.values()})
    return paired(Side(ours, "e"), Side(theirs, "o"), ["k"], signed=signed)


def test_common_part_of_commuters_is_twice_what_both_have_over_what_either_has() -> None:
    assert measures.common_part_of_commuters(np.array([[0, 4], [2, 0]]), np.array([[0, 2], [4, 0]])) == 2 * 4 / 12


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(any))
def test_a_matrix_has_everything_in_common_with_itself_and_nothing_with_an_empty_one(flows: list[int]) -> None:
    matrix = np.array(flows, float)
    assert measures.common_part_of_commuters(matrix, matrix) == 1
    assert measures.common_part_of_commuters(matrix, np.zeros_like(matrix)) == 0


def test_wmape_weighs_errors_by_the_official_value() -> None:
    level = measures.level(pairs_of({"a": 90, "b": 20}, {"a": 100, "b": 10}))
    assert level["wmape"] == pytest.approx(20 / 110)
    assert level["mape"] == pytest.approx((0.1 + 1.0) / 2)


def test_cells_of_one_side_only_are_counted_apart() -> None:
    found = measures.coverage_of_cells(pairs_of({"a": 1, "b": 2, "z": 0}, {"b": 3, "c": 1, "z": 0}))
    assert (found["pairs"], found["matched"], found["only_estimate"], found["only_official"]) == (4, 2, 1, 1)
    assert found["both_zero"] == 1
    assert found["official_share_matched"] == 0.75


def test_over_all_pairs_a_missing_pair_counts_as_zero() -> None:
    pairs = pairs_of({"a": 1, "b": 2, "c": 3, "d": 9}, {"a": 1, "b": 2, "c": 3, "e": 9})
    found = measures.association(pairs)
    assert found["spearman"] == pytest.approx(1)
    assert found["spearman_all_pairs"] < 0


def test_a_signed_series_has_no_measure_with_logs_or_ratios() -> None:
    found = measures.all_measures(pairs_of({"a": -5, "b": 5}, {"a": 5, "b": 5}))
    assert not {"wmape", "mape", "median_ratio", "log_correlation", "kullback_leibler"} & set(found)


def test_the_interval_score_is_the_width_inside_and_forty_times_the_miss_outside() -> None:
    value = pd.Series([5.0, 12.0])
    score = measures.interval_score(pd.Series([0.0, 0.0]), pd.Series([10.0, 10.0]), value)
    assert score.tolist() == [10.0, 10.0 + 40 * 2]


def test_crps_of_a_certain_forecast_is_its_absolute_error() -> None:
    assert measures.crps_normal(pd.Series([3.0]), pd.Series([0.0]), pd.Series([5.0])).tolist() == [2.0]


def test_twitter_movers_against_tax_returns_look_good_only_where_both_exist(shared: object) -> None:
    from pathlib import Path

    file = Path(str(shared)) / "data/twitter_irs_us/twitter_IRS_1314_exempt_zero.csv"
    rows = pd.read_csv(file, header=None, names=["twitter", "returns", "exemptions"]).rename_axis("k").reset_index()
    ours, theirs = rows[rows["twitter"] > 0], rows[rows["returns"] > 0]
    pairs = paired(Side(ours, "twitter"), Side(theirs, "returns"), ["k"])
    found = measures.association(pairs)
    assert len(pairs.matched) == 26_901
    assert found["pearson"] == pytest.approx(0.768, abs=0.0005)
    assert found["spearman"] == pytest.approx(0.566, abs=0.0005)
    assert found["spearman_all_pairs"] == pytest.approx(0.102, abs=0.0005)


def test_a_key_that_stands_twice_is_refused() -> None:
    twice = pd.DataFrame({"k": ["a", "a"], "e": [1.0, 2.0]})
    with pytest.raises(CallError, match="more than once"):
        paired(Side(twice, "e"), Side(pd.DataFrame({"k": ["a"], "o": [1.0]}), "o"), ["k"])


def test_a_column_that_is_missing_is_named() -> None:
    with pytest.raises(CallError, match="no column wrong"):
        paired(Side(pd.DataFrame({"k": ["a"], "e": [1.0]}), "wrong"), Side(pd.DataFrame({"k": ["a"]}), "k"), ["k"])


@pytest.mark.parametrize(
    ("text", "month"), [("2024", 2024 * 12), ("2024-03", 2024 * 12 + 2), ("2024-03-01", 2024 * 12 + 2)]
)
def test_a_period_may_be_a_year_a_month_or_a_date(text: str, month: int) -> None:
    from sandbox.benchmark.pairs import month_numbers

    assert month_numbers(pd.Series([text])).tolist() == [month]
