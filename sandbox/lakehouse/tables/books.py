"""The books that we keep: deliveries, quarantine, quality of feeds, releases, what was withheld."""

from sandbox.lakehouse.table import DAY, FLAG, INT, REAL, TEXT, TEXTS, TIMESTAMP, Column, Table
from sandbox.lakehouse.tables.figures import CELL, CELL_KEY
from sandbox.lakehouse.tables.persons import VINTAGE
from sandbox.settings import Zone

DELIVERY = Table(
    "delivery",
    Zone.BRONZE,
    "One delivery that was taken in or refused",
    (
        Column("delivery_id", TEXT, "Hash of the manifest"),
        Column("feed", TEXT, "Feed"),
        Column("partner", TEXT, "Partner"),
        Column("contract_version", TEXT, "Version of the contract"),
        Column("purpose", TEXT, "What the contract allows its rows to be used for"),
        Column("period_from", DAY, "First day that the delivery covers"),
        Column("period_to", DAY, "Last day that it covers"),
        Column("received_at", TIMESTAMP, "When the partner handed it over, by its manifest"),
        Column("rows_in", INT, "Rows read", "rows"),
        Column("rows_bronze", INT, "Rows taken in", "rows"),
        Column("rows_quarantined", INT, "Rows in quarantine", "rows"),
        Column("rows_duplicate", INT, "Rows recognised as duplicates", "rows"),
        Column("findings", TEXTS, "What the rules over the set found out"),
        Column("replaces", TEXT, "Delivery that this one corrects"),
        Column("replaced_by", TEXT, "Delivery that corrected this one; its rows are in earlier versions of bronze"),
    ),
    ("delivery_id",),
)

QUARANTINE = Table(
    "quarantine",
    Zone.QUARANTINE,
    "One row that breaks its contract, with every rule that it breaks; identifiers already replaced",
    (
        Column("delivery_id", TEXT, "Delivery"),
        Column("feed", TEXT, "Feed"),
        Column("file", TEXT, "File of the delivery"),
        Column("row_number", INT, "Row of the file, from 1"),
        Column("broken_rules", TEXTS, "Every rule that the row breaks"),
        Column("row", TEXT, "The row as sent (JSON), the identifier replaced by the person key"),
    ),
    ("delivery_id", "file", "row_number"),
    ("feed", "delivery_id"),
)

REPAIR = Table(
    "repair",
    Zone.QUARANTINE,
    "One value that a steward has rows in quarantine read as another",
    (
        Column("delivery_id", TEXT, "Delivery"),
        Column("column", TEXT, "Column of the feed"),
        Column("was", TEXT, "Value as sent; empty for none"),
        Column("becomes", TEXT, "Value to read instead; empty for none"),
    ),
    ("delivery_id", "column", "was"),
)

FEED_QUALITY = Table(
    "feed_quality",
    Zone.BRONZE,
    "One measure of the quality of one delivery, with its denominator",
    (
        Column("delivery_id", TEXT, "Delivery"),
        Column("feed", TEXT, "Feed"),
        Column("measure", TEXT, "Measure"),
        Column("value", REAL, "Value"),
        Column("denominator", REAL, "What it is a share of"),
    ),
    ("delivery_id", "measure"),
    ("feed",),
)

FEED_COUNT = Table(
    "feed_count",
    Zone.BRONZE,
    "One count of rows or persons of a partner's feed, kept by month; what the profile is computed from",
    (
        Column("feed", TEXT, "Feed"),
        Column("partner", TEXT, "Partner"),
        Column("month", DAY, "Month that the count belongs to, its first day"),
        Column(
            "count", TEXT, "What is counted; `made_of`: what the month was counted from, so that a change is noticed"
        ),
        Column("period", DAY, "The day, or the month's first day"),
        Column("area", TEXT, "Area, or port; empty for all"),
        Column("place", TEXT, "Antenna, port or cell; the hour, or the code, where these are counted; else empty"),
        Column("value", REAL, "Count, or median"),
    ),
    ("feed", "partner", "count", "period", "area", "place"),
    ("feed",),
)

