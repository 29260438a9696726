"""Breaks: a change of definition moves all figures together, from one period to the next."""

import math

import numpy as np

from sandbox.feeds.set_rules.finding import Finding
from sandbox.feeds.set_rules.floors import above_floor, floors_of
from sandbox.feeds.set_rules.panel import Floats, Mask, Panel, named

# A break is a level shift by a fifth or more, three times the largest of the other steps, that four in five
# combinations share at half its size or more. A shock moves some combinations; a definition moves all.
LEAST_SHIFT, TIMES_USUAL, COMMON = 0.2, 3.0, 0.8
FEWEST_COMBINATIONS, FEWEST_STEPS = 30, 3


def break_findings(panel: Panel) -> list[Finding]:
    """Find level shifts common to the combinations, beside the usual changes from period to period.

    A step's change is the median of log ratios of combinations above the floor in both periods: figures at the floor
    cannot fall, so that the median of all understates a fall.
    """
    above = above_floor(panel, floors_of(panel))
    steps = [_changes(panel, above, number) for number in range(1, len(panel.periods))]
    medians = np.array([np.median(step) if step.size >= FEWEST_COMBINATIONS else np.nan for step in steps])
    known = np.isfinite(medians)
    found = []
    for number in np.flatnonzero(known).tolist():
        others = np.abs(medians[known & (np.arange(len(steps)) != number)])
        if len(others) >= FEWEST_STEPS and _is_break(steps[number], float(others.max())):
            found.append(_break(panel, number + 1, steps[number], float(others.max())))
    return found


def _changes(panel: Panel, above: Mask, number: int) -> Floats:
    both = above[:, number - 1] & above[:, number]
    return np.log(panel.values[both, number]) - np.log(panel.values[both, number - 1])


def _is_break(changes: Floats, usual: float) -> bool:
    shift = float(np.median(changes))
    large = abs(shift) > max(-math.log(1 - LEAST_SHIFT), TIMES_USUAL * usual)
    return large and float(np.mean(changes * np.sign(shift) > abs(shift) / 2)) >= COMMON


def _break(panel: Panel, number: int, changes: Floats, usual: float) -> Finding:
    before, after = panel.periods[number - 1], panel.periods[number]
    both = panel.known[:, number - 1] & panel.known[:, number]
    first, second = panel.values[both, number - 1], panel.values[both, number]
    positive = (first > 0) & (second > 0)
    figures = {
        "sum": float(second.sum() / first.sum() - 1),
        "median": float(np.exp(np.median(np.log(second[positive] / first[positive]))) - 1),
        "median_above_floor": float(np.exp(np.median(changes)) - 1),
        "largest_other_step": float(np.expm1(usual)),
        "combinations": float(both.sum()),
        "combinations_above_floor": float(changes.size),
    }
    text = (
        f"from {named(before, panel.periods)} to {named(after, panel.periods)} the sum of {int(both.sum()):,} "
        f"combinations changes by {_percent(figures['sum'])}, the median one by {_percent(figures['median'])}, the "
        f"median of the {changes.size:,} above the floor by {_percent(figures['median_above_floor'])}; at every other "
        f"step that changes by at most {figures['largest_other_step']:.1%}: another definition"
    )
    return Finding("definition_break", text, period_from=before, period_to=after, figures=figures)


def _percent(share: float) -> str:
    return f"{100 * share:+.1f} %".replace("-", "−")
