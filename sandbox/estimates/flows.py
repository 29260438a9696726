"""Flows over the border: decided migrations and probabilities of the undecided, by cell, month and year."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.concepts.codes import TOTAL, Direction
from sandbox.concepts.rules import Rule
from sandbox.errors import CheckFailedError
from sandbox.estimates.cells import AsOf, first_day, last_day, month_number
from sandbox.estimates.linkage import judged, with_linkage
from sandbox.lakehouse.sums import exact_sum

INDICATOR_OF = {Direction.ARRIVAL.value: "IMM", Direction.DEPARTURE.value: "EMI"}
REFERENCE_MONTHS = 48
# A provisional cell is judged by the fewest decided migrants of this many earlier periods.
EARLIER_PERIODS = 12
CELL = ("partner_area", "sex", "subpopulation")
SUMS = ("crossings", "exposed", "inferred", "undecided", "decided", "expected", "binomial", "naive")
UNKNOWN = "_U"


def crossing_counts(changes: DataFrame, predictions: DataFrame, rule: Rule) -> DataFrame:
    """Count crossings by direction, month, partner country, sex and subpopulation.

    `changes` are rows of `residence_change` of one rule and vintage, `predictions` those of `prediction`. One row
    a cell: crossings, those exposed to a missed crossing (`linkage.with_exposed`), undecided, decided migrations,
    Σ p and Σ p (1 − p) of the undecided, those without p (`unpredicted`), and what the naive rule-so-far counts:
    decided migrations and those undecided whose share of days on the new side so far reaches the share that the
    rule asks for.
    """
    days = F.coalesce("days_migrating", F.lit(0)) + F.coalesce("days_returned", F.lit(0))
    asked = F.lit(rule.threshold_days / rule.window_days)
    is_undecided = F.col("is_change").isNull()
    migrates_so_far = is_undecided & (F.coalesce("days_migrating", F.lit(0)) >= days * asked)
    is_migration = F.coalesce("is_change", F.lit(False))
    crossings = with_linkage(judged(changes)).join(predictions.select("change_id", "p"), "change_id", how="left")
    return crossings.groupBy(
        "direction",
        "reference_month",
        F.coalesce("partner_country", F.lit(UNKNOWN)).alias("partner_area"),
        F.coalesce("sex", F.lit("U")).alias("sex"),
        F.coalesce("subpopulation", F.lit("unknown")).alias("subpopulation"),
    ).agg(
        F.count("*").alias("crossings"),
        F.count_if("is_exposed").alias("exposed"),
        F.count_if("is_inferred").alias("inferred"),
        F.count_if(is_undecided).alias("undecided"),
        F.count_if(is_migration).alias("decided"),
        exact_sum(F.when(is_undecided, F.col("p"))).alias("expected"),
        exact_sum(F.when(is_undecided, F.col("p") * (1 - F.col("p")))).alias("binomial"),
        F.count_if(is_migration | migrates_so_far).alias("naive"),
        F.count_if(is_undecided & F.col("p").isNull()).alias("unpredicted"),
    )


def collected(counts: DataFrame) -> pd.DataFrame:
    """Bring cell counts to the driver (codes × months, never persons), with `month` as a number."""
    rows = counts.toArrow().to_pandas()
    missing = int(rows["unpredicted"].sum())
    if missing:
        raise CheckFailedError(
            f"{missing} undecided crossings have no probability, so the totals would be too low.",
            "Run the nowcast stage for this vintage first.",
        )
    months = [month_number(day) for day in rows["reference_month"]]
    named = rows.assign(month=months).drop(columns=["reference_month", "unpredicted"])
    # In one order, however Spark parted them: the last digit of a sum of reals hangs on it.
    return named.sort_values(["direction", "month", *CELL], ignore_index=True)


def monthly_cells(counts: pd.DataFrame) -> pd.DataFrame:
    """Return every month's total, its cells by sex, and those by subpopulation; cells of zero included.

    Not sex by subpopulation: a month's crossings are too few for it, and most of what would be hidden then could be
    hidden only together with the margins.
    """
    by_cell = counts.assign(partner_area=TOTAL).rename(columns={"month": "period"})
    cells = _complete(_with_totals(by_cell, ("sex", "subpopulation")), ("sex", "subpopulation"))
    return cells[(cells["sex"] == TOTAL) | (cells["subpopulation"] == TOTAL)].reset_index(drop=True)


def monthly_partner_cells(counts: pd.DataFrame) -> pd.DataFrame:
    """Return every month's cells by partner country and their total."""
    by_cell = counts.assign(sex=TOTAL, subpopulation=TOTAL).rename(columns={"month": "period"})
    return _complete(_with_totals(by_cell, ("partner_area",)), ("partner_area",))


def decided_by_year(months: pd.DataFrame) -> pd.DataFrame:
    """Sum the decided migrants of monthly cells over calendar years; `period` is then the year."""
    years = months.assign(period=months["period"] // 12)
    return years.groupby(["direction", "period", *CELL], as_index=False)[["decided"]].sum()


def with_contributors(cells: pd.DataFrame, rule: Rule, as_of: AsOf, months: int) -> pd.DataFrame:
    """Add `contributors`; `cells` are periods of `months` months each (1 or 12), `period` counts them.

    A final period: its own decided migrants. A provisional one: the fewest of the same cell over the latest 12
    periods that were fully decided before it began, 0 if there is none. So the pattern is frozen over its
    vintages, and expected migrants never help.
    """
    key = ["direction", *CELL]
    wide = cells.pivot_table(index=key, columns="period", values="decided", aggfunc="sum", fill_value=0)
    periods = [int(period) for period in wide.columns]
    decided_by = {q: last_day((q + 1) * months - 1) + timedelta(days=rule.window_days) for q in periods}
    frozen = pd.DataFrame(index=wide.index, columns=wide.columns, dtype=np.int64)
    for period in periods:
        known = [q for q in periods if decided_by[q] < first_day(period * months)][-EARLIER_PERIODS:]
        if decided_by[period] < as_of.observed_until:
            frozen[period] = wide[period]
        else:
            frozen[period] = wide[known].min(axis=1) if known else 0
    long = frozen.reset_index().melt(id_vars=key, var_name="period", value_name="contributors")
    return cells.merge(long.astype({"period": cells["period"].dtype}), on=[*key, "period"], how="left")


def since(rows: pd.DataFrame, month: int) -> pd.DataFrame:
    """Return the rows of this month and later ones."""
    return rows[rows["period"] >= month]


def _with_totals(counts: pd.DataFrame, dimensions: Sequence[str]) -> pd.DataFrame:
    """Sum over each of the dimensions, in all combinations."""
    rows = counts
    for dimension in dimensions:
        rows = pd.concat([rows, rows.assign(**{dimension: TOTAL})], ignore_index=True)
    return rows.groupby(["direction", "period", *CELL], as_index=False)[list(SUMS)].sum()


def _complete(cells: pd.DataFrame, dimensions: Sequence[str]) -> pd.DataFrame:
    """Add the cells that nobody is in: a table with holes would give away what the holes are."""
    levels = {name: sorted(cells[name].unique()) if name in dimensions else [TOTAL] for name in CELL}
    periods = range(int(cells["period"].min()), int(cells["period"].max()) + 1)
    grid = pd.MultiIndex.from_product(
        [sorted(INDICATOR_OF), periods, *levels.values()], names=["direction", "period", *CELL]
    )
    return cells.set_index(list(grid.names)).reindex(grid, fill_value=0).reset_index()
