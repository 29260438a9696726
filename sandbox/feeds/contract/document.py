"""A contract as an ODCS document: where each term stands in it, and how it is read back."""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from open_data_contract_standard.model import (
    CustomProperty,
    Description,
    OpenDataContractStandard,
    Server,
    ServiceLevelAgreementProperty,
    Support,
)
from pydantic import BaseModel, ValidationError

from sandbox.errors import CallError
from sandbox.feeds.contract.columns import schema_object
from sandbox.feeds.contract.terms import IMPACT, listed, terms_of
from sandbox.lakehouse.tables.feeds import FEEDS, Feed
from sandbox.lakehouse.tables.reference import REFERENCE

ALL_FEEDS: dict[str, Feed] = FEEDS | REFERENCE
API_VERSION = "v3.1.0"
CSV = "csv"
SERVICE = {"retentionMonths": ("retention", "months"), "latencyDays": ("latency", "days")}
CHANNELS = {"partnerContact": "partner", "officeContact": "office"}
# Terms for which the standard has a place of its own; all others are custom properties.
PLACED = {"purpose", "limitations", "levelOfDetail", "formats", "delimiter", *SERVICE, *CHANNELS}


def document(feed: Feed, partner: str, version: str, status: str, terms: Mapping[str, str]) -> OpenDataContractStandard:
    """Return the document of a contract; a term that is not in `terms` stands empty in it."""
    return OpenDataContractStandard(
        version=version,
        kind="DataContract",
        apiVersion=API_VERSION,
        id=f"{partner}.{feed.name}",
        name=f"{feed.bronze.description}, from {partner}",
        status=status,
        description=Description(purpose=terms["purpose"], limitations=terms["limitations"]),
        servers=[_server(name, terms["delimiter"]) for name in listed(terms["formats"])],
        schema=[schema_object(feed, terms["levelOfDetail"], terms["timeZone"])],
        support=[Support(channel=channel, url=terms[name]) for name, channel in CHANNELS.items()],
        slaProperties=[_service(name, terms[name]) for name in SERVICE],
        customProperties=[CustomProperty(property="partner", value=partner), *_custom(feed, terms)],
    )


def parsed(text: str, name: str) -> OpenDataContractStandard:
    """Return the document that `text` holds; `CallError` where it is no contract of a feed."""
    try:
        contract = OpenDataContractStandard.from_string(text)
    except (ValidationError, yaml.YAMLError, TypeError) as error:
        raise CallError(f"{name} is no ODCS v3.1 contract: {_told(error)}.", "Start again from a new one.") from None
    if feed_in(contract) is None:
        raise CallError(
            f"{name} is no contract of a feed: its schema names none of: {', '.join(ALL_FEEDS)}.",
            "Name one feed in `schema`, or start from `sandbox feed contract new`.",
        )
    return contract


def feed_in(contract: OpenDataContractStandard) -> Feed | None:
    """Return the one feed that a contract is about."""
    objects = contract.schema_ or []
    return ALL_FEEDS.get(objects[0].name or "") if len(objects) == 1 else None


def partner_in(contract: OpenDataContractStandard) -> str:
    """Return the partner that a contract names."""
    return next((_text(item.value) for item in contract.customProperties or [] if item.property == "partner"), "")


def columns_in(contract: OpenDataContractStandard) -> tuple[str, ...]:
    """Return the columns that a contract states, in its order."""
    return tuple(item.name or "" for schema in contract.schema_ or [] for item in schema.properties or [])


def terms_in(contract: OpenDataContractStandard) -> dict[str, str]:
    """Return the terms that a contract states, by name; an empty one is not stated."""
    about = contract.description or Description()
    csv = [server.delimiter for server in contract.servers or [] if server.format == CSV]
    found = {
        "purpose": about.purpose,
        "limitations": about.limitations,
        "levelOfDetail": contract.schema_[0].dataGranularityDescription if contract.schema_ else None,
        "formats": ", ".join(server.format or "" for server in contract.servers or []),
        "delimiter": next(iter(csv), None),
    }
    service = {(item.property, item.unit): item.value for item in contract.slaProperties or []}
    found |= {name: service.get(stood) for name, stood in SERVICE.items()}
    channels = {item.channel: item.url for item in contract.support or []}
    found |= {name: channels.get(channel) for name, channel in CHANNELS.items()}
    found |= custom_in(contract)
    return {name: text for name, value in found.items() if (text := _text(value).strip() or _delimiter(name, value))}


def custom_in(contract: OpenDataContractStandard) -> dict[str, Any]:
    """Return the custom properties but the partner; parts of the impact assessment each under its own name."""
    found = {str(item.property): item.value for item in contract.customProperties or []}
    found.pop("partner", None)
    parts = found.pop(IMPACT, None)
    return found | {f"{IMPACT}.{part}": value for part, value in (parts if isinstance(parts, dict) else {}).items()}


def unknown_entries(text: str, contract: OpenDataContractStandard) -> list[str]:
    """Return where the text has entries that ODCS does not know: read past in silence, they would promise nothing."""
    return list(_unknown(yaml.safe_load(text), contract, ""))


def _unknown(raw: Any, read: Any, place: str) -> Iterator[str]:
    if isinstance(raw, list) and isinstance(read, list):
        for number, (theirs, ours) in enumerate(zip(raw, read, strict=True)):
            yield from _unknown(theirs, ours, f"{place}[{number}]")
    if not (isinstance(raw, dict) and isinstance(read, BaseModel)):
        return
    known = {field.alias or name: name for name, field in type(read).model_fields.items()}
    for name, value in raw.items():
        inside = f"{place}.{name}".lstrip(".")
        if name in known:
            yield from _unknown(value, getattr(read, known[name]), inside)
        else:
            yield inside


def _custom(feed: Feed, terms: Mapping[str, str]) -> list[CustomProperty]:
    chosen = {name: term for name, term in terms_of(feed).items() if name not in PLACED}
    plain = [
        CustomProperty(property=name, value=terms[name], description=term.belongs)
        for name, term in chosen.items()
        if not name.startswith(f"{IMPACT}.")
    ]
    parts = {name: term for name, term in chosen.items() if name.startswith(f"{IMPACT}.")}
    assessed = CustomProperty(
        property=IMPACT,
        value={name.removeprefix(f"{IMPACT}."): terms[name] for name in parts},
        description=" · ".join(f"{name.removeprefix(f'{IMPACT}.')}: {term.belongs}" for name, term in parts.items()),
    )
    return [*plain, assessed]


def _server(file_format: str, delimiter: str) -> Server:
    """Return a format of files; the standard keeps it with the place of the data, which is each delivery's folder."""
    own = {"delimiter": delimiter} if file_format == CSV and delimiter else {}
    return Server(server=file_format, type="custom", format=file_format, description="Files of a delivery", **own)


def _service(name: str, value: str) -> ServiceLevelAgreementProperty:
    kind, unit = SERVICE[name]
    number: str | int = int(value) if value.isdigit() else value
    return ServiceLevelAgreementProperty(property=kind, value=number, unit=unit)


def _text(value: Any) -> str:
    if isinstance(value, bool):  # YAML reads a bare yes as true
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _delimiter(name: str, value: Any) -> str:
    """Return a delimiter that is white space: a tab says something."""
    return _text(value) if name == "delimiter" else ""


def _told(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"its YAML breaks off at line {error.problem_mark.line + 1}"
    return "it is no list of entries in YAML"
