"""Reading and writing tables. What is written fits its declaration (`Table.exact`) and replaces what it answers.

Every write names the partitions (or rows) that it replaces, so the same write twice, or once more after a kill,
leaves the same table; the fingerprint of the work stands in the commit, so that finished work is recognised.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import CommitProperties, DeltaTable, Schema, write_deltalake
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, create_table_with_add_actions
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from sandbox.errors import CallError, TableMismatchError
from sandbox.lakehouse.files import WrittenFile
from sandbox.lakehouse.table import Table
from sandbox.settings import Workspace

Value = str | int | date
Replace = Mapping[str, Value | Sequence[Value]]


def spark_schema(table: Table) -> StructType:
    """Return the declaration as a Spark schema, all columns nullable as Delta stores them."""
    return from_arrow_schema(table.stored)


def read(spark: SparkSession, workspace: Workspace, table: Table) -> DataFrame:
    """Return the table as a frame; `CallError` where nothing has written it yet."""
    if latest_version(workspace, table) is None:
        raise _absent(table)
    return spark.read.format("delta").load(str(table.path(workspace)))


def read_small(
    workspace: Workspace, table: Table, where: Mapping[str, Value] | None = None, version: int | None = None
) -> pa.Table:
    """Return a table of aggregates as Arrow, without Spark; for tables that don't grow with persons."""
    try:
        delta = DeltaTable(str(table.path(workspace)), version=version)
    except TableNotFoundError as error:
        raise _absent(table) from error
    # Delta stores all columns as nullable; the declaration holds again from here on.
    rows = delta.to_pyarrow_table().select(list(table.names)).cast(table.stored)
    for name, value in (where or {}).items():
        rows = rows.filter(pc.equal(rows[name], pa.scalar(value, table.schema.field(name).type)))
    return rows.sort_by([(name, "ascending") for name in table.key])


def write_small(
    rows: pa.Table, workspace: Workspace, table: Table, replace: Replace, commit: Mapping[str, str]
) -> None:
    """Replace the rows that `replace` names by `rows` in one Delta commit that carries `commit`, without a session."""
    is_new = latest_version(workspace, table) is None
    try:
        write_deltalake(
            str(table.path(workspace)),
            table.exact(rows),
            mode="overwrite",
            partition_by=list(table.partition) if is_new else None,
            predicate=None if is_new else _predicate(replace),
            commit_properties=_properties(commit),
        )
    except DeltaError as error:
        if "failed validation" in str(error):
            raise _outside(table) from None  # the library's own message quotes the rows
        raise


def commit_files(
    files: Sequence[WrittenFile], workspace: Workspace, table: Table, replace: Replace, commit: Mapping[str, str]
) -> None:
    """Replace the partitions that `replace` names by files that workers have left in the table's folder."""
    strange = set(replace) - set(table.partition)
    if strange:
        raise ValueError(f"Table {table.name}: {sorted(strange)} are no partition columns; files can't replace rows.")
    named = {name: [_text(value) for value in _values(asked)] for name, asked in replace.items()}
    if any(file.partition[name] not in texts for file in files for name, texts in named.items()):
        raise _outside(table)
    path, schema = str(table.path(workspace)), Schema.from_arrow(table.stored)
    added, properties = [_added(file) for file in files], _properties(commit)
    if latest_version(workspace, table) is None:
        partition = list(table.partition)
        create_table_with_add_actions(path, schema, added, partition_by=partition, commit_properties=properties)
        return
    DeltaTable(path).create_write_transaction(
        added,
        mode="overwrite",
        schema=schema,
        partition_by=list(table.partition),
        partition_filters=[(name, "in", texts) for name, texts in named.items()],
        commit_properties=properties,
    )


def append_files(files: Sequence[WrittenFile], workspace: Workspace, table: Table, commit: Mapping[str, str]) -> None:
    """Add files that have been left in an existing table's folder; what is there stays."""
    DeltaTable(str(table.path(workspace))).create_write_transaction(
        [_added(file) for file in files],
        mode="append",
        schema=Schema.from_arrow(table.stored),
        partition_by=list(table.partition),
        commit_properties=_properties(commit),
    )


def latest_version(workspace: Workspace, table: Table) -> int | None:
    """Return the Delta version, or None where the table does not exist."""
    path = str(table.path(workspace))
    # Not by the folder of the log: a process that was killed may have left it empty.
    return DeltaTable(path).version() if DeltaTable.is_deltatable(path) else None


def commits(workspace: Workspace, table: Table) -> list[dict[str, str]]:
    """Return what the commits of the table carry, newest first; those that no stage made carry nothing."""
    if latest_version(workspace, table) is None:
        return []
    history = DeltaTable(str(table.path(workspace))).history()
    carried = [json.loads(entry["userMetadata"]) for entry in history if entry.get("userMetadata")]
    return [commit for commit in carried if commit]


def canonical_sha256(rows: pa.Table, table: Table) -> str:
    """Return the hash of the table's canonical export: rows sorted by key, declared columns and types."""
    ordered = rows.select(list(table.names)).cast(table.stored).sort_by([(n, "ascending") for n in table.key])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, ordered.schema) as stream:
        stream.write_table(ordered.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()


def _predicate(replace: Replace) -> str:
    """Return a literal SQL predicate: Delta tells disjoint writers apart only by literals."""
    parts = [f"{name} IN ({', '.join(_literal(value) for value in _values(asked))})" for name, asked in replace.items()]
    return " AND ".join(parts) or "true"


def _values(asked: Value | Sequence[Value]) -> list[Value]:
    return [asked] if isinstance(asked, str | int | date) else list(asked)


def _text(value: Value) -> str:
    """Return a partition value as Delta's log writes it."""
    return value.isoformat() if isinstance(value, date) else str(value)


def _added(file: WrittenFile) -> AddAction:
    """Return what a Delta commit says of a file."""
    stats = json.dumps({"numRecords": file.rows})
    return AddAction(file.path, file.size, file.partition, file.written_at, data_change=True, stats=stats)


def _properties(commit: Mapping[str, str]) -> CommitProperties:
    return CommitProperties(custom_metadata={"userMetadata": json.dumps(dict(commit), sort_keys=True)})


def _literal(value: Value) -> str:
    if isinstance(value, date):
        return f"DATE'{value.isoformat()}'"
    if isinstance(value, int):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def _outside(table: Table) -> TableMismatchError:
    return TableMismatchError(f"Table {table.name}: rows lie outside what is replaced.", "Name what they replace.")


def _absent(table: Table) -> CallError:
    return CallError(f"There is no table {table.name} yet.", "Run the stage that writes it: `sandbox status` tells.")
