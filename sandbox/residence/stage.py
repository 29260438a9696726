"""Reads crossings and presence; writes homes, changes of residence and spells."""

from datetime import date
from functools import partial, reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.concepts.codes import TOTAL
from sandbox.concepts.rules import RULES
from sandbox.lakehouse.batches import PersonFunction
from sandbox.lakehouse.increment import Base, base_of, carried_over, persons_in
from sandbox.lakehouse.run import StageRun, observed_until
from sandbox.lakehouse.store import Value
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT, GEOTAGGED_POST, MOBILE_EVENT
from sandbox.lakehouse.tables.persons import HOME, PRESENCE_DAY, RESIDENCE_CHANGE, SPELL
from sandbox.lakehouse.tables.reference import CALENDAR
from sandbox.persons.temporary import Shock
from sandbox.residence.carry import Carry
from sandbox.residence.crossings import NEEDED, Judgement
from sandbox.residence.places import Presence

RULE_OF_FEED = {MOBILE_EVENT.name: RULES["INT_50"], GEOTAGGED_POST.name: RULES["POST_50"]}
CROSSING_RULE = RULES["NZ_12_16"]
ORDER = ("event_date", "event_ts", "movement_id")


def run(run: StageRun) -> None:
    """Judge crossings by the main rule, and presence by the rule of its feed."""
    for feed, rule in RULE_OF_FEED.items():
        run.say(f"homes, moves and stays away of {feed}")
        _from_presence(run, Presence(feed, rule, run.vintage, _shocks(run)))
    run.say("crossings, decided and undecided")
    from_crossings(run)


def _from_presence(run: StageRun, presence: Presence) -> None:
    days = run.read(PRESENCE_DAY).where(F.col("feed") == presence.feed).where(F.col("events") > 0)
    seen = days.where(F.col("local_date") < F.lit(run.observed_until)).select(
        "person_key", "bucket", "home_country", "local_date", "place", "country", "weight"
    )
    run.write_persons(seen, presence.homes, HOME, ("local_date", "place"), feed=presence.feed)
    homes = run.read(HOME).where(F.col("feed") == presence.feed)
    of_feed: dict[str, Value] = {"vintage": run.vintage, "feed": presence.feed}
    run.write_persons(homes, presence.changes, RESIDENCE_CHANGE, ("month",), **of_feed)
    run.write_persons(seen, presence.temporary, SPELL, ("local_date", "place"), **of_feed)


def from_crossings(run: StageRun) -> None:
    """Judge crossings by the main rule: of the persons concerned where an earlier run holds, else of everybody."""
    judgement = Judgement(CROSSING_RULE, run.observed_until, run.workspace.settings.country.code, run.vintage)
    feed, movements = BORDER_MOVEMENT.name, _movements(run)
    base = base_of(run, (SPELL, RESIDENCE_CHANGE), BORDER_MOVEMENT, feed)
    carry = None
    if base:
        run.say("of persons with a new crossing or a decision falling due; all others as before")
        carry = Carry(base.vintage, run.vintage)
        movements = _of(concerned(run, base), movements)
    of_feed: dict[str, Value] = {"vintage": run.vintage, "feed": feed}
    for table, function, change in (
        (SPELL, judgement.stays, carry and carry.stays),
        (RESIDENCE_CHANGE, judgement.changes, carry and carry.changes),
    ):
        carried = carried_over(run, base, table, feed, change) if base and change else None
        run.write_persons(movements, partial(_there, function=function), table, ORDER, carried, **of_feed)


def concerned(run: StageRun, base: Base) -> DataFrame:
    """Return `person_key, bucket` of everybody for whom something can differ from what the base says.

    Who has a row that the base had not seen, or one of a day after it; in a later vintage also who has an undecided
    crossing, or was away for a time and not back yet.
    """
    parts = [persons_in(run, base, BORDER_MOVEMENT)]
    if base.vintage != run.vintage:
        until = observed_until(base.vintage)
        parts.append(_movements(run).where(F.col("event_date") >= F.lit(until)))
        of_base = (F.col("vintage") == F.lit(base.vintage)) & (F.col("feed") == BORDER_MOVEMENT.name)
        parts.append(run.read(RESIDENCE_CHANGE).where(of_base & ~F.col("decided")))
        parts.append(run.read(SPELL).where(of_base & (F.col("kind") == "temporary") & ~F.col("end_seen")))
    known = [part.select("person_key", "bucket") for part in parts if part is not None]
    nobody = _movements(run).where(F.lit(False)).select("person_key", "bucket")
    return reduce(DataFrame.union, known, nobody).distinct()


def _of(persons: DataFrame, movements: DataFrame) -> DataFrame:
    """Return the rows of these persons; a person without any has one row without a movement."""
    return persons.join(movements, ["bucket", "person_key"], "left").select(*NEEDED)


def _there(rows: pa.Table, function: PersonFunction) -> pa.Table:
    """Apply the function to the rows that hold a movement."""
    return function(rows.filter(pc.is_valid(rows["movement_id"])))


def _movements(run: StageRun) -> DataFrame:
    """Return the crossings that the vintage has seen whole: none falls on its first unseen day."""
    return run.read(BORDER_MOVEMENT).where(F.col("event_date") < F.lit(run.observed_until)).select(*NEEDED)


def _shocks(run: StageRun) -> tuple[Shock, ...]:
    rows = run.read_small(CALENDAR, kind="shock").to_pylist()
    known: list[tuple[str, date]] = [(row["area_id"], row["day"]) for row in rows if row["day"] < run.observed_until]
    return tuple(Shock(area, day) for area, day in known if area != TOTAL)
