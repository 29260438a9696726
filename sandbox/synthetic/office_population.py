"""What the office sends of its population: stocks by group when a year begins, births, deaths, changes of citizenship.

Births, deaths and changes of citizenship are registered one by one and counted without error. Stocks are estimates.
Of a few persons the office does not know the country of birth or the citizenship: they are `unknown` in all series.
"""

from datetime import date

import numpy as np
import pandas as pd

from sandbox.concepts.codes import TOTAL, Subpopulation
from sandbox.synthetic.chance import Reals, stream
from sandbox.synthetic.country import Truth
from sandbox.synthetic.days import later
from sandbox.synthetic.office_error import measured
from sandbox.synthetic.population import office_years, population_rows

STOCK = "OFFICIAL_POP"
# Each series, what it counts of the truth, and the groups that it can happen to.
SERIES = {
    STOCK: ("stock", tuple(Subpopulation)),
    "OFFICIAL_BIRTHS": (
        "births",
        (Subpopulation.NATIVE_CITIZEN, Subpopulation.NATIVE_FOREIGN, Subpopulation.UNKNOWN),
    ),
    "OFFICIAL_DEATHS": ("deaths", tuple(Subpopulation)),
    "OFFICIAL_ACQUIRED": (
        "acquired",
        (Subpopulation.NATIVE_FOREIGN, Subpopulation.FOREIGN_BORN_FOREIGN, Subpopulation.UNKNOWN),
    ),
    "OFFICIAL_LOST": (
        "lost",
        (Subpopulation.NATIVE_CITIZEN, Subpopulation.FOREIGN_BORN_CITIZEN, Subpopulation.UNKNOWN),
    ),
}
# Months from the first day of the year to publication: a stock is that of this day, events are those of the year.
STOCK_DELAY, EVENT_DELAY = 9, 17


def population_series(truth: Truth, seed: int) -> pd.DataFrame:
    """Return the five series by subpopulation, `unknown` and in all, one row a value."""
    told, years = truth.scenario.office, office_years(truth.scenario)
    rows = population_rows(truth.persons, truth.crossings, truth.citizenship_changes, years)
    # The same persons in every series: a stock without them and a death with them would never add up.
    lacks = stream(seed, "official unknown group").random(len(truth.persons)) < told.unknown_group
    rows["subpopulation"] = rows["subpopulation"].mask(lacks[rows["person_id"]], Subpopulation.UNKNOWN.value)
    rng = stream(seed, "official population")
    parts = []
    for series, (part, groups) in SERIES.items():
        counts = rows[rows["part"] == part].groupby(["year", "subpopulation"]).size().unstack(fill_value=0)
        codes = [each.value for each in groups]
        true = counts.reindex(index=years, columns=codes, fill_value=0).to_numpy(np.float64)
        values, se = _whole(*measured(rng, true, told.stock_error)) if series == STOCK else measured(rng, true, 0.0)
        parts.append(_published(values, se, [TOTAL, *codes], years, series))
    return pd.concat(parts, ignore_index=True).assign(
        population="usual residents", unit="persons", frequency="A", status="first"
    )


def _whole(values: Reals, se: Reals) -> tuple[Reals, Reals]:
    """Round estimates to whole persons, which adds to their error; the first column is the sum of the others."""
    groups = np.rint(values[:, 1:])
    rounded = np.array([groups.shape[1], *np.ones(groups.shape[1])])
    return np.hstack([groups.sum(axis=1, keepdims=True), groups]), np.sqrt(se**2 + rounded / 12)


def _published(values: Reals, se: Reals, columns: list[str], years: range, series: str) -> pd.DataFrame:
    """Return one row a year and column; rows of `values` are years."""
    first_days = [date(year, 1, 1) for year in years]
    delay = STOCK_DELAY if series == STOCK else EVENT_DELAY
    return pd.DataFrame(
        {
            "series_id": series,
            "concept": "usual residence, 1 January" if series == STOCK else "registered in the year",
            "period": [day for day in first_days for _ in columns],
            "vintage": [later(day, delay) for day in first_days for _ in columns],
            "subpopulation": columns * len(first_days),
            "value": values.ravel(),
            "se": se.ravel(),
        }
    )
