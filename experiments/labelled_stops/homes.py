"""Homes of users from their stops, and whether the place is the one that they labelled home."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sandbox.persons.evidence import WEIGHTS, HourWeights, homes_of_file

HOME_LABEL, WORK_LABEL = "H", "W"
OF_FILE = {"person_key": "person_id", "start_ts": "start_ts", "end_ts": "end_ts", "place": "place"}


def homes_of_stops(stops: pa.Table, weights: HourWeights = WEIGHTS) -> pa.Table:
    """Return one row a person and month with evidence: `person_key, month, home, work, status, night_days, days_seen`.

    `stops` has `person_key, place, start_ts, end_ts`; local time, which bronze keeps as UTC. `home` is empty where it
    can't be told; `month` is its first day.
    """
    rows = stops.select(list(OF_FILE)).rename_columns(list(OF_FILE.values()))
    found = homes_of_file(rows, by_path=True, time_zone="UTC", weights=weights)
    month = pc.strptime(pc.binary_join_element_wise(found["month"], "01", "-"), "%Y-%m-%d", "s").cast(pa.date32())
    return found.set_column(1, "month", month).rename_columns(["person_key", *found.column_names[1:]])


def scored(homes: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Return the homes with `outcome`: right, wrong or undetermined."""
    both = homes.merge(labels, left_on=["person_key", "home"], right_on=["person_key", "place"], how="left")
    right = np.where(both["label"] == HOME_LABEL, "right", "wrong")
    return homes.assign(outcome=np.where(both["home"].isna(), "undetermined", right))


def labels_of(stops: pd.DataFrame) -> pd.DataFrame:
    """Return one row a person and place: the label that most time there carries."""
    seconds = (stops["end_ts"] - stops["start_ts"]).dt.total_seconds() + 1
    time = stops.assign(seconds=seconds).groupby(["person_key", "place", "label"])["seconds"].sum().reset_index()
    time = time.sort_values(["seconds", "label"]).drop_duplicates(["person_key", "place"], keep="last")
    return time[["person_key", "place", "label"]]
