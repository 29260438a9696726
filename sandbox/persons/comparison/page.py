"""The page of a comparison of rules: one file that needs nothing else."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from sandbox.concepts.rules import Rule, RuleKind
from sandbox.persons.comparison.charts import NARROW, WIDE
from sandbox.persons.comparison.count_charts import Total, bars, months_chart
from sandbox.persons.comparison.judged import (
    DIRECTIONS,
    MIGRATION,
    UNDECIDED,
    Judged,
    counted,
    decided_months,
    month_named,
    pairs,
)
from sandbox.persons.comparison.traveller import FOUR, pictures_of_page

SHADES = (0.05, 0.15, 0.3, 0.45)  # shares of disagreement from which a cell is darker


def page_of(judged: Judged) -> str:
    """Return the page as HTML."""
    counts = counted(judged)
    whole = decided_months(counts)
    months = [month_named(number) for number in judged.months]
    compared = [month for month, is_whole in zip(months, whole, strict=True) if is_whole]
    totals = _totals(judged, counts[:, whole])
    return (
        _environment()
        .get_template("comparison.html.j2")
        .render(
            judged=judged,
            crossings=judged.outcome.shape[1],
            months=months,
            compared=compared,
            totals=totals,
            ranges=_ranges(totals) if compared else [],
            bars=[bars(totals, frame.name, frame.width, frame.left) for frame in (WIDE, NARROW)] if compared else [],
            by_month=_by_month(judged, counts, months),
            undecided=dict(
                zip((rule.id for rule in judged.rules), counts[..., UNDECIDED].sum(axis=(1, 2)), strict=True)
            ),
            disagreement=_disagreement(judged),
            pictures=pictures_of_page(),
            four=FOUR,
            words={rule.id: in_words(rule) for rule in judged.rules},
        )
    )


def in_words(rule: Rule) -> str:
    """Say in a sentence what a rule asks of a stay."""
    if rule.kind is RuleKind.CONTINUOUS:
        return (
            f"A period of {rule.window_days} days, at least {rule.threshold_days} of them there; "
            f"an absence of over {rule.longest_absence_days} days breaks it"
        )
    return f"{rule.threshold_days} of {rule.window_days} days, in whatever pieces"


def _totals(judged: Judged, counts: Any) -> list[Total]:
    migrations = counts[..., MIGRATION].sum(axis=1)
    return [Total(rule.id, *map(int, both)) for rule, both in zip(judged.rules, migrations, strict=True)]


def _ranges(totals: Sequence[Total]) -> list[dict[str, Any]]:
    """Return, for each measure, the lowest and the highest figure, and whose they are."""
    ranges = []
    for name, measure in (("Immigration", "arrivals"), ("Emigration", "departures"), ("Net migration", "net")):
        low, *_, high = sorted(totals, key=lambda total: getattr(total, measure))
        ranges.append(
            {"name": name, "low": low, "high": high, "least": getattr(low, measure), "most": getattr(high, measure)}
        )
    return ranges


def _by_month(judged: Judged, counts: Any, months: list[str]) -> list[tuple[str, Markup]]:
    if not months:
        return []
    highest = int(counts[..., MIGRATION].max())
    drawn = counts[..., [MIGRATION, UNDECIDED]].transpose(0, 2, 3, 1)
    return [
        (rule.id, months_chart(of_rule, months, highest, rule.id))
        for rule, of_rule in zip(judged.rules, drawn, strict=True)
    ]


def _disagreement(judged: Judged) -> dict[tuple[str, str], dict[str, Any]]:
    """Return, for two rules, the crossings that only one calls a migration, of those that either does."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for pair in pairs(judged):
        key = (pair.rule.id, pair.other.id)
        one = found.setdefault(key, {"different": 0, "either": 0})
        one["different"] += pair.only_rule + pair.only_other
        one["either"] += pair.both + pair.only_rule + pair.only_other
    for (rule, other), one in list(found.items()):
        one["share"] = one["different"] / one["either"] if one["either"] else 0.0
        one["shade"] = sum(one["share"] >= shade for shade in SHADES)
        found[other, rule] = one
    return found


def signed(value: int) -> str:
    """Write a net figure with its sign."""
    return f"{value:+,}".replace("-", "−")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("sandbox.persons.comparison"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"signed": signed, "count": "{:,}".format}
    environment.globals |= {"directions": DIRECTIONS}
    return environment
