"""The folder that `sandbox rule compare` writes: two tables, two pictures, one page."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from sandbox.persons.comparison.judged import (
    DIRECTIONS,
    MIGRATION,
    OUTCOMES,
    Judged,
    Pair,
    counted,
    decided_months,
    month_named,
    pairs,
)
from sandbox.persons.comparison.page import page_of
from sandbox.persons.comparison.traveller import PICTURES
from sandbox.persons.files import write_table


def write_comparison(judged: Judged, folder: Path) -> dict[str, Any]:
    """Write the folder; return what to tell of it: migrations of each rule in months that all rules have decided."""
    folder.mkdir(parents=True, exist_ok=True)
    counts = counted(judged)
    write_table(migrations_table(judged), folder / "migrations.csv")
    write_table(agreement_table(judged), folder / "agreement.csv")
    for name, draw in PICTURES.items():
        (folder / name).write_text(draw(), "utf-8")
    (folder / "index.html").write_text(page_of(judged), "utf-8")
    whole = decided_months(counts)
    arrivals, departures = counts[:, whole][..., MIGRATION].sum(axis=1).T
    return {
        "crossings": judged.outcome.shape[1],
        "unreadable": judged.unreadable,
        "months": len(whole),
        "months_decided_by_all_rules": int(whole.sum()),
        "migrations_in_these_months": {
            rule.id: f"in {came:,}, out {went:,}, net {came - went:+,}"
            for rule, came, went in zip(judged.rules, arrivals, departures, strict=True)
        },
        "written": folder,
    }


def migrations_table(judged: Judged) -> pa.Table:
    """One row a rule, month and direction: how many crossings have which outcome; their sum is the crossings."""
    counts = counted(judged)
    keys = [
        (rule.id, month_named(month), str(direction))
        for rule in judged.rules
        for month in judged.months
        for direction in DIRECTIONS
    ]
    rule_ids, months, directions = zip(*keys, strict=True) if keys else ((), (), ())
    text = {"rule_id": rule_ids, "month": months, "direction": directions}
    outcomes = counts.reshape(-1, len(OUTCOMES))
    return pa.table(
        {name: pa.array(values, pa.string()) for name, values in text.items()}
        | {name: pa.array(outcomes[:, place]) for place, name in enumerate(OUTCOMES)}
    )


def agreement_table(judged: Judged) -> pa.Table:
    """One row a pair of rules and direction: of how many crossings they say the same."""
    return pa.Table.from_pylist([_row(pair) for pair in pairs(judged)])


def _row(pair: Pair) -> dict[str, Any]:
    return {
        "rule_id": pair.rule.id,
        "other_rule_id": pair.other.id,
        "direction": str(pair.direction),
        "agree": pair.both + pair.neither,
        "disagree": pair.only_rule + pair.only_other,
        "undecided": pair.undecided,
        "both": pair.both,
        "only_rule": pair.only_rule,
        "only_other": pair.only_other,
        "neither": pair.neither,
    }
