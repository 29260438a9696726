"""Person-level tables of the silver and gold zones. None of them ever leaves the house."""

from sandbox.concepts.codes import Activity
from sandbox.lakehouse.table import DAY, FLAG, INT, REAL, SMALL, TEXT, Column, Table
from sandbox.lakehouse.tables.feeds import BUCKET, PERSON
from sandbox.settings import Zone

FEED = Column("feed", TEXT, "Feed that the evidence comes from")
PERSON_OF_FEED = (FEED, PERSON, BUCKET)
RULE = Column("rule_id", TEXT, "Residence rule")
VINTAGE = Column("vintage", DAY, "Month in which the figure was computed, its first day; data to its last day")

PRESENCE_DAY = Table(
    "presence_day",
    Zone.SILVER,
    "Evidence that one person was in one place on one local day",
    (
        *PERSON_OF_FEED,
        Column("local_date", DAY, "Calendar day where the person was"),
        Column("place", TEXT, "Area inside the country, country abroad (ISO 3166-1 alpha-3)"),
        Column("country", TEXT, "Country of the place"),
        Column("h3", INT, "H3 cell with most evidence in the place, lowest at a tie"),
        Column("home_country", TEXT, "Country of the person's own network, where the feed tells it"),
        Column("events", INT, "Events", "events"),
        Column("hours", INT, "Distinct hours with evidence", "hours"),
        Column("night_hours", INT, "Distinct hours from 19:00 to 06:59, on the evening's date", "hours"),
        Column("weight", REAL, "Share of the day's evidence that the place has"),
    ),
    ("feed", "person_key", "local_date", "place"),
    ("feed", "bucket"),
)

PERSON_MONTH = Table(
    "person_month",
    Zone.SILVER,
    "How active one key of a person was in one month, and which part of the person it stands for; none where silent",
    (
        *PERSON_OF_FEED,
        Column("month", DAY, "Month, its first day"),
        Column("events", INT, "Events, located or not", "events"),
        Column("days_seen", INT, "Days with a located event", "days"),
        Column("activity", TEXT, "No event located, too few days, more places, one place", allowed=tuple(Activity)),
        Column("same_person", REAL, "Probability that the person has another key in the month; empty if unlocatable"),
        Column("duplicity_weight", REAL, "Expected part of a person that the key stands for; empty if unlocatable"),
    ),
    ("feed", "person_key", "month"),
    ("feed", "bucket"),
)

HOME = Table(
    "home",
    Zone.SILVER,
    "Home of one person in one month",
    (
        *PERSON_OF_FEED,
        Column("month", DAY, "Month, its first day"),
        Column("home", TEXT, "Place; empty where undetermined"),
        Column("status", TEXT, "Whether the home could be told", allowed=("determined", "undetermined")),
        Column("night_days", INT, "Evenings with evidence at home", "days"),
        Column("days_seen", INT, "Days with any evidence", "days"),
        Column("home_country", TEXT, "Country of the person's own network, where the feed tells it"),
    ),
    ("feed", "person_key", "month"),
    ("feed", "bucket"),
)

SPELL = Table(
    "spell",
    Zone.SILVER,
    "One period of residence or of temporary presence of one person by one rule",
    (
        *PERSON_OF_FEED,
        RULE,
        VINTAGE,
        Column("start", DAY, "First day; where it was not seen, the likeliest"),
        Column(
            "end", DAY, "Last day, by the next crossing or the likeliest; the last one seen where the spell goes on"
        ),
        Column("place", TEXT, "Place, as in `presence_day`"),
        Column("kind", TEXT, "What the spell is", allowed=("residence", "temporary")),
        Column("code", TEXT, "Type of temporary mobility; empty for residence"),
        Column("end_seen", FLAG, "Whether the end was observed; else the spell is cut by what was seen"),
        Column(
            "shortest_days", SMALL, "Days from the first to the last one seen there, or between two crossings", "days"
        ),
        Column(
            "longest_days",
            SMALL,
            "Days between the evidence elsewhere before and after; empty if an end is unseen",
            "days",
        ),
        Column("decided", FLAG, "Whether later data can't change what the spell is"),
        Column("decided_on", DAY, "Day on which it was decided"),
        Column("earliest_decision", DAY, "First day on which it can be decided"),
        Column("latest_decision", DAY, "Last day on which it can be decided"),
        Column("observability", REAL, "Share of the spell's days with evidence"),
    ),
    ("feed", "person_key", "rule_id", "vintage", "start", "place"),
    ("vintage", "feed", "bucket"),
)

RESIDENCE_CHANGE = Table(
    "residence_change",
    Zone.GOLD,
    "One crossing, or one move between places, that changes usual residence, may do so, or does not",
    (
        *PERSON_OF_FEED,
        RULE,
        VINTAGE,
        Column("change_id", TEXT, "Movement, or person's ordinal of the move; unique within feed and rule"),
        Column("change_date", DAY, "Day of the crossing or move"),
        Column("reference_month", DAY, "Month of it, its first day"),
        Column("direction", TEXT, "A or D for a crossing; empty inside the country"),
        Column("from_place", TEXT, "Place left (country or area)"),
        Column("to_place", TEXT, "Place reached"),
        Column("flow_class", TEXT, "What the history says", allowed=("stayed", "moved", "appeared", "unseen")),
        Column("resident_before", FLAG, "Resident before; empty when not known yet"),
        Column("resident_after", FLAG, "Resident after; empty when not known yet"),
        Column("is_change", FLAG, "Whether residence changed; empty when undecided, never false"),
        Column("decided", FLAG, "Whether `is_change` is filled"),
        Column("decided_on", DAY, "Day on which it was decided"),
        Column("earliest_decision", DAY, "First day on which it can be decided"),
        Column("latest_decision", DAY, "Last day on which it can be decided"),
        Column("days_migrating", SMALL, "Days on the new side so far", "days"),
        Column("days_returned", SMALL, "Days back on the old side so far", "days"),
        Column("error", TEXT, "Why the rows of the person can't be judged; empty if they can"),
        Column("uncertainty_days", REAL, "Days by which the date may be off", "days"),
        Column("birth_country", TEXT, "Country of birth"),
        Column("nationality", TEXT, "Nationality"),
        Column("partner_country", TEXT, "Country of previous or next residence"),
        Column("visa_class", TEXT, "Class of visa at the crossing"),
        Column("subpopulation", TEXT, "One of the four subpopulations or unknown"),
        Column("sex", TEXT, "F, M or U"),
        Column("age_group", TEXT, "Five-year age group or U"),
    ),
    ("feed", "rule_id", "vintage", "change_id"),
    ("vintage", "feed", "bucket"),
)

PREDICTION = Table(
    "prediction",
    Zone.GOLD,
    "Probability that one undecided crossing will turn out a migration",
    (
        *PERSON_OF_FEED,
        RULE,
        VINTAGE,
        Column("change_id", TEXT, "Crossing, as in `residence_change`"),
        Column("reference_month", DAY, "Month of the crossing, its first day"),
        Column("direction", TEXT, "A or D"),
        Column("horizon", SMALL, "Vintage less reference month", "months"),
        Column("model", TEXT, "Registered model and version"),
        Column("p_raw", REAL, "Probability as the model gives it"),
        Column("p", REAL, "Probability after calibration"),
    ),
    ("feed", "rule_id", "vintage", "change_id"),
    ("vintage", "bucket"),
)
