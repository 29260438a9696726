"""The population account: by group, what the stock at the end of a year is made of, and what is left over.

stock at the end = stock at the start + immigrants − emigrants + births − deaths + citizenship in − citizenship out
+ adjustment. Flows over the border are our estimates, of travellers by a residence rule; all else is the office's, of
its usual residents. The adjustment is what these do not explain of each other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from sandbox.concepts.codes import TOTAL, Direction, Subpopulation
from sandbox.errors import CheckFailedError
from sandbox.estimates.cells import DIMENSION_NAMES, Z95

STOCK, BIRTHS, DEATHS = "OFFICIAL_POP", "OFFICIAL_BIRTHS", "OFFICIAL_DEATHS"
ACQUIRED, LOST = "OFFICIAL_ACQUIRED", "OFFICIAL_LOST"
NATIVE_CITIZEN, NATIVE_FOREIGN = Subpopulation.NATIVE_CITIZEN.value, Subpopulation.NATIVE_FOREIGN.value
FOREIGN_BORN_CITIZEN = Subpopulation.FOREIGN_BORN_CITIZEN.value
FOREIGN_BORN_FOREIGN = Subpopulation.FOREIGN_BORN_FOREIGN.value
UNKNOWN = Subpopulation.UNKNOWN.value
KNOWN = (NATIVE_CITIZEN, NATIVE_FOREIGN, FOREIGN_BORN_CITIZEN, FOREIGN_BORN_FOREIGN)
GROUPS = (*KNOWN, UNKNOWN)
COLUMNS = [*GROUPS, TOTAL]
# Who, of the four, has a stock, is born in the country, dies, becomes a citizen, gives the citizenship up.
HAPPENS_TO = {
    STOCK: KNOWN,
    BIRTHS: (NATIVE_CITIZEN, NATIVE_FOREIGN),
    DEATHS: KNOWN,
    ACQUIRED: (NATIVE_FOREIGN, FOREIGN_BORN_FOREIGN),
    LOST: (NATIVE_CITIZEN, FOREIGN_BORN_CITIZEN),
}
# Where a change of citizenship leads to; who is unknown stays so.
COUNTERPART = {
    NATIVE_CITIZEN: NATIVE_FOREIGN,
    NATIVE_FOREIGN: NATIVE_CITIZEN,
    FOREIGN_BORN_CITIZEN: FOREIGN_BORN_FOREIGN,
    FOREIGN_BORN_FOREIGN: FOREIGN_BORN_CITIZEN,
}
# Values are counted in whole thousandths of a person, so that sums are exact; standard errors are in persons.
UNITS = 1000
SIGNS = {"stock_start": 1, "immigrants": 1, "emigrants": -1, "births": 1, "deaths": -1, "stock_end": -1}
CITIZENSHIP = ("citizenship_in", "citizenship_out")


@dataclass(frozen=True)
class Part:
    """One part of the account: values and standard errors, a row a year, a column a group and one for the total."""

    value: pd.DataFrame
    se: pd.DataFrame

    def __add__(self, other: "Part") -> "Part":
        """Return the sum; the errors are taken as independent."""
        return Part(self.value + other.value, (self.se**2 + other.se**2) ** 0.5)

    def of(self, years: list[int], later: int = 0) -> "Part":
        """Return what it is `later` years after each of these years."""
        then = [year + later for year in years]
        return Part(self.value.loc[then].set_axis(years), self.se.loc[then].set_axis(years))


def population_account(
    annual: pd.DataFrame, series: Callable[[str], pd.DataFrame], years: list[int], vintage: date
) -> pd.DataFrame:
    """Return one row a year and group, and one a year for the total.

    `annual` are cells of complete years (`flow_errors.annual_cells`) by subpopulation, `series` gives the office's
    newest values of a series. What the office has not told is empty, and so is all that needs it.
    """
    stock = official_part(series(STOCK), STOCK, [*years, *(year + 1 for year in years[-1:])])
    left = official_part(series(ACQUIRED), ACQUIRED, years) + official_part(series(LOST), LOST, years)
    parts = {
        "stock_start": stock.of(years),
        "immigrants": flow_part(annual, Direction.ARRIVAL, years),
        "emigrants": flow_part(annual, Direction.DEPARTURE, years),
        "births": official_part(series(BIRTHS), BIRTHS, years),
        "deaths": official_part(series(DEATHS), DEATHS, years),
        "citizenship_in": Part(*(frame.rename(columns=COUNTERPART)[COLUMNS] for frame in (left.value, left.se))),
        "citizenship_out": left,
        "stock_end": stock.of(years, later=1),
    }
    undecided = _by_year(annual, "undecided", years).fillna(0.0)
    return _rows(parts | {"adjustment": adjustment(parts)}, undecided > 0).assign(vintage=vintage)


def official_part(rows: pd.DataFrame, series_id: str, years: list[int]) -> Part:
    """Return one of the office's series by group: of years, or of the first day of the year if it is a stock.

    `unknown` is what the office's total has beyond the four groups (its rounding as well), so that the groups add
    up to the total; without a total it is as the office states it, and the total is the sum. `CheckFailedError`
    where a group has a value that can't have one.
    """
    others = [name for name in DIMENSION_NAMES if name != "subpopulation"]
    of_years = [(day.month, day.day) == (1, 1) for day in rows["period"]]
    told = rows[(rows[others] == TOTAL).all(axis=1) & (rows["frequency"] == "A") & np.array(of_years, dtype=bool)]
    told = told.assign(period=[day.year for day in told["period"]])
    check_groups(told, series_id)
    value, se = _wide(told, "value", years), _wide(told, "se", years)
    value = (value * UNITS).round()
    never = [group for group in KNOWN if group not in HAPPENS_TO[series_id]]
    value[never], se[never] = 0.0, 0.0
    known, told_unknown = value[list(KNOWN)].sum(axis=1, skipna=False), value[UNKNOWN]
    value[UNKNOWN] = (value[TOTAL] - known).fillna(told_unknown)
    value[TOTAL] = value[TOTAL].fillna(known + told_unknown)
    # Of a difference the error is not known either: at most that of its parts, if they err apart.
    se[UNKNOWN] = se[UNKNOWN].fillna((se[[*KNOWN, TOTAL]] ** 2).sum(axis=1, skipna=False) ** 0.5)
    return Part(value, se)


def check_groups(rows: pd.DataFrame, series_id: str) -> None:
    """Refuse a series that tells of a group what can't happen to it."""
    strange = rows[
        ~rows["subpopulation"].isin([*HAPPENS_TO[series_id], UNKNOWN, TOTAL]) & (rows["value"].fillna(0.0) != 0)
    ]
    if len(strange):
        raise CheckFailedError(
            f"{series_id} has values of {', '.join(sorted(strange['subpopulation'].unique()))}; "
            f"it can have them of {', '.join(HAPPENS_TO[series_id])}, {UNKNOWN} and {TOTAL}.",
            "Births are of persons born in the country, by their own citizenship and not their mother's; changes of "
            "citizenship stand under the group that a person leaves. Have the office send the series so.",
        )


