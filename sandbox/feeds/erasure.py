"""Erasure of persons, of a partner, or of the link of a key epoch, and then a search of everything that is left.

Rows go from every table that holds a person key, earlier versions and their log with them, and the partner's files
from landing. What was counted before stays counted: figures hold no person. Tables made from bronze are made again
by the next run, whose input has changed.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from sandbox.errors import CallError, SandboxError
from sandbox.feeds.arrivals import Arrived, agreed_for, task_of
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.delivery import landed, read_delivery
from sandbox.feeds.forgetting import (
    deleted,
    deleted_persons,
    destroy_landing,
    files_as_sent,
    forget_versions,
    landed_of,
)
from sandbox.feeds.gone import Searched, Sender, Traces, booked_senders, check_gone
from sandbox.feeds.ingest import identifiers_of
from sandbox.feeds.keepers import keeper
from sandbox.feeds.pseudonym import Pseudonyms, Scope
from sandbox.feeds.rekeyed import QUOTED_KEY
from sandbox.feeds.rules import LONG_IDENTIFIER
from sandbox.feeds.search import files_with
from sandbox.lakehouse import store
from sandbox.lakehouse.table import TEXT, Table
from sandbox.lakehouse.tables import PERSON_TABLES
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.settings import Workspace, Zone

Say = Callable[[str], None]
# Of a whole partner, so many identifiers and person keys are looked for in text: of what is left, nearly all are.
SAMPLE = 20


@dataclass(frozen=True)
class Erased:
    """What an erasure did: rows by table, deliveries whose files are gone from landing, what was searched after it."""

    rows: Counter[str]
    deliveries: int
    searched: Searched

    @property
    def told(self) -> dict[str, object]:
        """Return it as a person wants to read it."""
        rows = {table: number for table, number in sorted(self.rows.items()) if number}
        return {"rows_erased": rows, "deliveries_gone_from_landing": self.deliveries, **self.searched.summary}


def erase_persons(workspace: Workspace, partner: str, feed: str, identifiers: Sequence[str], say: Say) -> Erased:
    """Erase these persons of one partner's feed, under every key epoch there is."""
    if feed not in ALL_FEEDS or ALL_FEEDS[feed].identifier is None:
        of_persons = ", ".join(name for name, each in ALL_FEEDS.items() if each.identifier)
        raise CallError(f"{feed!r} is no feed about persons.", f"Name the feed that the person is in: {of_persons}.")
    if not identifiers:
        raise CallError("No identifier is named, so there is nobody to erase.", "Put one a line into the file.")
    _refuse_unknown(workspace, partner, feed)
    keys = person_keys(workspace, partner, feed, identifiers)
    _refuse_waiting(workspace, partner, feed)
    # A shorter identifier stands everywhere by chance; its person key does not.
    texts = [identifier for identifier in identifiers if len(identifier) >= LONG_IDENTIFIER]
    rows: Counter[str] = Counter()
    for table in (*PERSON_TABLES, ALL_FEEDS[feed].bronze):
        say(f"table {table.name}")
        rows[table.name] += deleted_persons(workspace, table, feed, keys)
        forget_versions(workspace, table)
    rows[QUARANTINE.name] += deleted(workspace, QUARANTINE, _quoted_persons(feed, keys))
    forget_versions(workspace, QUARANTINE)
    rows += _deleted_mentions(workspace, (partner, feed), texts)
    deliveries = destroy_landing(workspace, partner, feed)
    short = len(identifiers) - len(texts)
    told = f"{len(texts):,} identifiers and {len(keys):,} person keys"
    told += f" ({short:,} identifiers of less than {LONG_IDENTIFIER} characters by their keys alone)" if short else ""
    return Erased(rows, deliveries, check_gone(workspace, Traces(texts, keys, told, sender=(partner, feed)), say))


