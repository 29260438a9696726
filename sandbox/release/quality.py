"""The quality report: the 19 headings of SIMS 2.0 (ESMS), filled from what the run knows; plan and exit criteria."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.concepts.codes import Verdict
from sandbox.concepts.indicators import INDICATORS
from sandbox.concepts.rules import RULES
from sandbox.release.accuracy import accuracy
from sandbox.release.figures import Observation, Selection
from sandbox.release.revisions import revised
from sandbox.release.terms import Sources, Terms

HEADLINE = ("IMM", "EMI", "NET")


@dataclass(frozen=True)
class Heading:
    """One heading of SIMS with what is to be said under it, a paragraph each."""

    number: int
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Criterion:
    """One thing that must be shown before the label may go, what was found, and whether it is met."""

    criterion: str
    found: str
    met: bool


@dataclass(frozen=True)
class AuditSummary:
    """What the attack on the hidden cells came to."""

    hidden: int
    attacked: int
    too_narrow: int


@dataclass(frozen=True)
class Quality:
    """The whole report."""

    label: str
    release: str
    headings: tuple[Heading, ...]
    audit: AuditSummary
    plan: tuple[str, ...]
    exit_criteria: tuple[Criterion, ...]


def quality_of(selection: Selection, sources: Sources, terms: Terms) -> Quality:
    """Fill the report from the figures, the comparison, the audit and the parameters of the run."""
    texts = _texts(selection, sources, terms)
    headings = tuple(Heading(n, title, tuple(texts[title])) for n, title in enumerate(texts, start=1))
    return Quality(
        terms.label, terms.release_id, headings, audit_summary(selection, sources),
        _plan(selection, sources), _exit_criteria(selection, sources, terms),
    )  # fmt: skip


def quality_json(quality: Quality) -> bytes:
    """Write the report for machines."""
    return (json.dumps(asdict(quality), indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def audit_summary(selection: Selection, sources: Sources) -> AuditSummary:
    """Count hidden cells of the release, those the attacker tried, and those he got too close to."""
    hidden = {(*o.key, o.vintage) for o in selection.observations if o.is_hidden}
    names = [field for field in sources.audit.column_names if field in Observation.__dataclass_fields__]
    kept = [name for name in names if name not in {"vintage", "lower", "upper"}]
    rows = sources.audit.to_pylist()
    attacked = hidden & {(*(row[name] for name in kept), row["vintage"]) for row in rows}
    return AuditSummary(len(hidden), len(attacked), sum(bool(row["too_narrow"]) for row in rows))


def _texts(selection: Selection, sources: Sources, terms: Terms) -> dict[str, list[str]]:
    shown = sorted({o.indicator for o in selection.observations})
    indicators = [INDICATORS[name] for name in shown if name in INDICATORS]
    rules = sorted({o.rule_id for o in selection.observations if o.rule_id in RULES})
    periods = sorted({o.period for o in selection.observations})
    hidden = sum(o.is_hidden for o in selection.observations)
    provisional = sum(o.provisional for o in selection.observations)
    made = "The country and every person in it are invented; the figures show the method, not a place."
    return {
        "Contact": [f"{terms.agency}. {terms.contact}".strip()],
        "Metadata update": [f"Written with vintage {terms.vintage}, revision {terms.revision}."],
        "Statistical presentation": [
            f"{terms.label} for {terms.purpose}, {terms.country_name}.",
            *([made] if terms.is_synthetic else []),
            *(f"{i.name} ({i.id}): {i.description}" for i in indicators),
        ],
        "Unit of measure": [", ".join(sorted({o.unit for o in selection.observations})) or "No figure is shown."],
        "Reference period": [f"{periods[0]} to {periods[-1]}." if periods else "No figure is shown."],
        "Institutional mandate": [f"Purpose named in the settings of the workspace: {terms.purpose}."],
        "Confidentiality": [
            "Frequency rule: a figure that rests on fewer than 10 decided persons is hidden, and others with it, "
            "so that none can be computed from the rest.",
            f"{hidden} of {len(selection.observations)} figures are hidden. "
            "An attacker was played against every one of them; none could be told closely enough.",
        ],
        "Release policy": [
            "Two checkers, neither of them the author, approve the exact bytes before release; "
            "corrections are new revisions, and nothing published is edited in place."
        ],
        "Frequency of dissemination": ["Monthly, one vintage a month."],
        "Accessibility and clarity": [
            "Page, SDMX-CSV 2.0 with its SDMX-ML 3.0 structure, Parquet and spreadsheet hold the same figures."
        ],
        "Quality management": [
            "Every series is compared with an official one where one exists; the worst gate makes the verdict."
        ],
        "Relevance": ["Figures come months before the official ones, at the price of a provisional part."],
        "Accuracy": accuracy(sources),
        "Timeliness and punctuality": [
            f"Months to {terms.month} were computed in {terms.vintage}; {provisional} figures are provisional."
        ],
        "Coherence and comparability": _verdict_lines(sources),
        "Cost and burden": [f"{sources.delivery.num_rows} deliveries; no one was asked anything for these figures."],
        "Data revision": [_revision_line(selection, sources, terms)],
        "Statistical processing": [f"Rule {name}: {RULES[name].citation}." for name in rules]
        + [f"Model: {model}." for model in terms.models],
        "Comment": [made if terms.is_synthetic else f"{terms.label}: methods are being tested."],
    }


def _verdict_lines(sources: Sources) -> list[str]:
    lines = []
    for row in sources.verdict.to_pylist():
        against = f" against {row['benchmark']}" if row["benchmark"] else ""
        reasons = "; ".join(row["reasons"] or ())
        period = "" if row["period"] == "_T" else f", {row['period']}"
        why = f": {reasons}" if reasons else ""
        lines.append(f"{row['indicator']}{period}{against}: {row['verdict']}{why}.")
    return lines or ["No series was compared."]


def _revision_line(selection: Selection, sources: Sources, terms: Terms) -> str:
    if not terms.previous_release:
        return "This is the first release: there is nothing to revise."
    changes = revised(selection.observations, sources.previous)
    return f"{len(changes)} figures changed since {terms.previous_release}; revisions.csv lists each with its reason."


def _plan(selection: Selection, sources: Sources) -> tuple[str, ...]:
    """Say what must become better: the gates that were not passed, with the number of series that each holds back."""
    failing = Counter(
        (row["measure"], row["status"])
        for row in sources.comparison.to_pylist()
        if row["status"] in {"caution", "withhold", "not_evaluable"}
    )
    words = {"caution": "is only good enough for caution", "withhold": "fails", "not_evaluable": "lacks data"}
    plan = [f"{measure} {words[status]} in {n} comparisons." for (measure, status), n in sorted(failing.items())]
    if selection.withheld:
        plan.append(f"{len(selection.withheld)} series or periods are withheld; each must pass its gates first.")
    return tuple(plan)


def _exit_criteria(selection: Selection, sources: Sources, terms: Terms) -> tuple[Criterion, ...]:
    verdicts = {o.indicator: o.verdict for o in selection.observations if o.indicator in HEADLINE}
    good = [name for name in HEADLINE if verdicts.get(name) is Verdict.PUBLISH]
    coverage = _gate(sources, "coverage")
    return (
        Criterion(
            "Immigrants, emigrants and net are judged PUBLISH", f"so judged: {', '.join(good) or 'none'}",
            len(good) == len(HEADLINE),
        ),
        Criterion(
            "The stated 95 % interval holds in every comparison",
            f"{sum(s == 'publish' for s in coverage)} of {len(coverage)} gates on coverage passed",
            bool(coverage) and all(s == "publish" for s in coverage),
        ),
        Criterion(
            "A release of an earlier vintage exists to measure revisions against",
            terms.previous_release or "none", bool(terms.previous_release),
        ),
        Criterion("Nothing is withheld", f"{len(selection.withheld)} entries withheld", not selection.withheld),
    )  # fmt: skip


def _gate(sources: Sources, word: str) -> list[Any]:
    return [row["status"] for row in sources.comparison.to_pylist() if word in row["measure"] and row["status"]]
