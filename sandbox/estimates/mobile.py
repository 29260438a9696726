"""Mobile phones: homes raised to residents, and moves inside the country per person observed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F
from scipy.stats import chi2

from sandbox.concepts.codes import TOTAL
from sandbox.concepts.rules import Rule
from sandbox.estimates.cells import Array, figures
from sandbox.estimates.duplicity import KEY, persons, with_part
from sandbox.estimates.weights import rake, trimmed

FEED = "mobile_event"
BENCHMARK = "CENSUS_POP"


def resident_homes(homes: DataFrame, areas: Sequence[str], country: str) -> DataFrame:
    """Keep homes that were determined, inside the country, of persons whose own network is of the country.

    One row a person and month, `month` as a number (`cells.month_number`).
    """
    own = F.coalesce("home_country", F.lit(country)) == country
    determined = (F.col("status") == "determined") & F.col("home").isin(list(areas))
    number = F.year("month") * 12 + F.month("month") - 1
    return homes.where(own & determined).select("person_key", "bucket", number.alias("month"), "home")


def persons_by_area(homes: DataFrame) -> DataFrame:
    """Count keys, and the persons that they stand for, by month and home area."""
    return homes.groupBy("month", F.col("home").alias("area")).agg(
        F.count("*").alias("keys"), persons(F.col("part")).alias("persons")
    )


def person_weights(counts: pd.DataFrame, population: pd.Series, month: int, vintage: date) -> pd.DataFrame:
    """Return residents per person seen, by home area, for the latest month up to `month` with any home.

    `counts` has `month, area, keys, persons`, `population` residents by area. Raked to the benchmark population of the
    areas in which anybody was seen; weights far from their median are trimmed.
    """
    latest = counts[counts["month"] == counts.loc[counts["month"] <= month, "month"].max()]
    counted = latest.set_index("area")[["keys", "persons"]].reindex(population.index).fillna(0)
    seen = counted["persons"][counted["persons"] > 0]
    raked = rake(seen.to_numpy(dtype=np.float64), [population[seen.index].to_numpy(dtype=np.float64)])
    weights = pd.Series(trimmed(raked.weights / seen.to_numpy(), seen.to_numpy()), index=seen.index)
    rows = counted.astype({"keys": int}).assign(population=population.astype(float))
    rows = rows.assign(
        penetration=rows["persons"] / rows["population"], weight=weights.reindex(rows.index), feed=FEED, vintage=vintage
    )
    return rows.rename_axis("area").reset_index()


def turns_of_month(homes: DataFrame, rule: Rule) -> DataFrame:
    """Return the months at which a move would have been seen by the rule: `month, area, turns, part` and the person.

    A move is told by a stable home on either side, so a person is observed on both sides of a month if the home was
    determined in as many months as the rule asks for of the window before it, and of the window from it on. `area`
    is the home before; `turns` are the months since then, 1 without a gap.
    """
    by_person = Window.partitionBy("bucket", "person_key").orderBy("month")
    before = F.count("*").over(by_person.rangeBetween(-rule.window_days, -1))
    after = F.count("*").over(by_person.rangeBetween(0, rule.window_days - 1))
    known = homes.withColumns(
        {
            "area": F.lag("home").over(by_person),
            "turns": F.col("month") - F.lag("month").over(by_person),
            "is_observed": (before >= rule.threshold_days) & (after >= rule.threshold_days),
        }
    )
    return known.where("is_observed").select("bucket", "person_key", "month", "area", "turns", "part")


def exposure_by_area(turns: DataFrame) -> DataFrame:
    """Sum the persons' turns of month by month and home area; who appears or falls silent adds none."""
    return turns.groupBy("month", "area").agg(persons(F.col("turns") * F.col("part")).alias("turns"))


