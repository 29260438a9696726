"""Our homes beside the smoothed mode: on users not chosen on, without later months, with a bootstrap over users."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from experiments.labelled_stops.homes import WORK_LABEL, homes_of_stops, scored
from sandbox.persons.evidence import WEIGHTS, HourWeights

MONTHS_EACH_SIDE = 3
RESAMPLES = 2_000
# Chosen among on one half of the users and reported on the other; the first is what the command uses.
CHOICES = (WEIGHTS, *(HourWeights(1.0, *choice) for choice in product((0.5, 1.0), (0.05, 0.2), (9.0, 12.0))))
Row = dict[str, Any]


def compared(stops: pa.Table, labels: pd.DataFrame, seed: int) -> Iterator[Row]:
    """Yield one row a way of finding homes: share right of the determined, undetermined, users right.

    `stops` has `person_key, place, start_ts, end_ts` with local times.
    """
    found = {weights: scored(homes_of_stops(stops, weights).to_pandas(), labels) for weights in CHOICES}
    ours, months = found[WEIGHTS], found[WEIGHTS][["person_key", "month"]]
    smoothed, weak = smoothed_mode(stops, months)
    mode = scored(smoothed, labels)
    yield _row("two levels, as the command", ours)
    yield _row("two levels, chosen on the other half of users", chosen_on_others(found))
    yield _row("two levels, no later month", scored(without_later_months(stops, months), labels))
    yield _row("smoothed mode", mode)
    yield _row(
        "smoothed mode, weakest 10 % undetermined", mode.assign(outcome=mode["outcome"].mask(weak, "undetermined"))
    )
    low, high = gain(ours, mode, seed)
    yield {"measure": "gain over the smoothed mode, 95 % of resamples of users", "low": low, "high": high}
    precision, recall = works(ours, stops, labels)
    yield {"measure": "work places by month", "precision": precision, "recall": recall}


def smoothed_mode(stops: pa.Table, months: pd.DataFrame) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Return the place of most night hours over three months on either side, and which tenth is the weakest.

    The weakest are those where the place has the lowest share of these hours.
    """
    by_month = _night_hours(stops)
    near = [
        by_month.assign(month=by_month["month"] + shift) for shift in range(-MONTHS_EACH_SIDE, MONTHS_EACH_SIDE + 1)
    ]
    total = pd.concat(near).groupby(["person_key", "month", "place"])["hours"].sum().reset_index()
    total["share"] = total["hours"] / total.groupby(["person_key", "month"])["hours"].transform("sum")
    best = total.sort_values(["hours", "place"]).drop_duplicates(["person_key", "month"], keep="last")
    numbered = months.assign(month=_month_number(months["month"]))
    both = numbered.merge(best, on=["person_key", "month"], how="left")
    share = both["share"].fillna(0).to_numpy()
    return months.assign(home=both["place"].to_numpy()), share < np.quantile(share, 0.1)


def chosen_on_others(found: dict[HourWeights, pd.DataFrame]) -> pd.DataFrame:
    """Return homes by the weights that are right most often for the other half of the users (every second one)."""
    persons = next(iter(found.values()))["person_key"]
    is_odd = (persons.rank(method="dense").astype("int64") % 2 == 1).to_numpy()
    halves = []
    for half in (is_odd, ~is_odd):
        best = max(found, key=lambda weights, half=half: _shares(found[weights][~half])[0])  # type: ignore[misc]
        halves.append(found[best][half])
    return pd.concat(halves)


def without_later_months(stops: pa.Table, months: pd.DataFrame) -> pd.DataFrame:
    """Return the home of each month from stops up to its end."""
    start = stops["start_ts"].to_pandas().dt.tz_localize(None).to_numpy("datetime64[M]").astype(np.int64)
    kept = []
    for month in np.unique(start):
        homes = homes_of_stops(stops.filter(pa.array(start <= month))).to_pandas()
        kept.append(homes[_month_number(homes["month"]) == month])
    return months.merge(pd.concat(kept), on=["person_key", "month"], how="left")


