"""Estimates against the truth, after the release; the only reader of the truth. Beside each figure the naive one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from sandbox.concepts.codes import TOTAL
from sandbox.concepts.indicators import INDICATORS
from sandbox.lakehouse import store
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.figures import ESTIMATE
from sandbox.lakehouse.tables.persons import HOME, PERSON_MONTH, PRESENCE_DAY
from sandbox.settings import Workspace
from sandbox.synthetic import persons_score, temporary_score
from sandbox.synthetic.chance import Ints

PersonKeys = Callable[[str, list[str]], Ints]
TOO_CLOSE = 1.1
MID_MONTH = 14
FLOWS = {"IMM": ("Immigrants", "A"), "EMI": ("Emigrants", "D")}
MOBILE = "mobile_event"


@dataclass(frozen=True)
class ScoreRow:
    """One measure: ours, and that of the naive method (`naive_method`), if one competes."""

    measure: str
    ours: float
    naive: float | None
    unit: str
    better: Literal["lower", "higher"]
    naive_method: str = ""

    @property
    def is_close(self) -> bool:
        """Whether the naive method's error comes within a tenth of ours."""
        if self.naive is None:
            return False
        ours, naive = (self.ours, self.naive) if self.better == "lower" else (1 - self.ours, 1 - self.naive)
        # Written so that a figure that is none (NaN) counts as close.
        return not naive > TOO_CLOSE * ours


def is_too_easy(rows: list[ScoreRow]) -> bool:
    """Return whether the naive method is about as good as ours in any measure: the country tests nothing then."""
    return any(row.is_close for row in rows)


def score(
    truth_folder: Path, workspace: Workspace, month: date, vintage: date, person_keys: PersonKeys
) -> list[ScoreRow]:
    """Return every measure that the tables of the workspace allow, for months up to `month` in one vintage."""
    estimates = store.read_small(workspace, ESTIMATE, {"vintage": vintage}).to_pandas()
    estimates = estimates[estimates["reference_period"] <= month]
    return [
        *_homes(truth_folder, workspace, month, person_keys),
        *_persons(truth_folder, workspace, month, person_keys),
        *_migration(truth_folder, workspace, estimates),
        *_internal(truth_folder, estimates),
        *_stocks(truth_folder, estimates),
        *_temporary(truth_folder, workspace, vintage, person_keys),
    ]


def _homes(truth_folder: Path, workspace: Workspace, month: date, person_keys: PersonKeys) -> Iterator[ScoreRow]:
    """Compare homes by month; a person's truth is the area of usual residence in the middle of the month."""
    person = _holders(truth_folder, person_keys)
    homes = _columns(workspace, HOME, ["person_key", "month", "home", "status"], MOBILE)
    homes = homes[homes["person_key"].isin(person.index) & (homes["month"] <= month)]
    homes = homes.assign(person_id=homes["person_key"].map(person))
    homes["truth"] = _home_in_month(_truth(truth_folder, "homes"), homes)
    homes = homes.merge(_most_days(workspace), on=["person_key", "month"], how="left").dropna(subset="truth")
    told = homes[homes["status"] == "determined"]
    if len(told):
        right, naive = (float((told[name] == told["truth"]).mean()) for name in ("home", "most_days"))
        yield ScoreRow("Home area right, where told", right, naive, "share of person-months", "higher", "most days")
        yield ScoreRow("Home area told", len(told) / len(homes), None, "share of person-months", "higher")


def _holders(truth_folder: Path, person_keys: PersonKeys) -> pd.Series:
    """Return the person who holds each SIM, by the key of the SIM; machines, guests and who else uses it left out."""
    sims = _truth(truth_folder, "sims")
    sims = sims[sims["role"].isin(["main", "second"])].drop_duplicates("subscriber_id")
    return pd.Series(sims["person_id"].to_numpy(), index=person_keys(MOBILE, sims["subscriber_id"].tolist()))


def _persons(truth_folder: Path, workspace: Workspace, month: date, person_keys: PersonKeys) -> Iterator[ScoreRow]:
    """Compare persons counted with those who hold the keys seen, and keys said to share a person with those that do."""
    if store.latest_version(workspace, PERSON_MONTH) is None:
        return
    names = ["person_key", "month", "same_person", "duplicity_weight"]
    keys = _columns(workspace, PERSON_MONTH, names, MOBILE)
    for each in persons_score.measures(keys[keys["month"] <= month], _holders(truth_folder, person_keys)):
        yield ScoreRow(*each)


