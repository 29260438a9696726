"""Aggregates: what the nowcast learnt about its own errors, estimates, comparisons, verdicts, protected cells."""

from sandbox.lakehouse.table import DAY, FLAG, INT, REAL, SMALL, TEXT, TEXTS, Column, Table
from sandbox.lakehouse.tables.persons import RULE, VINTAGE
from sandbox.settings import Zone

SERIES = (
    Column("indicator", TEXT, "Indicator of the catalogue"),
    Column("rule_id", TEXT, "Residence rule; empty where none applies"),
    Column("feed", TEXT, "Feed, or `combined`"),
)
DIMENSIONS = (
    Column("area", TEXT, "Area (of origin, for a matrix); `_T` for the country"),
    Column("partner_area", TEXT, "Country of origin or destination, or area of destination; `_T`"),
    Column("sex", TEXT, "Sex or `_T`"),
    Column("age", TEXT, "Age group or `_T`"),
    Column("subpopulation", TEXT, "Subpopulation or `_T`"),
)
PERIOD = (
    Column("frequency", TEXT, "M for months, A for years", allowed=("M", "A")),
    Column("reference_period", DAY, "First day of the period that the figure describes"),
)
CELL = (*SERIES, *DIMENSIONS, *PERIOD, VINTAGE)
CELL_KEY = tuple(column.name for column in CELL)
SERIES_KEY = ("indicator", "rule_id", "feed", "frequency", "vintage")

BACKTEST_TOTAL = Table(
    "backtest_total",
    Zone.GOLD,
    "What one past vintage would have said of one reference month, and what it turned out to be",
    (
        RULE,
        Column("direction", TEXT, "A, D or net"),
        Column("reference_month", DAY, "Month that the total describes"),
        Column("origin", DAY, "Past vintage that was replayed, its first day"),
        Column("horizon", SMALL, "Origin less reference month", "months"),
        Column("decided", REAL, "Migrations already decided then", "persons"),
        Column("estimate", REAL, "Decided plus sum of probabilities", "persons"),
        Column("naive", REAL, "What rule-so-far would have said", "persons"),
        Column("final", REAL, "What it turned out to be; empty until all is decided", "persons"),
        VINTAGE,
    ),
    ("rule_id", "vintage", "direction", "reference_month", "origin"),
    ("vintage",),
)

BACKTEST_SCORE = Table(
    "backtest_score",
    Zone.GOLD,
    "Scores of one model at one horizon over all replayed vintages",
    (
        RULE,
        VINTAGE,
        Column("model", TEXT, "champion, logistic, rule_so_far or prior"),
        Column("direction", TEXT, "A or D"),
        Column("horizon", SMALL, "Horizon", "months"),
        Column("n", INT, "Undecided crossings judged"),
        Column("brier", REAL, "Mean squared error of the probability"),
        Column("log_loss", REAL, "Mean negative log likelihood"),
        Column("ece", REAL, "Expected calibration error, ten equal-count bins"),
    ),
    ("rule_id", "vintage", "model", "direction", "horizon"),
    ("vintage",),
)

INTERVAL_BAND = Table(
    "interval_band",
    Zone.GOLD,
    "Relative bounds of a monthly total at one horizon, from past errors of that horizon",
    (
        RULE,
        VINTAGE,
        Column("direction", TEXT, "A, D or net (net: relative to gross flow)"),
        Column("horizon", SMALL, "Horizon", "months"),
        Column("n", INT, "Past errors that the band rests on"),
        Column("level", REAL, "Level that n errors can attain, at most 0.95"),
        Column("lower", REAL, "Lower bound of (final − estimate) / estimate"),
        Column("upper", REAL, "Upper bound of it"),
        Column("bias", REAL, "Mean of it"),
        Column("spread", REAL, "Standard deviation of it"),
        Column("state", TEXT, "What the regime monitor says", allowed=("steady", "widened", "withheld")),
    ),
    ("rule_id", "vintage", "direction", "horizon"),
    ("vintage",),
)

PERSON_WEIGHT = Table(
    "person_weight",
    Zone.GOLD,
    "Weight of one stratum of one feed to the benchmark population",
    (
        Column("feed", TEXT, "Feed"),
        Column("area", TEXT, "Home area"),
        VINTAGE,
        Column("keys", INT, "Person keys of the feed with their home there", "keys"),
        Column("persons", REAL, "Persons whom these keys stand for, by their duplicity weights", "persons"),
        Column("population", REAL, "Benchmark population", "persons"),
        Column("penetration", REAL, "Persons per resident"),
        Column("weight", REAL, "Residents per person seen, after raking"),
    ),
    ("feed", "area", "vintage"),
    ("vintage",),
)

ESTIMATE = Table(
    "estimate",
    Zone.GOLD,
    "One figure: an indicator in one cell and period, as computed in one vintage from one feed",
    (
        *CELL,
        Column("unit", TEXT, "Unit"),
        Column("estimate", REAL, "Estimate"),
        Column("se", REAL, "Standard error"),
        Column("lower", REAL, "Lower 95 % bound"),
        Column("upper", REAL, "Upper 95 % bound"),
        Column("provisional", FLAG, "Whether an outcome in the cell is undecided"),
        Column("contributors", INT, "Decided persons behind the figure, raw: what the threshold is tested on"),
        Column("decided", REAL, "Part of the estimate that is decided"),
        Column("largest", REAL, "Largest contribution, for magnitudes"),
        Column("second", REAL, "Second largest contribution"),
        Column("partners", INT, "Partners behind the figure"),
        Column("naive", REAL, "What the naive method says (internal: for the score against the truth)"),
        Column("unadjusted", REAL, "Estimate before it was made consistent with an official total"),
        Column("calibrated_to", TEXT, "Official series used to fit, weight or adjust; empty if none"),
        Column("error_sampling", REAL, "Share of the variance from sampling and coverage"),
        Column("error_linkage", REAL, "Share from linkage"),
        Column("error_classification", REAL, "Share from classification of the undecided"),
        Column("error_model", REAL, "Share from the model"),
    ),
    CELL_KEY,
    ("vintage", "indicator"),
)

