"""Tables whose persons get other keys: each file is written anew on a worker, each row into its person's new bucket.

A person whom the bridge does not know keeps the key that there is. New keys are in no bridge, so what has been done
can be done again and stays the same: a table that was killed in the middle is begun again.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sandbox.feeds.bridge import Bridge
from sandbox.feeds.columns import Mask, mask
from sandbox.feeds.readers import BATCH_ROWS
from sandbox.feeds.runs import Numbers, SortedRuns
from sandbox.lakehouse.files import PartitionFiles, with_partition
from sandbox.lakehouse.tables import ALL

# Where a row in quarantine has its person's key. Quotes inside a value are escaped, so no value looks like this.
QUOTED_KEY = r'(?s)^(?P<before>.*"person_key":")(?P<key>-?\d+)(?P<after>".*)$'


@dataclass(frozen=True)
class HeldFile:
    """A file of bronze or quarantine whose person keys are written to a run."""

    path: str
    run: str
    size: int


@dataclass(frozen=True)
class TableFile:
    """One file of a table in `folder`, its values of the partition, and the folder of the bridge, never its pairs."""

    path: str
    table: str
    folder: str
    partition: Mapping[str, Any]
    bridge: str
    buckets: int
    size: int


def keys_held(rows: pa.RecordBatch) -> Numbers:
    """Return the person keys of rows of a table, or those quoted by rows in quarantine; no row without one."""
    if "person_key" in rows.schema.names:
        return np.asarray(rows.column("person_key").drop_null().to_numpy())
    quoted = pc.extract_regex(rows.column("row"), QUOTED_KEY)
    return np.asarray(pc.struct_field(quoted, "key").drop_null().cast(pa.int64()).to_numpy())


def rekeyed(rows: pa.RecordBatch, bridge: Bridge, buckets: int) -> tuple[pa.RecordBatch, int]:
    """Return rows with their persons' new keys, and of how many the key has changed."""
    held = keys_held(rows)
    keys = bridge.of(held)
    if "person_key" in rows.schema.names:
        named = mask(rows.column("person_key").is_valid())
        columns = {"person_key": pa.array(_placed(keys, named), mask=~named)}
        if "bucket" in rows.schema.names:
            own = np.mod(_placed(keys, named), buckets).astype(np.int32)
            columns["bucket"] = pc.if_else(pa.array(named), pa.array(own), rows.column("bucket"))
    else:
        columns = {"row": _quoting(rows.column("row"), keys)}
    for name, values in columns.items():
        rows = rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), values)
    return rows, int((keys != held).sum())


def listed(files: tuple[HeldFile, ...]) -> Iterator[pa.RecordBatch]:
    """Write the person keys that some files of tables hold; yield nothing."""
    for file in files:
        with SortedRuns(file.run) as run, pq.ParquetFile(file.path) as source:
            column = "person_key" if "person_key" in source.schema_arrow.names else "row"
            for batch in source.iter_batches(batch_size=BATCH_ROWS, columns=[column], use_threads=False):
                run.add(np.unique(keys_held(batch))[np.newaxis])
    yield from ()


def written_anew(files: tuple[TableFile, ...]) -> Iterator[pa.RecordBatch]:
    """Write files of a table anew; yield of each which files took its rows, and how many rows have another key."""
    for file in files:
        table, bridge, changed = ALL[file.table], Bridge(Path(file.bridge)), 0
        with (
            PartitionFiles(table, Path(file.folder), uuid.uuid4().hex) as out,
            pq.ParquetFile(file.path) as source,
        ):
            for stored in source.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
                rows, others = rekeyed(with_partition(stored, file.partition, table), bridge, file.buckets)
                out.write(pa.Table.from_batches([rows]))
                changed += others
        note = {"files": [asdict(each) for each in out.written()], "rows": changed}
        yield pa.record_batch({"note": [json.dumps(note)]})


def _placed(keys: Numbers, where: Mask) -> Numbers:
    """Return the keys in the rows that have one, 0 in the others."""
    placed = np.zeros(len(where), np.int64)
    placed[where] = keys
    return placed


def _quoting(rows: pa.Array, keys: Numbers) -> pa.Array:
    """Return rows in quarantine, those that quote a key with these instead."""
    quoted = pc.extract_regex(rows, QUOTED_KEY)
    named = mask(quoted.is_valid())
    texts = pa.array(_placed(keys, named)).cast(pa.string())
    before, after = (pc.struct_field(quoted, part) for part in ("before", "after"))
    return pc.if_else(pa.array(named), pc.binary_join_element_wise(before, texts, after, ""), rows)