def _home_in_month(truth: pd.DataFrame, homes: pd.DataFrame) -> pd.Series:
    """Return the true area of each row's person in the middle of its month; empty where there is none."""
    middle = pd.to_datetime(homes["month"]) + pd.Timedelta(days=MID_MONTH)
    wanted = pd.DataFrame({"person_id": homes["person_id"].astype("int64"), "day": middle.astype("datetime64[ns]")})
    spans = truth.assign(**{name: pd.to_datetime(truth[name]).astype("datetime64[ns]") for name in ("start", "end")})
    found = pd.merge_asof(
        wanted.reset_index().sort_values("day", kind="stable"),
        spans.sort_values("start", kind="stable")[["person_id", "start", "end", "area"]],
        left_on="day",
        right_on="start",
        by="person_id",
    )
    return found["area"].where(found["day"] <= found["end"]).set_axis(found["index"]).reindex(homes.index)


def _most_days(workspace: Workspace) -> pd.DataFrame:
    """Return the naive home: the place with evidence on most days of the month, the first by name at a tie."""
    days = _arrow(workspace, PRESENCE_DAY, ["person_key", "local_date", "place"], MOBILE)
    month = pc.floor_temporal(days["local_date"], unit="month")
    counted = days.append_column("month", month).group_by(["person_key", "month", "place"])
    most = counted.aggregate([("local_date", "count_distinct")]).to_pandas()
    most = most.sort_values(["local_date_count_distinct", "place"], ascending=[False, True])
    most = most.drop_duplicates(["person_key", "month"]).rename(columns={"place": "most_days"})
    return most[["person_key", "month", "most_days"]]


def _migration(truth_folder: Path, workspace: Workspace, estimates: pd.DataFrame) -> Iterator[ScoreRow]:
    """Compare monthly totals: provisional months with the rule so far, all months with counting every crossing."""
    truth = _truth(truth_folder, "migration").groupby(["month", "direction"], as_index=False)["migrations"].sum()
    counted = _crossings_by_month(workspace)
    for indicator, (name, direction) in FLOWS.items():
        rows = _monthly_totals(estimates, indicator).rename(columns={"reference_period": "month"})
        rows = rows.merge(truth[truth["direction"] == direction], on="month")
        rows = rows.merge(counted[counted["direction"] == direction], on="month")
        for kind, part in (
            ("provisional", rows[rows["provisional"].astype(bool)]),
            ("final", rows[~rows["provisional"].astype(bool)]),
        ):
            yield from _flow_scores(f"{name} by month, {kind}", part, kind == "provisional")


def _flow_scores(measure: str, rows: pd.DataFrame, is_provisional: bool) -> Iterator[ScoreRow]:
    if not len(rows):
        return
    ours = mape(rows["estimate"], rows["migrations"])
    every = mape(rows["crossings"], rows["migrations"])
    word = "arrivals" if measure.startswith("Imm") else "departures"
    if is_provisional:
        naive = mape(rows["naive"], rows["migrations"])
        yield ScoreRow(measure, ours, naive, "mean absolute relative error", "lower", "rule so far")
    yield ScoreRow(measure, ours, every, "mean absolute relative error", "lower", f"all {word} counted")
    inside = (rows["lower"] <= rows["migrations"]) & (rows["migrations"] <= rows["upper"])
    yield ScoreRow(
        f"{measure}: truth inside the 95 % interval", float(inside.mean()), None, "share of months", "higher"
    )


def _internal(truth_folder: Path, estimates: pd.DataFrame) -> Iterator[ScoreRow]:
    """Compare the matrix of moves between areas, over all cells of all periods, those without a row as zero."""
    rows = estimates[(estimates["indicator"] == "INT_FLOW") & (estimates["feed"] == INDICATORS["INT_FLOW"].feed)]
    rows = rows[(rows[["area", "partner_area"]] != TOTAL).all(axis=1) & (rows["area"] != rows["partner_area"])]
    frequency = "A" if (rows["frequency"] == "A").any() else "M"
    rows = rows[(rows["frequency"] == frequency) & (rows[["sex", "age", "subpopulation"]] == TOTAL).all(axis=1)]
    if not len(rows):
        return
    moves = _truth(truth_folder, "internal")
    moves["period"] = [date(day.year, 1 if frequency == "A" else day.month, 1) for day in moves["day"]]
    names = ["period", "from_area", "to_area"]
    true = moves[moves["period"].isin(set(rows["reference_period"]))].groupby(names).size().rename("truth")
    ours = rows.rename(columns={"reference_period": "period", "area": "from_area", "partner_area": "to_area"})
    cells = pd.concat([true, ours.set_index(names)[["estimate", "naive"]]], axis=1).fillna(0.0)
    told, naive, truth = (cells[name] for name in ("estimate", "naive", "truth"))
    yield ScoreRow(
        "Moves between areas", weighted_error(told, truth), weighted_error(naive, truth),
        "weighted absolute relative error", "lower", "most days",
    )  # fmt: skip
    yield ScoreRow(
        "Moves between areas in common",
        common_part(told, truth),
        common_part(naive, truth),
        "share",
        "higher",
        "most days",
    )


