"""A contract as the software uses it: made as a draft, read from its file, refused where it can't stand."""

import re
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import CallError
from sandbox.feeds.contract.document import ALL_FEEDS, columns_in, document, feed_in, parsed, partner_in, terms_in
from sandbox.feeds.contract.lint import ACTIVE, PARTNER, faults_of, for_now
from sandbox.feeds.contract.terms import YearBasis, listed, terms_of
from sandbox.lakehouse.tables.feeds import Feed

FIRST_VERSION = "1.0.0"
# YAML has no comment in the model: a gap travels as a mark through it.
MARK = re.compile(r"'@([A-Za-z.]+)@'")
HEAD = (
    "# A draft. Lines marked TO FILL IN are empty; `sandbox feed contract lint FILE` says what belongs there.\n"
    "# Once both sides have signed: `status: active`.\n"
)


@dataclass(frozen=True)
class Contract:
    """What partner and office agreed on for one feed; `columns` are those that come, all required ones among them."""

    partner: str
    feed: Feed
    version: str
    status: str
    purpose: str
    stated: dict[str, str]
    columns: tuple[str, ...]

    @property
    def id(self) -> str:
        """Partner and feed."""
        return f"{self.partner}.{self.feed.name}"

    @property
    def left_out(self) -> tuple[str, ...]:
        """Optional columns of the feed that were not agreed on: whatever a file holds there is not read."""
        return tuple(column.name for column in self.feed.columns if column.name not in self.columns)

    @property
    def time_zone(self) -> str:
        """IANA zone of times that carry none."""
        return self.stated["timeZone"]

    @property
    def year_basis(self) -> YearBasis:
        """How the partner's years run."""
        return YearBasis(self.stated.get("yearBasis", YearBasis.CALENDAR))

    @property
    def formats(self) -> tuple[str, ...]:
        """Formats in which files may come."""
        return listed(self.stated["formats"])

    @property
    def record_sources(self) -> tuple[str, ...]:
        """Sources (`border`, `API`, `PNR`) whose records may come; empty for feeds without them."""
        return listed(self.stated.get("recordSources", ""))

    @property
    def retention_months(self) -> int:
        """Months for which rows may be kept."""
        return int(self.stated["retentionMonths"])

    @property
    def destroys_landing(self) -> bool:
        """Whether the files as sent are destroyed once their rows are taken in."""
        return self.stated.get("landingFiles") == "destroyed"

    @property
    def latency_days(self) -> int:
        """Days from the end of a period to its delivery, at most."""
        return int(self.stated["latencyDays"])

    @property
    def threshold_persons(self) -> int:
        """Fewest persons behind a published figure."""
        return int(self.stated["thresholdPersons"])

    @property
    def threshold_partners(self) -> int:
        """Fewest partners behind a figure where partners are confidential."""
        return int(self.stated["thresholdPartners"])

    @property
    def is_confidential(self) -> bool:
        """Whether nobody outside may learn what this partner contributed; so until the contract says no."""
        return self.stated.get("partnersConfidential") != "no"

    @property
    def waiver(self) -> str:
        """Signed waiver for population-weighted figures with fewer partners; empty without one."""
        return self.stated["waiver"]


def new(feed: str, partner: str, status: str = "draft", **terms: str) -> str:
    """Return the text of a contract: a draft with its gaps marked; `terms` fill them (`terms_of` has their names).

    Raises `CallError` where a term is unknown or its value can't stand, and for an active contract with a gap.
    """
    declared = feed_named(feed)
    if not PARTNER.fullmatch(partner):
        raise CallError("A partner's name has lower-case letters, digits and _.", "Write border_agency, for example.")
    known = terms_of(declared)
    unknown = sorted(terms.keys() - known.keys())
    if unknown:
        raise CallError(f"A contract of {feed} has no {', '.join(unknown)}.", f"Choose from: {', '.join(known)}.")
    for name, value in terms.items():
        if value and (wrong := known[name].unless(value)):
            raise CallError(f"{name} {wrong}.", f"{known[name].belongs}.")
    values = {name: term.default or (f"@{name}@" if term.needed else "") for name, term in known.items()}
    values |= {"levelOfDetail": _detail(declared), **terms}
    text = MARK.sub("''  # TO FILL IN", document(declared, partner, FIRST_VERSION, status, values).to_yaml())
    refused = for_now(faults_of(parsed(text, "The new contract")), status)
    if refused:
        raise CallError(f"It can't be {status}: {' '.join(fault.text for fault in refused)}", "State these terms.")
    return text if status == ACTIVE else HEAD + text


def read(path: Path) -> Contract:
    """Read a contract; `CallError` says what is wrong. A draft may have gaps, an active contract has none."""
    if not path.is_file():
        raise CallError(f"There is no contract {path.name}.", "Make one with `sandbox feed contract new`.")
    text = text_of(path)
    agreed = parsed(text, path.name)
    faults, feed = for_now(faults_of(agreed, text), agreed.status or ""), feed_in(agreed)
    if faults or feed is None:
        told = " ".join(fault.text for fault in faults)
        raise CallError(f"{path.name}: {told}", "`sandbox feed contract lint` says how to mend each.")
    defaults = {name: term.default if term.needed else "" for name, term in terms_of(feed).items()}
    stated = terms_in(agreed)
    return Contract(
        partner=partner_in(agreed),
        feed=feed,
        version=agreed.version or "",
        status=agreed.status or "",
        purpose=stated.get("purpose", ""),
        stated=defaults | stated,
        columns=columns_in(agreed),
    )


def text_of(path: Path) -> str:
    """Return the text of a contract's file; `CallError` where there is none."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise CallError(f"{path.name} can't be read as text.", "Check the path; a contract is UTF-8.") from None


def feed_named(name: str) -> Feed:
    """Return the feed or reference table of this name; `CallError` naming those there are."""
    if name not in ALL_FEEDS:
        raise CallError(f"There is no feed {name!r}.", f"Choose one of: {', '.join(ALL_FEEDS)}.")
    return ALL_FEEDS[name]


def _detail(feed: Feed) -> str:
    kept = " The person's identifier is replaced on arrival and never kept." if feed.identifier else ""
    return f"{feed.bronze.description}.{kept}"
