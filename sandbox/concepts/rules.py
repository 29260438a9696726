"""The residence rules: a rule is data, so code says `rule.threshold_days` and never 365."""

from dataclasses import dataclass, replace
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

    `threshold_days` of `window_days` must be spent on the new side. A continuous rule's window is the period that must
    go by there, and no absence in it may last over `longest_absence_days`. For segments `threshold_days` is the
    shortest stay on either side of a move, and the window is empty. `intended_days` is the intended stay that the
    definition takes for an actual one; 0 where it asks for none.
    """

    id: str
    threshold_days: int
    window_days: int
    kind: RuleKind
    applies_to: AppliesTo
    citation: str
    file_command: str = ""
    longest_absence_days: int = 0
    intended_days: int = 0

    @property
    def tolerated_days(self) -> int:
        """Days on the old side that the rule still forgives (`Tn`)."""
        return self.window_days - self.threshold_days


STATS_NZ = "Stats NZ, outcomes-based migration measure (StatisticsNZ/migrbc)"
CHI_2020 = "Chi, Lin, Chi & Blumenstock 2020, PLoS ONE: detecting migration events in digital trace data"
UN_MPD = "UN Handbook on the use of mobile phone data for official statistics"
UN_PR = "UN Principles and Recommendations for Population and Housing Censuses, rev. 3, place of usual residence"
EU_2025_2458 = "Regulation (EU) 2025/2458: where most of the time is spent, signs of life allowed"
EU_862 = "Regulation (EC) 862/2007, Article 2(1)(a) to (c), historical"


def _counted(rule_id: str, threshold: int, window: int, citation: str, intended: int) -> Rule:
    """Return a rule that adds up days, whenever they are spent."""
    return Rule(
        rule_id, threshold, window, RuleKind.CUMULATIVE, AppliesTo.BOTH, citation, "rule apply", intended_days=intended
    )


def _continuous(rule_id: str, period: int, absence: int, citation: str) -> Rule:
    """Return a rule that asks for a whole period, most of it there, and no absence longer than `absence` days."""
    most = period // 2 + 1
    return Rule(rule_id, most, period, RuleKind.CONTINUOUS, AppliesTo.BOTH, citation, "rule apply", absence, period)


RULES: dict[str, Rule] = {
    rule.id: rule
    for rule in (
        Rule("NZ_12_16", 365, 487, RuleKind.CUMULATIVE, AppliesTo.CROSSINGS, STATS_NZ, "rule apply"),
        Rule("NZ_9_12", 273, 365, RuleKind.CUMULATIVE, AppliesTo.CROSSINGS, STATS_NZ, "rule apply"),
        Rule("NZ_3_4", 91, 122, RuleKind.CUMULATIVE, AppliesTo.CROSSINGS, STATS_NZ, "rule apply"),
        _counted("PR_6M", 183, 365, f"{UN_PR}, criterion (a)", 183),
        _counted("PR_12M", 365, 729, f"{UN_PR}, criterion (b)", 365),
        _continuous("PR_6M_GAP30", 183, 30, "own variant of PR_6M: six months without an absence of over 30 days"),
        _continuous("PR_12M_GAP30", 365, 30, "own variant of PR_12M: twelve months without an absence of over 30 days"),
        _continuous("EU_862", 365, 91, EU_862),
        Rule("UN_MPD_183", 183, 365, RuleKind.CUMULATIVE, AppliesTo.PRESENCE, UN_MPD),
        Rule("INT_50", 7, 13, RuleKind.MAJORITY, AppliesTo.PRESENCE, "own rule: > half of the nights, 7 of 13 months"),
        Rule("POST_50", 7, 13, RuleKind.MAJORITY, AppliesTo.PRESENCE, "own rule: INT_50 on the countries of posts"),
        Rule("EU_2025_2458", 183, 365, RuleKind.CUMULATIVE, AppliesTo.PRESENCE, EU_2025_2458, "residency apply"),
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


def counting_rule(rule_id: str) -> Rule:
    """Return a rule on crossings that adds up days; refuse a continuous one, whose course no model has learnt."""
    rule = crossing_rule(rule_id)
    if rule.kind is RuleKind.CONTINUOUS:
        known = [each.id for each in RULES.values() if each.kind is RuleKind.CUMULATIVE]
        known = [each for each in known if RULES[each].applies_to is not AppliesTo.PRESENCE]
        raise CallError(
            f"Rule {rule_id} asks for an unbroken period; the nowcast knows rules that add up days.",
            f"Choose one of: {', '.join(known)}.",
        )
    return rule


def with_days(
    rule: Rule,
    window_days: int | None = None,
    threshold_days: int | None = None,
    longest_absence_days: int | None = None,
) -> Rule:
    """Return the rule with another window, threshold or longest absence, where one is given."""
    if longest_absence_days is not None and rule.kind is not RuleKind.CONTINUOUS:
        raise CallError(
            f"Rule {rule.id} adds up days, whatever lies between them: no absence is too long for it.",
            "Leave --longest-absence-days out, or choose a continuous rule, such as PR_12M_GAP30.",
        )
    changed = replace(
        rule,
        window_days=rule.window_days if window_days is None else window_days,
        threshold_days=rule.threshold_days if threshold_days is None else threshold_days,
        longest_absence_days=rule.longest_absence_days if longest_absence_days is None else longest_absence_days,
    )
    if not 0 < changed.threshold_days <= changed.window_days:
        raise CallError("The threshold must be at least 1 day and no longer than the window.")
    if changed.longest_absence_days < 0:
        raise CallError("The longest absence can't be less than 0 days.")
    return changed
