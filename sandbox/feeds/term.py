"""How long rows may be kept, and so which times of a delivery can't all be true."""

from calendar import monthrange
from datetime import date, timedelta

from sandbox.errors import DeliveryRefusedError


def months_later(day: date, months: int) -> date:
    """Return the day that many months on, or the month's last where there is no such day; at most the last of all."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year >= date.max.year:
        return date.max
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def check_times(handed_over: date, period_to: date, retention_months: int) -> None:
    """Refuse times that can't all be true: no clock is asked, only what manifest and contract say.

    A period is over when it is handed over (a day is left for time zones), and handed over while its rows may be kept.
    """
    if period_to > handed_over + timedelta(days=1):
        raise DeliveryRefusedError(
            f"The period ends on {period_to}, after the hand-over on {handed_over}.",
            "Mend period_to or delivered_at in the manifest; a mistyped year is the usual cause.",
        )
    if handed_over > months_later(period_to, retention_months):
        raise DeliveryRefusedError(
            f"It was handed over on {handed_over}; rows of a period that ended on {period_to} may be kept for "
            f"{retention_months} months only.",
            "Mend delivered_at or period_to in the manifest, or agree on a longer retention.",
        )
