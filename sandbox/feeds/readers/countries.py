"""ISO 3166-1 alpha-3 codes of countries as sources spell them: by code, by name, and the spellings below."""

from functools import lru_cache

import pycountry

# Eurostat's codes for Greece, the United Kingdom and Kosovo; Germany on passports; names that ISO spells otherwise;
# the names of Meta's "expats".
SPELLINGS = {
    "D": "DEU",
    "EL": "GRC",
    "UK": "GBR",
    "XK": "XKX",
    "UAE": "ARE",
    "Turkey": "TUR",
    "Russia": "RUS",
    "Ivory Coast": "CIV",
    "DR Congo": "COD",
    "Congo DRC": "COD",
    "China, People's Republic of": "CHN",
    "Estonian": "EST",
    "Pakistani": "PAK",
    "Macedonia": "MKD",
    "Kosovo": "XKX",
}


@lru_cache(maxsize=4_096)
def alpha_3(name: str) -> str:
    """Return the ISO 3166-1 alpha-3 code of a country as a source spells it; an unknown name as it stands."""
    if name in SPELLINGS:
        return SPELLINGS[name]
    try:
        return str(pycountry.countries.lookup(name).alpha_3)
    except LookupError:
        return name
