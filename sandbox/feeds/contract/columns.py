"""A feed's columns as ODCS describes them: made from the declaration, and what of them both sides are bound by."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from open_data_contract_standard.model import CustomProperty, DataQuality, SchemaObject, SchemaProperty

from sandbox.lakehouse.table import DAY, FLAG, TEXT, TIMESTAMP, Column
from sandbox.lakehouse.tables.feeds import Feed

IDENTIFIER = "direct identifier"
# Wording is free: a partner may explain a column in its own language.
WORDING = {"id", "description", "businessName", "tags", "examples", "authoritativeDefinitions"}


@dataclass(frozen=True)
class Promise:
    """What a contract promises of one column."""

    type: str
    required: bool
    classification: str
    minimum: float | None
    maximum: float | None
    codes: tuple[str, ...]
    unit: str


def schema_object(feed: Feed, level_of_detail: str, time_zone: str) -> SchemaObject:
    """Return a feed's columns; `time_zone` is that of times that carry none."""
    return SchemaObject(
        name=feed.name,
        logicalType="object",
        physicalType="file",
        description=feed.bronze.description,
        dataGranularityDescription=level_of_detail,
        properties=[schema_property(column, time_zone) for column in feed.columns],
    )


def schema_property(column: Column, time_zone: str) -> SchemaProperty:
    """Return one column; the standard has no place for a unit, which is a custom property."""
    options: dict[str, Any] = {}
    if column.minimum is not None:
        options["minimum"] = column.minimum
    if column.maximum is not None:
        options["maximum"] = column.maximum
    if column.type == TIMESTAMP:
        options["defaultTimezone"] = time_zone
    codes = DataQuality(metric="invalidValues", arguments={"validValues": list(column.allowed)}, mustBe=0)
    return SchemaProperty(
        name=column.name,
        description=column.description,
        logicalType=_logical_type(column.type),
        physicalType=str(column.type),
        required=column.required,
        classification=IDENTIFIER if column.identifier else None,
        logicalTypeOptions=options or None,
        quality=[codes] if column.allowed else None,
        customProperties=[CustomProperty(property="unit", value=column.unit)] if column.unit else None,
    )


def bound(item: SchemaProperty) -> dict[str, Any]:
    """Return everything that a column states but its wording."""
    return item.model_dump(exclude_none=True, exclude=WORDING)


def promised(item: SchemaProperty) -> Promise:
    """Return what a contract promises of a column."""
    options = item.logicalTypeOptions or {}
    codes = [rule.arguments or {} for rule in item.quality or [] if rule.metric == "invalidValues"]
    units = [str(each.value) for each in item.customProperties or [] if each.property == "unit"]
    return Promise(
        type=f"{item.logicalType} ({item.physicalType})",
        required=bool(item.required),
        classification=item.classification or "",
        minimum=options.get("minimum"),
        maximum=options.get("maximum"),
        codes=tuple(str(code) for each in codes for code in each.get("validValues", [])),
        unit=", ".join(units),
    )


def _logical_type(data_type: pa.DataType) -> str:
    named = {TEXT: "string", DAY: "date", TIMESTAMP: "timestamp", FLAG: "boolean"}
    return named.get(data_type, "integer" if pa.types.is_integer(data_type) else "number")
