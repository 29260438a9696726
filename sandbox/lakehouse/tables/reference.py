"""Reference tables: versioned, with their source; loaded like a delivery.

Codes of countries and of airports with an IATA code come from `pycountry` and `airportsdata`; `port` and `country` hold
what these do not know: land posts and harbours, and names as a country's own feeds spell them.
"""

from sandbox.lakehouse.table import DAY, INT, REAL, TEXT, Column
from sandbox.lakehouse.tables.feeds import Feed, bronze_table

AREA_COLUMNS = (
    Column("area_id", TEXT, "Area", required=True),
    Column("parent", TEXT, "Area that it belongs to; empty at the top"),
    Column("name", TEXT, "Name", required=True),
    Column("time_zone", TEXT, "IANA time zone", required=True),
    Column("geometry", TEXT, "Outline as GeoJSON (longitude, latitude)", required=True),
    Column("year", INT, "Year of the population", required=True),
    Column("population", INT, "Residents", "persons", minimum=0, required=True),
    Column("source", TEXT, "Where the row comes from", required=True),
)
NETWORK_COLUMNS = (
    Column("mcc", TEXT, "Mobile country code", required=True),
    Column("country", TEXT, "ISO 3166-1 alpha-3", required=True),
    Column("source", TEXT, "Where the row comes from", required=True),
)
PORT_COLUMNS = (
    Column("port", TEXT, "IATA code of an airport, UN/LOCODE of any other place", required=True),
    Column("name", TEXT, "Name", required=True),
    Column("country", TEXT, "ISO 3166-1 alpha-3", required=True),
    Column("mode", TEXT, "Way of travel", required=True, allowed=("air", "land", "sea")),
    Column("area_id", TEXT, "Area in which a port of the country lies"),
    Column("lat", REAL, "Latitude", "degrees", minimum=-90, maximum=90),
    Column("lon", REAL, "Longitude", "degrees", minimum=-180, maximum=180),
    Column("source", TEXT, "Where the row comes from", required=True),
)
COUNTRY_COLUMNS = (
    Column("spelling", TEXT, "Name or code as a feed spells it", required=True),
    Column("country", TEXT, "ISO 3166-1 alpha-3", required=True),
    Column("source", TEXT, "Feed or publication that spells it so", required=True),
)
CALENDAR_COLUMNS = (
    Column("day", DAY, "Day", required=True),
    Column("area_id", TEXT, "Area that it concerns; `_T` for the country", required=True),
    Column("kind", TEXT, "What the day is", required=True, allowed=("holiday", "shock")),
    Column("name", TEXT, "Name", required=True),
    Column("severity", REAL, "Strength of a shock, 0 to 1", minimum=0, maximum=1),
    Column("source", TEXT, "Where the row comes from", required=True),
)

AREA = bronze_table("area", "One area in one year", AREA_COLUMNS, ("area_id", "year"))
NETWORK = bronze_table("network", "One mobile country code", NETWORK_COLUMNS, ("mcc",))
PORT = bronze_table("port", "One place where the border is crossed", PORT_COLUMNS, ("port",))
COUNTRY = bronze_table("country", "One spelling of one country", COUNTRY_COLUMNS, ("spelling",))
CALENDAR = bronze_table("calendar", "One holiday or shock in one area", CALENDAR_COLUMNS, ("day", "area_id", "name"))

REFERENCE: dict[str, Feed] = {
    bronze.name: Feed(bronze.name, columns, bronze)
    for columns, bronze in (
        (AREA_COLUMNS, AREA),
        (NETWORK_COLUMNS, NETWORK),
        (PORT_COLUMNS, PORT),
        (COUNTRY_COLUMNS, COUNTRY),
        (CALENDAR_COLUMNS, CALENDAR),
    )
}