def most_days(days: DataFrame, areas: Sequence[str], country: str) -> DataFrame:
    """Return the naive home: the place with evidence on most days of the month, the first by name at a tie.

    `days` are rows of `presence_day`; kept are homes inside the country, of persons whose own network is of it.
    """
    number = F.year("local_date") * 12 + F.month("local_date") - 1
    own = F.coalesce("home_country", F.lit(country)) == country
    counted = (
        days.where(own).groupBy("bucket", "person_key", number.alias("month"), "place").agg(F.count("*").alias("days"))
    )
    of_month = Window.partitionBy("bucket", "person_key", "month").orderBy(F.desc("days"), "place")
    best = counted.withColumn("rank", F.row_number().over(of_month)).where("rank = 1")
    return best.where(F.col("place").isin(list(areas))).select(
        "person_key", "bucket", "month", F.col("place").alias("home")
    )


def monthly_home_changes(homes: DataFrame) -> DataFrame:
    """Count, by month, area and destination, every change of any key's home: what the naive method calls moves."""
    by_person = Window.partitionBy("bucket", "person_key").orderBy("month")
    changed = homes.withColumn("area", F.lag("home").over(by_person)).where(F.col("area") != F.col("home"))
    return changed.groupBy("month", "area", F.col("home").alias("partner_area")).agg(F.count("*").alias("changes"))


def moves_by_area(changes: DataFrame, areas: Sequence[str], months: DataFrame) -> DataFrame:
    """Count decided moves between areas, and the persons who made them, by month.

    `changes` are rows of `residence_change`, `months` of `person_month`.
    """
    inside = F.col("from_place").isin(list(areas)) & F.col("to_place").isin(list(areas))
    moved = inside & F.col("is_change") & (F.col("from_place") != F.col("to_place"))
    month = F.year("reference_month") * 12 + F.month("reference_month") - 1
    made = changes.where(moved).select(
        "bucket",
        "person_key",
        month.alias("month"),
        F.col("from_place").alias("area"),
        F.col("to_place").alias("partner_area"),
    )
    by_key = with_part(made, months).groupBy(*KEY, "area", "partner_area", "part").agg(F.count("*").alias("moves"))
    return by_key.groupBy("month", "area", "partner_area").agg(
        persons(F.col("moves") * F.col("part")).alias("moves"), persons(F.col("part")).alias("movers")
    )


@dataclass(frozen=True)
class Observed:
    """What was counted of moves inside the country, by `month` (a number) and area; `shocks` are area and month.

    `moves`: moves, movers by area of origin and destination; `exposure`: turns by area; all of persons, who may have
    several keys. `naive`: changes of the naive monthly home, and `keys` with a home by month: keys, not persons.
    """

    moves: pd.DataFrame
    exposure: pd.DataFrame
    naive: pd.DataFrame
    keys: pd.Series
    shocks: frozenset[tuple[str, int]]


def internal_flows(observed: Observed, population: pd.Series, years: Sequence[int], vintage: date) -> pd.DataFrame:
    """Return INT_FLOW: area × area of destination with margins, by year.

    flow(i, j) = residents(i) · Σ over kinds of months of (months of the kind · moves(i, j) / turns of month observed
    in i): occurrence–exposure rates, so that months in which nothing could be observed yet are taken as the ordinary
    months that could. The month of a shock in area i and the one after it are a kind of their own: they stand for
    themselves alone. Errors are Poisson (bounds: Garwood 1936, so none is of width zero). The naive figure counts
    every change of the place with most days, raised by residents per person seen.
    """
    parts = [_matrix_of_year(year, observed, population) for year in years]
    cells = pd.concat(parts, ignore_index=True)
    scaled = figures(cells.assign(calibrated_to=BENCHMARK), "INT_FLOW", "A", vintage)
    return scaled[(scaled["area"] != scaled["partner_area"]) | (scaled["area"] == TOTAL)]


