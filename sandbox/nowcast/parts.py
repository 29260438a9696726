"""How the work is parted: one model a direction and horizon band; months as whole numbers (year × 12 + month − 1)."""

from dataclasses import dataclass
from datetime import date

LONGEST_HORIZON = 16
SOONEST_FINAL = 12
"""A month can't be wholly decided sooner: the 365th day on the new side has not come."""


@dataclass(frozen=True)
class Part:
    """Crossings of one direction at horizons `first` to `last` months, for which one model is fitted."""

    direction: str
    first: int
    last: int

    def name(self, rule_id: str) -> str:
        """Name of the registered model."""
        return f"{rule_id}-{self.direction}-{self.first:02d}-{self.last:02d}"


BANDS = ((1, 3), (4, 8), (9, LONGEST_HORIZON))
PARTS = tuple(Part(direction, first, last) for direction in ("A", "D") for first, last in BANDS)


def band_number(horizon: int) -> int:
    """Return the band of a horizon; those outside belong to the nearest."""
    return next((k for k, (_, last) in enumerate(BANDS) if horizon <= last), len(BANDS) - 1)


def part_of(direction: str, horizon: int) -> Part:
    """Return the part that a crossing of this direction and horizon belongs to."""
    return PARTS[("A", "D").index(direction) * len(BANDS) + band_number(horizon)]


def month_number(day: date) -> int:
    """Return the month as a whole number."""
    return day.year * 12 + day.month - 1


def month_start(month: int) -> date:
    """Return the first day of the month of this number."""
    return date(month // 12, month % 12 + 1, 1)
