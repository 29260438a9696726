"""Reference tables: versioned, with their source; loaded like a delivery.

Codes of countries and airports come from `pycountry` and `airportsdata` and need no table.
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
CALENDAR = bronze_table("calendar", "One holiday or shock in one area", CALENDAR_COLUMNS, ("day", "area_id", "name"))

REFERENCE: dict[str, Feed] = {
    bronze.name: Feed(bronze.name, columns, bronze)
    for columns, bronze in ((AREA_COLUMNS, AREA), (NETWORK_COLUMNS, NETWORK), (CALENDAR_COLUMNS, CALENDAR))
}
