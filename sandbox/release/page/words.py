"""Figures and dates as people read them."""

from datetime import date

from sandbox.release.figures import SHARE, Observation

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
HIDDEN = "c"
NONE = "–"


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
