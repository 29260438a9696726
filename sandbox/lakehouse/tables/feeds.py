"""What partners and offices send.

Bronze has the columns of the feed, the person's key in place of any identifier, and the delivery of each row.
"""

from dataclasses import dataclass

from sandbox.lakehouse.table import DAY, FLAG, INT, REAL, SMALL, TEXT, TIMESTAMP, Column, Table
from sandbox.settings import Zone

PARTNER = Column("partner", TEXT, "Who sent the row, as named in the contract", required=True)
DELIVERY = Column("delivery_id", TEXT, "Delivery that brought the row (hash of its manifest)", required=True)
PERSON = Column("person_key", INT, "Pseudonym of one person within partner, feed, epoch and purpose")
BUCKET = Column("bucket", SMALL, "Hash bucket of the person")


@dataclass(frozen=True)
class Feed:
    """One feed: the columns that a partner sends, and the bronze table that they become."""

    name: str
    columns: tuple[Column, ...]
    bronze: Table

    @property
    def identifier(self) -> str | None:
        """Name of the column that holds the direct identifier, if the feed is about persons."""
        return next((column.name for column in self.columns if column.identifier), None)


def bronze_table(name: str, description: str, columns: tuple[Column, ...], key: tuple[str, ...]) -> Table:
    """Bronze table of a feed: an identifier column is replaced by `person_key` and `bucket`."""
    kept = tuple(column for column in columns if not column.identifier)
    person = (PERSON, BUCKET) if len(kept) < len(columns) else ()
    return Table(name, Zone.BRONZE, description, (PARTNER, DELIVERY, *person, *kept), key, ("delivery_id",))


