"""How a temporary spell is typed: rules as data. The first that holds gives the code; where none does, `unknown`.

A rule is a list of bounds on what is known of the spell; it does not hold where one of them can't be computed. The
bounds come from the definitions that `source` names, or are stated as our own; none was fitted to data.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import inf

from sandbox.concepts.codes import CODE_OF_VISA, InternalMobility, TemporaryMobility

DAYS_AFTER_SHOCK = 30
STAY_DAYS = 5  # a spell this long or longer is a stay; rhythm and season are those of stays
WEEKEND = (4, 5, 6)  # weekdays from Monday = 0: Friday's evening to Sunday
MISSING = ""  # stands for a class of visa that is not known


class Feature(StrEnum):
    """What a rule may ask of a spell; the spells meant are those of the same person in the same place."""

    DAYS = "days"
    VISITS = "visits"
    VISITS_IN_YEAR = "visits_in_year"
    WEEKEND_SHARE = "weekend_share"
    STAYS = "stays"
    STAYS_IN_YEAR = "stays_in_year"
    YEARS = "years"
    CYCLE_DAYS = "cycle_days"
    REGULAR_SHARE = "regular_share"
    AWAY_SHARE = "away_share"
    SHOCK_SHARE = "shock_share"
    ONWARD = "onward"


MEANING: dict[Feature, str] = {
    Feature.DAYS: "likeliest days away; between two crossings, the days from one to the other",
    Feature.VISITS: "spells of any length in the place",
    Feature.VISITS_IN_YEAR: "those that begin within half a year of this one, itself included",
    Feature.WEEKEND_SHARE: "share of the days seen there, or of arrivals, that are Friday to Sunday",
    Feature.STAYS: f"spells of {STAY_DAYS} days and more in the place",
    Feature.STAYS_IN_YEAR: "those that begin within half a year of this one, itself included",
    Feature.YEARS: "years with a stay that shares half of its days with this one, year on year",
    Feature.CYCLE_DAYS: "median of days from the start of one stay to that of the next",
    Feature.REGULAR_SHARE: "share of these steps within a quarter of their median",
    Feature.AWAY_SHARE: "days of this stay relative to the cycle",
    Feature.SHOCK_SHARE: f"share of the days on which it may have begun within {DAYS_AFTER_SHOCK} days after a shock "
    "in the place that was left",
    Feature.ONWARD: "1 if he left for another country than he came from, else 0",
}


@dataclass(frozen=True)
class Bound:
    """Both ends belong to what is allowed."""

    feature: Feature
    least: float = -inf
    most: float = inf

    def __str__(self) -> str:
        """Say it as a reader would."""
        if self.least == self.most:
            return f"{self.feature} = {self.least:g}"
        low = "" if self.least == -inf else f"{self.least:g} ≤ "
        return f"{low}{self.feature}" + ("" if self.most == inf else f" ≤ {self.most:g}")


@dataclass(frozen=True)
class TypingRule:
    """A code, what must hold for it, and the classes of visa that it asks for (none: any)."""

    code: TemporaryMobility | InternalMobility
    bounds: tuple[Bound, ...]
    source: str
    visas: tuple[str, ...] = ()


OWN = "own rule"
EU_2014_36 = "own rule; nine months at most, as Directive 2014/36/EU on seasonal work"
EU_883 = "back at least once a week, as Regulation (EC) 883/2004; how often a year is our own"
IRTS_2008 = "UN, International Recommendations for Tourism Statistics 2008"
IDPS = "UN, International Recommendations on IDP Statistics; the 30 days are our own"
VISA = "class of visa"

IS_CIRCULAR = (
    Bound(Feature.DAYS, 30, 364),
    Bound(Feature.STAYS, 3),
    Bound(Feature.CYCLE_DAYS, most=550),
    Bound(Feature.REGULAR_SHARE, 0.5),
)
IS_BORDER_WORK = (
    Bound(Feature.DAYS, most=6),
    Bound(Feature.VISITS_IN_YEAR, 40),
    Bound(Feature.WEEKEND_SHARE, most=0.4),
)
# Who is away day and night is there on three days of seven; a commuter on one of five, for Friday is a workday.
NO_COMMUTER = Bound(Feature.WEEKEND_SHARE, 0.3)
IS_SAME_DAY = (Bound(Feature.DAYS, most=0),)

INSIDE: tuple[TypingRule, ...] = (
    TypingRule(
        InternalMobility.DISPLACEMENT,
        (Bound(Feature.SHOCK_SHARE, 0.5), Bound(Feature.DAYS, 7)),
        IDPS,
    ),
    TypingRule(
        InternalMobility.WEEKEND_HOME,
        (Bound(Feature.WEEKEND_SHARE, 0.8), Bound(Feature.VISITS, 6), Bound(Feature.DAYS, most=30)),
        OWN,
    ),
    TypingRule(
        InternalMobility.WORK_ROTATION,
        (
            Bound(Feature.DAYS, STAY_DAYS, 42),
            Bound(Feature.STAYS, 4),
            Bound(Feature.CYCLE_DAYS, 10, 84),
            Bound(Feature.REGULAR_SHARE, 0.6),
            Bound(Feature.AWAY_SHARE, 0.25, 0.75),
            NO_COMMUTER,
        ),
        OWN,
    ),
    TypingRule(
        InternalMobility.STUDY,
        (
            Bound(Feature.DAYS, 50, 182),
            Bound(Feature.STAYS, 3),
            Bound(Feature.CYCLE_DAYS, 90, 240),
            Bound(Feature.REGULAR_SHARE, 0.6),
            Bound(Feature.AWAY_SHARE, 0.5),
            NO_COMMUTER,
        ),
        OWN,
    ),
    TypingRule(
        InternalMobility.SEASONAL,
        (Bound(Feature.DAYS, 14, 274), Bound(Feature.YEARS, 2), Bound(Feature.STAYS_IN_YEAR, most=1), NO_COMMUTER),
        EU_2014_36,
    ),
)
"""Spells inside the country, seen by presence."""

VISITORS: tuple[TypingRule, ...] = (
    TypingRule(TemporaryMobility.BORDER_WORKER, IS_BORDER_WORK, EU_883),
    TypingRule(TemporaryMobility.TRANSIT, (Bound(Feature.DAYS, most=1), Bound(Feature.ONWARD, 1)), IRTS_2008),
    TypingRule(TemporaryMobility.TRANSIT, (Bound(Feature.DAYS, most=1),), VISA, ("transit",)),
    TypingRule(TemporaryMobility.VISITOR_SAME_DAY, IS_SAME_DAY, IRTS_2008),
    TypingRule(
        TemporaryMobility.SEASONAL_WORKER,
        (Bound(Feature.DAYS, 14, 274), Bound(Feature.YEARS, 2), Bound(Feature.STAYS_IN_YEAR, most=1)),
        EU_2014_36,
        ("work", "working_holiday", MISSING),
    ),
    TypingRule(
        TemporaryMobility.CIRCULAR,
        IS_CIRCULAR,
        OWN,
        ("visitor", "work", "working_holiday", "resident", MISSING),
    ),
    *(TypingRule(code, (), VISA, (visa,)) for visa, code in CODE_OF_VISA.items()),
)
"""Stays of non-residents in the country, between two crossings."""

ABROAD: tuple[TypingRule, ...] = (
    TypingRule(TemporaryMobility.BORDER_WORKER, IS_BORDER_WORK, EU_883),
    TypingRule(TemporaryMobility.VISITOR_SAME_DAY, IS_SAME_DAY, IRTS_2008),
    TypingRule(TemporaryMobility.CIRCULAR, IS_CIRCULAR, OWN),
)
"""Trips to another country, by crossings of residents or by presence: nothing but rhythm tells why."""

TYPING: dict[str, tuple[TypingRule, ...]] = {
    "inside the country": INSIDE,
    "visitors": VISITORS,
    "abroad": ABROAD,
}
