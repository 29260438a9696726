"""What a rule over a set says: evidence in words and figures. The contract, or a stage, says what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Severity(StrEnum):
    """What a finding asks of whoever uses the period: to know, to look, or to stop."""

    NOTE = "note"
    WARN = "warn"
    STOP = "stop"


@dataclass(frozen=True)
class Finding:
    """One thing that a set shows of the periods from `period_from` to `period_to` (first days; both are inside).

    `shift_years` of `months` (1 to 12) mends it, where it is a matter of the year. `figures` are counts and shares of
    rows, never a value of a person.
    """

    rule: str
    text: str
    months: tuple[int, ...] = ()
    shift_years: int = 0
    period_from: date | None = None
    period_to: date | None = None
    severity: Severity = Severity.WARN
    figures: Mapping[str, float] = field(default_factory=dict)
