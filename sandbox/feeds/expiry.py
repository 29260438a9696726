"""Rows past their own last day (`retention_expiry`): in bronze, in quarantine, and in the files as they were sent."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from pyarrow import dataset

from sandbox.errors import SandboxError
from sandbox.feeds.columns import as_text
from sandbox.feeds.contract import ALL_FEEDS, Contract
from sandbox.feeds.delivery import Delivery, read_delivery
from sandbox.feeds.forgetting import files_as_sent, landed_of
from sandbox.feeds.profile import was_refused
from sandbox.feeds.readers import ReadOptions, reader_named
from sandbox.lakehouse import store
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.settings import Workspace

EXPIRY, LOG = "retention_expiry", "_delta_log"
DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
# A row in quarantine is JSON as `row_text` writes it; quotes inside a value are escaped, so no value looks like this.
MEMBER = f'"{EXPIRY}":"'
Agreed = Callable[[str, str], Contract | None]


def has_expiry(feed: str) -> bool:
    """Tell whether rows of a feed state their own last day."""
    return EXPIRY in ALL_FEEDS[feed].bronze.names


def bronze_condition(day: date) -> str:
    """Return which rows of bronze may not be kept on `day`, as SQL."""
    return f"{EXPIRY} < DATE'{day.isoformat()}'"


def quarantine_condition(feed: str, day: date) -> str:
    """Return which rows in quarantine may not be kept on `day`, as SQL; a day that can't be read tells nothing."""
    stated = f"substr(row, strpos(row, '{MEMBER}') + {len(MEMBER)}, {len(day.isoformat())})"
    return f"feed = '{feed}' AND regexp_like(row, '{MEMBER}{DAY}') AND {stated} < '{day.isoformat()}'"


def expired_in_bronze(workspace: Workspace, feed: str, day: date) -> set[str]:
    """Return the deliveries of which bronze has rows that may not be kept on `day`."""
    if not has_expiry(feed):
        return set()
    return _deliveries(workspace, ALL_FEEDS[feed].bronze, pc.field(EXPIRY) < pa.scalar(day))


def expired_in_quarantine(workspace: Workspace, feed: str, day: date) -> set[str]:
    """Return the deliveries of which quarantine has rows that may not be kept on `day`."""
    if not has_expiry(feed):
        return set()
    return _deliveries(workspace, QUARANTINE, (pc.field("feed") == feed) & _quarantined_expired(day))


def expired_in_versions(workspace: Workspace, feed: str, day: date) -> list[Table]:
    """Return the tables of which an earlier version alone holds rows that may not be kept on `day`."""
    if not has_expiry(feed):
        return []
    bronze = ALL_FEEDS[feed].bronze
    asked = ((bronze, "", pc.field(EXPIRY) < pa.scalar(day)), (QUARANTINE, f"feed={feed}", _quarantined_expired(day)))
    return [
        table
        for table, folder, chosen in asked
        for file in _files_of_versions(workspace, table, table.path(workspace) / folder)
        if dataset.dataset(file, format="parquet").count_rows(filter=chosen)
    ]


def expired_in_landing(workspace: Workspace, row: dict[str, Any], day: date, agreed: Agreed) -> bool:
    """Tell whether a delivery's files hold rows that may not be kept on `day`.

    They are read only where the tables don't tell: rows that were copies of others, of a delivery that another one
    corrected, or of one that was refused are in no table.
    """
    taken_in = row["rows_bronze"] + row["rows_quarantined"] == row["rows_in"]
    if not has_expiry(row["feed"]) or (taken_in and not row["replaced_by"] and not was_refused(row["findings"])):
        return False
    for folder in landed_of(workspace, row["partner"], row["feed"]):
        contract = agreed(row["partner"], row["feed"]) if folder.name == row["delivery_id"] else None
        if contract is not None and files_as_sent(folder):
            return _any_expired(read_delivery(folder), contract, day)
    return False


def _any_expired(delivery: Delivery, agreed: Contract, day: date) -> bool:
    try:
        return any(
            pc.any(pc.less(days, day.isoformat())).as_py() is True
            for sent in delivery.manifest.files
            if (delivery.folder / sent.name).is_file()
            for days in _days_in(delivery, sent.name, sent.format, agreed)
        )
    except SandboxError:  # it can't be read, as when it was refused: its contract's term is what counts
        return False


def _days_in(delivery: Delivery, file: str, file_format: str, agreed: Contract) -> Iterator[pa.Array]:
    """Yield the last days that a file's rows state, as text; null where there is none or it can't be read."""
    options = ReadOptions(agreed.feed, agreed.stated["encoding"], agreed.stated["delimiter"], delivery.delivered_on)
    for batch in reader_named(file_format)(delivery.folder / file, options):
        if EXPIRY in batch.schema.names:
            found = pc.extract_regex(as_text(batch.column(EXPIRY)), f"^(?P<day>{DAY})")
            yield pc.struct_field(found, "day")


def _quarantined_expired(day: date) -> pc.Expression:
    stated = pc.extract_regex(pc.field("row"), pattern=f"{MEMBER}(?P<day>{DAY})")
    expired: pc.Expression = pc.struct_field(stated, "day") < day.isoformat()
    return expired


def _files_of_versions(workspace: Workspace, table: Table, folder: Path) -> list[Path]:
    """Return a table's files in a folder that its latest version does not name any more."""
    if store.latest_version(workspace, table) is None:
        return []
    named = pa.table(DeltaTable(str(table.path(workspace))).get_add_actions())["path"].to_pylist()
    current = {table.path(workspace) / path for path in named}
    return [file for file in sorted(folder.rglob("*.parquet")) if file not in current and LOG not in file.parts]


def _deliveries(workspace: Workspace, table: Table, chosen: pc.Expression) -> set[str]:
    if store.latest_version(workspace, table) is None:
        return set()
    found: set[str] = set()
    rows = DeltaTable(str(table.path(workspace))).to_pyarrow_dataset()
    for batch in rows.to_batches(columns=["delivery_id"], filter=chosen):
        found.update(pc.unique(batch.column(0)).to_pylist())
    return found
