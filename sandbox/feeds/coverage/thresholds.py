"""Every threshold of the look-back warnings, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Thresholds:
    """When a period is warned of, and when nothing should be computed from it; shares of 1."""

    # Antennas of the month without an event on a day, beyond what is usual for a day.
    silent_cells: float = 0.05
    silent_cells_stop: float = 0.20
    # An antenna belongs to a month if it is heard on at least this share of the month's days.
    steady_cell: float = 0.5
    # Active subscribers (travellers, users) of a day, less than the same weekday in the weeks before.
    lost_persons: float = 0.30
    lost_persons_stop: float = 0.50
    # Days without a row in a month; one is a warning, more than this share of the month a stop.
    missing_days_stop: float = 0.10
    # A day on which fewer rows are usual may be empty by chance: exp(−10) is 1 in 20,000.
    least_usual_rows: float = 10.0
    # Days late, beyond the partner's own usual delay.
    late_days: float = 14.0


THRESHOLDS = Thresholds()
