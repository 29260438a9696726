"""Looking into quarantine, for stewards; no row there has a direct identifier."""

from collections import Counter
from typing import Any

import pyarrow.compute as pc
from deltalake import DeltaTable

from sandbox.lakehouse import store
from sandbox.lakehouse.tables.books import QUARANTINE
from sandbox.settings import Workspace


def counted(workspace: Workspace) -> list[dict[str, Any]]:
    """Return rows in quarantine by feed, delivery and broken rule; a row counts under each rule that it breaks."""
    if store.latest_version(workspace, QUARANTINE) is None:
        return []
    counts: Counter[tuple[str, str, str]] = Counter()
    dataset = DeltaTable(str(QUARANTINE.path(workspace))).to_pyarrow_dataset()
    for batch in dataset.to_batches(columns=["feed", "delivery_id", "broken_rules"]):
        rules = batch.column("broken_rules")
        parents = pc.list_parent_indices(rules)
        flat = (batch.column("feed").take(parents), batch.column("delivery_id").take(parents), pc.list_flatten(rules))
        counts.update(zip(*(column.to_pylist() for column in flat), strict=True))
    return [
        {"feed": feed, "delivery_id": delivery, "rule": rule, "rows": n}
        for (feed, delivery, rule), n in sorted(counts.items())
    ]


def shown(workspace: Workspace, delivery_id: str, limit: int) -> list[dict[str, Any]]:
    """Return the first rows of a delivery in quarantine, by file and row."""
    if store.latest_version(workspace, QUARANTINE) is None:
        return []
    dataset = DeltaTable(str(QUARANTINE.path(workspace))).to_pyarrow_dataset()
    rows = dataset.to_table(
        columns=["file", "row_number", "broken_rules", "row"], filter=pc.field("delivery_id") == delivery_id
    )
    first: list[dict[str, Any]] = (
        rows.sort_by([("file", "ascending"), ("row_number", "ascending")]).slice(0, limit).to_pylist()
    )
    return first