def _matrix_of_year(year: int, observed: Observed, population: pd.Series) -> pd.DataFrame:
    areas, months = list(population.index), range(12 * year, 12 * year + 12)
    residents = population.to_numpy(dtype=np.float64)[:, None]
    estimate, variance = np.zeros((len(areas), len(areas))), np.zeros((len(areas), len(areas)))
    counts, factors = estimate.copy(), _factors(observed, areas, months)
    moves = _kinds(observed.moves[observed.moves["month"].isin(months)], observed.shocks)
    for is_shock, factor in factors.items():
        of_kind = _square(moves[moves["is_shock"] == is_shock], "moves", areas)
        estimate += residents * factor * of_kind
        variance += (residents * factor) ** 2 * of_kind
        counts += of_kind
    # Where nobody moved, the error is that of one move in ordinary months.
    one = residents * factors[False]
    variance = np.where(counts > 0, variance, one**2)
    np.fill_diagonal(variance, 0.0)
    each = np.divide(estimate, counts, out=np.broadcast_to(one, counts.shape).copy(), where=counts > 0)
    low, high = poisson_bounds(counts)
    in_year = observed.naive[observed.naive["month"].isin(months)]
    flat = float(residents.sum()) / float(observed.keys.reindex(months).mean())
    frame = pd.DataFrame(
        {
            "estimate": _bordered(estimate).ravel(),
            "var_sampling": _bordered(variance).ravel(),
            # Whole persons, never rounded up: a person's two keys are one contributor.
            "contributors": np.floor(_bordered(_square(moves, "movers", areas))).astype(np.int64).ravel(),
            "naive": _bordered(_square(in_year, "changes", areas) * flat).ravel(),
            "lower": _without_margins(low * each).ravel(),
            "upper": _without_margins(high * each).ravel(),
        }
    )
    named = [*areas, TOTAL]
    pairs = pd.MultiIndex.from_product([named, named], names=["area", "partner_area"]).to_frame(index=False)
    return pd.concat([pairs, frame], axis=1).assign(reference_period=date(year, 1, 1)).dropna(subset="estimate")


def _factors(observed: Observed, areas: list[str], months: Sequence[int]) -> dict[bool, Array]:
    """Return, for ordinary months and months of a shock, months of the kind per turn observed, one row an area.

    An area in which nobody was observed has none: its cells are missing, not zero.
    A shock that nobody could observe counts as ordinary months.
    """
    kinds = _kinds(observed.exposure, observed.shocks)
    ordinary = kinds[~kinds["is_shock"] & kinds["month"].isin(months)].groupby("area")["turns"].sum().reindex(areas)
    shaken = kinds[kinds["is_shock"] & kinds["month"].isin(months)].groupby("area")["turns"].sum().reindex(areas)
    hit = pd.Series([sum((area, month) in observed.shocks for month in months) for area in areas], index=areas)
    hit = hit.where(shaken.fillna(0) > 0, 0)
    plain = ((len(months) - hit) / ordinary.where(ordinary > 0)).to_numpy(dtype=np.float64)
    struck = (hit / shaken.where(shaken > 0)).fillna(0.0).to_numpy(dtype=np.float64)
    return {False: plain[:, None], True: struck[:, None]}


def _kinds(rows: pd.DataFrame, shocks: frozenset[tuple[str, int]]) -> pd.DataFrame:
    is_shock = [pair in shocks for pair in zip(rows["area"], rows["month"], strict=True)]
    return rows.assign(is_shock=np.array(is_shock, dtype=bool))


def poisson_bounds(counts: Array) -> tuple[Array, Array]:
    """Return the exact 95 % bounds of Poisson means (Garwood 1936): 0 events still leave a mean up to 3.7."""
    lower = np.where(counts > 0, chi2.ppf(0.025, 2 * np.maximum(counts, 1)) / 2, 0.0)
    upper = chi2.ppf(0.975, 2 * (counts + 1)) / 2
    return np.asarray(lower, dtype=np.float64), np.asarray(upper, dtype=np.float64)


def _square(rows: pd.DataFrame, column: str, areas: list[str]) -> Array:
    wide = rows.pivot_table(index="area", columns="partner_area", values=column, aggfunc="sum")
    matrix = wide.reindex(index=areas, columns=areas).fillna(0.0).to_numpy(dtype=np.float64).copy()
    np.fill_diagonal(matrix, 0.0)
    return matrix


def _bordered(matrix: Array) -> Array:
    """Add the margins: last row over origins, last column over destinations."""
    wide = np.hstack([matrix, np.nansum(matrix, axis=1, keepdims=True)])
    return np.vstack([wide, np.nansum(wide, axis=0, keepdims=True)])


def _without_margins(matrix: Array) -> Array:
    """Leave margins empty: their bounds follow from their standard error."""
    return np.pad(matrix, ((0, 1), (0, 1)), constant_values=np.nan)
