"""Sums that are the same whatever order and partitioning the rows come in."""

from pyspark.sql import Column
from pyspark.sql import functions as F

UNITS = 1e9


def exact_sum(column: Column) -> Column:
    """Return the sum of a column of reals, as one of whole billionths: adding reals depends on their order."""
    return F.coalesce(F.sum(F.round(column * UNITS).cast("long")), F.lit(0)) / UNITS
