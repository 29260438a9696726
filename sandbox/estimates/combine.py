"""Figures from several sources: monthly made consistent with annual official totals, small areas strengthened."""

from datetime import date

import numpy as np
import pandas as pd

from sandbox.concepts.codes import TOTAL
from sandbox.estimates.cells import DIMENSION_NAMES, Z95, AsOf, figures, month_number
from sandbox.estimates.mobile import BENCHMARK
from sandbox.estimates.small_area import fay_herriot
from sandbox.estimates.temporal import denton_proportional

ANNUAL_IMMIGRANTS = "OFFICIAL_IMM"
SERIES_CELL = [*DIMENSION_NAMES, "frequency", "period"]


def latest_values(official: pd.DataFrame, series_id: str, vintage: date) -> pd.DataFrame:
    """Return the values of an official series as last published by `vintage`, one row a cell and period."""
    known = official[(official["series_id"] == series_id) & (official["vintage"] <= vintage)]
    return known.sort_values([*SERIES_CELL, "vintage"]).drop_duplicates(SERIES_CELL, keep="last")


def consistent_immigrants(immigrants: pd.DataFrame, annual: pd.DataFrame, as_of: AsOf) -> pd.DataFrame:
    """Return IMM_ADJ: monthly totals of immigrants that add up to the official years, later months carried forward.

    `immigrants` are all rows of IMM by month, `annual` the official values. Denton proportional first differences.
    Error: the estimate's own, that of the official total, and for months after the last official year the spread
    of the yearly ratios, which the carried ratio may leave.
    """
    monthly = immigrants[(immigrants[list(DIMENSION_NAMES)] == TOTAL).all(axis=1)]
    monthly = monthly.assign(period=[month_number(day) for day in monthly["reference_period"]]).sort_values("period")
    years = _official_years(annual, int(monthly["period"].min()), int(monthly["period"].max()))
    if not len(years):
        return pd.DataFrame()
    start = 12 * int(years.index[0])
    monthly = monthly[monthly["period"] >= start].reset_index(drop=True)
    adjusted = denton_proportional(years["value"], monthly["estimate"], 12)
    inside = monthly["period"] < start + 12 * len(years)
    ratios = years["value"].to_numpy() / monthly["estimate"].to_numpy()[: 12 * len(years)].reshape(-1, 12).sum(axis=1)
    drift = float(np.std(ratios / ratios.mean(), ddof=1)) if len(ratios) > 1 else np.nan
    factor = adjusted / monthly["estimate"].where(monthly["estimate"] > 0)
    official_share = (years["se"] / years["value"]).fillna(0.0).to_numpy()
    share = np.where(inside, official_share[np.minimum((monthly["period"] - start) // 12, len(years) - 1)], drift)
    rows = monthly.assign(unadjusted=monthly["estimate"], estimate=adjusted, calibrated_to=ANNUAL_IMMIGRANTS)
    for part in ("sampling", "linkage", "classification", "model"):
        own = monthly["se"] ** 2 * monthly[f"error_{part}"].fillna(0.0)
        rows[f"var_{part}"] = own.where(monthly["se"].notna()) * factor**2
    rows["var_model"] += (adjusted * share) ** 2
    return figures(rows.drop(columns=["lower", "upper"]), "IMM_ADJ", "M", as_of.vintage)


def arrivals_by_area(
    flows: pd.DataFrame, population: pd.Series, covariate: pd.Series, vintage: date
) -> list[pd.DataFrame]:
    """Return IN_AREA: arrivals from other areas, direct mobile estimates drawn to a regression (Fay–Herriot).

    The model is on arrivals per resident, by year; `covariate` (by area) comes from the census, never from the
    series that the figure is judged by. Areas without a direct estimate are left out.
    """
    direct = flows[(flows["area"] == TOTAL) & (flows["partner_area"] != TOTAL)]
    return [
        _strengthened(of_year, population, covariate, vintage)
        for _, of_year in direct.groupby("reference_period")
        if len(of_year) > 3
    ]


def benchmark_population(census: pd.DataFrame) -> pd.Series:
    """Return residents by area: the rows that are summed over everything else, or else the sum over subpopulations."""
    areas = census[(census["area"] != TOTAL) & (census["partner_area"] == TOTAL)]
    others = ["sex", "age", "subpopulation"]
    whole = areas[(areas[others] == TOTAL).all(axis=1)]
    if not len(whole):
        whole = areas[(areas[["sex", "age"]] == TOTAL).all(axis=1) & (areas["subpopulation"] != TOTAL)]
    newest = whole[whole["period"] == whole["period"].max()]
    return newest.groupby("area")["value"].sum().sort_index()


def foreign_born_share(census: pd.DataFrame) -> pd.Series:
    """Return the share of foreign-born residents by area, a covariate of mobility known from the census."""
    rows = census[(census["area"] != TOTAL) & (census[["sex", "age"]] == TOTAL).all(axis=1)]
    rows = rows[(rows["subpopulation"] != TOTAL) & (rows["period"] == rows["period"].max())]
    foreign = rows["value"].where(rows["subpopulation"].str.startswith("foreign_born"), 0.0)
    return foreign.groupby(rows["area"]).sum() / rows.groupby("area")["value"].sum()


def _strengthened(direct: pd.DataFrame, population: pd.Series, covariate: pd.Series, vintage: date) -> pd.DataFrame:
    areas = direct["partner_area"]
    residents = population[areas].to_numpy(dtype=np.float64)
    design = np.column_stack([np.ones(len(areas)), covariate.reindex(areas).to_numpy(dtype=np.float64)])
    if np.linalg.matrix_rank(design) < design.shape[1] or not np.isfinite(design).all():
        design = design[:, :1]
    rates = direct["estimate"].to_numpy(dtype=np.float64) / residents
    variances = (direct["se"].to_numpy(dtype=np.float64) / residents) ** 2
    model = fay_herriot(rates, variances, design)
    if abs(model.beta[-1]) < Z95 * model.beta_se[-1]:
        # With so few areas a covariate that says nothing costs more than it gives.
        model = fay_herriot(rates, variances, design[:, :1])
    sampling = model.direct_share**2 * variances * residents**2
    whole = model.mse * residents**2
    rows = pd.DataFrame(
        {
            "area": areas.to_numpy(),
            "reference_period": direct["reference_period"].to_numpy(),
            "estimate": np.maximum(model.eblup, 0.0) * residents,
            "var_sampling": np.minimum(sampling, whole),
            "var_model": np.maximum(whole - sampling, 0.0),
            "contributors": direct["contributors"].to_numpy(),
            "naive": direct["naive"].to_numpy(),
            "unadjusted": direct["estimate"].to_numpy(),
            "calibrated_to": BENCHMARK,
        }
    )
    return figures(rows, "IN_AREA", "A", vintage)


def _official_years(annual: pd.DataFrame, first_month: int, last_month: int) -> pd.DataFrame:
    """Return the unbroken official years, total of the country, that the monthly series covers, newest run only."""
    is_total = (annual[list(DIMENSION_NAMES)] == TOTAL).all(axis=1) & (annual["frequency"] == "A")
    years = annual[is_total].assign(year=[day.year for day in annual.loc[is_total, "period"]]).set_index("year")
    covered = [year for year in sorted(years.index) if first_month <= 12 * year and 12 * year + 11 <= last_month]
    unbroken: list[int] = []
    for year in reversed(covered):
        if unbroken and year != unbroken[0] - 1:
            break
        unbroken.insert(0, year)
    return years.loc[unbroken, ["value", "se"]]