def _stocks(truth_folder: Path, estimates: pd.DataFrame) -> Iterator[ScoreRow]:
    """Compare foreign-born residents by country of birth, on the first of the month or the year's first of July."""
    rows = estimates[(estimates["indicator"] == "STOCK_ORIGIN") & (estimates["partner_area"] != TOTAL)]
    rows = rows[(rows[["area", "sex", "age", "subpopulation"]] == TOTAL).all(axis=1)]
    yearly = rows["frequency"] == "A"
    day = [date(p.year, 7, 1) if year else p for p, year in zip(rows["reference_period"], yearly, strict=True)]
    rows = rows.assign(month=day).merge(
        _truth(truth_folder, "stock"), left_on=["month", "partner_area"], right_on=["month", "birth"]
    )
    if not len(rows):
        return
    naive = rows["naive"].notna().all()
    yield ScoreRow(
        "Foreign-born residents by origin",
        mape(rows["estimate"], rows["residents"]),
        mape(rows["naive"], rows["residents"]) if naive else None,
        "mean absolute relative error",
        "lower",
        "audience as stated" if naive else "",
    )


def _temporary(truth_folder: Path, workspace: Workspace, vintage: date, person_keys: PersonKeys) -> Iterator[ScoreRow]:
    """Compare spells away from home; no naive method tells their type."""
    for measure, figure, unit in temporary_score.measures(truth_folder, workspace, vintage, person_keys):
        yield ScoreRow(measure, figure, None, unit, "higher")


def mape(ours: "pd.Series[float]", truth: "pd.Series[float]") -> float:
    """Return the mean absolute error relative to the truth."""
    return float(((ours - truth).abs() / truth).mean())


def weighted_error(ours: "pd.Series[float]", truth: "pd.Series[float]") -> float:
    """Return the sum of absolute errors relative to the sum of the truth."""
    return float((ours - truth).abs().sum() / truth.sum())


def common_part(ours: "pd.Series[float]", truth: "pd.Series[float]") -> float:
    """Return the common part of two flow matrices (CPC, Lenormand et al. 2012): 1 if equal, 0 if nothing is shared."""
    return float(2 * np.minimum(ours, truth).sum() / (ours.sum() + truth.sum()))


def _monthly_totals(estimates: pd.DataFrame, indicator: str) -> pd.DataFrame:
    totals = (estimates[["area", "partner_area", "sex", "age", "subpopulation"]] == TOTAL).all(axis=1)
    own = (estimates["indicator"] == indicator) & (estimates["feed"] == INDICATORS[indicator].feed)
    return estimates[totals & own & (estimates["frequency"] == "M")]


def _crossings_by_month(workspace: Workspace) -> pd.DataFrame:
    """Return crossings as delivered, by month and direction."""
    rows = _arrow(workspace, BORDER_MOVEMENT, ["event_date", "direction"])
    month = pc.floor_temporal(rows["event_date"], unit="month")
    counted = rows.append_column("month", month).group_by(["month", "direction"]).aggregate([("event_date", "count")])
    return counted.to_pandas().rename(columns={"event_date_count": "crossings"})


def _columns(workspace: Workspace, table: Table, names: list[str], feed: str) -> pd.DataFrame:
    return _arrow(workspace, table, names, feed).to_pandas()


def _arrow(workspace: Workspace, table: Table, names: list[str], feed: str = "") -> pa.Table:
    """Return some columns of a table of persons, of one feed where it has several."""
    rows = DeltaTable(str(table.path(workspace))).to_pyarrow_dataset()
    return rows.to_table(columns=names, filter=pc.field("feed") == feed if feed else None)


def _truth(folder: Path, name: str) -> pd.DataFrame:
    return pq.read_table(folder / f"{name}.parquet").to_pandas()
