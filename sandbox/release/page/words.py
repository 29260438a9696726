"""Figures and dates as people read them."""

import re
from datetime import date

from sandbox.release.figures import SHARE, Observation

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
HIDDEN = "c"
NONE = "–"


GATES = {
    "wmape": "mean absolute error (weighted)",
    "equivalence": "agreement in level",
    "growth_sign": "sign of yearly growth",
    "coverage_95": "share of official figures inside the 95 % interval",
    "interval_score": "interval score",
    "cell_cv": "coefficient of variation",
    "cpc": "common part of the matrices",
    "signed_error": "error against the gross flow",
    "signed_equivalence": "agreement in level",
    "backtest_error": "error of past estimates at this horizon",
    "no_benchmark": "no official series exists",
    "different_concept": "not the same concept",
    "different_population": "not the same population",
}
ANSWERS = {
    "not_evaluable": "too few pairs to tell",
    "withhold": "too far off to publish",
    "caution": "within the wider margins only",
}
GATE = re.compile(
    r"(?P<cells>cells_)?(?P<gate>\w+?)(?: (?P<value>[\d.e+-]+))?(?:: (?P<answer>\w+)(?: \(n = (?P<n>\d+)\))?)?"
)


def plain(reason: str) -> str:
    """Write a gate's answer (`wmape 0.135: caution (n = 8)`) in words; other reasons stay as they are."""
    told = GATE.fullmatch(reason)
    if told is None or told["gate"] not in GATES:
        return reason
    words = GATES[told["gate"]] + (", by cell" if told["cells"] else "")
    value = f" {told['value']}" if told["value"] else ""
    answer = f": {ANSWERS.get(told['answer'], told['answer'])}" if told["answer"] else ""
    return f"{words}{value}{answer}" + (f" ({told['n']} pairs)" if told["n"] else "")


def figure(value: float | None, unit: str = "persons") -> str:
    """Write 1,234 or −56, or 4.1 % for a share."""
    if value is None:
        return NONE
    text = f"{100 * value:,.1f} %" if unit == SHARE else f"{value:,.0f}"
    return text.replace("-0", "0") if text in {"-0", "-0.0 %"} else text.replace("-", "−")


def signed(value: float) -> str:
    """Write the sign in front of gains also."""
    return f"+{figure(value)}" if round(value) > 0 else figure(value)


def interval(lower: float | None, upper: float | None, unit: str = "persons") -> str:
    """Write `250 to 380`; a dash where no interval is stated."""
    if lower is None or upper is None:
        return NONE
    return f"{figure(lower, unit)} to {figure(upper, unit)}"


def shown(observation: Observation | None) -> str:
    """Write the value of a figure, `c` where it is hidden, a dash where there is none."""
    if observation is None:
        return NONE
    return HIDDEN if observation.is_hidden else figure(observation.value, observation.unit)


def shown_interval(observation: Observation | None) -> str:
    """Write the interval of a figure, nothing where it is hidden."""
    if observation is None or observation.is_hidden:
        return ""
    return interval(observation.lower, observation.upper, observation.unit)


def month(day: date) -> str:
    """Write `November 2025`."""
    return f"{MONTHS[day.month - 1]} {day.year}"


def period(frequency: str, first_day: date) -> str:
    """Write a month or a year."""
    return str(first_day.year) if frequency == "A" else month(first_day)