MOBILE_EVENT_COLUMNS = (
    Column("event_id", TEXT, "The partner's number of the event", required=True),
    Column("subscriber_id", TEXT, "Subscriber, as the partner names him", required=True, identifier=True),
    Column("event_ts", TIMESTAMP, "Time of the event", required=True),
    Column("cell_id", TEXT, "Antenna; empty for a subscriber abroad"),
    Column("event_type", TEXT, "Kind", required=True, allowed=("call", "text", "data", "signalling")),
    Column("home_mcc", TEXT, "Mobile country code of the subscriber's own network", required=True),
    Column("serving_mcc", TEXT, "Mobile country code of the network that served him", required=True),
    Column("tac_class", TEXT, "Class of device", allowed=("phone", "m2m", "other")),
)
MOBILE_CELL_COLUMNS = (
    Column("cell_id", TEXT, "Antenna", required=True),
    Column("lat", REAL, "Latitude", "degrees", minimum=-90, maximum=90, required=True),
    Column("lon", REAL, "Longitude", "degrees", minimum=-180, maximum=180, required=True),
    Column("azimuth", REAL, "Direction of the antenna", "degrees", minimum=0, maximum=360),
    Column("radius_m", REAL, "Reach", "m", minimum=0),
    Column("h3", INT, "H3 cell of the antenna, resolution 7"),
    Column("area_id", TEXT, "Area in which the antenna stands", required=True),
    Column("time_zone", TEXT, "IANA time zone of the antenna", required=True),
    Column("valid_from", DAY, "First day of the antenna", required=True),
    Column("valid_to", DAY, "Last day of the antenna; empty while it stands"),
)
BORDER_MOVEMENT_COLUMNS = (
    Column("movement_id", TEXT, "The border office's number of the crossing", required=True),
    Column("traveller_id", TEXT, "Traveller, as the border office links documents", required=True, identifier=True),
    Column("event_ts", TIMESTAMP, "Time of the crossing"),
    Column("event_date", DAY, "Local date of the crossing", required=True),
    Column("direction", TEXT, "Arrival or departure", required=True, allowed=("A", "D")),
    Column("mode", TEXT, "Way of travel", allowed=("air", "land", "sea")),
    Column("port", TEXT, "Port in the country"),
    Column("foreign_port", TEXT, "Port on the other side"),
    Column("flight_no", TEXT, "Flight"),
    Column("leg_seq", SMALL, "Number of the leg in the journey", minimum=1),
    Column("itin_id", TEXT, "Journey that the leg belongs to"),
    Column("nationality", TEXT, "ISO 3166-1 alpha-3"),
    Column("residence_country", TEXT, "Country of residence as stated, ISO 3166-1 alpha-3"),
    Column("birth_country", TEXT, "ISO 3166-1 alpha-3"),
    Column("birth_year_band", SMALL, "First year of the five-year band of birth", minimum=1890, maximum=2100),
    Column("sex", TEXT, "Sex", allowed=("F", "M", "U")),
    Column("visa_class", TEXT, "Class of visa"),
    Column("intended_stay_days", SMALL, "Stay that the traveller stated", "days", minimum=0),
    Column("one_way_ticket", FLAG, "Whether the ticket has no return"),
    Column("doc_link_quality", REAL, "How sure the link to the traveller is, 0 to 1", minimum=0, maximum=1),
    Column("source", TEXT, "Record that the row comes from", allowed=("API", "PNR", "border")),
    Column("retention_expiry", DAY, "Last day on which the row may be kept"),
)
AIR_OD_MONTH_COLUMNS = (
    Column("period", DAY, "Month, its first day", required=True),
    Column("origin", TEXT, "Airport, city or country of departure", required=True),
    Column("destination", TEXT, "Airport, city or country of arrival", required=True),
    Column("origin_country", TEXT, "Country of departure, ISO 3166-1 alpha-3 or as the source spells it"),
    Column("destination_country", TEXT, "Country of arrival, likewise"),
    Column("measure", TEXT, "What is counted", required=True, allowed=("od_true", "segment", "on_board")),
    Column("carrier", TEXT, "Carrier; `_T` where the source sums over carriers", required=True),
    Column("passengers", INT, "Passengers", "persons", minimum=0),
    Column("seats", INT, "Seats", minimum=0),
    Column("flights", INT, "Flights", minimum=0),
    Column("one_way_share", REAL, "Share of one-way tickets", minimum=0, maximum=1),
    Column("source", TEXT, "Publication"),
    Column("revision", SMALL, "Number of the revision", minimum=0),
    Column("is_estimated", FLAG, "Whether the source estimated the figure"),
    Column("year_basis", TEXT, "How the source's year runs", allowed=("calendar", "year_ended_aug")),
)
AUDIENCE_ESTIMATE_COLUMNS = (
    Column("snapshot_ts", TIMESTAMP, "Time of the query", required=True),
    Column("platform", TEXT, "Platform", required=True),
    Column("api_version", TEXT, "Version of the platform's interface"),
    Column("query_hash", TEXT, "Hash of the query", required=True),
    Column("geo_level", TEXT, "Level of the place", required=True, allowed=("country", "area", "city")),
    Column("geo_code", TEXT, "Place that the audience is in", required=True),
    Column("origin_code", TEXT, "Country that the audience comes from; `_T` for all users", required=True),
    Column("age_min", SMALL, "Youngest age", "years", minimum=0, maximum=120),
    Column("age_max", SMALL, "Oldest age", "years", minimum=0, maximum=120),
    Column("sex", TEXT, "Sex", allowed=("F", "M", "_T")),
    Column("dau", INT, "Daily active users", "persons", minimum=0),
    Column("mau", INT, "Monthly active users", "persons", minimum=0),
    Column("mau_lower", INT, "Lower bound stated by the platform", "persons", minimum=0),
    Column("mau_upper", INT, "Upper bound stated by the platform", "persons", minimum=0),
    Column("floor_value", INT, "Smallest figure that the platform states", "persons", minimum=0),
    Column("is_censored", FLAG, "Whether the figure is the floor and so an upper bound"),
    Column("denominator_mau", INT, "Users of the place in all", "persons", minimum=0),
    Column("definition_regime", TEXT, "Definition in force at the platform"),
)
GEOTAGGED_POST_COLUMNS = (
    Column("user_id", TEXT, "User, as the platform names him", required=True, identifier=True),
    Column("ts_utc", TIMESTAMP, "Time of the post", required=True),
    Column("h3", INT, "H3 cell, resolution 5"),
    Column("country", TEXT, "Country, ISO 3166-1 alpha-3", required=True),
    Column("admin1", TEXT, "First level of administration"),
    Column("geo_source", TEXT, "Where the place comes from", allowed=("gps", "place", "profile")),
    Column("client_app", TEXT, "Program that posted"),
    Column("is_bot_score", REAL, "How sure it is that no person posted, 0 to 1", minimum=0, maximum=1),
    Column("lang", TEXT, "Language"),
)
STOP_COLUMNS = (
    Column("user_id", TEXT, "User", required=True, identifier=True),
    Column("start_ts", TIMESTAMP, "Begin of the stop, local time kept as UTC", required=True),
    Column("end_ts", TIMESTAMP, "End of the stop; a GPS fix has the begin", required=True),
    Column("place", TEXT, "Place", required=True),
    Column("h3", INT, "H3 cell"),
    Column("label", TEXT, "True label of the place, in test data"),
)
OFFICIAL_SERIES_COLUMNS = (
    Column("series_id", TEXT, "Series", required=True),
    Column("source", TEXT, "Office and publication", required=True),
    Column("concept", TEXT, "Concept, with its rule", required=True),
    Column("population", TEXT, "Population that it covers"),
    Column("unit", TEXT, "Unit", required=True),
    Column("area", TEXT, "Area (of origin, for a matrix); `_T` for the country", required=True),
    Column("partner_area", TEXT, "Country of origin or destination, or area of destination; `_T`", required=True),
    Column("sex", TEXT, "Sex or `_T`", required=True),
    Column("age", TEXT, "Five-year age group, `Y25T29`, or `_T`", required=True),
    Column("subpopulation", TEXT, "One of the four subpopulations or `_T`", required=True),
    Column("frequency", TEXT, "Length of the period", required=True, allowed=("D", "W", "M", "Q", "S", "A")),
    Column("period", DAY, "First day of the period", required=True),
    Column("value", REAL, "Value", required=True),
    Column("se", REAL, "Standard error, if stated"),
    Column("status", TEXT, "Status, as the office states it"),
    Column("vintage", DAY, "Month of publication, its first day", required=True),
    Column("licence", TEXT, "Licence"),
)

