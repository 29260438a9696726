"""Spells away from home against the true ones: whether they were found, how they were typed, whether bounds held.

Both sides are frames with one row a spell: `person, place, start, end` (days as whole numbers, [start, end)), `code`;
what was found has `shortest_days, longest_days` too. A spell is the true one if person and place agree and half of the
days of both together are common; one to one, the best first. A second home is judged as a place, not by weekends.
"""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from sandbox.concepts.codes import InternalMobility
from sandbox.lakehouse.tables.persons import SPELL
from sandbox.settings import Workspace
from sandbox.synthetic.chance import Ints

LEAST_OVERLAP = 0.5
SHORTEST = 7  # days; a shorter true spell is not looked for
WEEKEND_HOME = str(InternalMobility.WEEKEND_HOME)
KEYS = ["person", "place"]


def by_code(found: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return one row a code: `true`, `found`, `right`, `precision`, `recall`, and `seen`, true ones found at all."""
    found, truth = _homes_as_places(found), _homes_as_places(truth)
    pairs = matches(found, truth)
    right = pairs[pairs["code_x"] == pairs["code_y"]]
    rows = pd.DataFrame(
        {
            "true": truth.groupby("code").size(),
            "found": found.groupby("code").size(),
            "right": right.groupby("code_x").size(),
            "seen": pairs.groupby("code_y").size(),
        }
    ).fillna(0)
    return rows.astype("int64").assign(
        precision=rows["right"] / rows["found"], recall=rows["right"] / rows["true"], seen=rows["seen"] / rows["true"]
    )


def bounds_hold(found: pd.DataFrame, truth: pd.DataFrame) -> float:
    """Return how often the true days lie between the shortest and the longest, of spells found, no second homes."""
    pairs = matches(*(rows[rows["code"] != WEEKEND_HOME] for rows in (found, truth)))
    days = pairs["end_y"] - pairs["start_y"]
    longest = pairs["longest_days"].astype("float64").fillna(np.inf)
    return float(((pairs["shortest_days"] <= days) & (days <= longest)).mean())


def matches(found: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Return pairs of found (`_x`) and true (`_y`) spells."""
    numbered = [rows.assign(row=np.arange(len(rows))) for rows in (found, truth)]
    pairs = numbered[0].merge(numbered[1], on=KEYS)
    both = np.minimum(pairs["end_x"], pairs["end_y"]) - np.maximum(pairs["start_x"], pairs["start_y"])
    either = np.maximum(pairs["end_x"], pairs["end_y"]) - np.minimum(pairs["start_x"], pairs["start_y"])
    pairs = pairs.assign(share=both / either).query("share >= @LEAST_OVERLAP")
    # With half in common a spell has one partner, but for ties.
    best = pairs.sort_values(["share", "row_x", "row_y"], ascending=[False, True, True])
    return best.drop_duplicates("row_x").drop_duplicates("row_y")


def measures(
    truth_folder: Path, workspace: Workspace, vintage: date, person_keys: Callable[[str, list[str]], Ints]
) -> Iterator[tuple[str, float, str]]:
    """Yield measure, figure and unit, for the spells of the country's own SIMs.

    The country's seasonal and study stays begin on any day of the year, so no rule can tell one from the other; what
    has a meaning there is displacement, second homes and the bounds.
    """
    found, truth = mobile_spells(truth_folder, workspace, vintage, person_keys)
    if not len(truth) or not len(found):
        return
    rows = by_code(found, truth)
    stays = truth["code"] != WEEKEND_HOME
    yield "Stays away found", len(matches(found, truth[stays])) / stays.sum(), "share of true stays"
    yield "Days away between shortest and longest", bounds_hold(found, truth), "share of stays found"
    for code in (str(InternalMobility.DISPLACEMENT), WEEKEND_HOME):
        if code in rows.index:
            name = code.replace("_", " ").capitalize()
            yield f"{name}: precision", rows["precision"].to_dict()[code], "share of those told"
            yield f"{name}: recall", rows["recall"].to_dict()[code], "share of true ones"


def mobile_spells(
    truth_folder: Path, workspace: Workspace, vintage: date, person_keys: Callable[[str, list[str]], Ints]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the spells found and the true ones of the country's SIMs, in the time that each SIM was in use."""
    if not DeltaTable.is_deltatable(str(SPELL.path(workspace))):
        return pd.DataFrame(), pd.DataFrame()
    sims = _days(pq.read_table(truth_folder / "sims.parquet").to_pandas(), "valid_from", "valid_to")
    sims = sims[sims["role"].isin(["main", "second"])].drop_duplicates("subscriber_id")
    sims = sims.assign(person=person_keys("mobile_event", sims["subscriber_id"].tolist()))
    names = ["person_key", "start", "end", "place", "kind", "code", "shortest_days", "longest_days"]
    of_mobile = (pc.field("feed") == "mobile_event") & (pc.field("vintage") == vintage)
    found = DeltaTable(str(SPELL.path(workspace))).to_pyarrow_dataset().to_table(columns=names, filter=of_mobile)
    spells = _days(found.to_pandas(), "start", "end").rename(columns={"person_key": "person"})
    spells = spells[(spells["kind"] == "temporary") & spells["person"].isin(sims["person"])]
    away = _days(pq.read_table(truth_folder / "temporary.parquet").to_pandas(), "start", "end")
    stays = away.rename(columns={"area": "place"}).merge(sims[["person_id", "person", "valid_from", "valid_to"]])
    inside = (stays["start"] > stays["valid_from"]) & (stays["end"] < stays["valid_to"])
    stays = stays[inside & (stays["end"] - stays["start"] >= SHORTEST)]
    return spells.assign(end=spells["end"] + 1), pd.concat([stays, _second_homes(truth_folder, sims)])


def _second_homes(truth_folder: Path, sims: pd.DataFrame) -> pd.DataFrame:
    """Return second homes as spells over the whole time, of those who never live there while the SIM is in use."""
    persons = pq.read_table(truth_folder / "persons.parquet", columns=["person_id", "weekend"]).to_pandas()
    homes = _days(pq.read_table(truth_folder / "homes.parquet").to_pandas(), "start", "end")
    both = persons.dropna(subset="weekend").merge(sims[["person_id", "person", "valid_from", "valid_to"]])
    lived = both.merge(homes, left_on=["person_id", "weekend"], right_on=["person_id", "area"])
    lived = lived[(lived["start"] <= lived["valid_to"]) & (lived["end"] >= lived["valid_from"])]
    rows = both[~both["person"].isin(lived["person"])].rename(columns={"weekend": "place"})
    return rows.assign(code=WEEKEND_HOME, start=0, end=1)


def _homes_as_places(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the spells with one row a person and second home, over the same days on both sides."""
    is_home = rows["code"] == WEEKEND_HOME
    return pd.concat([rows[~is_home], rows[is_home].drop_duplicates(KEYS).assign(start=0, end=1)], ignore_index=True)


def _days(rows: pd.DataFrame, *names: str) -> pd.DataFrame:
    """Return the frame with these dates as days since 1970-01-01."""
    return rows.assign(**{name: rows[name].to_numpy().astype("datetime64[D]").astype("int64") for name in names})
