"""Groups of the population that are not known: some of them belong to each known group, and nobody knows how many."""

import pandas as pd

from sandbox.concepts.codes import TOTAL, Sex, Subpopulation

UNKNOWN = {"sex": Sex.UNKNOWN.value, "subpopulation": Subpopulation.UNKNOWN.value}


def unknown_variance(rows: pd.DataFrame) -> pd.Series:
    """Return the variance of the cells' estimate from persons whose sex or subpopulation is not known.

    A known group would get its part of them, unknown / (total − unknown) of itself, if they were like the others;
    that part is taken whole as one standard error. `rows` has `direction, period, sex, subpopulation, estimate`, one
    row a cell with all margins; the partner country plays no part.
    """
    deviation = pd.Series(0.0, index=rows.index)
    for dimension, code in UNKNOWN.items():
        other = next(name for name in UNKNOWN if name != dimension)
        margin = rows[(rows[other] == TOTAL) & rows[dimension].isin([TOTAL, code])]
        wide = margin.pivot_table(index=["direction", "period"], columns=dimension, values="estimate", aggfunc="sum")
        if code not in wide:
            continue
        known = (wide[TOTAL] - wide[code]).where(lambda total: total > 0)
        ratio = (wide[code] / known).fillna(0.0).rename("ratio")
        told = rows[["direction", "period"]].join(ratio, on=["direction", "period"])["ratio"].fillna(0.0)
        is_known = ~rows[dimension].isin([TOTAL, code])
        deviation += (rows["estimate"] * told).where(is_known, 0.0)
    return deviation**2