FLOW_BALANCE = Table(
    "flow_balance",
    Zone.GOLD,
    "Persons of one feed between two periods: stayed, moved, appeared, unseen; never mixed",
    (
        Column("feed", TEXT, "Feed"),
        Column("rule_id", TEXT, "Residence rule"),
        VINTAGE,
        Column("reference_period", DAY, "First day of the later period"),
        Column("stayed", INT, "Seen in both, same home", "persons"),
        Column("moved", INT, "Seen in both, another home", "persons"),
        Column("appeared", INT, "Seen in the later only", "persons"),
        Column("unseen", INT, "Seen in the earlier only; not gone", "persons"),
    ),
    ("feed", "rule_id", "vintage", "reference_period"),
    ("vintage",),
)

POPULATION_ACCOUNT = Table(
    "population_account",
    Zone.GOLD,
    "Stock of one group at a year's end and what it is made of (internal: flows here are not protected)",
    (
        *SERIES[1:],
        Column("subpopulation", TEXT, "Subpopulation or `_T`"),
        Column("reference_period", DAY, "First day of the year"),
        VINTAGE,
        Column("stock_start", REAL, "Residents when the year begins (office)", "persons"),
        Column("immigrants", REAL, "Immigrants by the rule (our estimate)", "persons"),
        Column("emigrants", REAL, "Emigrants by the rule (our estimate)", "persons"),
        Column("births", REAL, "Births of residents (office); of the native-born only", "persons"),
        Column("deaths", REAL, "Deaths of residents (office)", "persons"),
        Column("citizenship_in", REAL, "Came from another group by a change of citizenship (office)", "persons"),
        Column("citizenship_out", REAL, "Went to another group by a change of citizenship (office)", "persons"),
        Column("adjustment", REAL, "Stock at the end less all of these: what they do not explain", "persons"),
        Column("stock_end", REAL, "Residents when the next year begins (office)", "persons"),
        Column("provisional", FLAG, "Whether an outcome in the flows is undecided"),
        Column("stock_start_se", REAL, "Standard error as the office states it", "persons"),
        Column("immigrants_se", REAL, "Standard error", "persons"),
        Column("emigrants_se", REAL, "Standard error", "persons"),
        Column("stock_end_se", REAL, "Standard error as the office states it", "persons"),
        Column("adjustment_se", REAL, "Standard error that the parts' errors give the adjustment", "persons"),
        Column("consistent", FLAG, "Whether the adjustment lies within 1.96 of it; empty if either is not known"),
        Column("missing", TEXTS, "Parts, or their standard errors, that are not known"),
    ),
    ("rule_id", "feed", "subpopulation", "reference_period", "vintage"),
    ("vintage",),
)

COMPARISON = Table(
    "comparison",
    Zone.GOLD,
    "One measure, and the gate on it if there is one, of one series against one benchmark",
    (
        *SERIES,
        Column("frequency", TEXT, "M or A"),
        VINTAGE,
        Column("benchmark", TEXT, "Official series compared with; empty if none exists"),
        Column("benchmark_vintage", TEXT, "first or latest"),
        Column("measure", TEXT, "Measure"),
        Column("value", REAL, "Value; empty if it can't be computed"),
        Column("n", INT, "Pairs that it rests on"),
        Column("status", TEXT, "Gate: publish, caution, withhold, not_evaluable; empty for a measure without a gate"),
    ),
    (*SERIES_KEY, "benchmark", "benchmark_vintage", "measure"),
    ("vintage",),
)

VERDICT = Table(
    "verdict",
    Zone.GOLD,
    "What the comparison says of one series; `period` narrows it to one period where judged by period",
    (
        *SERIES,
        Column("frequency", TEXT, "M or A"),
        VINTAGE,
        Column("period", TEXT, "Period judged alone, or `_T`"),
        Column("benchmark", TEXT, "Official series; empty if none exists"),
        Column("verdict", TEXT, "PUBLISH, CAUTION, UNBENCHMARKED, WITHHOLD or NOT_ASSESSABLE"),
        Column("reasons", TEXTS, "Why not better, in words of the gates"),
        Column("alignment", TEXT, "Field by field: same, convertible, different (JSON)"),
        Column("thresholds_version", TEXT, "Version of the thresholds"),
    ),
    (*SERIES_KEY, "period"),
    ("vintage",),
)

PROTECTED_CELL = Table(
    "protected_cell",
    Zone.GOLD,
    "What may be said of one cell of the estimate table, and why (internal)",
    (
        *CELL,
        Column("family", TEXT, "Table family that was protected together"),
        Column("status", TEXT, "Internal status", allowed=("open", "primary", "secondary", "perturbed")),
        Column("conf_status", TEXT, "As published", allowed=("F", "C")),
        Column("reason", TEXT, "Rule that made the cell primary; empty otherwise"),
    ),
    CELL_KEY,
    ("vintage", "indicator"),
)

AUDIT = Table(
    "audit",
    Zone.GOLD,
    "Interval that an attacker can compute for one hidden cell",
    (
        *CELL,
        Column("family", TEXT, "Table family that was attacked together"),
        Column("lower", REAL, "Least value that fits everything published"),
        Column("upper", REAL, "Greatest one"),
        Column("width", REAL, "Upper less lower"),
        Column("too_narrow", FLAG, "Whether the interval gives the cell away"),
    ),
    CELL_KEY,
    ("vintage", "indicator"),
)
