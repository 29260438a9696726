"""Retention: what a contract, or a row itself, no longer allows to be kept is deleted, and that it was is logged.

A delivery goes when its contract's term is over; a row on the day after its own last one, and with it the files in
which it came. What stages made of the persons of rows that go, goes too, and is made again of the rest by the next
run. First the files, then what was made, then the rows, last their earlier versions: killed anywhere and run again,
the end is the same.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from sandbox.errors import CallError
from sandbox.feeds import contract as contracts
from sandbox.feeds.contract import ALL_FEEDS, Contract
from sandbox.feeds.expiry import (
    EXPIRY,
    bronze_condition,
    expired_in_bronze,
    expired_in_landing,
    expired_in_quarantine,
    expired_in_versions,
    has_expiry,
    quarantine_condition,
)
from sandbox.feeds.forgetting import (
    deleted,
    deleted_persons,
    delivered_in,
    destroy_landing,
    files_as_sent,
    forget_versions,
    landed_of,
)
from sandbox.feeds.term import months_later
from sandbox.lakehouse import store
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import ALL, PERSON_TABLES
from sandbox.lakehouse.tables.books import DELIVERY, QUARANTINE
from sandbox.settings import Workspace

Book = Sequence[dict[str, Any]]


@dataclass
class Kept:
    """What a run of retention deleted: rows by table, deliveries past their term, and those whose files went.

    `not_judged` says of partners' feeds why nobody can tell what may be kept of them.
    """

    rows: Counter[str] = field(default_factory=Counter)
    past_their_term: int = 0
    from_landing: int = 0
    not_judged: dict[str, str] = field(default_factory=dict)

    @property
    def told(self) -> dict[str, object]:
        """Return it as a person wants to read it."""
        return {
            "deliveries_past_their_term": self.past_their_term,
            "deliveries_gone_from_landing": self.from_landing,
            "rows_deleted": {table: number for table, number in sorted(self.rows.items()) if number},
            "not_judged": [f"{name}: {why}" for name, why in sorted(self.not_judged.items())],
        }


@dataclass(frozen=True)
class Doomed:
    """Deliveries of one feed that go: whole, or the rows of them that are past their own last day, by table."""

    feed: str
    whole: set[str]
    in_bronze: set[str]
    in_quarantine: set[str]

    def conditions(self, day: date) -> Iterator[tuple[Table, str]]:
        """Yield which rows of which table go, as SQL."""
        bronze = ALL_FEEDS[self.feed].bronze
        if self.whole:
            yield bronze, _delivered_by(self.whole)
            yield QUARANTINE, f"feed = '{self.feed}' AND {_delivered_by(self.whole)}"
        if self.in_bronze:
            yield bronze, f"{_delivered_by(self.in_bronze)} AND {bronze_condition(day)}"
        if self.in_quarantine:
            yield QUARANTINE, f"{_delivered_by(self.in_quarantine)} AND {quarantine_condition(self.feed, day)}"


def enforce(workspace: Workspace, day: date, say: Callable[[str], None]) -> Kept:
    """Delete what may not be kept on `day` any more; tables made of it are made again by the next run."""
    kept, note = Kept(), workspace.root / ".retention.json"
    if store.latest_version(workspace, DELIVERY) is None:
        return kept
    book = store.read_small(workspace, DELIVERY).to_pylist()
    whole = {row["delivery_id"] for row in _past_their_term(workspace, book, day, kept)}
    kept.past_their_term = len(whole)
    for feed in sorted({row["feed"] for row in book}):
        rows = [row for row in book if row["feed"] == feed]
        doomed = Doomed(
            feed,
            whole & {row["delivery_id"] for row in rows},
            expired_in_bronze(workspace, feed, day),
            expired_in_quarantine(workspace, feed, day),
        )
        say(f"feed {feed}")
        kept.from_landing += sum(_destroyed(workspace, row, doomed, day, kept) for row in rows)
        _delete_rows(workspace, doomed, day, kept, note)
        _noted(note, expired_in_versions(workspace, feed, day))
    if note.exists():  # this run's, and that of an earlier one that was killed
        _forget(workspace, note)
    return kept


def _past_their_term(workspace: Workspace, book: Book, day: date, kept: Kept) -> Iterator[dict[str, Any]]:
    """Yield the book's rows of deliveries of which something is left and nothing may be kept any longer."""
    left = set(delivered_in(workspace, QUARANTINE))
    for name in {row["feed"] for row in book}:
        left |= delivered_in(workspace, ALL_FEEDS[name].bronze)
    for row in book:
        partner, feed, delivery = row["partner"], row["feed"], row["delivery_id"]
        files = [each for each in landed_of(workspace, partner, feed) if each.name == delivery and files_as_sent(each)]
        if delivery in left or files:
            agreed = _agreed(workspace, partner, feed, kept.not_judged)
            if agreed is not None and day > months_later(row["period_to"], agreed.retention_months):
                yield row


