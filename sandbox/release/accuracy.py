"""What the backtest, the scores and the bands say of the accuracy, in sentences and as a revision triangle."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from statistics import fmean

import pyarrow as pa

from sandbox.release.terms import Sources

DIRECTIONS = {"A": "immigration", "D": "emigration", "net": "net migration"}


@dataclass(frozen=True)
class Replayed:
    """One past estimate of one month: its age in months, and the estimate less the final figure in per cent."""

    reference_month: date
    horizon: int
    error: float


def triangle(backtest_total: pa.Table, direction: str) -> list[Replayed]:
    """Return what past vintages would have said of months that are final now, by month and age."""
    return [
        Replayed(row["reference_month"], row["horizon"], 100 * (row["estimate"] - row["final"]) / row["final"])
        for row in backtest_total.to_pylist()
        if row["direction"] == direction and row["final"] and row["estimate"] is not None
    ]


def mean_absolute(replayed: list[Replayed]) -> dict[int, float]:
    """Return the mean absolute error in per cent by age."""
    errors: dict[int, list[float]] = defaultdict(list)
    for one in replayed:
        errors[one.horizon].append(abs(one.error))
    return {horizon: fmean(errors[horizon]) for horizon in sorted(errors)}


def accuracy(sources: Sources) -> list[str]:
    """Say how far first and later estimates were off, how well probabilities were made, how wide bands are."""
    lines = [*_replay_lines(sources.backtest_total), *_score_lines(sources.backtest_score)]
    widened = {row["state"] for row in sources.interval_band.to_pylist()} - {"steady"}
    if widened:
        lines.append(f"The regime monitor says for some months: {', '.join(sorted(widened))}.")
    return lines or ["No past vintage was replayed."]


def _replay_lines(backtest_total: pa.Table) -> list[str]:
    lines = []
    for direction in ("A", "D"):
        errors = mean_absolute(triangle(backtest_total, direction))
        if errors:
            first, last = min(errors), max(errors)
            lines.append(
                f"Replayed {DIRECTIONS[direction]}: mean absolute error {errors[first]:.1f} % "
                f"{first} months after the month, {errors[last]:.1f} % {last} months after it."
            )
    return lines


def _score_lines(backtest_score: pa.Table) -> list[str]:
    scores: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in backtest_score.to_pylist():
        if row["brier"] is not None:
            scores[row["direction"], row["model"]].append(row["brier"])
    lines = []
    for direction in ("A", "D"):
        champion, simple = scores.get((direction, "champion")), scores.get((direction, "rule_so_far"))
        if champion and simple:
            lines.append(
                f"Brier score of {DIRECTIONS[direction]}, mean over ages: {fmean(champion):.3f} for the model in use, "
                f"{fmean(simple):.3f} for the rule so far."
            )
    return lines
