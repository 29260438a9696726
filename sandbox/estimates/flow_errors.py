"""How wrong the flows over the border may be: past errors of the nowcast, binomial error, missed crossings."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.stats import norm

from sandbox.concepts.codes import TOTAL, Direction
from sandbox.estimates.cells import Z95, AsOf, figures, first_day, month_number
from sandbox.estimates.flows import CELL, INDICATOR_OF
from sandbox.estimates.groups import unknown_variance
from sandbox.estimates.linkage import linkage_variance

NET_BAND = "net"
IN, OUT = Direction.ARRIVAL.value, Direction.DEPARTURE.value


@dataclass(frozen=True)
class Past:
    """What the past says of errors: rows of `interval_band` of one rule and vintage; the share of missed crossings."""

    bands: pd.DataFrame
    missed: float


def monthly_figures(cells: pd.DataFrame, past: Past, as_of: AsOf) -> list[pd.DataFrame]:
    """Return the figures IMM, EMI and NET of monthly cells that have their contributors."""
    known = with_errors(cells, past, month_number(as_of.vintage))
    dated = known.assign(reference_period=[first_day(period) for period in known["period"]])
    return [*_gross_figures(dated, "M", as_of.vintage), _net_figures(dated, past.bands, "M", as_of)]


def annual_figures(
    months: pd.DataFrame, contributors: pd.DataFrame, past: Past, as_of: AsOf, years: list[int]
) -> list[pd.DataFrame]:
    """Return the figures IMM, EMI and NET of complete years from their months by partner country.

    `contributors` has one row a cell and year.
    """
    key = ["direction", "period", *CELL]
    annual = annual_cells(months, past, as_of, years)
    annual = annual.merge(contributors[[*key, "contributors"]], on=key, how="left")
    dated = annual.assign(reference_period=[date(year, 1, 1) for year in annual["period"]])
    return [*_gross_figures(dated, "A", as_of.vintage), _net_figures(dated, None, "A", as_of)]


def annual_cells(months: pd.DataFrame, past: Past, as_of: AsOf, years: list[int]) -> pd.DataFrame:
    """Return the cells of complete years, with estimate and variances by source, from those of their months.

    Binomial errors of months are independent; those of the model and of linkage, and what is not known of persons'
    groups, are taken as the same in all months of a year, so that their standard errors add up.
    """
    known = with_errors(months, past, month_number(as_of.vintage)).assign(period=lambda rows: rows["period"] // 12)
    known = known[known["period"].isin(years)]
    for part in ("linkage", "model"):
        known[f"sd_{part}"] = np.sqrt(known[f"var_{part}"])
    sums = ["estimate", "naive", "decided", "undecided", "binomial", "sd_linkage", "sd_model"]
    annual = known.groupby(["direction", "period", *CELL], as_index=False)[sums].sum(min_count=12)
    return annual.assign(
        var_classification=annual["binomial"] + unknown_variance(annual),
        var_linkage=annual["sd_linkage"] ** 2,
        var_model=annual["sd_model"] ** 2,
    )


def with_errors(cells: pd.DataFrame, past: Past, vintage_month: int) -> pd.DataFrame:
    """Add estimate, variances by source and, for totals, the bounds of the band.

    - classification: Σ p (1 − p) of the cell, and persons whose group is not known (`groups.unknown_variance`);
    - model: what past errors of the total at this horizon show beyond the binomial, (rms · total)² − Σ p (1 − p),
      shared out by the cells' part in Σ p: a model that is wrong is wrong in all cells together;
    - linkage: migrants made up, or lost, by crossings that were missed (`linkage.linkage_variance`).
    """
    rows = cells.assign(estimate=cells["decided"] + cells["expected"], horizon=vintage_month - cells["period"])
    rows = rows.merge(_usable(past.bands, [IN, OUT]), on=["direction", "horizon"], how="left")
    totals = rows[_is_total(rows)]
    key = ["direction", "period"]
    whole = totals[[*key, "estimate", "expected", "binomial"]].set_index(key).add_suffix("_total")
    rows = rows.join(whole, on=key)
    excess = ((rows["rms"] * rows["estimate_total"]) ** 2 - rows["binomial_total"]).clip(lower=0.0)
    part = (rows["expected"] / rows["expected_total"].where(rows["expected_total"] > 0)).fillna(0.0)
    is_final = rows["expected_total"] == 0
    rows = rows.assign(
        var_classification=rows["binomial"] + unknown_variance(rows),
        # Without a band there are no past errors to tell how wrong the model is: no error is stated then.
        var_model=(excess * part**2).mask(is_final, 0.0),
        var_linkage=linkage_variance(rows, past.missed),
    )
    return _with_band_bounds(rows, rows["estimate"], _is_total(rows) & ~is_final)


def _usable(bands: pd.DataFrame, direction: Sequence[str]) -> pd.DataFrame:
    """Return bands that may be stated, widened from the level that their errors attain to 95 %.

    `rms` is the root mean squared relative error: what the model was off by in the past, bias included.
    """
    usable = bands[(bands["state"] != "withheld") & bands["direction"].isin(direction)]
    factor = Z95 / norm.ppf((1 + usable["level"].clip(0.05, 0.95)) / 2)
    middle = (usable["lower"] + usable["upper"]) / 2
    half = (usable["upper"] - usable["lower"]) / 2 * factor
    rms = np.hypot(usable["spread"], usable["bias"])
    widened = usable.assign(band_middle=middle, band_half=half, rms=rms)
    return widened[["direction", "horizon", "band_middle", "band_half", "rms"]]


def _with_band_bounds(rows: pd.DataFrame, base: pd.Series, is_told: pd.Series) -> pd.DataFrame:
    """Give totals of provisional months the band's bounds, relative to `base`, the linkage error added.

    A band whose past errors all had one sign may leave the estimate out: the bound is then the estimate.
    """
    middle = rows["estimate"] + base * rows["band_middle"]
    half = np.hypot(base * rows["band_half"], Z95 * np.sqrt(rows["var_linkage"]))
    lower = np.minimum(middle - half, rows["estimate"])
    upper = np.maximum(middle + half, rows["estimate"])
    return rows.assign(lower=lower.where(is_told), upper=upper.where(is_told))


def _is_total(rows: pd.DataFrame) -> pd.Series:
    return (rows[list(CELL)] == TOTAL).all(axis=1)


def _gross_figures(rows: pd.DataFrame, frequency: str, vintage: date) -> list[pd.DataFrame]:
    told = rows.assign(provisional=rows["undecided"] > 0)
    return [
        figures(told[told["direction"] == direction], indicator, frequency, vintage)
        for direction, indicator in INDICATOR_OF.items()
    ]


def _net_figures(rows: pd.DataFrame, bands: pd.DataFrame | None, frequency: str, as_of: AsOf) -> pd.DataFrame:
    """Return immigrants less emigrants; its contributors are the fewer of both, since either could be disclosed."""
    key = ["reference_period", "period", *CELL]
    arrivals = rows[rows["direction"] == IN].set_index(key)
    departures = rows[rows["direction"] == OUT].set_index(key)
    net = arrivals[["estimate", "naive", "decided"]] - departures[["estimate", "naive", "decided"]]
    for part in ("linkage", "classification", "model"):
        net[f"var_{part}"] = arrivals[f"var_{part}"] + departures[f"var_{part}"]
    net["provisional"] = (arrivals["undecided"] + departures["undecided"]) > 0
    net["contributors"] = np.minimum(arrivals["contributors"], departures["contributors"])
    net["gross"] = arrivals["estimate"] + departures["estimate"]
    told = net.reset_index()
    if bands is not None:
        told = _with_net_band(told, bands, month_number(as_of.vintage))
    return figures(told, "NET", frequency, as_of.vintage)


def _with_net_band(net: pd.DataFrame, bands: pd.DataFrame, vintage_month: int) -> pd.DataFrame:
    """Take the error of provisional totals from past errors of the net itself, which are relative to gross flow."""
    known = _usable(bands, [NET_BAND]).drop(columns="direction")
    rows = net.assign(horizon=vintage_month - net["period"]).merge(known, on="horizon", how="left")
    is_told = _is_total(rows) & rows["provisional"]
    excess = ((rows["rms"] * rows["gross"]) ** 2 - rows["var_classification"]).clip(lower=0.0)
    return _with_band_bounds(rows.assign(var_model=excess.where(is_told, rows["var_model"])), rows["gross"], is_told)
