"""What the driver may know of the crossings: sums, and samples of bounded size. Spark frames in, small frames out."""

import pandas as pd
import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from sandbox.lakehouse.tables.nowcasts import CATEGORIES, NUMBERS
from sandbox.nowcast.backtest import P_COLUMNS, UndecidedMonths
from sandbox.nowcast.features import Plan
from sandbox.nowcast.parts import PARTS, Part, month_number, month_start
from sandbox.nowcast.scores import BINS, LOG_FLOOR

SAMPLE_ROWS = 60_000
"""Most rows of one part that are brought to the driver to learn from: about 11 MB."""
SAMPLE_STEPS = 1_000_000
UNITS = 1e9
TOTAL_KEY = ("direction", "reference_month", "origin")


def undecided_months(rows: DataFrame, plan: Plan) -> UndecidedMonths:
    """Return the pairs of refit origin and reference month with a crossing undecided then."""
    refits = [month_start(month) for month in plan.refits]
    found = rows.where(~F.col("decided") & F.col("origin").isin(refits)).select("origin", "reference_month").distinct()
    return frozenset((month_number(row.origin), month_number(row.reference_month)) for row in found.collect())


def drawn_by_part(rows: DataFrame) -> dict[Part, pa.Table]:
    """Return, for each part, the crossings drawn to learn from."""
    kept = ["direction", "horizon", "change_id", "reference_month", "origin", "known_outcomes", "draw"]
    drawn = rows.where(_is_drawn()).select(*kept, *NUMBERS, *CATEGORIES).persist()
    try:
        counts = drawn_counts(drawn)
        return {part: drawn_rows(drawn, part, counts[part]) for part in PARTS}
    finally:
        drawn.unpersist()


def drawn_rows(drawn: DataFrame, part: Part, count: int) -> pa.Table:
    """Return the crossings drawn to learn from in one part, thinned by a hash if there are too many of them."""
    share = min(1.0, SAMPLE_ROWS / max(count, 1))
    thinned = F.pmod(F.xxhash64("change_id"), F.lit(SAMPLE_STEPS)) < F.lit(int(share * SAMPLE_STEPS))
    return drawn.where(_is_in(part) & thinned).drop("direction", "horizon").toArrow()


def drawn_counts(drawn: DataFrame) -> dict[Part, int]:
    """Return how many crossings are drawn in each part."""
    counts = [F.sum(_is_in(part).cast("long")).alias(f"part_{number}") for number, part in enumerate(PARTS)]
    found = drawn.agg(*counts).collect()[0]
    return {part: found[number] or 0 for number, part in enumerate(PARTS)}


def class_counts(rows: DataFrame, plan: Plan) -> pd.DataFrame:
    """Return crossings by part and visa class: `learnt` (drawn, of the same calendar months) and `now` undecided."""
    vintage = F.lit(month_start(plan.vintage))
    number = F.coalesce(*[F.when(_is_in(part), F.lit(number)) for number, part in enumerate(PARTS)])
    now = (F.col("origin") == vintage) & ~F.col("decided")
    counted = (
        rows.where((now | _is_drawn()) & F.col("horizon").between(1, PARTS[-1].last))
        .groupBy(number.alias("part"), "visa_class", "reference_month")
        .agg(F.sum(_is_drawn().cast("long")).alias("learnt"), F.sum(now.cast("long")).alias("now"))
    )
    return counted.toPandas()


def decided_migrations(rows: DataFrame) -> pd.DataFrame:
    """Return migrations decided at each origin, by direction and reference month."""
    decided = rows.where(F.col("is_migration"))
    return decided.groupBy(*TOTAL_KEY).agg(F.count("*").cast("double").alias("decided")).toPandas()


def expected_migrations(replayed: DataFrame) -> pd.DataFrame:
    """Return the sum of probabilities by direction, reference month and origin: one column a recipe."""
    sums = [_exact_sum(F.col(column)).alias(column) for column in P_COLUMNS.values()]
    return replayed.groupBy(*TOTAL_KEY).agg(*sums).toPandas()


def binned_scores(replayed: DataFrame) -> pd.DataFrame:
    """Return what `scores.binned` returns, computed where the rows are."""
    models = F.array(*[F.struct(F.lit(r.value).alias("model"), F.col(c).alias("p")) for r, c in P_COLUMNS.items()])
    known = replayed.where(F.col("outcome").isNotNull()).select("direction", "horizon", "outcome", F.explode(models))
    long = known.select("direction", "horizon", "outcome", F.col("col.model"), F.col("col.p"))
    p = F.greatest(F.least(F.col("p"), F.lit(1 - LOG_FLOOR)), F.lit(LOG_FLOOR))
    y = F.col("outcome")
    place = F.least(F.floor(F.col("p") * BINS), F.lit(BINS - 1)).alias("bin")
    return (
        long.where(F.col("p").isNotNull())
        .groupBy("direction", "horizon", "model", place)
        .agg(
            F.count("*").alias("n"),
            _exact_sum(F.col("p")).alias("p"),
            F.sum("outcome").alias("outcome"),
            _exact_sum((F.col("p") - y) ** 2).alias("square"),
            _exact_sum(-(y * F.log(p) + (1 - y) * F.log(1 - p))).alias("log"),
        )
        .toPandas()
        .sort_values(["direction", "horizon", "model", "bin"], ignore_index=True)
    )


def _exact_sum(column: Column) -> Column:
    """Return a sum that is the same whatever order and parting the rows come in: of whole billionths."""
    return F.sum(F.round(column * UNITS).cast("long")) / UNITS


def _is_drawn() -> Column:
    return F.col("drawn") & ~F.col("decided")


def _is_in(part: Part) -> Column:
    last = part.last if part.last < PARTS[-1].last else 10_000
    return (F.col("direction") == part.direction) & F.col("horizon").between(part.first, last)
