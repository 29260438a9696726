"""What is wrong with a contract, and what is still missing before it can be activated: sentences with a remedy."""

import re
from dataclasses import dataclass
from enum import StrEnum

from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty

from sandbox.feeds.contract.columns import bound, schema_property
from sandbox.feeds.contract.document import (
    ALL_FEEDS,
    API_VERSION,
    CHANNELS,
    CSV,
    SERVICE,
    custom_in,
    feed_in,
    partner_in,
    terms_in,
    unknown_entries,
)
from sandbox.feeds.contract.statements import missing_in_law, missing_in_sentence, names_security, says_nothing
from sandbox.feeds.contract.terms import IMPACT, SECURITY_FORMATS, SECURITY_SOURCES, listed, terms_of
from sandbox.lakehouse.tables.feeds import Feed

STATUSES = ("proposed", "draft", "active", "deprecated", "retired")
ACTIVE = "active"
PARTNER = re.compile(r"[a-z0-9][a-z0-9_]{0,62}")
VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")


class Kind(StrEnum):
    """Wrong: no contract may say it. Missing: a draft may leave it open, an active contract may not."""

    WRONG = "wrong"
    MISSING = "missing"


@dataclass(frozen=True)
class Fault:
    """One thing that someone has to mend."""

    kind: Kind
    text: str
    remedy: str


def faults_of(contract: OpenDataContractStandard, text: str = "") -> list[Fault]:
    """Return everything that keeps a contract from being active; `text` is the file, to find entries read past."""
    feed = feed_in(contract)
    if feed is None:
        return [_wrong("Its schema names no feed.", f"Name one of: {', '.join(ALL_FEEDS)}.")]
    unread = unknown_entries(text, contract) if text else []
    return [
        *(_wrong(f"ODCS v3.1 has no entry `{place}`.", "Remove it, or mend its name.") for place in unread),
        *_identity(contract, feed),
        *_columns(contract, feed),
        *_terms(contract, feed),
        *_lawful(contract, feed),
    ]


def for_now(faults: list[Fault], status: str) -> list[Fault]:
    """Return the faults that count in a contract of this status: all in an active one, else those that are wrong."""
    return [fault for fault in faults if status == ACTIVE or fault.kind is Kind.WRONG]


def _wrong(text: str, remedy: str) -> Fault:
    return Fault(Kind.WRONG, text, remedy)


def _identity(contract: OpenDataContractStandard, feed: Feed) -> list[Fault]:
    partner, faults = partner_in(contract), []
    if contract.kind != "DataContract" or contract.apiVersion != API_VERSION:
        faults.append(
            _wrong("It is of another kind or version of the standard.", f"Write `apiVersion: {API_VERSION}`.")
        )
    if not VERSION.fullmatch(contract.version or ""):
        faults.append(_wrong("Its version is no MAJOR.MINOR.PATCH.", "Write `version: 1.0.0`, for example."))
    if contract.status not in STATUSES:
        faults.append(_wrong("Its status is none of the standard's.", f"Choose one of: {', '.join(STATUSES)}."))
    if not PARTNER.fullmatch(partner):
        faults.append(_wrong("It names no partner.", "Write lower-case letters, digits and _ in `partner`."))
    elif contract.id != f"{partner}.{feed.name}":
        faults.append(_wrong("Its id is not partner.feed.", f"Write `id: {partner}.{feed.name}`."))
    return faults


def _columns(contract: OpenDataContractStandard, feed: Feed) -> list[Fault]:
    stated = {item.name or "": item for item in (contract.schema_ or [])[0].properties or []}
    zone = terms_in(contract).get("timeZone", "")
    declared = {column.name: schema_property(column, zone) for column in feed.columns}
    absent = [column.name for column in feed.columns if column.required and column.name not in stated]
    foreign = [name for name in stated if name not in declared]
    faults = []
    if absent:
        faults.append(
            _wrong(
                f"Columns of the feed are missing: {', '.join(absent)}.", "They are required: take them from a new one."
            )
        )
    if foreign:
        faults.append(_wrong(f"The feed has no columns {', '.join(foreign)}.", "Remove them: nobody reads them."))
    if len(stated) < len((contract.schema_ or [])[0].properties or []):
        faults.append(_wrong("A column stands twice, or has no name.", "State each column once."))
    return faults + [
        fault for name, item in stated.items() if name in declared for fault in _differences(item, declared[name])
    ]


