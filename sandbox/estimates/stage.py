"""Reads what persons did and what partners counted; writes weights, the balance of persons, and every estimate."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.concepts.indicators import INDICATORS
from sandbox.concepts.rules import rule_named
from sandbox.estimates import account, audience, balance, combine, flow_errors, flows, mobile, nights, passengers, posts
from sandbox.estimates.cells import AsOf, estimate_table, month_number
from sandbox.estimates.duplicity import with_part
from sandbox.estimates.linkage import missed_share
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import AIR_OD_MONTH, AUDIENCE_ESTIMATE, BORDER_MOVEMENT, OFFICIAL_SERIES
from sandbox.lakehouse.tables.figures import ESTIMATE, FLOW_BALANCE, INTERVAL_BAND, PERSON_WEIGHT, POPULATION_ACCOUNT
from sandbox.lakehouse.tables.persons import HOME, PERSON_MONTH, PREDICTION, PRESENCE_DAY, RESIDENCE_CHANGE
from sandbox.lakehouse.tables.reference import CALENDAR
from sandbox.settings import Workspace


def run(run: StageRun) -> None:
    """Compute every indicator that the workspace's feeds can give; the estimates are written last.

    A country that lacks a feed gets no figures of that feed; which figures there can be says `sandbox readiness`.
    """
    inputs = Inputs(run)
    parts: list[pd.DataFrame] = []
    for family in FAMILIES:
        absent = family.absent(run.workspace)
        run.say(f"{family.title}: no {', '.join(absent)}" if absent else family.title)
        parts += [] if absent else family.figures_of(inputs)
    run.write_small(estimate_table(parts), ESTIMATE, vintage=run.vintage)


@dataclass(frozen=True)
class Inputs:
    """What the stage reads, each once."""

    run: StageRun

    @property
    def as_of(self) -> AsOf:
        """Month, vintage and what the vintage has seen."""
        return AsOf(self.run.month, self.run.vintage, self.run.observed_until)

    @property
    def country(self) -> str:
        """The country whose statistics these are."""
        return self.run.workspace.settings.country.code

    @cached_property
    def official(self) -> pd.DataFrame:
        """Official values published by the vintage."""
        rows: pd.DataFrame = self.run.read_small(OFFICIAL_SERIES).to_pandas()
        return rows[rows["vintage"] <= self.run.vintage]

    @cached_property
    def population(self) -> pd.Series:
        """Residents by area, of the census: what weights are raked to."""
        return combine.benchmark_population(self.of_series(mobile.BENCHMARK))

    @cached_property
    def shocks(self) -> frozenset[tuple[str, int]]:
        """Areas and months that a shock of the calendar struck: its own month and the one after."""
        rows = self.run.read_small(CALENDAR, kind="shock").to_pylist()
        struck = [(row["area_id"], month_number(row["day"])) for row in rows if row["day"] < self.run.observed_until]
        return frozenset((area, month + later) for area, month in struck for later in (0, 1))

    def of_series(self, series_id: str) -> pd.DataFrame:
        """Return the latest values of one official series."""
        return combine.latest_values(self.official, series_id, self.run.vintage)

    def changes(self, indicator_id: str) -> DataFrame:
        """Return the residence changes that an indicator counts, up to the newest reference month."""
        indicator = INDICATORS[indicator_id]
        feed = mobile.FEED if indicator.feed == "combined" else indicator.feed
        return self.run.read(RESIDENCE_CHANGE).where(
            (F.col("vintage") == F.lit(self.run.vintage))
            & (F.col("feed") == feed)
            & (F.col("rule_id") == indicator.rule_id)
            & (F.col("reference_month") <= F.lit(self.run.month))
        )

    def presence(self, feed: str) -> DataFrame:
        """Return the presence of one feed that the vintage has seen."""
        days = self.run.read(PRESENCE_DAY).where(F.col("feed") == feed)
        return days.where(F.col("local_date") < F.lit(self.run.observed_until))


def border_figures(inputs: Inputs) -> list[pd.DataFrame]:
    """Return IMM, EMI and NET by month and year, and IMM_ADJ; write the population account."""
    run, as_of = inputs.run, inputs.as_of
    rule = rule_named(INDICATORS["IMM"].rule_id)
    predictions = run.read(PREDICTION).where(
        (F.col("vintage") == F.lit(run.vintage))
        & (F.col("rule_id") == rule.id)
        & (F.col("feed") == BORDER_MOVEMENT.name)
    )
    changes = inputs.changes("IMM")
    counts = flows.collected(flows.crossing_counts(changes, predictions, rule))
    bands: pd.DataFrame = run.read_small(INTERVAL_BAND, vintage=run.vintage, rule_id=rule.id).to_pandas()
    past = flow_errors.Past(bands, missed_share(changes))
    monthly = flows.with_contributors(flows.monthly_cells(counts), rule, as_of, 1)
    told = flow_errors.monthly_figures(monthly, past, as_of)
    first = month_number(run.month) - flows.REFERENCE_MONTHS + 1
    adjusted = combine.consistent_immigrants(told[0], inputs.of_series(combine.ANNUAL_IMMIGRANTS), as_of)
    newest = [flows.since(rows, first) for rows in [*told, adjusted] if len(rows)]
    by_partner = flows.monthly_partner_cells(counts)
    contributors = flows.with_contributors(flows.decided_by_year(by_partner), rule, as_of, 12)
    years = as_of.complete_years(first, month_number(run.month))
    _write_account(inputs, monthly, past)
    return [*newest, *flow_errors.annual_figures(by_partner, contributors, past, as_of, years)]


def _write_account(inputs: Inputs, monthly: pd.DataFrame, past: flow_errors.Past) -> None:
    """Write the population account of all complete years, those before the first reference month too."""
    as_of = inputs.as_of
    years = as_of.complete_years(int(monthly["period"].min()), month_number(inputs.run.month))
    flows_by_group = flow_errors.annual_cells(monthly, past, as_of, years)
    rows = account.population_account(flows_by_group, inputs.of_series, years, inputs.run.vintage)
    rule_id = INDICATORS["IMM"].rule_id
    _write(inputs, rows.assign(rule_id=rule_id, feed=BORDER_MOVEMENT.name), POPULATION_ACCOUNT)


def mobile_figures(inputs: Inputs) -> list[pd.DataFrame]:
    """Return INT_FLOW, IN_AREA and NIGHTS_NONRES; write the weights and the balance of persons."""
    run, population = inputs.run, inputs.population
    areas, indicator = list(population.index), INDICATORS["INT_FLOW"]
    presence = inputs.presence(mobile.FEED)
    own = run.read(HOME).where((F.col("feed") == mobile.FEED) & (F.col("month") <= F.lit(run.month)))
    months = run.read(PERSON_MONTH).where(F.col("feed") == mobile.FEED)
    homes = with_part(mobile.resident_homes(own, areas, inputs.country), months)
    counts = mobile.persons_by_area(homes).toPandas()
    first, last = int(counts["month"].min()), month_number(run.month)
    weights = mobile.person_weights(counts, population, last, run.vintage)
    _write(inputs, weights, PERSON_WEIGHT)
    classes = balance.flow_classes(homes).toPandas()
    _write(
        inputs, balance.flow_balance(classes, mobile.FEED, indicator.rule_id, first, last, run.vintage), FLOW_BALANCE
    )
    turns = mobile.turns_of_month(homes, rule_named(indicator.rule_id))
    observed = mobile.Observed(
        moves=mobile.moves_by_area(inputs.changes(indicator.id), areas, months).toPandas(),
        exposure=mobile.exposure_by_area(turns).toPandas(),
        naive=mobile.monthly_home_changes(mobile.most_days(presence, areas, inputs.country)).toPandas(),
        keys=counts.groupby("month")["keys"].sum(),
        shocks=inputs.shocks,
    )
    years = inputs.as_of.complete_years(first, last)
    matrix = mobile.internal_flows(observed, population, years, run.vintage)
    shares = combine.foreign_born_share(inputs.of_series(mobile.BENCHMARK))
    spent = nights.nights_of_nonresidents(presence, inputs.country).toPandas()
    weight = float(population.sum()) / float(weights["persons"].sum())
    return [
        matrix,
        *combine.arrivals_by_area(matrix, population, shares, run.vintage),
        nights.night_figures(spent, weight, range(first, last + 1), run.vintage),
    ]


def audience_figures(inputs: Inputs) -> list[pd.DataFrame]:
    """Return STOCK_ORIGIN."""
    answers: pd.DataFrame = inputs.run.read_small(AUDIENCE_ESTIMATE).to_pandas()
    known = answers[answers["snapshot_ts"] < pd.Timestamp(inputs.run.observed_until, tz="UTC")]
    audiences = audience.monthly_audiences(known, inputs.country)
    census = inputs.of_series(audience.CENSUS)
    return [audience.stock_figures(audiences, census, inputs.run.month, inputs.run.vintage)]


def passenger_figures(inputs: Inputs) -> list[pd.DataFrame]:
    """Return NET_AIR."""
    rows: pd.DataFrame = inputs.run.read_small(AIR_OD_MONTH).to_pandas()
    return [passengers.net_air(rows, inputs.country, inputs.run.month, inputs.run.vintage)]


def post_figures(inputs: Inputs) -> list[pd.DataFrame]:
    """Return POST_SHARE for the complete years."""
    users = posts.users_seen_on_both_sides(inputs.presence(posts.FEED), inputs.country)
    counts = posts.users_by_destination(users, inputs.changes("POST_SHARE"), inputs.country).toPandas()
    last = month_number(inputs.run.month)
    years = inputs.as_of.complete_years(last - flows.REFERENCE_MONTHS + 1, last)
    return [posts.leaver_shares(counts, years, inputs.run.vintage)]


def _write(inputs: Inputs, rows: pd.DataFrame, table: Table) -> None:
    inputs.run.write_small(pa.Table.from_pandas(rows, preserve_index=False), table, vintage=inputs.run.vintage)


@dataclass(frozen=True)
class Family:
    """Indicators that are computed together, and the tables that they need."""

    title: str
    indicators: tuple[str, ...]
    tables: tuple[Table, ...]
    figures_of: Callable[[Inputs], list[pd.DataFrame]]

    def absent(self, workspace: Workspace) -> list[str]:
        """Return the tables that the workspace lacks."""
        return [table.name for table in self.tables if store.latest_version(workspace, table) is None]


FAMILIES = (
    Family(
        "flows over the border",
        ("IMM", "EMI", "NET", "IMM_ADJ"),
        (RESIDENCE_CHANGE, PREDICTION, INTERVAL_BAND, OFFICIAL_SERIES),
        border_figures,
    ),
    Family(
        "mobile phones",
        ("INT_FLOW", "IN_AREA", "NIGHTS_NONRES"),
        (HOME, PERSON_MONTH, RESIDENCE_CHANGE, PRESENCE_DAY, OFFICIAL_SERIES, CALENDAR),
        mobile_figures,
    ),
    Family("audiences", ("STOCK_ORIGIN",), (AUDIENCE_ESTIMATE, OFFICIAL_SERIES), audience_figures),
    Family("air passengers", ("NET_AIR",), (AIR_OD_MONTH,), passenger_figures),
    Family("posts", ("POST_SHARE",), (PRESENCE_DAY, RESIDENCE_CHANGE), post_figures),
)