def _agreed(workspace: Workspace, partner: str, feed: str, not_judged: dict[str, str]) -> Contract | None:
    """Return a contract, or nothing once it is noted why it can't be read."""
    try:
        return contracts.read(workspace.contracts / f"{partner}.{feed}.odcs.yaml")
    except CallError as fault:
        not_judged[f"{partner}.{feed}"] = f"{fault.message} {fault.remedy}"
        return None


def _destroyed(workspace: Workspace, row: dict[str, Any], doomed: Doomed, day: date, kept: Kept) -> int:
    """Destroy a delivery's files where it goes, or any row that came in them does; return of how many deliveries."""
    delivery = row["delivery_id"]

    def agreed(partner: str, feed: str) -> Contract | None:
        return _agreed(workspace, partner, feed, kept.not_judged)

    if delivery in doomed.whole | doomed.in_bronze | doomed.in_quarantine or expired_in_landing(
        workspace, row, day, agreed
    ):
        return destroy_landing(workspace, row["partner"], row["feed"], [delivery])
    return 0


def _delete_rows(workspace: Workspace, doomed: Doomed, day: date, kept: Kept, note: Path) -> None:
    """Delete rows of a feed, and before them what stages made of their persons."""
    persons = _persons_in(workspace, doomed, day) if ALL_FEEDS[doomed.feed].identifier else []
    conditions = list(doomed.conditions(day))
    if conditions:  # of both tables: rows may have gone from the one to the other
        _noted(note, [*(PERSON_TABLES if persons else ()), ALL_FEEDS[doomed.feed].bronze, QUARANTINE])
    for table in PERSON_TABLES if persons else ():
        kept.rows[table.name] += deleted_persons(workspace, table, doomed.feed, persons)
    for table, condition in conditions:
        kept.rows[table.name] += deleted(workspace, table, [condition])


def _persons_in(workspace: Workspace, doomed: Doomed, day: date) -> list[int]:
    """Return the persons of the rows of bronze that are about to go."""
    bronze = ALL_FEEDS[doomed.feed].bronze
    if store.latest_version(workspace, bronze) is None:
        return []
    chosen = pc.field("delivery_id").isin(pa.array(sorted(doomed.whole), pa.string()))
    if has_expiry(doomed.feed):
        chosen |= pc.field(EXPIRY) < pa.scalar(day)
    dataset = DeltaTable(str(bronze.path(workspace))).to_pyarrow_dataset()
    batches = [np.zeros(0, np.int64)]
    for batch in dataset.to_batches(columns=["person_key"], filter=chosen):
        batches.append(np.asarray(pc.unique(batch.column(0)).drop_null()))
    persons: list[int] = np.unique(np.concatenate(batches)).tolist()
    return persons


def _delivered_by(deliveries: set[str]) -> str:
    return f"delivery_id IN ({', '.join(repr(delivery) for delivery in sorted(deliveries))})"


def _noted(note: Path, tables: Sequence[Table]) -> None:
    """Note, before rows of tables are deleted, that their earlier versions are to be forgotten."""
    before = json.loads(note.read_text("utf-8")) if note.exists() else []
    names = sorted({*before, *(table.name for table in tables)})
    if names != before:
        new = note.with_suffix(".new")
        new.write_text(json.dumps(names), "utf-8")
        new.replace(note)


def _forget(workspace: Workspace, note: Path) -> None:
    for name in json.loads(note.read_text("utf-8")):
        forget_versions(workspace, ALL[name])
    note.unlink()
