"""What the nowcast learns from: crossings replayed to what was known of them at past vintages."""

import pyarrow as pa

from sandbox.lakehouse.table import DAY, FLAG, INT, SMALL, TEXT, Column, Table
from sandbox.lakehouse.tables.feeds import BUCKET, PERSON
from sandbox.lakehouse.tables.persons import RULE, VINTAGE
from sandbox.settings import Zone

SINGLE = pa.float32()
OUTCOMES = pa.list_(pa.int8())

NUMBER_COLUMNS = (
    Column("days_since_crossing", SINGLE, "Days from the crossing to the origin's end", "days"),
    Column("days_migrating", SINGLE, "Days on the new side so far", "days"),
    Column("days_returned", SINGLE, "Days back on the old side so far", "days"),
    Column("days_since_last_crossing", SINGLE, "Days since the person's last crossing", "days"),
    Column("is_on_new_side", SINGLE, "Whether the person is now on the side that the crossing leads to (0, 1)"),
    Column("crossings_since", SINGLE, "Crossings after it so far"),
    Column("crossings_before", SINGLE, "Crossings before it"),
    Column("resident_before", SINGLE, "Resident before (0, 1); empty when not known yet"),
    Column("days_since_previous_crossing", SINGLE, "Days from the crossing before to this one", "days"),
    Column("earlier_stays", SINGLE, "Stays on the new side before"),
    Column("longest_earlier_stay", SINGLE, "Longest of them", "days"),
    Column("mean_earlier_stay", SINGLE, "Mean of them; empty without any", "days"),
    Column("crossings_in_year_before", SINGLE, "Crossings in the 365 days before"),
    Column("share_in_country_365", SINGLE, "Share of the 365 days before spent in the country"),
    Column("share_in_country_730", SINGLE, "Share of the 730 days before spent in the country"),
    Column("rule_so_far", SINGLE, "What the rule says if the present stay goes on (0, 1)"),
    Column("months_since", SINGLE, "Origin less reference month, as a feature", "months"),
    Column("calendar_month", SINGLE, "Month of the crossing, 1 to 12"),
    Column("age", SINGLE, "Year of the crossing less first year of the birth band", "years"),
    Column("intended_stay_days", SINGLE, "Stay that the traveller stated", "days"),
    Column("one_way_ticket", SINGLE, "Whether the ticket has no return (0, 1)"),
)
CATEGORY_COLUMNS = (
    Column("visa_class", TEXT, "Class of visa, or `missing`"),
    Column("nationality", TEXT, "Nationality, or `missing`"),
    Column("residence_country", TEXT, "Country of residence as stated, or `missing`"),
    Column("birth_country", TEXT, "Country of birth, or `missing`"),
    Column("sex", TEXT, "Sex, or `missing`"),
    Column("mode", TEXT, "Way of travel, or `missing`"),
)
NUMBERS = tuple(column.name for column in NUMBER_COLUMNS)
CATEGORIES = tuple(column.name for column in CATEGORY_COLUMNS)

CROSSING_FEATURE = Table(
    "crossing_feature",
    Zone.GOLD,
    "One crossing as it was known at one origin (a past vintage, or the vintage itself)",
    (
        PERSON,
        BUCKET,
        RULE,
        VINTAGE,
        Column("change_id", TEXT, "Crossing, as in `residence_change`"),
        Column("direction", TEXT, "A or D", allowed=("A", "D")),
        Column("reference_month", DAY, "Month of the crossing, its first day"),
        Column("origin", DAY, "Vintage that the crossing is replayed to, its first day; seen to its last day"),
        Column("horizon", SMALL, "Origin less reference month", "months"),
        Column("decided", FLAG, "Whether the outcome was decided at the origin"),
        Column("is_migration", FLAG, "The outcome as known at the origin; empty when undecided, never false"),
        Column("known_outcomes", OUTCOMES, "Outcome (0, 1) as known at each origin where models are fitted, or empty"),
        Column("drawn", FLAG, "Whether this origin is the one drawn for training among those of its horizon band"),
        Column("draw", SINGLE, "One number in [0, 1) a person: samples, and parts people into fitted and held out"),
        *NUMBER_COLUMNS,
        *CATEGORY_COLUMNS,
    ),
    ("rule_id", "vintage", "origin", "change_id"),
    ("vintage", "bucket"),
)

BACKTEST_SUM = Table(
    "backtest_sum",
    Zone.GOLD,
    "Sums over crossings of whole persons at past vintages: of one total (`origin` filled), or of one bin of p",
    (
        BUCKET,
        Column("direction", TEXT, "A or D"),
        Column("reference_month", DAY, "Month of the total, its first day; empty for a bin"),
        Column("origin", DAY, "Past vintage of the total, its first day; empty for a bin"),
        Column("horizon", SMALL, "Origin less reference month", "months"),
        Column("model", TEXT, "Kind of model that gave p, or `decided`: migrations decided at the origin"),
        Column("bin", SMALL, "Bin of p; -1 for a total"),
        Column("n", INT, "Crossings"),
        Column("p", INT, "Sum of p", "billionths"),
        Column("outcome", INT, "Crossings that turned out migrations; 0 for a total"),
        Column("square", INT, "Sum of squared errors of p; for a total, of p times 1 - p", "billionths"),
        Column("log", INT, "Sum of log losses; 0 for a total", "billionths"),
    ),
    ("direction", "reference_month", "origin", "model", "bin"),
    ("bucket",),
)