MOBILE_EVENT = bronze_table(
    "mobile_event", "One event of one subscriber", MOBILE_EVENT_COLUMNS, ("event_id", "partner")
)
MOBILE_CELL = bronze_table(
    "mobile_cell", "One antenna in one period", MOBILE_CELL_COLUMNS, ("cell_id", "partner", "valid_from")
)
BORDER_MOVEMENT = bronze_table(
    "border_movement", "One crossing of the border by one person", BORDER_MOVEMENT_COLUMNS, ("movement_id", "partner")
)
AIR_OD_MONTH = bronze_table(
    "air_od_month",
    "Passengers of one month, from one place to another, by carrier",
    AIR_OD_MONTH_COLUMNS,
    ("period", "origin", "destination", "measure", "carrier", "partner"),
)
AUDIENCE_ESTIMATE = bronze_table(
    "audience_estimate", "One answer of a platform", AUDIENCE_ESTIMATE_COLUMNS, ("query_hash", "snapshot_ts", "partner")
)
GEOTAGGED_POST = bronze_table(
    "geotagged_post",
    "One post with a place, without its text",
    GEOTAGGED_POST_COLUMNS,
    ("person_key", "ts_utc", "partner"),
)
STOP = bronze_table(
    "stop", "One stop of one user (test data)", STOP_COLUMNS, ("person_key", "start_ts", "end_ts", "place", "partner")
)
OFFICIAL_SERIES = bronze_table(
    "official_series",
    "One value of one official series in one vintage",
    OFFICIAL_SERIES_COLUMNS,
    ("series_id", "area", "partner_area", "sex", "age", "subpopulation", "frequency", "period", "vintage"),
)


FEEDS: dict[str, Feed] = {
    bronze.name: Feed(bronze.name, columns, bronze)
    for columns, bronze in (
        (MOBILE_EVENT_COLUMNS, MOBILE_EVENT),
        (MOBILE_CELL_COLUMNS, MOBILE_CELL),
        (BORDER_MOVEMENT_COLUMNS, BORDER_MOVEMENT),
        (AIR_OD_MONTH_COLUMNS, AIR_OD_MONTH),
        (AUDIENCE_ESTIMATE_COLUMNS, AUDIENCE_ESTIMATE),
        (GEOTAGGED_POST_COLUMNS, GEOTAGGED_POST),
        (STOP_COLUMNS, STOP),
        (OFFICIAL_SERIES_COLUMNS, OFFICIAL_SERIES),
    )
}
