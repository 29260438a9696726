"""What happens in the synthetic country, read from `scenario.toml`: every number that a person may want to turn."""

import tomllib
from datetime import date
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, ValidationError

from sandbox.errors import CallError
from sandbox.settings import Strict
from sandbox.synthetic.chance import Reals

Share = Annotated[float, Field(ge=0, le=1)]
Range = tuple[int, int]
EVERY_MONTH = (1.0,) * 12


class Country(Strict):
    """Codes of the country: of its people, of its network, of its airport."""

    code: str
    mcc: str
    port: str


class Window(Strict):
    """First and last days of the truth and of what is observed."""

    start: date
    border_from: date
    posts_from: date
    audience_from: date
    mobile_from: date
    observed_to: date
    truth_to: date


class Population(Strict):
    """The settled population and how it moves."""

    persons: int
    births_per_year: float
    foreign_born: Share
    foreign_born_citizens: Share
    native_foreigners: Share
    acquire_per_year: Share
    give_up_per_year: Share
    emigrants_per_month: float
    emigrants_returning: Share
    moves_per_year: float
    seasonal_per_year: float
    weekend_homes: Share
    commuters: Share


class Closure(Strict):
    """The closure of the border."""

    start: date
    end: date
    stuck: Share
    residents_trips_kept: Share


class Earthquake(Strict):
    """The earthquake that displaces people inside the country."""

    area: str
    day: date
    displaced: Share
    for_good: Share
    days: Range


class Mobile(Strict):
    """The mobile operator's customers and what it sees of them."""

    sims: int
    second_sim: Share
    shared_sim: Share
    m2m: Share
    churn_per_year: float
    same_operator_after_churn: Share
    seen: tuple[float, float]
    events_per_seen_day: float
    misplaced: Share
    night_shift: Share
    roamer_share: Share
    cells: int
    swapped_cells: int
    outages: int


class Border(Strict):
    """What the border office gets wrong."""

    missed: Share
    duplicated: Share
    unlinked: Share
    broken: float
    missing_covariate: Share
    intended_missing: Share
    intended_wrong: Share


class Audience(Strict):
    """How the platform counts its users."""

    break_month: date
    break_low: Share
    break_high: Share
    floors: tuple[int, int]


class Posts(Strict):
    """Who posts, and how often."""

    users: int
    bots: Share
    per_month: float


class Office(Strict):
    """How well, and when, the office publishes."""

    relative_error: float
    revised_error: float
    delay_months: int
    revision_months: int
    stock_error: float
    unknown_group: Share


class Area(Strict):
    """One area: share of the residents, and its place on the grid of outlines (column, row)."""

    id: str
    name: str
    time_zone: str
    share: Share
    corner: tuple[int, int]


class Origin(Strict):
    """One foreign country: weights among settlers, visitors and as a destination; users per head there born."""

    code: str
    mcc: str
    port: str
    place: tuple[float, float]
    settlers: Share
    visitors: Share
    destination: Share
    penetration: Share


class TripKind(Strict):
    """Trips abroad of some of a group: `share` of the persons, `per_year` each, `days` long."""

    name: str
    share: Share
    per_year: float
    days: Range
    season: tuple[float, ...] = EVERY_MONTH


class Group(Strict):
    """People who come for one reason. `stay` is a mixture of (share, from, to) in days."""

    name: str
    purpose: str
    monthly: float
    repeats: float = 0.0
    gap: Range = (60, 400)
    yearly: bool = False
    stay: tuple[tuple[float, int, int], ...] = ()
    season: tuple[float, ...] = EVERY_MONTH
    ages: Range = (0, 90)
    only: str = ""
    opens: date | None = None
    closure_kept: Share = 0.2
    visa: dict[str, float] = Field(default={"resident": 1.0})
    one_way: Share = 0.3
    stated_exact: Share = 0.5
    trip: tuple[TripKind, ...] = ()


class Scenario(Strict):
    """The whole file."""

    country: Country
    window: Window
    population: Population
    closure: Closure
    earthquake: Earthquake
    mobile: Mobile
    border: Border
    audience: Audience
    posts: Posts
    office: Office
    area: tuple[Area, ...]
    origin: tuple[Origin, ...]
    group: tuple[Group, ...]

    @cached_property
    def area_ids(self) -> list[str]:
        """Areas in the order of their numbers."""
        return [area.id for area in self.area]

    @cached_property
    def countries(self) -> list[str]:
        """Foreign countries in the order of their numbers."""
        return [origin.code for origin in self.origin]

    @cached_property
    def group_names(self) -> list[str]:
        """Groups in the order of their numbers."""
        return [group.name for group in self.group]

    @cached_property
    def area_shares(self) -> Reals:
        """Share of the residents by area."""
        return np.array([area.share for area in self.area])


def read(path: Path | None = None) -> Scenario:
    """Read a scenario file, or the one that is shipped; `CallError` names the setting that is wrong."""
    shipped = resources.files("sandbox.synthetic").joinpath("scenario.toml")
    text = path.read_text("utf-8") if path else shipped.read_text("utf-8")
    try:
        return Scenario.model_validate(tomllib.loads(text))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise CallError(f"The scenario can't be read: {error}", "Mend the setting that is named.") from error
