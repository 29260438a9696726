"""Floors: a platform that states no figure below some value leaves a pile of equal smallest figures.

Found from the distribution alone. A figure at the floor is an upper bound, never that many persons.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np

from sandbox.feeds.set_rules.finding import Finding, Severity
from sandbox.feeds.set_rules.panel import Floats, Mask, Panel, named

# A pile is a floor where it is three times as high as that on any of the next ten figures, and five at the least:
# figures that are merely small thin out smoothly.
PILE_RATIO, FEWEST, NEIGHBOURS = 3, 5, 10


@dataclass(frozen=True)
class Floor:
    """The floor of the periods from `first` to `last`: `at` of `figures` figures stand at `value`."""

    value: float
    first: date
    last: date
    at: int
    figures: int


def floors_of(panel: Panel) -> list[Floor]:
    """Return the floors in order of time; periods with one smallest figure are looked at together."""
    floors: list[Floor] = []
    for start, end in _runs(_smallest(panel)):
        values = panel.values[:, start:end]
        positive = values[np.isfinite(values) & (values > 0)]
        distinct, counts = np.unique(positive, return_counts=True)
        if not _is_pile(counts):
            continue
        found = Floor(float(distinct[0]), panel.periods[start], panel.periods[end - 1], int(counts[0]), positive.size)
        if floors and floors[-1].value == found.value:
            earlier = floors.pop()
            both = (earlier.at + found.at, earlier.figures + found.figures)
            found = Floor(found.value, earlier.first, found.last, *both)
        floors.append(found)
    return floors


def above_floor(panel: Panel, floors: Sequence[Floor]) -> Mask:
    """Return where a figure is known and above the floor of its period, if that has one."""
    floor = np.zeros(len(panel.periods))
    for each in floors:
        inside = [each.first <= period <= each.last for period in panel.periods]
        floor[np.array(inside, bool)] = each.value
    return np.nan_to_num(panel.values, nan=-1.0) > floor


def floor_findings(panel: Panel) -> list[Finding]:
    """Find each floor, and each change from one to another."""
    floors = floors_of(panel)
    found = [_floor_finding(floor, panel) for floor in floors]
    for before, after in pairwise(floors):
        text = (
            f"the smallest figure is {before.value:,.0f} to {named(before.last, panel.periods)} and {after.value:,.0f} "
            f"from {named(after.first, panel.periods)}: figures near it can't be compared"
        )
        figures = {"before": before.value, "after": after.value}
        found.append(Finding("floor_changed", text, period_from=before.last, period_to=after.first, figures=figures))
    return found


def _floor_finding(floor: Floor, panel: Panel) -> Finding:
    share = floor.at / floor.figures
    text = (
        f"{floor.at:,} of {floor.figures:,} figures ({share:.1%}) stand at the smallest, {floor.value:,.0f}, from "
        f"{named(floor.first, panel.periods)} to {named(floor.last, panel.periods)}: they are upper bounds"
    )
    figures = {"value": floor.value, "at_floor": float(floor.at), "figures": float(floor.figures), "share": share}
    return Finding(
        "floor", text, period_from=floor.first, period_to=floor.last, severity=Severity.NOTE, figures=figures
    )


def _smallest(panel: Panel) -> Floats:
    """Return each period's smallest figure above zero; 0 where it has none."""
    positive = np.where(panel.known & (panel.values > 0), panel.values, np.inf)
    smallest = positive.min(axis=0, initial=np.inf)
    return np.where(np.isfinite(smallest), smallest, 0.0)


def _runs(values: Floats) -> list[tuple[int, int]]:
    """Return begin and end (exclusive) of each run of equal values."""
    cuts = np.flatnonzero(np.diff(values)) + 1
    edges = [0, *cuts.tolist(), len(values)]
    return [(start, end) for start, end in pairwise(edges) if end > start and values[start] > 0]


def _is_pile(counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> bool:
    next_ones = counts[1 : NEIGHBOURS + 1]
    return bool(next_ones.size and counts[0] >= max(FEWEST, PILE_RATIO * next_ones.max()))