def erase_partner(workspace: Workspace, partner: str, say: Say) -> Erased:
    """Erase all rows that a partner sent, and everything about persons that was made from its feeds."""
    _refuse_unknown(workspace, partner)
    sent = {name: sender for name, sender in booked_senders(workspace).items() if sender[0] == partner}
    feeds = sorted({feed for _, feed in sent.values()} | {folder.parts[-2] for folder in landed_of(workspace, partner)})
    keys = np.unique(np.concatenate([np.zeros(0, np.int64), *_held_keys(workspace, sent)]))
    identifiers = [text for feed in feeds for text in islice(_identifiers(workspace, partner, feed), SAMPLE)]
    rows: Counter[str] = Counter()
    destroyed = 0
    for feed in feeds:
        say(f"feed {feed}")
        conditions = [f"delivery_id = '{name}'" for name, sender in sent.items() if sender[1] == feed]
        for table in PERSON_TABLES if ALL_FEEDS[feed].identifier else ():
            rows[table.name] += deleted(workspace, table, [f"feed = '{feed}'"] if "feed" in table.names else ["true"])
            forget_versions(workspace, table)
        for table in (ALL_FEEDS[feed].bronze, QUARANTINE):
            rows[table.name] += deleted(workspace, table, [" OR ".join(conditions)] if conditions else [])
            forget_versions(workspace, table)
        destroyed += destroy_landing(workspace, partner, feed)
    spoken = [int(key) for key in keys[:: max(1, len(keys) // SAMPLE)]]
    told = f"{len(keys):,} person keys in columns; {len(spoken):,} of them and {len(identifiers):,} identifiers in text"
    traces = Traces(identifiers, keys.tolist(), told, spoken, (partner,))
    return Erased(rows, destroyed, check_gone(workspace, traces, say))


def erase_epoch(workspace: Workspace, epoch: str, say: Say) -> dict[str, object]:
    """Destroy the key of an epoch; return what is left of it: nothing, wherever the workspace was searched."""
    keys = keeper(workspace)
    if epoch not in keys.epochs:
        raise CallError(f"There is no key of epoch {epoch}.", f"There are: {', '.join(keys.epochs)}.")
    senders, purpose = sorted(set(booked_senders(workspace).values())), workspace.settings.purpose
    scopes = [Scope(partner, feed, epoch, purpose) for partner, feed in senders if ALL_FEEDS[feed].identifier]
    texts = [*keys.traces(epoch), *(keys.derived(epoch, scope.text).hex() for scope in scopes)]
    keys.destroy(epoch)
    told = f"the key of epoch {epoch} and those of {len(scopes):,} partners' feeds that were derived from it"
    searched = check_gone(workspace, Traces(texts, (), told), say)
    return {"destroyed_epoch": epoch, "current_epoch": keys.current_epoch, **searched.summary}


def person_keys(workspace: Workspace, partner: str, feed: str, identifiers: Sequence[str]) -> list[int]:
    """Return the keys that these persons have in a partner's feed, one for each person and epoch."""
    provider = keeper(workspace)
    scopes = [Scope(partner, feed, epoch, workspace.settings.purpose) for epoch in provider.epochs]
    found = [Pseudonyms(provider, scope).of(pa.array(list(identifiers), pa.string())).to_pylist() for scope in scopes]
    return sorted({key for keys in found for key in keys})


def _quoted_persons(feed: str, keys: Sequence[int]) -> Iterator[str]:
    for key in keys:
        quoted = json.dumps({"person_key": str(key)}, separators=(",", ":"))[1:-1]
        yield f"feed = '{feed}' AND strpos(row, '{quoted}') > 0"


def _deleted_mentions(workspace: Workspace, sender: Sender, texts: Sequence[str]) -> Counter[str]:
    """Delete rows of the sender's deliveries in which another column than the identifier's names one of these."""
    gone: Counter[str] = Counter()
    sent = ", ".join(f"'{name}'" for name, each in booked_senders(workspace).items() if each == sender)
    for table in (ALL_FEEDS[sender[1]].bronze, QUARANTINE):
        if sent and files_with(table.path(workspace), texts, [], lambda _: None)[0]:
            columns = [column.name for column in table.columns if column.type == TEXT]
            said = [" OR ".join(f"strpos({name}, {_literal(text)}) > 0" for name in columns) for text in texts]
            conditions = [f"delivery_id IN ({sent}) AND ({each})" for each in said]
            gone[f"{table.name} (named in other columns)"] += deleted(workspace, table, conditions)
            forget_versions(workspace, table)
    return gone


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _held_keys(
    workspace: Workspace, sent: Mapping[str, Sender]
) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Yield the person keys of these deliveries, of each batch the distinct ones."""
    for table in {ALL_FEEDS[feed].bronze.name: ALL_FEEDS[feed].bronze for _, feed in sent.values()}.values():
        if "person_key" in table.names:
            for batch in _rows_of(workspace, table, "person_key", sent):
                yield np.asarray(pc.unique(batch).drop_null())
    for batch in _rows_of(workspace, QUARANTINE, "row", sent):
        keys = pc.struct_field(pc.extract_regex(batch, QUOTED_KEY), "key").cast(pa.int64())
        yield np.asarray(pc.unique(keys).drop_null())


def _rows_of(workspace: Workspace, table: Table, column: str, sent: Mapping[str, Sender]) -> Iterator[pa.Array]:
    if store.latest_version(workspace, table) is not None:
        dataset = DeltaTable(str(table.path(workspace))).to_pyarrow_dataset()
        for batch in dataset.to_batches(columns=[column], filter=pc.field("delivery_id").isin(list(sent))):
            yield batch.column(0)


def _identifiers(workspace: Workspace, partner: str, feed: str) -> Iterator[str]:
    """Yield identifiers that the feed's last delivery in landing names; none where it can't be read any more."""
    for folder in [each for each in landed_of(workspace, partner, feed) if files_as_sent(each)][-1:]:
        try:
            delivery = read_delivery(folder)
            if ALL_FEEDS[feed].identifier is None:
                return
            arrived = Arrived(delivery, agreed_for(workspace, delivery))
            for sent in delivery.manifest.files:
                for batch in identifiers_of(task_of(workspace, arrived, sent.name, folder)):
                    yield from (text for text in batch.to_pylist() if text and len(text) >= LONG_IDENTIFIER)
        except (SandboxError, OSError):
            return


def _refuse_unknown(workspace: Workspace, partner: str, feed: str = "") -> None:
    """Refuse a partner, or a partner's feed, of which nothing is booked and nothing lies in landing."""
    in_landing = {folder.parts[-3:-1] for folder in landed(workspace.zone(Zone.LANDING))}
    known = sorted({*booked_senders(workspace).values(), *in_landing})
    if not any(partner == one and feed in ("", other) for one, other in known):
        named = ", ".join(".".join(each) for each in known) or "none yet"
        raise CallError(
            f"There is no delivery of {partner}{f'.{feed}' if feed else ''}.", f"Partners and feeds: {named}."
        )


def _refuse_waiting(workspace: Workspace, partner: str, feed: str) -> None:
    """Refuse while a delivery is not taken in yet: it would bring the person back."""
    booked = booked_senders(workspace)
    waiting = [folder for folder in landed_of(workspace, partner, feed) if folder.name not in booked]
    if waiting:
        raise CallError(
            f"{len(waiting)} deliveries of {partner}.{feed} are not taken in yet and may hold the person.",
            "Take them in first (`sandbox run ingest`), or remove them from landing.",
        )
