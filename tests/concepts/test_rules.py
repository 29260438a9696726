"""The registry of residence rules: what a rule can be asked, and what it can't."""

import pytest

from sandbox.concepts.rules import RULES, AppliesTo, RuleKind, counting_rule, crossing_rule, with_days
from sandbox.errors import CallError

CROSSING_RULES = [rule for rule in RULES.values() if rule.applies_to is not AppliesTo.PRESENCE]


@pytest.mark.parametrize("rule", CROSSING_RULES, ids=lambda rule: rule.id)
def test_a_rule_on_crossings_asks_for_more_than_half_of_its_window(rule) -> None:
    """A person is then a resident of one side only; the kernel's dates are exact for such rules."""
    assert rule.threshold_days > rule.window_days / 2
    assert rule.tolerated_days >= 1
    assert rule.file_command == "rule apply"
    assert rule.citation


def test_only_continuous_rules_have_a_longest_absence() -> None:
    assert {rule.id: rule.longest_absence_days for rule in RULES.values() if rule.longest_absence_days} == {
        "PR_6M_GAP30": 30,
        "PR_12M_GAP30": 30,
        "EU_862": 91,
    }
    assert all(rule.kind is RuleKind.CONTINUOUS for rule in CROSSING_RULES if rule.longest_absence_days)


def test_a_rule_may_have_other_days() -> None:
    changed = with_days(RULES["PR_12M_GAP30"], window_days=300, longest_absence_days=60)
    assert (changed.window_days, changed.threshold_days, changed.longest_absence_days) == (300, 183, 60)
    assert with_days(RULES["PR_6M"]) == RULES["PR_6M"]


@pytest.mark.parametrize(
    ("rule_id", "days", "sentence"),
    [
        ("NZ_12_16", {"longest_absence_days": 30}, "no absence is too long"),
        ("NZ_12_16", {"threshold_days": 500}, "no longer than the window"),
        ("NZ_12_16", {"threshold_days": 0}, "at least 1 day"),
        ("EU_862", {"longest_absence_days": -1}, "can't be less than 0"),
    ],
)
def test_days_that_make_no_rule_are_a_wrong_call(rule_id: str, days: dict[str, int], sentence: str) -> None:
    with pytest.raises(CallError, match=sentence):
        with_days(RULES[rule_id], **days)


def test_a_rule_for_presence_is_refused_on_crossings() -> None:
    with pytest.raises(CallError, match="applies to presence"):
        crossing_rule("SEG_CHI")


def test_the_nowcast_takes_rules_that_add_up_days_only() -> None:
    assert counting_rule("PR_6M") == RULES["PR_6M"]
    with pytest.raises(CallError, match="unbroken period"):
        counting_rule("EU_862")