def gain(ours: pd.DataFrame, mode: pd.DataFrame, seed: int) -> tuple[float, float]:
    """Return 2.5 and 97.5 % of the difference in share right (of the determined) over resamples of users."""
    counts = [
        outcome.assign(right=outcome["outcome"] == "right", told=outcome["outcome"] != "undetermined")
        .groupby("person_key")[["right", "told"]]
        .sum()
        .to_numpy(np.float64)
        for outcome in (ours, mode)
    ]
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(counts[0]), (RESAMPLES, len(counts[0])))
    first, second = (np.divide(*count[drawn].sum(axis=1).T) for count in counts)
    low, high = np.quantile(first - second, [0.025, 0.975])
    return round(float(low), 4), round(float(high), 4)


def works(ours: pd.DataFrame, stops: pa.Table, labels: pd.DataFrame) -> tuple[float, float]:
    """Return the share of work places found that carry the label, and of true months that have it found."""
    found = ours[["person_key", "month", "work"]].dropna().rename(columns={"work": "place"})
    right = (found.merge(labels, on=["person_key", "place"])["label"] == WORK_LABEL).sum()
    seen = stops.select(["person_key", "place", "start_ts"]).to_pandas().merge(labels, on=["person_key", "place"])
    seen = seen[seen["label"] == WORK_LABEL]
    month = seen["start_ts"].dt.tz_localize(None).to_numpy("datetime64[M]").astype(np.int64)
    true = seen.assign(month=month)[["person_key", "month"]].drop_duplicates()
    return round(float(right / len(found)), 4), round(float(right / len(true)), 4)


def user_outcomes(outcomes: pd.DataFrame) -> pd.Series:
    """Return one outcome a person: that of the place that is home in most months, the lower at a tie."""
    told = outcomes[outcomes["outcome"] != "undetermined"]
    months = told.groupby(["person_key", "home", "outcome"]).size().reset_index(name="months")
    best = months.sort_values(["months", "home"], ascending=[True, False]).drop_duplicates("person_key", keep="last")
    persons = outcomes["person_key"].drop_duplicates()
    return best.set_index("person_key")["outcome"].reindex(persons).fillna("undetermined")


def _night_hours(stops: pa.Table) -> pd.DataFrame:
    """Return hours from 19:00 to 06:59 by person, month of the evening and place."""
    start, end = (
        stops[name].to_pandas().dt.tz_localize(None).to_numpy("datetime64[s]").astype(np.int64)
        for name in ("start_ts", "end_ts")
    )
    first = start // 3600
    count = np.maximum(end - 1, start) // 3600 - first + 1
    source = np.repeat(np.arange(len(first)), count)
    hour = first[source] + np.arange(len(source)) - np.repeat(np.cumsum(count) - count, count)
    rows = pd.DataFrame(
        {
            "person_key": stops["person_key"].to_numpy()[source],
            "place": stops["place"].to_numpy(zero_copy_only=False)[source],
            "hour": hour,
        }
    ).drop_duplicates()
    clock = rows["hour"] % 24
    rows = rows[(clock >= 19) | (clock < 7)]
    evening = ((rows["hour"] - 7) // 24).to_numpy(np.int64)
    month = evening.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return rows.assign(month=month).groupby(["person_key", "month", "place"]).size().reset_index(name="hours")


def _month_number(month: "pd.Series[Any]") -> NDArray[np.int64]:
    return pd.to_datetime(month).to_numpy("datetime64[M]").astype(np.int64)


def _shares(outcomes: pd.DataFrame) -> tuple[float, float]:
    told = outcomes["outcome"] != "undetermined"
    return float((outcomes["outcome"][told] == "right").mean()), float(1 - told.mean())


def _row(way: str, outcomes: pd.DataFrame) -> Row:
    right, undetermined = _shares(outcomes)
    users = float((user_outcomes(outcomes) == "right").mean())
    return {
        "way": way, "person-months": len(outcomes), "right": round(right, 4),
        "undetermined": round(undetermined, 4), "users right": round(users, 4),
    }  # fmt: skip
