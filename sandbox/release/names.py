"""Names of codes for people: areas from the office's own table, countries from ISO 3166, indicators, ages."""

import re
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pycountry

from sandbox.concepts.codes import TOTAL
from sandbox.concepts.indicators import INDICATORS


@dataclass(frozen=True)
class Names:
    """The names that one edition uses; an unknown code stands for itself."""

    country_code: str
    country_name: str
    areas: dict[str, str]

    def place(self, code: str) -> str:
        """Return the name of an area or a country."""
        if code == TOTAL:
            return "Total"
        if code == self.country_code:
            return self.country_name
        if code in self.areas:
            return self.areas[code]
        country: Any = pycountry.countries.get(alpha_3=code)
        return str(getattr(country, "common_name", country.name)) if country else code

    def indicator(self, indicator_id: str) -> str:
        """Return the name of an indicator."""
        known = INDICATORS.get(indicator_id)
        return known.name if known else indicator_id

    def age(self, code: str) -> str:
        """Return `25 to 29 years` for `Y25T29`."""
        between = re.fullmatch(r"Y(\d+)T(\d+)", code)
        if between:
            return f"{int(between[1])} to {int(between[2])} years"
        over = re.fullmatch(r"Y_GE(\d+)", code)
        if over:
            return f"{int(over[1])} years and over"
        return {TOTAL: "All ages", "U": "Unknown"}.get(code, code)


def latest_areas(area: pa.Table) -> list[dict[str, Any]]:
    """Return the newest row of each area, by id."""
    newest: dict[str, dict[str, Any]] = {}
    for row in sorted(area.to_pylist(), key=lambda row: (row["area_id"], row["year"], row["delivery_id"])):
        newest[row["area_id"]] = row
    return list(newest.values())


def names_of(country_code: str, country_name: str, area: pa.Table) -> Names:
    """Return the names of this country and its areas."""
    return Names(country_code, country_name, {row["area_id"]: row["name"] for row in latest_areas(area)})
