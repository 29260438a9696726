"""What a contract states beside its columns: each term once, with what belongs there and what a change of it means."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import available_timezones

from sandbox.feeds.readers import FORMATS
from sandbox.lakehouse.tables.feeds import Feed

PURPOSE = "migration statistics"
# Records that carriers must hand over for security: no statistics without a law that allows them.
SECURITY_SOURCES = frozenset({"API", "PNR"})
SECURITY_FORMATS = frozenset({"passenger_legs"})
IMPACT = "impactAssessment"
MOST_DIGITS = 6


class YearBasis(StrEnum):
    """How the partner's years run, as the contract states it.

    `as_found`: the steward has decided that what the rule over the set finds is corrected on ingestion.
    """

    CALENDAR = "calendar"
    YEAR_ENDED_AUG = "year_ended_aug"
    AS_FOUND = "as_found"


class Effect(StrEnum):
    """What a change means for files, programs and promises that rest on the old version; from slight to grave."""

    EDITORIAL = "editorial"
    COMPATIBLE = "compatible"
    BREAKING = "breaking"


@dataclass(frozen=True)
class Term:
    """One term: its name, what belongs there, its value in a new draft, and what a change of it means.

    `only` names the feeds that have the term; empty means all. `unless` is what is wrong with a value: empty for none.
    `less` and `more` are effect and reason of a smaller and a larger number.
    """

    name: str
    belongs: str
    default: str = ""
    needed: bool = True
    only: tuple[str, ...] = ()
    unless: Callable[[str], str] = lambda _value: ""
    effect: Effect = Effect.BREAKING
    why: str = "both sides agreed on the old wording, and no program can tell whether the new one means the same"
    less: tuple[Effect, str] | None = None
    more: tuple[Effect, str] | None = None


def one_of(*choices: str) -> Callable[[str], str]:
    """Return a check: the value is one of `choices`."""
    return lambda value: "" if value in choices else f"is none of: {', '.join(choices)}"


def all_of(*choices: str) -> Callable[[str], str]:
    """Return a check: every word of a comma-separated value is one of `choices`."""
    return lambda value: "" if set(listed(value)) <= set(choices) else f"holds more than: {', '.join(choices)}"


def whole(least: int) -> Callable[[str], str]:
    """Return a check: the value is a whole number of at least `least`."""

    def fault(value: str) -> str:
        is_whole = value.isascii() and value.isdigit() and len(value) <= MOST_DIGITS
        return "" if is_whole and int(value) >= least else f"is no whole number from {least}"

    return fault


def listed(value: str) -> tuple[str, ...]:
    """Return the words of a comma-separated value."""
    return tuple(word.strip() for word in value.split(",") if word.strip())


def _no_zone(value: str) -> str:
    return "" if value in available_timezones() else "is no IANA time zone"


def _no_codec(value: str) -> str:
    try:
        "".encode(value)
    except (LookupError, ValueError):
        return "is no encoding that Python knows"
    return ""


def _no_address(value: str) -> str:
    return "" if value.startswith(("mailto:", "https://")) else "begins with neither mailto: nor https://"


def _no_delimiter(value: str) -> str:
    return "" if len(value) <= 1 else "is longer than one character"


_FILES_DIFFER = "files that were right under the old contract would be read wrongly or refused"
_PASSENGERS = ("border_movement",)

TERMS: tuple[Term, ...] = (
    Term("purpose", "What the data may be used for; every read names its purpose", PURPOSE),
    Term("limitations", "What the data may not be used for", "Statistical use only; no decision on a person."),
    Term("levelOfDetail", "What one row is and how fine place, time and person are; the feed's own words in a draft"),
    Term("legalBasis", "Law, licence or agreement on which the partner may hand the data over; article and year"),
    Term("collectedUnder", "Statute under which the passenger records were collected; article, year", only=_PASSENGERS),
    Term(
        "recordSources",
        "Records that are delivered: border, API, PNR, or several with commas between",
        only=_PASSENGERS,
        unless=all_of("border", "API", "PNR"),
        why="records of another source come under another statute, and readers count on those that they know",
    ),
    Term(
        "statisticalUseLaw",
        "Law that allows statistical use of API and PNR records; article, year. Empty for a border office's own",
        needed=False,
        only=_PASSENGERS,
    ),
    Term(
        "timeZone",
        "IANA time zone of times and dates that carry none",
        "UTC",
        unless=_no_zone,
        why="the same text becomes another moment",
    ),
    Term(
        "yearBasis",
        f"How the partner's years run: {', '.join(YearBasis)}",
        YearBasis.CALENDAR.value,
        only=("air_od_month",),
        unless=one_of(*YearBasis),
        why="the same row becomes another month",
    ),
    Term("formats", "Formats of files, with commas between", "csv, jsonl, parquet", unless=all_of(*FORMATS)),
    Term(
        "encoding",
        "Encoding of text files; empty: told from the file",
        "utf-8",
        needed=False,
        unless=_no_codec,
        why=_FILES_DIFFER,
    ),
    Term(
        "delimiter",
        "What stands between the values of a CSV; empty: told from the header",
        needed=False,
        unless=_no_delimiter,
        why=_FILES_DIFFER,
    ),
    Term(
        "retentionMonths",
        "Months for which the rows may be kept",
        "100",
        unless=whole(1),
        less=(Effect.BREAKING, "history that readers count on is deleted earlier"),
        more=(Effect.BREAKING, "rows are kept longer than was promised when they were collected"),
    ),
    Term(
        "landingFiles",
        "What becomes of the files as sent once their rows are taken in: kept (for the retention) or destroyed",
        "kept",
        unless=one_of("kept", "destroyed"),
        why="direct identifiers are kept for another time than was promised",
    ),
    Term(
        "latencyDays",
        "Days from the end of a period to its delivery, at most",
        "31",
        unless=whole(0),
        less=(Effect.COMPATIBLE, "figures can come earlier; nothing that is read changes"),
        more=(Effect.BREAKING, "figures that were due come later"),
    ),
    Term(
        "thresholdPersons",
        "Fewest persons behind a published figure",
        "10",
        unless=whole(1),
        less=(Effect.BREAKING, "persons are protected less than was promised"),
        more=(Effect.BREAKING, "figures that could be published are hidden"),
    ),
    Term(
        "thresholdPartners",
        "Fewest contributing partners behind a published figure, where partners are confidential",
        "3",
        unless=whole(1),
        less=(Effect.BREAKING, "partners are protected less than was promised"),
        more=(Effect.BREAKING, "figures that could be published are hidden"),
    ),
    Term(
        "partnersConfidential",
        "Whether nobody outside may learn what this partner contributed: yes or no",
        unless=one_of("yes", "no"),
        why="what may be published of the partner's share changes",
    ),
    Term(
        "waiver",
        "Signed waiver for figures with fewer partners: who signed, when. It allows population-weighted figures only",
        needed=False,
        why="figures with fewer partners rest on the waiver as it was signed",
    ),
    Term(
        "givenBack",
        "What the partner gets back",
        "feed quality of every delivery: completeness, rows in quarantine with reasons, volumes",
        why="the partner shares in exchange for it",
    ),
    Term(
        "partnerContact",
        "Who answers for the data at the partner: mailto: or https: address",
        unless=_no_address,
        effect=Effect.EDITORIAL,
        why="nothing that is sent or read changes",
    ),
    Term(
        "officeContact",
        "The office's steward: mailto: or https: address",
        unless=_no_address,
        effect=Effect.EDITORIAL,
        why="nothing that is sent or read changes",
    ),
    *(
        Term(f"{IMPACT}.{part}", belongs, effect=Effect.COMPATIBLE, why="the sharing is assessed anew, not changed")
        for part, belongs in {
            "necessity": "Why the purpose can't be reached with less: fewer columns, coarser detail, another source",
            "harmToGroups": "Which groups could be harmed by the data or the figures, how, and what is done against it",
            "redress": "Where a person or group can complain, and what follows",
            "consulted": "Who was consulted: authorities, groups concerned, when, and what they said",
        }.items()
    ),
)


def terms_of(feed: Feed) -> dict[str, Term]:
    """Return the terms that a contract of this feed has, by name."""
    return {term.name: term for term in TERMS if not term.only or feed.name in term.only}
