import numpy as np
import pyarrow as pa
import pytest

from sandbox.disclosure.margins import lattice
from sandbox.disclosure.primary import Contents, primary_reasons
from sandbox.disclosure.protect import protect, rules_for
from sandbox.disclosure.published import Layout
from sandbox.disclosure.rules import Rules, default_rules, families
from sandbox.errors import CallError

RULES = default_rules()
KEYS = [("a",), ("b",), ("c",)]


def reasons(contents: Contents, rules: Rules = RULES, keys: list[tuple[str, ...]] = KEYS) -> list[str]:
    names = ("place",) if len(keys[0]) == 1 else ("place", "kind")
    return list(primary_reasons(contents, lattice(keys, names, {}), names, rules))


def of(*values: float) -> np.ndarray:
    return np.array(values, dtype=float)


def with_rules(**changes: object) -> Rules:
    return RULES.model_copy(update=changes)


def test_nine_persons_are_hidden_and_ten_are_shown() -> None:
    assert reasons(Contents(of(9, 10, 0), of(9, 10, 0))) == ["threshold", "", ""]


def test_the_threshold_counts_persons_and_not_the_weighted_figure() -> None:
    assert reasons(Contents(of(5000, 50, 8), of(5, 50, 40))) == ["threshold", "", ""]


def test_a_figure_above_zero_that_nobody_stands_behind_is_no_true_zero() -> None:
    assert reasons(Contents(of(4.2, 0, 30), of(0, 0, 30))) == ["threshold", "", ""]


def test_zeros_are_hidden_if_the_rules_say_so() -> None:
    assert reasons(Contents(of(0, 20, 30), of(0, 20, 30)), with_rules(zeros_open=False)) == ["threshold", "", ""]


def test_fewer_than_three_partners_are_hidden_where_partners_are_confidential() -> None:
    contents = Contents(of(50, 50, 50), of(50, 50, 50), partners=of(2, 3, 9))
    assert reasons(contents, with_rules(partners_confidential=True)) == ["partners", "", ""]
    assert reasons(contents) == ["", "", ""]


@pytest.mark.parametrize(
    ("largest", "second", "rule"),
    [
        (76, 0, "dominance"),  # (1, 75 %)
        (75, 0, ""),
        (50, 36, "dominance"),  # (2, 85 %)
        (50, 35, ""),
    ],
)
def test_dominance_is_a_share_above_the_limit(largest: float, second: float, rule: str) -> None:
    contents = Contents(of(100), of(40), of(largest), of(second))
    assert reasons(contents, with_rules(magnitude=True), [("a",)]) == [rule]


def test_the_second_may_not_estimate_the_largest_within_ten_per_cent() -> None:
    wide = with_rules(magnitude=True, dominance=())
    assert reasons(Contents(of(100), of(40), of(50), of(46)), wide, [("a",)]) == ["p_percent"]
    assert reasons(Contents(of(100), of(40), of(50), of(45)), wide, [("a",)]) == [""]


def test_a_row_that_is_nearly_all_in_one_sensitive_category_is_group_disclosure() -> None:
    keys = [("a", "asylum"), ("a", "work"), ("a", "_T"), ("b", "asylum"), ("b", "work"), ("b", "_T")]
    values = of(910, 90, 1000, 890, 110, 1000)
    assert reasons(Contents(values, values), with_rules(sensitive_dimensions=("kind",)), keys) == [
        "group", "", "", "", "", "",
    ]  # fmt: skip


def test_zeros_of_a_sensitive_dimension_are_hidden() -> None:
    keys = [("a", "asylum"), ("a", "work"), ("a", "study"), ("a", "_T")]
    values = of(0, 60, 40, 100)
    assert reasons(Contents(values, values), with_rules(sensitive_dimensions=("kind",)), keys)[0] == "zero"


@pytest.mark.parametrize(
    ("contents", "rules"),
    [
        (Contents(of(50), of(np.nan)), RULES),
        (Contents(of(np.nan), of(50)), RULES),
        (Contents(of(-1), of(50)), RULES),
        (Contents(of(50), of(49.5)), RULES),
        (Contents(of(50), of(50)), with_rules(magnitude=True)),
        (Contents(of(50), of(50), of(np.nan), of(1)), with_rules(magnitude=True)),
        (Contents(of(50), of(50), of(1), of(2)), with_rules(magnitude=True)),
        (Contents(of(50), of(50), of(20), of(10)), with_rules(magnitude=True, dominance=((3, 90.0),))),
        (Contents(of(50), of(50)), with_rules(partners_confidential=True)),
        (Contents(of(50), of(50)), with_rules(sensitive_dimensions=("religion",))),
        (Contents(of(50), of(50)), with_rules(sensitive_dimensions=("place",))),
    ],
)
def test_a_rule_that_cannot_be_computed_is_refused_and_never_passes(contents: Contents, rules: Rules) -> None:
    with pytest.raises(CallError):
        reasons(contents, rules, [("a",)])


def test_half_of_dominance_is_refused() -> None:
    with pytest.raises(CallError, match="second"):
        rules_for(Layout(("a",), "n", "c", largest="x"), RULES)


def test_a_total_that_is_made_is_hidden_where_dominance_can_not_be_ruled_out() -> None:
    table = pa.table(
        {"row": ["r0", "r1"], "n": [100, 100], "persons": [40, 40], "x1": [90, 90], "x2": [1, 1]},
    )
    layout = Layout(("row",), "n", "persons", "x1", "x2")
    found = protect(table, layout, rules_for(layout, RULES), {})
    assert found.internal["rule"].to_pylist() == ["dominance"] * 3


def test_input_without_persons_passes_only_where_a_rule_says_so() -> None:
    no_persons = Contents(of(7, 20, 0), of(np.nan, np.nan, np.nan))
    assert reasons(no_persons, with_rules(aggregate_input=True)) == ["", "", ""]
    assert [family.name for family in families() if family.aggregate_input] == ["stock"]
