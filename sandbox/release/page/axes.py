"""From figures to places on paper: the frame of a chart, its scales, its ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

STEPS = (1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class Frame:
    """Size of a chart in CSS pixels and the room around its plot."""

    name: str
    width: int
    height: int
    left: int = 52
    right: int = 16
    top: int = 20
    bottom: int = 30

    @property
    def plot_right(self) -> float:
        """Right edge of the plot."""
        return self.width - self.right

    @property
    def plot_bottom(self) -> float:
        """Lower edge of the plot."""
        return self.height - self.bottom


@dataclass(frozen=True)
class Scale:
    """A straight line from figures to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a figure."""
        span = (self.high - self.low) or 1.0
        return self.start + (value - self.low) / span * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round figures from at or below `low` to at or above `high`, about so many."""
    span = (high - low) or max(abs(high), 1.0)
    raw = span / about
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(magnitude * each for each in STEPS if magnitude * each >= raw * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * n for n in range(first, max(last, first + 1) + 1)]


def month_number(day: date) -> int:
    """Return months since year 0, so that months stand evenly apart."""
    return day.year * 12 + day.month - 1


def points(pairs: Sequence[tuple[float, float]]) -> str:
    """Write pairs of pixels as SVG wants them."""
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)
