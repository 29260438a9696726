"""Rules, measures and warnings in words: what is wrong, and what the partner can do about it."""

from dataclasses import dataclass

from sandbox.feeds.coverage.persons import PERSON_FEEDS
from sandbox.lakehouse.table import DAY, FLAG, TEXT, TIMESTAMP, Column
from sandbox.lakehouse.tables.feeds import Feed


@dataclass(frozen=True)
class Told:
    """A rule in words, and how to mend what breaks it."""

    meaning: str
    remedy: str


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# Rules about one column; {column} is its name, {about} what it holds.
OF_COLUMN = {
    "required": Told("column {column} is empty ({about})", "Fill it, or leave the row out."),
    "type": Told("column {column} can't be read as {type} ({about})", "Write it as the contract's format says."),
    "plausible_date": Told(
        "column {column} is a date that can't be", "Look for swapped day and month, or a default date."
    ),
    "allowed": Told("column {column} has a code that is not in the list", "Use one of: {allowed}."),
    "range": Told("column {column} is outside {range}", "Check the unit, and the value at its source."),
    "text": Told(
        "column {column} has control characters, begins like a spreadsheet formula, or is endless",
        "Export the plain value, without formatting.",
    ),
    "identifier_in": Told(
        "column {column} repeats an identifier of a person",
        "Leave identifiers in the one column that is meant for them.",
    ),
    "after_delivery": Told(
        "column {column} lies after the day of delivery", "Check the clock, and the year, of the source."
    ),
    "alpha_3": Told("column {column} is no three-letter country code", "Use ISO 3166-1 alpha-3, such as NZL."),
    "mcc": Told("column {column} is no mobile country code", "Use three digits, such as 001."),
    "row": Told("the line could not be split into its columns ({column})", "Quote text that holds the delimiter."),
    "swapped": Told("latitude and longitude seem to be exchanged", "Send latitude in lat, longitude in lon."),
    "same_day": Told("{column} disagree by more than a day", "Give both in the time zone that the contract states."),
    "conflict": Told(
        "the same key came before with other content", "Send a corrected delivery that names the one it replaces."
    ),
    "set": Told("held back because of what the whole set shows: {column}", "Agree on it with the office's steward."),
}
OTHERS = {
    "cell_id_at_home": Told(
        "an event on the own network names no antenna", "Fill cell_id; only subscribers abroad may have none."
    ),
}
NO_TEXT = Told(
    "column {column} is no text in the file's encoding ({about})",
    "Write the whole file in one encoding, UTF-8 at best.",
)
ORDER = Told("{first} is after {second}", "Check which of the two is wrong.")
UNKNOWN = Told("it breaks the rule {rule}", "The contract explains the rule; ask the contact that it names.")

