"""The profile: what each partner's feed covers, beside its own past, and what every figure of a period has to know.

Written from bronze and the book of deliveries: rows of `feed_profile` and `feed_warning`, replaced by feed and partner,
so that the same run twice, or once more after a kill, leaves the same tables.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds import contract as contracts
from sandbox.feeds.contract import Contract
from sandbox.feeds.coverage.kept import counted, source_of
from sandbox.feeds.coverage.lookback import delivery_warnings, person_warnings, warning_rows, with_calendar
from sandbox.feeds.coverage.measures import delivery_measures, panel_measures, person_measures, population_of
from sandbox.feeds.coverage.partial import hours_held, partial_days
from sandbox.feeds.coverage.past import profile_rows
from sandbox.feeds.coverage.persons import PERSON_FEEDS, PersonFeed
from sandbox.feeds.set_rules import Finding, panel_findings
from sandbox.feeds.set_rules.drift import swapped_finding, unit_findings
from sandbox.feeds.set_rules.panel import PANELS
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY, FEED_PROFILE, FEED_QUALITY, FEED_WARNING
from sandbox.lakehouse.tables.feeds import FEEDS, MOBILE_CELL
from sandbox.lakehouse.tables.reference import AREA, CALENDAR
from sandbox.settings import Workspace


@dataclass(frozen=True)
class Books:
    """What the profile is made from beside the rows themselves."""

    deliveries: pd.DataFrame
    quality: pd.DataFrame
    population: pd.DataFrame
    calendar: pd.DataFrame

    @classmethod
    def of(cls, run: StageRun) -> "Books":
        """Read the books of a workspace; one that nothing has written yet is empty."""
        deliveries = _small(run, DELIVERY).to_pandas()
        stands = deliveries["replaced_by"].fillna("") == ""
        return cls(
            deliveries[stands & (deliveries["rows_in"] > 0)],
            _small(run, FEED_QUALITY).to_pandas(),
            population_of(_small(run, AREA)),
            _small(run, CALENDAR).to_pandas(),
        )


@dataclass(frozen=True)
class Partner:
    """One partner's deliveries of one feed that were taken in."""

    feed: str
    name: str
    deliveries: pd.DataFrame
    quality: pd.DataFrame

    @property
    def ids(self) -> list[str]:
        """Deliveries whose rows count."""
        return sorted(self.deliveries["delivery_id"])

    @cached_property
    def promised(self) -> list[date]:
        """Days that the deliveries say they cover, in order."""
        days: set[date] = set()
        for start, end in zip(self.deliveries["period_from"], self.deliveries["period_to"], strict=True):
            days.update(day.date() for day in pd.date_range(start, end, freq="D"))
        return sorted(days)

    @property
    def span(self) -> tuple[date, date]:
        """First and last day that the deliveries cover."""
        return min(self.deliveries["period_from"]), max(self.deliveries["period_to"])


def profiled(run: StageRun, feeds: Sequence[str], anew: bool = False) -> None:
    """Write profile and warnings of these feeds, for each partner that has delivered them.

    Persons are counted in the months that have changed; `anew`: in all.
    """
    books = Books.of(run)
    own = books.deliveries[books.deliveries["feed"].isin(list(feeds))]
    warnings: list[pa.Table] = []
    for (feed, name), deliveries in own.groupby(["feed", "partner"]):
        quality = books.quality[books.quality["delivery_id"].isin(deliveries["delivery_id"])]
        partner = Partner(str(feed), str(name), deliveries, quality)
        profile, found = _profile(run, partner, books, anew)
        run.write_small(profile, FEED_PROFILE, feed=partner.feed, partner=partner.name)
        warnings.append(found)
        run.say(f"profile of {partner.name}.{partner.feed}: {profile.num_rows:,} measures, {found.num_rows} warnings")
    if warnings:  # last and in one commit: it says that the profile is whole
        run.write_small(pa.concat_tables(warnings), FEED_WARNING, feed=list(feeds))


