"""What a table is: declared once; schemas, contracts, checks and documentation are made from it. No Spark."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from sandbox.errors import TableMismatchError
from sandbox.settings import Workspace, Zone

TEXT = pa.string()
INT = pa.int64()
SMALL = pa.int32()
REAL = pa.float64()
DAY = pa.date32()
TIMESTAMP = pa.timestamp("us", tz="UTC")
FLAG = pa.bool_()
TEXTS = pa.list_(pa.string())


@dataclass(frozen=True)
class Column:
    """One column; `identifier` marks what a partner sends as a direct identifier, in feeds only."""

    name: str
    type: pa.DataType
    description: str
    unit: str = ""
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    required: bool = False
    identifier: bool = False


@dataclass(frozen=True)
class Table:
    """One Delta table: what one row is, its columns, key and partition columns."""

    name: str
    zone: Zone
    description: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    partition: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Keys and partitions must be columns: a slip here would be found only on the cluster."""
        unknown = {*self.key, *self.partition} - set(self.names)
        if unknown:
            raise ValueError(f"Table {self.name}: {sorted(unknown)} are no columns of it.")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(column.name for column in self.columns)

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema; columns of the key may not be null."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.name not in self.key) for c in self.columns])

    @cached_property
    def stored(self) -> pa.Schema:
        """The Arrow schema as Delta stores it: every column nullable."""
        return pa.schema([field.with_nullable(True) for field in self.schema])

    def rows_from(self, source: pa.Table, known: Mapping[str, Any]) -> pa.Table:
        """Return rows of this table: each column from `known` (an array or a value), else from `source`, else null."""
        columns = []
        for field in self.schema:
            column = known.get(field.name)
            if column is None and field.name in source.column_names:
                column = source[field.name]
            if not isinstance(column, pa.Array | pa.ChunkedArray):
                column = pa.repeat(pa.scalar(column, field.type), source.num_rows)
            columns.append(column.cast(field.type))
        return pa.table(columns, names=self.names)

    def exact(self, rows: pa.Table) -> pa.Table:
        """Return the table's columns in its order and types; `TableMismatchError` names column, found, expected."""
        missing = [name for name in self.names if name not in rows.column_names]
        if missing:
            raise TableMismatchError(
                f"Table {self.name}: column {', '.join(missing)} is missing; found {', '.join(rows.column_names)}.",
                "Add the column.",
            )
        for field in self.stored:
            found = rows.schema.field(field.name).type
            if _kind(found) != _kind(field.type) and not pa.types.is_null(found):
                raise TableMismatchError(
                    f"Table {self.name}: column {field.name} is {found}, expected {field.type}.",
                    "Cast it before the stage's end.",
                )
        return rows.select(list(self.names)).cast(self.stored)

    def path(self, workspace: Workspace) -> Path:
        """Where the table lies in a workspace."""
        return workspace.zone(self.zone) / self.name


def _kind(data_type: pa.DataType) -> str:
    """Return what can be widened into each other: text stays text, a number a number."""
    if pa.types.is_dictionary(data_type):
        return _kind(data_type.value_type)
    kinds = {
        "text": pa.types.is_string(data_type) or pa.types.is_large_string(data_type),
        "number": pa.types.is_integer(data_type) or pa.types.is_floating(data_type),
        "moment": pa.types.is_timestamp(data_type),
        "list": pa.types.is_list(data_type),
    }
    return next((kind for kind, holds in kinds.items() if holds), str(data_type))
