"""What each indicator claims to measure, beside its rule: the estimate's side of the alignment."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sandbox.benchmark.alignment import Declared
from sandbox.concepts.indicators import Indicator

RESIDENTS, TRAVELLERS = "usual residents", "all travellers"
SEGMENTS_FOR_MAIN_AREA = {
    "concept": "segments with 90 days or more on each side stand for the main area of 7 of 13 months; "
    "stays of three to six months count in the estimate alone"
}


@dataclass(frozen=True)
class Claim:
    """The concept and population that an indicator's figures claim; `conversions` by field, as published."""

    concept: str = ""
    population: str = RESIDENTS
    conversions: Mapping[str, str] = field(default_factory=dict)


CLAIMS: dict[str, Claim] = {
    **dict.fromkeys(("IMM", "EMI", "NET", "IMM_ADJ"), Claim(population=TRAVELLERS)),
    **dict.fromkeys(("INT_FLOW", "IN_AREA"), Claim(conversions=SEGMENTS_FOR_MAIN_AREA)),
    "STOCK_ORIGIN": Claim(
        concept="usual residence, 1 July",
        population="foreign-born residents",
    ),
    "NET_AIR": Claim(concept="air passengers in less out", population="all passengers"),
}


def claim_of(indicator: Indicator) -> Claim:
    """Return the indicator's claim; without one of its own it claims its rule, of usual residents."""
    return CLAIMS.get(indicator.id, Claim())


def declared_estimate(indicator: Indicator, territory: str, frequency: str, calibrated_to: str) -> Declared:
    """Return what the estimate says that it is; the values compared are those before any adjustment."""
    claim = claim_of(indicator)
    fields = {
        "concept": claim.concept or indicator.rule_id,
        "population": claim.population,
        "territory": territory,
        "period": frequency,
        "unit": indicator.unit,
    }
    return Declared(fields, calibrated_to=calibrated_to)
