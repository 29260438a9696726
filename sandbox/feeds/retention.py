"""Retention: what a contract, or a row itself, no longer allows to be kept is deleted, and that it was is logged."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd
from deltalake import DeltaTable

from sandbox.feeds import contract as contracts
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.erasure import destroy_landing, forget_versions
from sandbox.feeds.profile import was_refused
from sandbox.lakehouse import store
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY, QUARANTINE
from sandbox.settings import Workspace

EXPIRY = "retention_expiry"


@dataclass
class Kept:
    """What a run of retention deleted: rows by table, and deliveries whose files went from landing."""

    rows: Counter[str] = field(default_factory=Counter)
    deliveries: int = 0

    @property
    def told(self) -> dict[str, object]:
        """Return it as a person wants to read it."""
        rows = {f"rows_{table}": number for table, number in sorted(self.rows.items()) if number}
        return {"deliveries_past_their_term": self.deliveries, **rows}


def enforce(workspace: Workspace, day: date, say: Callable[[str], None]) -> Kept:
    """Delete what may not be kept on `day` any more; tables made of it are made again by the next run."""
    kept = Kept()
    for row in _past_their_term(workspace, day):
        say(f"delivery {row['delivery_id']}")
        for table in (ALL_FEEDS[row["feed"]].bronze, QUARANTINE):
            kept.rows[table.name] += _deleted(workspace, table, f"delivery_id = '{row['delivery_id']}'")
        kept.deliveries += destroy_landing(workspace, row["partner"], row["feed"], [row["delivery_id"]])
    for feed in ALL_FEEDS.values():
        if EXPIRY in feed.bronze.names:
            kept.rows[feed.name] += _deleted(workspace, feed.bronze, f"{EXPIRY} < DATE'{day.isoformat()}'")
    for table in (*(feed.bronze for feed in ALL_FEEDS.values()), QUARANTINE):
        if kept.rows[table.name]:
            forget_versions(workspace, table)
    return kept


def destroy_as_agreed(workspace: Workspace) -> int:
    """Destroy the files of deliveries that are taken in, where their contract says so; manifests stay."""
    if store.latest_version(workspace, DELIVERY) is None:
        return 0
    by_contract: dict[tuple[str, str], list[str]] = {}
    for row in store.read_small(workspace, DELIVERY).to_pylist():
        if not was_refused(row["findings"]):
            by_contract.setdefault((row["partner"], row["feed"]), []).append(row["delivery_id"])
    destroyed = 0
    for (partner, feed), deliveries in by_contract.items():
        if contracts.read(workspace.contracts / f"{partner}.{feed}.odcs.yaml").destroys_landing:
            destroyed += destroy_landing(workspace, partner, feed, deliveries)
    return destroyed


def _past_their_term(workspace: Workspace, day: date) -> Iterator[dict[str, Any]]:
    """Yield the book's rows of deliveries that their contract no longer allows to be kept."""
    if store.latest_version(workspace, DELIVERY) is None:
        return
    for row in store.read_small(workspace, DELIVERY).to_pylist():
        agreed = contracts.read(workspace.contracts / f"{row['partner']}.{row['feed']}.odcs.yaml")
        if day > _months_later(row["period_to"], agreed.retention_months):
            yield row


def _months_later(day: date, months: int) -> date:
    """Return the day that many months on, or the month's last where there is no such day."""
    later: date = (pd.Timestamp(day) + pd.DateOffset(months=months)).date()
    return later


def _deleted(workspace: Workspace, table: Table, condition: str) -> int:
    if store.latest_version(workspace, table) is None:
        return 0
    deleted: int = DeltaTable(str(table.path(workspace))).delete(condition)["num_deleted_rows"] or 0
    return deleted
