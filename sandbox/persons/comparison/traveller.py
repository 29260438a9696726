"""A made-up traveller under four rules, and one crossing of theirs from undecided to decided: the rules as pictures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import MappingProxyType

import pyarrow as pa

from sandbox.concepts.codes import Direction
from sandbox.concepts.rules import RULES, Rule
from sandbox.persons.comparison.charts import NARROW, WIDE, Frame, Line, Mark, Span, Spread, standalone, timeline
from sandbox.persons.crossings import crossings_decided

FOUR = ("NZ_12_16", "PR_6M", "PR_6M_GAP30", "EU_862")
CAME = date(2021, 2, 1)
STAYS = (60, 45, 60, 40, 200)  # nights in the country and away in turn, before leaving for good
SEEN_UNTIL = date(2022, 11, 15)
LOOKS = (0, 100, 200, 300, 400, 430, 450)  # days after the first arrival on which one looks at what is known


@dataclass(frozen=True)
class Crossing:
    """A crossing of the traveller, and what a rule says of it on the last day seen."""

    day: date
    direction: str
    is_migration: int | None
    resident_after: int | None
    decided_on: date | None
    earliest: date
    latest: date


def crossings() -> pa.Table:
    """Return the traveller's crossings: three arrivals, the last for longer, each with a departure."""
    days = [CAME]
    for stay in STAYS:
        days.append(days[-1] + timedelta(stay))
    directions = [str((Direction.ARRIVAL, Direction.DEPARTURE)[number % 2]) for number in range(len(days))]
    persons = ["traveller"] * len(days)
    return pa.table({"movement_id": range(len(days)), "person_id": persons, "date": days, "direction": directions})


def judged_on(rule: Rule, until: date) -> list[Crossing]:
    """Return what the rule says of each crossing up to a day."""
    rows = crossings_decided(crossings(), rule, until).to_pylist()
    return [
        Crossing(
            row["date"], row["direction"], row["is_migration"], row["resident_after"], row["migration_decided_on"],
            row["earliest_decision"], row["latest_decision"],
        )
        for row in rows
    ]  # fmt: skip


def four_rules(frame: Frame) -> str:
    """Draw where the traveller was, and since when a resident by each of four rules."""
    seen = [row.day for row in judged_on(RULES[FOUR[0]], SEEN_UNTIL)]
    ends = [*seen[1:], SEEN_UNTIL]
    stays = tuple(Span(start, end, "there") for start, end in list(zip(seen, ends, strict=True))[::2])
    lines = [Line("In the country", stays)]
    lines += [_line(RULES[rule_id]) for rule_id in FOUR]
    return timeline(lines, (CAME - timedelta(45), SEEN_UNTIL + timedelta(225)), SEEN_UNTIL, frame, _told())


def _line(rule: Rule) -> Line:
    rows = judged_on(rule, SEEN_UNTIL)
    kinds = {1: "resident", None: "undecided"}
    changes = [row for before, row in zip([None, *rows], rows, strict=False) if _changes(before, row)]
    ends = [row.day for row in changes[1:]] + [SEEN_UNTIL]
    spans = [
        Span(row.day, end, kinds[row.resident_after])
        for row, end in zip(changes, ends, strict=True)
        if row.resident_after in kinds
    ]
    marks = [Mark(row.day, row.decided_on, row.direction) for row in rows if row.is_migration and row.decided_on]
    spreads = [Spread(row.earliest, row.latest) for row in rows if row.is_migration is None]
    return Line(rule.id, tuple(spans), tuple(marks), tuple(spreads), "" if spans else "never a resident")


def _changes(before: Crossing | None, crossing: Crossing) -> bool:
    return before is None or before.resident_after != crossing.resident_after


def _told() -> str:
    told = []
    for rule_id in FOUR:
        rows = judged_on(RULES[rule_id], SEEN_UNTIL)
        moves = [
            f"{'came' if row.direction == Direction.ARRIVAL else 'left'} {row.day}" for row in rows if row.is_migration
        ]
        told.append(f"{rule_id}: {', '.join(moves) or 'never a resident'}")
    return f"One traveller under four rules. {'; '.join(told)}"


def from_undecided_to_decided(frame: Frame) -> str:
    """Draw, for days on which one looks, between which dates the first arrival will be decided by the main rule."""
    rule = RULES[FOUR[0]]
    lines = []
    for after in LOOKS:
        until = CAME + timedelta(after)
        first = judged_on(rule, until)[0]
        seen = (Span(CAME, until, "seen"),)
        if first.is_migration is None:
            lines.append(Line(f"day {after}", seen, spreads=(Spread(first.earliest, first.latest),)))
        else:
            lines.append(Line(f"day {after}", seen, note=f"no migration, decided on day {(first.latest - CAME).days}"))
    said = f"An arrival by {rule.id}, looked at on {len(LOOKS)} days: the dates of decision draw together"
    return timeline(lines, (CAME, CAME + timedelta(rule.window_days + 15)), None, frame, said)


@cache
def pictures_of_page() -> dict[str, list[str]]:
    """Return both pictures for a wide and a narrow screen."""
    drawn = {"traveller": four_rules, "decided": from_undecided_to_decided}
    return {name: [draw(frame) for frame in (WIDE, NARROW)] for name, draw in drawn.items()}


PICTURES: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "one-traveller-four-rules.svg": lambda: standalone(four_rules(WIDE)),
        "decided-and-undecided.svg": lambda: standalone(from_undecided_to_decided(WIDE)),
    }
)
