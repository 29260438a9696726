"""Contracts: one ODCS v3.1 file per partner and feed, made from the tables' declarations so that they can't drift."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    Description,
    OpenDataContractStandard,
    SchemaObject,
    SchemaProperty,
    ServiceLevelAgreementProperty,
    Support,
)
from pydantic import ValidationError

from sandbox.errors import CallError
from sandbox.lakehouse.table import DAY, FLAG, TEXT, TIMESTAMP, Column
from sandbox.lakehouse.tables.feeds import FEEDS, Feed
from sandbox.lakehouse.tables.reference import REFERENCE

ALL_FEEDS: dict[str, Feed] = FEEDS | REFERENCE
STATED = {
    "timeZone": "UTC",
    "encoding": "utf-8",
    "delimiter": "",
    "yearBasis": "calendar",
    "legalBasis": "",
    "impactAssessment": "",
    "retentionMonths": "100",
    "thresholdPersons": "10",
    "thresholdPartners": "3",
    "levelOfDetail": "as delivered; person-level rows keep no direct identifier after ingestion",
    "givenBack": "feed quality of every delivery: completeness, rows in quarantine with reasons, volumes",
}
PURPOSE = "migration statistics"


class YearBasis(StrEnum):
    """How the partner's years run, as the contract states it.

    `as_found`: the steward has decided that what the rule over the set finds is corrected on ingestion.
    """

    CALENDAR = "calendar"
    YEAR_ENDED_AUG = "year_ended_aug"
    AS_FOUND = "as_found"


@dataclass(frozen=True)
class Contract:
    """What partner and office agreed on for one feed."""

    partner: str
    feed: Feed
    version: str
    status: str
    purpose: str
    stated: dict[str, str]

    @property
    def id(self) -> str:
        """Partner and feed."""
        return f"{self.partner}.{self.feed.name}"

    @property
    def time_zone(self) -> str:
        """IANA zone of times that carry none."""
        return self.stated["timeZone"]

    @property
    def year_basis(self) -> YearBasis:
        """How the partner's years run."""
        return YearBasis(self.stated["yearBasis"])

    @property
    def threshold_partners(self) -> int:
        """Fewest partners behind a figure where partners are confidential."""
        return int(self.stated["thresholdPartners"])


def new(feed: str, partner: str, **stated: str) -> str:
    """Return the text of a contract for `feed` and `partner`; `stated` overrides entries of `STATED`."""
    declared = feed_named(feed)
    unknown = stated.keys() - STATED.keys()
    if unknown:
        raise CallError(f"A contract has no entry {sorted(unknown)}.", f"Choose from: {', '.join(STATED)}.")
    properties = {"partner": partner, **STATED, **stated}
    contract = OpenDataContractStandard(
        version="1.0.0",
        kind="DataContract",
        apiVersion="v3.1.0",
        id=f"{partner}.{feed}",
        name=f"{declared.bronze.description}, from {partner}",
        status="active",
        description=Description(purpose=PURPOSE, limitations="Statistical use only; no decision on a person."),
        schema=[_schema_object(declared)],
        support=[Support(channel="steward", description="The office's data steward")],
        slaProperties=[
            ServiceLevelAgreementProperty(property="retention", value=int(properties["retentionMonths"]), unit="m"),
            ServiceLevelAgreementProperty(property="latency", value=31, unit="d"),
        ],
        customProperties=[CustomProperty(property=name, value=value) for name, value in properties.items()],
    )
    return contract.to_yaml()


