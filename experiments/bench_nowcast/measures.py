"""What issue 8 asks of a backtest, from its files: one row a direction and horizon."""

import numpy as np
import pandas as pd

PLACE = ["direction", "horizon"]


def table_of(totals: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return ratios of the Brier score, calibration error, and errors and bounds of the totals that are final.

    `share_given` is the share of totals with bounds; coverage and half-width are of those.
    """
    brier = scores.pivot_table(index=PLACE, columns="model", values="brier")
    champion = scores[scores.model == "champion"].set_index(PLACE)
    final = totals[totals.final.notna()].copy()
    final["error"] = (final.estimate - final.final).abs() / final.final
    sums = final.groupby(PLACE)
    bounded = final.dropna(subset=["lower", "upper"]).copy()
    bounded["covered"] = (bounded.final >= bounded.lower) & (bounded.final <= bounded.upper)
    bounded["half_width"] = (bounded.upper - bounded.lower) / 2 / bounded.final
    inside = bounded.groupby(PLACE)
    columns = {
        "brier_to_ia": brier.champion / brier.ia,
        "brier_to_ib": brier.champion / brier.ib,
        "brier_to_logistic": brier.champion / brier.logistic,
        "ece": champion.ece,
        "mape": sums.error.mean(),
        "observed_to_expected": sums.final.sum() / sums.estimate.sum(),
        "coverage": inside.covered.mean(),
        "half_width": inside.half_width.mean(),
        "share_given": inside.size() / sums.size(),
    }
    return pd.DataFrame(columns).replace([np.inf, -np.inf], np.nan)
