"""Pictures that go with a run in MLflow: reliability, and monthly totals beside what they turned out to be."""

import pandas as pd
from matplotlib.figure import Figure

from sandbox.nowcast.scores import reliability


def reliability_plot(bins: pd.DataFrame) -> Figure:
    """Draw share of migrations by mean probability, each direction; honest probabilities lie on the diagonal."""
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    for direction, group in bins.groupby("direction"):
        tenths = reliability(group)
        axes.plot(tenths.p, tenths.outcome, marker="o", label=f"{direction}, n = {int(tenths.n.sum()):,}")
    axes.set(xlabel="mean probability", ylabel="share that turned out migrations", title="Reliability, all horizons")
    axes.legend()
    return figure


def totals_plot(totals: pd.DataFrame, horizons: tuple[int, ...] = (1, 4, 8)) -> Figure:
    """Draw the final monthly totals, and what was estimated at some horizons."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    for place, direction in enumerate(("A", "D"), start=1):
        axes = figure.add_subplot(2, 1, place)
        side = totals[totals.direction == direction].sort_values("reference_month")
        final = side.dropna(subset="final").drop_duplicates("reference_month")
        axes.plot(final.reference_month, final.final, color="black", label="final")
        for horizon in horizons:
            chosen = side[side.horizon == horizon]
            axes.plot(
                chosen.reference_month, chosen.estimate, marker=".", linewidth=0.8, label=f"after {horizon} months"
            )
        axes.set(title="Arrivals" if direction == "A" else "Departures", ylabel="migrations a month")
        axes.set_ylim(bottom=0)
        axes.legend()
    return figure
