"""The country of an airport by its IATA code, from `airportsdata`."""

from functools import cache

from sandbox.errors import EnvironmentFaultError
from sandbox.feeds.readers.countries import alpha_3


def country_of_airport(code: str) -> str | None:
    """Return the ISO 3166-1 alpha-3 code of an airport's country; None where the code names no airport."""
    country = _countries().get(code.upper())
    return alpha_3(country) if country else None


@cache
def _countries() -> dict[str, str]:
    try:
        # Imported here: only these records need it, and the checker is small without.
        import airportsdata  # noqa: PLC0415
    except ImportError:
        raise EnvironmentFaultError(
            "The countries of airports are not installed.",
            "Install the package airportsdata, or send departure_country and arrival_country with each leg.",
        ) from None
    return {code: airport["country"] for code, airport in airportsdata.load("IATA").items()}