MEASURES = {
    "days_after_period": ("Days from the period's end to the delivery", "days"),
    "duplicates": ("Rows that had come before", "share"),
    "quarantined": ("Rows in quarantine", "share"),
    "rows": ("Rows a day", "count"),
    "active_subscribers": ("Persons seen", "count"),
    "rows_per_subscriber": ("Rows a person and day", "mean"),
    "days_with_rows": ("Days with rows", "share"),
    "days_seen": ("Days on which a person is seen", "share"),
    "seen_before": ("Persons known from the three months before", "share"),
    "coverage": ("Persons per resident", "share"),
    "hours_held": ("Hours of a day that a delivery's period holds", "share"),
    "silent_cells": ("Antennas without an event on a day", "share"),
    "figures": ("Answers with a figure", "share"),
    "sum_of_figures": ("Sum of the figures", "count"),
}
WARNINGS = {
    "missing_days": "days without rows",
    "missing_periods": "periods without rows",
    "lost_subscribers": "sudden loss of persons",
    "outage": "antennas silent",
    "volume": "volume of a delivery",
    "volume_of_day": "volume of days",
    "late": "late delivery",
    "duplicates": "rows sent before",
    "unknown_share": "more unknown values",
    "column_empty": "empty column",
    "code_list": "other codes",
    "unit": "another unit",
    "time_zone": "another time zone",
    "swapped": "latitude and longitude exchanged",
    "rekeyed": "persons renamed",
    "repeated": "rows sent again",
    "doubled": "rows doubled",
    "floor": "smallest figure",
    "floor_changed": "another smallest figure",
    "definition_break": "another definition",
    "coverage_drop": "combinations missing",
    "transfers": "transfers counted as arrivals",
}
REMEDIES = {
    "missing_days": "Send the days again as a correction, or tell the office that there were none.",
    "missing_periods": "Send the periods, or tell the office that there are none.",
    "lost_subscribers": "Check whether a system or a region is missing from the export.",
    "outage": "Check the antennas' records of these days; send them if they turn up.",
    "volume": "Tell the office whether the change is real.",
    "volume_of_day": "Tell the office whether the change is real.",
    "duplicates": "Send each row once; a correction names the delivery that it replaces.",
    "unknown_share": "Check the join, or the source, that fills the column.",
    "column_empty": "Check the join, or the source, that fills the column.",
    "code_list": "Tell the office what the codes mean.",
    "unit": "Send the unit that the contract states.",
    "time_zone": "Send times in the time zone that the contract states.",
    "swapped": "Send latitude in lat, longitude in lon.",
    "rekeyed": "Keep identifiers stable, or announce the change.",
    "repeated": "Send the period's own rows as a correction.",
    "doubled": "Send each row once, as a correction.",
    "floor_changed": "Nothing to mend; tell the office when such a change is coming.",
    "definition_break": "Tell the office what changed in the definition, and from when.",
    "coverage_drop": "Ask again for what is missing, if it can still be had.",
}


def told(rule: str, feed: Feed) -> Told:
    """Return a row rule in words; `feed` tells what its columns hold."""
    kind, _, name = rule.partition(":")
    if rule in OTHERS:
        return OTHERS[rule]
    if kind == "type" and name in {column.name for column in feed.columns if column.type == TEXT}:
        return _filled(NO_TEXT, name, feed)
    if kind in OF_COLUMN:
        return _filled(OF_COLUMN[kind], name, feed)
    first, between, second = rule.partition("<=")
    if between:
        return Told(ORDER.meaning.format(first=first, second=second), ORDER.remedy)
    return Told(UNKNOWN.meaning.format(rule=rule), UNKNOWN.remedy)


def warning_name(rule: str) -> str:
    """Return the name of a rule over the set; a column that it is about stands behind it."""
    kind, _, column = rule.partition(":")
    name = WARNINGS.get(kind, kind.replace("_", " "))
    return f"{name}: {column}" if column else name


def warning_remedy(rule: str) -> str:
    """Return what the partner can do about a warning; nothing where it is only to be known."""
    return REMEDIES.get(rule.partition(":")[0], "")


def measure_name(measure: str, feed: str) -> tuple[str, str]:
    """Return the name and the kind (`share`, `count`, `mean`, `days`) of a measure."""
    kind, _, column = measure.partition(":")
    if kind == "unknown":
        return f"Unknown: {column}", "share"
    name, unit = MEASURES.get(measure, (measure.replace("_", " "), "count"))
    return name if feed in PERSON_FEEDS else name.replace("Persons", "Users"), unit


def _filled(told: Told, name: str, feed: Feed) -> Told:
    column = next((each for each in feed.columns if each.name == name), Column(name, TEXT, name))
    bounds = [f"{bound:g}" for bound in (column.minimum, column.maximum) if bound is not None]
    words = {
        "column": name.replace(",", " and "),
        "about": column.description[:1].lower() + column.description[1:],
        "type": {DAY: "a date", TIMESTAMP: "a time", FLAG: "true or false", TEXT: "text"}.get(column.type, "a number"),
        "allowed": ", ".join(column.allowed) or "the list of the contract",
        "range": " to ".join(bounds) if len(bounds) == 2 else f"what is possible ({', '.join(bounds)} and up)",
    }
    return Told(told.meaning.format(**words), told.remedy.format(**words))