FEED_PROFILE = Table(
    "feed_profile",
    Zone.BRONZE,
    "One measure of what a partner's feed covers, in one period and area, beside the partner's own past",
    (
        Column("feed", TEXT, "Feed"),
        Column("partner", TEXT, "Partner"),
        Column("measure", TEXT, "Measure"),
        Column("frequency", TEXT, "D for days, M for months, `delivery`", allowed=("D", "M", "delivery")),
        Column("period", DAY, "The day, the month's first day, or the delivery's last day"),
        Column("area", TEXT, "Area, or port; `_T` for all"),
        Column("value", REAL, "Numerator by denominator"),
        Column("numerator", REAL, "What is counted"),
        Column("denominator", REAL, "What it is a share of, or per; 1 for a plain count"),
        Column("persons", INT, "Persons behind the measure; empty where it is about none", "persons"),
        Column("past", REAL, "Median of the value in the partner's last comparable periods; empty without any"),
        Column("ratio", REAL, "Value by past"),
    ),
    ("feed", "partner", "measure", "frequency", "period", "area"),
    ("feed",),
)

FEED_WARNING = Table(
    "feed_warning",
    Zone.BRONZE,
    "One thing that a partner's rows show of a period, for every figure that needs it: to know, to look, or to stop",
    (
        Column("feed", TEXT, "Feed"),
        Column("partner", TEXT, "Partner"),
        Column("rule", TEXT, "Rule over the set, with the column where it is about one"),
        Column("period_from", DAY, "First day that it is about"),
        Column("period_to", DAY, "Last day that it is about"),
        Column("severity", TEXT, "What it asks of whoever uses the period", allowed=("note", "warn", "stop")),
        Column("text", TEXT, "The evidence, in words and figures"),
    ),
    ("feed", "partner", "rule", "period_from", "period_to"),
    ("feed",),
)

RELEASE = Table(
    "release",
    Zone.GOLD,
    "One edition that was built",
    (
        Column("release_id", TEXT, "Product, reference period, vintage, revision"),
        Column("product", TEXT, "Product"),
        Column("reference_period", DAY, "Latest month that the release describes"),
        VINTAGE,
        Column("revision", INT, "Revision"),
        Column("sha256", TEXT, "Hash of SHA256SUMS"),
        Column("cells", INT, "Cells with a value"),
        Column("hidden", INT, "Cells hidden"),
    ),
    ("release_id",),
)

RELEASE_CELL = Table(
    "release_cell",
    Zone.GOLD,
    "One observation as it stands in a release",
    (
        Column("release_id", TEXT, "Release"),
        *CELL,
        Column("value", REAL, "Value; empty when hidden"),
        Column("se", REAL, "Standard error; empty when hidden"),
        Column("lower", REAL, "Lower 95 % bound"),
        Column("upper", REAL, "Upper 95 % bound"),
        Column("obs_status", TEXT, "G experimental, Q hidden", allowed=("G", "Q")),
        Column("conf_status", TEXT, "F free, C hidden", allowed=("F", "C")),
        Column("provisional", FLAG, "Whether an outcome in the cell is undecided"),
        Column("verdict", TEXT, "Verdict of the series"),
    ),
    ("release_id", *CELL_KEY),
    ("release_id",),
)

WITHHELD = Table(
    "withheld",
    Zone.GOLD,
    "One series or period that was withheld, and why; never its value",
    (
        Column("release_id", TEXT, "Release that it would have been in"),
        Column("indicator", TEXT, "Indicator"),
        Column("rule_id", TEXT, "Residence rule"),
        Column("feed", TEXT, "Feed"),
        Column("period", TEXT, "Period, or `_T` for the whole series"),
        VINTAGE,
        Column("verdict", TEXT, "Verdict"),
        Column("reasons", TEXTS, "Why"),
    ),
    ("release_id", "indicator", "rule_id", "feed", "period"),
)
