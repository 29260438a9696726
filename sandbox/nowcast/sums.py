"""What the driver may know of the crossings: sums, and samples of bounded size. Spark frames in, small frames out."""

import numpy as np
import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sandbox.lakehouse.tables.nowcasts import CATEGORIES, NUMBERS
from sandbox.nowcast.backtest import part_numbers
from sandbox.nowcast.features import Plan
from sandbox.nowcast.parts import PARTS, Part, month_number, month_start
from sandbox.nowcast.regime import Traffic
from sandbox.nowcast.school import UndecidedMonths
from sandbox.nowcast.scores import BIN_KEY, in_ones
from sandbox.nowcast.tally import TOTAL, TOTAL_KEY

SAMPLE_ROWS = 60_000
"""Most rows of one part that are brought to the driver to learn from: about 11 MB."""
SAMPLE_STEPS = 1_000_000


def traffic(movements: DataFrame) -> Traffic:
    """Return the crossings seen by month."""
    counts = movements.groupBy(F.trunc("event_date", "month").alias("month")).count().toPandas()
    months = pd.Series(counts["count"].to_numpy(), [month_number(month) for month in counts["month"]])
    if months.empty:
        return Traffic.of(months.to_numpy())
    every = months.reindex(range(months.index.min(), months.index.max() + 1), fill_value=0)
    return Traffic(int(every.index[0]), every.to_numpy())


def counted(rows: DataFrame) -> pd.DataFrame:
    """Return how many crossings there are: by part, class and month, whether drawn, decided, migrations, by origin."""
    return (
        rows.groupBy(
            "direction", "reference_month", "origin", "horizon", "visa_class", "drawn", "decided", "is_migration"
        )
        .count()
        .toPandas()
    )


def undecided_months(counts: pd.DataFrame, plan: Plan) -> UndecidedMonths:
    """Return the pairs of refit origin and reference month with a crossing undecided then."""
    refits = [month_start(month) for month in plan.refits]
    found = counts[~counts.decided & counts.origin.isin(refits)][["origin", "reference_month"]].drop_duplicates()
    return frozenset(
        (month_number(o), month_number(m)) for o, m in zip(found.origin, found.reference_month, strict=True)
    )


def final_totals(counts: pd.DataFrame, plan: Plan, months: list[int]) -> pd.DataFrame:
    """Return the migrations of these months (numbers), all decided at the vintage, by direction."""
    chosen = counts[(counts.origin == month_start(plan.vintage)) & counts.is_migration.eq(True)]
    chosen = chosen[chosen.reference_month.map(month_number).isin(months)]
    return chosen.groupby(["direction", "reference_month"])["count"].sum().rename("final").reset_index()


def drawn_by_part(rows: DataFrame, counts: pd.DataFrame) -> dict[Part, pa.Table]:
    """Return, for each part, the crossings drawn to learn from, thinned by a hash where there are too many.

    Each part is fetched by itself, so that no fetch is larger than `SAMPLE_ROWS`; in one order, however they lie.
    """
    kept = ["direction", "horizon", "change_id", "reference_month", "origin", "known_outcomes", "draw"]
    drawn = counts[counts.drawn & ~counts.decided]
    number = part_numbers(drawn.direction.to_numpy(object), drawn.horizon.to_numpy(np.int64))
    sizes = np.bincount(number, drawn["count"], len(PARTS))
    found = {}
    for part, size in zip(PARTS, sizes, strict=True):
        share = int(min(1.0, SAMPLE_ROWS / max(size, 1.0)) * SAMPLE_STEPS)
        thinned = F.pmod(F.xxhash64("change_id"), F.lit(SAMPLE_STEPS)) < F.lit(share)
        chosen = rows.where(_is_drawn() & _is_in(part) & thinned).select(*kept, *NUMBERS, *CATEGORIES)
        found[part] = chosen.toArrow().sort_by([("reference_month", "ascending"), ("change_id", "ascending")])
    return found


def class_counts(counts: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Return crossings by part, class and month: `learnt` (drawn) and `now` (undecided at the vintage)."""
    now = (counts.origin == month_start(plan.vintage)) & ~counts.decided
    drawn = counts.drawn & ~counts.decided
    chosen = counts[(now | drawn) & counts.horizon.between(1, PARTS[-1].last)]
    part = part_numbers(chosen.direction.to_numpy(object), chosen.horizon.to_numpy(np.int64))
    sizes = chosen.assign(part=part, learnt=chosen["count"].where(drawn, 0), now=chosen["count"].where(now, 0))
    return sizes.groupby(["part", "visa_class", "reference_month"], as_index=False)[["learnt", "now"]].sum()


def backtest_sums(tallies: DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the sums of bins, as `scores.binned` does, and those of totals: `n, p, square` by month, origin, model."""
    keys = [*TOTAL_KEY, "horizon", "model", "bin"]
    sums = [F.sum(name).alias(name) for name in ("n", "p", "outcome", "square", "log")]
    found = in_ones(tallies.groupBy(*keys).agg(*sums).toPandas())
    is_total = found.bin == TOTAL
    bins = found[~is_total].drop(columns=TOTAL_KEY[1:]).sort_values(BIN_KEY, ignore_index=True)
    return bins, found[is_total].drop(columns=["bin", "outcome", "log"]).reset_index(drop=True)


def _is_drawn() -> Column:
    return F.col("drawn") & ~F.col("decided")


def _is_in(part: Part) -> Column:
    last = part.last if part.last < PARTS[-1].last else 10_000
    return (F.col("direction") == part.direction) & F.col("horizon").between(part.first, last)