def read(path: Path) -> Contract:
    """Read and validate a contract; `CallError` says what is wrong with it."""
    if not path.is_file():
        raise CallError(f"There is no contract {path.name}.", "Make one with `sandbox feed contract new`.")
    try:
        parsed = OpenDataContractStandard.from_string(path.read_text("utf-8"))
    except (ValidationError, yaml.YAMLError, TypeError, UnicodeDecodeError) as error:
        raise CallError(f"{path.name} is no ODCS v3.1 contract: {error}", "Start again from a new one.") from error
    faults, feed = lint(parsed), _feed_of(parsed)
    if faults or feed is None:
        raise CallError(f"{path.name}: {'; '.join(faults)}.", "Mend it, or start from `sandbox feed contract new`.")
    properties = _custom_properties(parsed)
    return Contract(
        partner=properties.pop("partner"),
        feed=feed,
        version=parsed.version or "",
        status=parsed.status or "",
        purpose=parsed.description.purpose if parsed.description and parsed.description.purpose else "",
        stated=STATED | properties,
    )


def lint(contract: OpenDataContractStandard) -> list[str]:
    """Return every fault of a contract, as sentences without their full stop."""
    feed = _feed_of(contract)
    if feed is None or not contract.schema_:
        return [f"its schema names no feed of: {', '.join(ALL_FEEDS)}"]
    properties = _custom_properties(contract)
    faults = []
    if contract.kind != "DataContract" or contract.apiVersion != "v3.1.0":
        faults.append("kind or apiVersion is not that of ODCS v3.1.0")
    if not contract.version or not contract.status:
        faults.append("version or status is missing")
    if contract.id != f"{properties.get('partner')}.{feed.name}":
        faults.append("id is not partner.feed")
    if not contract.description or not contract.description.purpose:
        faults.append("no purpose is stated")
    if properties.get("yearBasis", "calendar") not in set(YearBasis):
        faults.append(f"yearBasis is none of: {', '.join(YearBasis)}")
    stated = {item.name: _promise(item) for item in contract.schema_[0].properties or []}
    declared = {item.name: _promise(item) for item in map(_schema_property, feed.columns)}
    if stated != declared:
        differing = sorted(str(name) for name in {*stated, *declared} if stated.get(name) != declared.get(name))
        faults.append(f"columns differ from the feed's declaration: {', '.join(differing)}")
    return faults


def feed_named(name: str) -> Feed:
    """Return the feed or reference table of this name; `CallError` naming those there are."""
    if name not in ALL_FEEDS:
        raise CallError(f"There is no feed {name!r}.", f"Choose one of: {', '.join(ALL_FEEDS)}.")
    return ALL_FEEDS[name]


def _feed_of(contract: OpenDataContractStandard) -> Feed | None:
    return ALL_FEEDS.get(contract.schema_[0].name or "") if contract.schema_ else None


def _custom_properties(contract: OpenDataContractStandard) -> dict[str, str]:
    return {str(item.property): str(item.value or "") for item in contract.customProperties or []}


def _schema_object(feed: Feed) -> SchemaObject:
    return SchemaObject(
        name=feed.name,
        logicalType="object",
        physicalType="file",
        dataGranularityDescription=feed.bronze.description,
        properties=[_schema_property(column) for column in feed.columns],
    )


def _schema_property(column: Column) -> SchemaProperty:
    options: dict[str, Any] = {}
    if column.minimum is not None:
        options["minimum"] = column.minimum
    if column.maximum is not None:
        options["maximum"] = column.maximum
    if column.allowed:
        options["enum"] = list(column.allowed)
    unit = [CustomProperty(property="unit", value=column.unit)] if column.unit else None
    return SchemaProperty(
        name=column.name,
        description=column.description,
        logicalType=_logical_type(column.type),
        physicalType=str(column.type),
        required=column.required,
        classification="direct identifier" if column.identifier else None,
        logicalTypeOptions=options or None,
        customProperties=unit,
    )


def _promise(item: SchemaProperty) -> tuple[Any, ...]:
    """Return what of a column both sides are bound by; its wording is free."""
    return item.logicalType, item.physicalType, item.required, item.classification, item.logicalTypeOptions


def _logical_type(data_type: pa.DataType) -> str:
    named = {TEXT: "string", DAY: "date", TIMESTAMP: "timestamp", FLAG: "boolean"}
    return named.get(data_type, "integer" if pa.types.is_integer(data_type) else "number")