def _differences(stated: SchemaProperty, declared: SchemaProperty) -> list[Fault]:
    theirs, ours = bound(stated), bound(declared)
    return [
        _wrong(
            f"Column {stated.name}: `{entry}` is {theirs.get(entry, 'not stated')}, "
            f"the feed has {ours.get(entry, 'none')}.",
            f"Write {ours[entry]}." if entry in ours else f"Remove `{entry}`: nothing checks it.",
        )
        for entry in sorted({*theirs, *ours})
        if theirs.get(entry) != ours.get(entry)
    ]


def _terms(contract: OpenDataContractStandard, feed: Feed) -> list[Fault]:
    stated, faults = terms_in(contract), []
    for name, term in terms_of(feed).items():
        value, where = stated.get(name, ""), _where(name)
        if term.needed and says_nothing(value):
            told = "says nothing yet" if value else "is empty"
            faults.append(Fault(Kind.MISSING, f"{where} {told}.", f"{term.belongs}."))
        elif value and (wrong := term.unless(value)):
            faults.append(_wrong(f"{where} {wrong}.", f"{term.belongs}."))
        elif name.startswith(f"{IMPACT}.") and (wrong := missing_in_sentence(value)):
            faults.append(Fault(Kind.MISSING, f"{where} {wrong}.", f"{term.belongs}."))
    # A slip of the pen in a name would leave a promise that nobody reads.
    for name in custom_in(contract).keys() - terms_of(feed).keys():
        faults.append(_wrong(f"No contract of {feed.name} has `{name}`.", "Remove it, or mend its name."))
    return sorted(faults, key=lambda fault: fault.kind is Kind.MISSING)


def _lawful(contract: OpenDataContractStandard, feed: Feed) -> list[Fault]:
    """Refuse passenger records collected for security, or that may be, without a law that allows statistics."""
    stated = terms_in(contract)
    if "recordSources" not in terms_of(feed):
        return []
    collected, law = stated.get("collectedUnder", ""), stated.get("statisticalUseLaw", "")
    faults = [] if says_nothing(collected) else _unnamed("collectedUnder", collected)
    if not _for_security(stated):
        return faults
    if says_nothing(law):
        text = "Passenger records (API, PNR) are obtained under a security statute, and no law is named that allows "
        remedy = "Name the law in `statisticalUseLaw`. None is needed where `recordSources` is `border` alone, "
        remedy += "`collectedUnder` and `legalBasis` name no statute of security, and no format is a carrier's."
        return [*faults, Fault(Kind.MISSING, f"{text}their statistical use.", remedy)]
    return faults + _unnamed("statisticalUseLaw", law)


def _for_security(stated: dict[str, str]) -> bool:
    """Tell whether records are, or may be, obtained for security, by anything that the contract says of them."""
    sources = set(listed(stated.get("recordSources", ""))) or SECURITY_SOURCES
    statutes = (stated.get("collectedUnder", ""), stated.get("legalBasis", ""))
    formats = set(listed(stated.get("formats", "")))
    return bool(sources & SECURITY_SOURCES or SECURITY_FORMATS & formats) or any(map(names_security, statutes))


def _unnamed(name: str, law: str) -> list[Fault]:
    """Return what a law lacks before it can be looked up."""
    lacking = missing_in_law(law)
    text = f"`{name}` names no law that can be looked up; it lacks: {', '.join(lacking)}."
    remedy = "Write name, article or section, and year: Statistics Act 2015, section 12, for example."
    return [Fault(Kind.MISSING, text, remedy)] if lacking else []


def _where(name: str) -> str:
    """Return how a person finds a term in the file."""
    if name in SERVICE:
        return f"`slaProperties`: {SERVICE[name][0]} in {SERVICE[name][1]}"
    if name in CHANNELS:
        return f"`support`: the url of {CHANNELS[name]}"
    named = {
        "purpose": "`description`: purpose",
        "limitations": "`description`: limitations",
        "levelOfDetail": "`schema`: dataGranularityDescription",
        "formats": "`servers`: format",
        "delimiter": f"`servers`: the delimiter of {CSV}",
    }
    plain = f"`{IMPACT}`: {name.removeprefix(f'{IMPACT}.')}" if name.startswith(f"{IMPACT}.") else f"`{name}`"
    return named.get(name, plain)
