"""Reads crossings and presence; writes homes, changes of residence and spells."""

from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.concepts.codes import TOTAL
from sandbox.concepts.rules import RULES
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.store import Value
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT, GEOTAGGED_POST, MOBILE_EVENT
from sandbox.lakehouse.tables.persons import HOME, PRESENCE_DAY, RESIDENCE_CHANGE, SPELL
from sandbox.lakehouse.tables.reference import CALENDAR
from sandbox.residence.crossings import NEEDED, Judgement
from sandbox.residence.places import Presence, Shock

RULE_OF_FEED = {MOBILE_EVENT.name: RULES["INT_50"], GEOTAGGED_POST.name: RULES["POST_50"]}
CROSSING_RULE = RULES["NZ_12_16"]


def run(run: StageRun) -> None:
    """Judge crossings by the main rule, and presence by the rule of its feed."""
    for feed, rule in RULE_OF_FEED.items():
        run.say(f"homes, moves and stays away of {feed}")
        _from_presence(run, Presence(feed, rule, run.vintage, _shocks(run)))
    run.say("crossings, decided and undecided")
    _from_crossings(run)


def _from_presence(run: StageRun, presence: Presence) -> None:
    days = run.read(PRESENCE_DAY).where(F.col("feed") == presence.feed).where(F.col("events") > 0)
    seen = days.where(F.col("local_date") < F.lit(run.observed_until)).select(
        "person_key", "bucket", "home_country", "local_date", "place", "weight"
    )
    run.write_persons(seen, presence.homes, HOME, ("local_date", "place"), feed=presence.feed)
    homes = run.read(HOME).where(F.col("feed") == presence.feed)
    of_feed: dict[str, Value] = {"vintage": run.vintage, "feed": presence.feed}
    run.write_persons(homes, presence.changes, RESIDENCE_CHANGE, ("month",), **of_feed)
    run.write_persons(seen, presence.temporary, SPELL, ("local_date", "place"), **of_feed)


def _from_crossings(run: StageRun) -> None:
    judgement = Judgement(CROSSING_RULE, run.observed_until, run.workspace.settings.country.code, run.vintage)
    feed = BORDER_MOVEMENT.name
    movements = _movements(run)
    order = ("event_date", "event_ts", "movement_id")
    run.write_persons(movements, judgement.stays, SPELL, order, vintage=run.vintage, feed=feed)
    run.write_persons(movements, judgement.changes, RESIDENCE_CHANGE, order, vintage=run.vintage, feed=feed)


def _movements(run: StageRun) -> DataFrame:
    """Return the crossings that the vintage has seen whole: none falls on its first unseen day."""
    return run.read(BORDER_MOVEMENT).where(F.col("event_date") < F.lit(run.observed_until)).select(*NEEDED)


def _shocks(run: StageRun) -> tuple[Shock, ...]:
    rows = run.read_small(CALENDAR, kind="shock").to_pylist()
    known: list[tuple[str, date]] = [(row["area_id"], row["day"]) for row in rows if row["day"] < run.observed_until]
    return tuple(Shock(area, day) for area, day in known if area != TOTAL)
