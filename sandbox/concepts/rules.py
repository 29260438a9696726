"""The residence rules: a rule is data, so code says `rule.threshold_days` and never 365."""

from dataclasses import dataclass
from enum import StrEnum

from sandbox.errors import CallError


class AppliesTo(StrEnum):
    """The evidence that a rule can be applied to."""

    CROSSINGS = "crossings"
    PRESENCE = "presence"
    BOTH = "both"


class RuleKind(StrEnum):
    """How days are counted."""

    CUMULATIVE = "cumulative"
    CONTINUOUS = "continuous"
    SEGMENTS = "segments"
    MAJORITY = "majority"


@dataclass(frozen=True)
class Rule:
    """One named rule of usual residence.

    `threshold_days` of `window_days` must be spent on the new side; for segments `threshold_days` is the
    shortest stay on either side of a move, and the window is empty.
    """

    id: str
    threshold_days: int
    window_days: int
    kind: RuleKind
    applies_to: AppliesTo
    citation: str
    file_command: str = ""

    @property
    def tolerated_days(self) -> int:
        """Days on the old side that the rule still forgives (`Tn`)."""
        return self.window_days - self.threshold_days


STATS_NZ = "Stats NZ, outcomes-based migration measure (StatisticsNZ/migrbc)"
CHI_2020 = "Chi, Lin, Chi & Blumenstock 2020, PLoS ONE: detecting migration events in digital trace data"
UN_MPD = "UN Handbook on the use of mobile phone data for official statistics"
UN_PR = "UN Principles and Recommendations for Population and Housing Censuses, rev. 3"

RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("NZ_12_16", 365, 487, RuleKind.CUMULATIVE, AppliesTo.CROSSINGS, STATS_NZ, "rule apply"),
        Rule("NZ_9_12", 273, 365, RuleKind.CUMULATIVE, AppliesTo.CROSSINGS, STATS_NZ, "rule apply"),
        Rule("NZ_3_4", 91, 122, RuleKind.CUMULATIVE, AppliesTo.CROSSINGS, STATS_NZ, "rule apply"),
        Rule("UN_MPD_183", 183, 365, RuleKind.CUMULATIVE, AppliesTo.PRESENCE, UN_MPD),
        Rule("INT_50", 7, 13, RuleKind.MAJORITY, AppliesTo.PRESENCE, "own rule: > half of the nights, 7 of 13 months"),
        Rule("POST_50", 7, 13, RuleKind.MAJORITY, AppliesTo.PRESENCE, "own rule: INT_50 on the countries of posts"),
        Rule("SEG_CHI", 90, 0, RuleKind.SEGMENTS, AppliesTo.PRESENCE, CHI_2020, "segments apply"),
    )
}


def rule_named(rule_id: str) -> Rule:
    """Return the rule of this id; raise `CallError` naming those there are."""
    if rule_id not in RULES:
        raise CallError(f"There is no residence rule {rule_id!r}.", f"Choose one of: {', '.join(RULES)}.")
    return RULES[rule_id]


def crossing_rule(rule_id: str) -> Rule:
    """Return a rule that applies to crossings; refuse one for presence, saying what applies it."""
    rule = rule_named(rule_id)
    if rule.applies_to is AppliesTo.PRESENCE:
        where = f"`sandbox {rule.file_command}` applies it" if rule.file_command else "only the pipeline applies it"
        raise CallError(f"Rule {rule_id} applies to presence, not to crossings.", f"On a file of presence, {where}.")
    return rule