def _profile(run: StageRun, partner: Partner, books: Books, anew: bool) -> tuple[pa.Table, pa.Table]:
    measures = delivery_measures(partner.deliveries, partner.quality)
    agreed, findings = _agreed(run.workspace, partner), list[Finding]()
    has_rows = bool(partner.deliveries["rows_bronze"].sum())  # all may wait in quarantine
    if partner.feed in PERSON_FEEDS:
        feed = PERSON_FEEDS[partner.feed]
        counts = counted(run, feed, partner.name, partner.ids, anew)
        partial = _partial_days(run, feed, partner, agreed)
        own = person_measures(partner.feed, counts, partner.promised, books.population)
        own.append(hours_held(partial, partner.promised))
        profile = profile_rows(partner.feed, partner.name, [*measures, *own], partial)
        findings += person_warnings(counts, [day for day in partner.promised if day not in partial], profile)
    elif partner.feed in PANELS and has_rows:
        rows = _rows_of(run, FEEDS[partner.feed].bronze, partner.name)
        own = panel_measures(partner.feed, rows, books.population)
        profile = profile_rows(partner.feed, partner.name, [*measures, *own])
        findings += panel_findings(partner.feed, rows)
    else:
        profile = profile_rows(partner.feed, partner.name, measures)
    if partner.feed == MOBILE_CELL.name and has_rows:
        findings += _antenna_findings(_rows_of(run, MOBILE_CELL, partner.name), partner.deliveries)
    findings += delivery_warnings(partner.deliveries, profile, agreed.latency_days if agreed else None)
    told = with_calendar(findings, books.calendar)
    return profile, warning_rows(partner.feed, partner.name, told, partner.span)


def _agreed(workspace: Workspace, partner: Partner) -> Contract | None:
    """Return the contract as it is agreed now; None where the workspace has none any more."""
    path = workspace.contracts / f"{partner.name}.{partner.feed}.odcs.yaml"
    return contracts.read(path) if path.is_file() else None


def _partial_days(
    run: StageRun, feed: PersonFeed, partner: Partner, agreed: Contract | None
) -> dict[date, tuple[float, float]]:
    """Return the days of which the deliveries hold part; a feed that states its local days itself has none."""
    if feed.day or feed.is_local:
        return {}
    source = source_of(run, feed, partner.name)
    zones = {source.time_zone, *source.antennas.time_zone.to_pylist()}
    periods = zip(partner.deliveries["period_from"], partner.deliveries["period_to"], strict=True)
    return partial_days(periods, agreed.time_zone if agreed else "UTC", sorted(zones - {None}))


def _antenna_findings(rows: pa.Table, deliveries: pd.DataFrame) -> list[Finding]:
    """Compare the newest delivery's antennas with the earlier ones': axes exchanged, another unit of reach."""
    by_period = deliveries.sort_values(["received_at", "delivery_id"])
    newest = pc.equal(rows["delivery_id"], by_period["delivery_id"].iloc[-1])
    now, before = rows.filter(newest), rows.filter(pc.invert(newest))
    places = [(np.asarray(part["lat"]), np.asarray(part["lon"])) for part in (now, before)]
    reach = rows.to_pandas().groupby("delivery_id")["radius_m"].median().rename("median")
    medians = by_period.merge(reach, on="delivery_id")[["period_to", "median"]].assign(column="radius_m")
    table = pa.Table.from_pandas(medians.rename(columns={"period_to": "period"}), preserve_index=False)
    return swapped_finding(places[0], places[1]) + unit_findings(table)


def _rows_of(run: StageRun, table: Table, partner: str) -> pa.Table:
    return run.read_small(table, partner=partner)


def _small(run: StageRun, table: Table) -> pa.Table:
    missing = store.latest_version(run.workspace, table) is None
    return table.stored.empty_table() if missing else run.read_small(table)