def flow_part(annual: pd.DataFrame, direction: Direction, years: list[int]) -> Part:
    """Return our estimate of one flow by group; a group that nobody crossed in has none."""
    rows = annual[annual["direction"] == direction.value]
    variance = rows["var_classification"] + rows["var_linkage"] + rows["var_model"]
    value = (_by_year(rows, "estimate", years) * UNITS).round()
    # The total's own error: what is not known of persons' groups is no error of the total.
    se = _by_year(rows.assign(se=np.sqrt(variance)), "se", years)
    value[TOTAL] = value[list(GROUPS)].sum(axis=1, skipna=False)
    return Part(value, se)


def adjustment(parts: dict[str, Part]) -> Part:
    """Return what the other parts leave over, with the standard error that theirs give it.

    Who is unknown at the border may be known to the office, and the reverse: the flows of `unknown` are taken whole
    as one standard error. Over all groups, changes of citizenship cancel.
    """
    moved_in, moved_out = (parts[name] for name in CITIZENSHIP)
    value, variance = moved_in.value - moved_out.value, moved_in.se**2 + moved_out.se**2
    value[TOTAL], variance[[UNKNOWN, TOTAL]] = 0.0, 0.0
    for name, sign in SIGNS.items():
        value = value + sign * parts[name].value
        variance = variance + parts[name].se ** 2
    for name in ("immigrants", "emigrants"):
        variance[UNKNOWN] += (parts[name].value[UNKNOWN] / UNITS) ** 2
    return Part(-value, variance**0.5)


def _by_year(annual: pd.DataFrame, name: str, years: list[int]) -> pd.DataFrame:
    """Return one column of annual cells by year and group, both directions together if there are both."""
    cells = annual[(annual[["partner_area", "sex"]] == TOTAL).all(axis=1)]
    wide = cells.groupby(["period", "subpopulation"])[name].sum(min_count=1).unstack()
    return wide.reindex(index=years).reindex(columns=COLUMNS, fill_value=0.0).astype(float)


def _wide(told: pd.DataFrame, name: str, years: list[int]) -> pd.DataFrame:
    wide = told.pivot(index="period", columns="subpopulation", values=name)
    return wide.reindex(index=years, columns=COLUMNS).astype(float)


def _rows(parts: dict[str, Part], is_provisional: pd.DataFrame) -> pd.DataFrame:
    years = list(is_provisional.index)
    rows = pd.DataFrame(
        {name: part.value.to_numpy().ravel() / UNITS for name, part in parts.items()}
        | {f"{name}_se": part.se.to_numpy().ravel() for name, part in parts.items()}
    ).assign(
        reference_period=np.repeat([date(year, 1, 1) for year in years], len(COLUMNS)),
        subpopulation=np.tile(COLUMNS, len(years)),
        provisional=is_provisional.to_numpy().ravel(),
    )
    within = rows["adjustment"].abs() <= Z95 * rows["adjustment_se"]
    known = rows["adjustment"].notna() & rows["adjustment_se"].notna()
    return rows.assign(consistent=within.astype("boolean").mask(~known), missing=_missing(rows, list(parts)))


def _missing(rows: pd.DataFrame, names: list[str]) -> pd.Series:
    """Name the parts, or the standard errors of parts, that each row lacks for its adjustment and its judgement."""
    asked = [name for name in names if name != "adjustment"]
    lacks = rows[[f"{name}{end}" for name in asked for end in ("", "_se")]].isna()
    for name in asked:
        lacks[f"{name}_se"] &= ~lacks[name]
        if name in CITIZENSHIP:
            lacks.loc[rows["subpopulation"] == TOTAL, [name, f"{name}_se"]] = False
    return pd.Series([list(lacks.columns[row]) for row in lacks.to_numpy()], index=rows.index, dtype=object)
