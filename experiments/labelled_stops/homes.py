"""Homes of users from their stops, and whether the place is the one that they labelled home."""

import numpy as np
import pandas as pd
import pyarrow as pa

from sandbox.persons.homes import homes_by_month

HOUR, DAY = 3600, 86_400
NIGHT_ENDS, NIGHT_LASTS = 7 * HOUR, 12 * HOUR
HOME_LABEL = "H"


def nights(stops: pd.DataFrame) -> pd.DataFrame:
    """Return one row a person, evening and place: the share of the night (19:00 to 06:59) seen there.

    `stops` has `person_key, start_ts, end_ts` (local) and `place`; the night belongs to the evening's date.
    """
    # Days that begin at 07:00 hold their night whole, in their second half.
    start = _seconds(stops["start_ts"]) - NIGHT_ENDS
    end = np.maximum(_seconds(stops["end_ts"]) - NIGHT_ENDS, start + 1)
    first = start // DAY
    count = (end - 1) // DAY - first + 1
    stop = np.repeat(np.arange(len(stops)), count)
    day = first[stop] + np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    dark = np.minimum(end[stop], (day + 1) * DAY) - np.maximum(start[stop], day * DAY + DAY - NIGHT_LASTS)
    seen = dark > 0
    rows = pd.DataFrame(
        {
            "person_key": stops["person_key"].to_numpy()[stop][seen],
            "local_date": day[seen],
            "place": stops["place"].to_numpy()[stop][seen],
            "seconds": dark[seen],
        }
    )
    night = rows.groupby(["person_key", "local_date", "place"], as_index=False)["seconds"].sum()
    whole = night.groupby(["person_key", "local_date"])["seconds"].transform("sum")
    weighed: pd.DataFrame = night.assign(weight=night["seconds"] / whole)
    return weighed


def homes_of_stops(stops: pd.DataFrame) -> pd.DataFrame:
    """Return one row a person and month with evidence: `home` is empty where it can't be told."""
    night = nights(stops)
    presence = pa.table(
        {
            "person_key": night["person_key"].to_numpy(np.int64),
            "local_date": pa.array(night["local_date"].to_numpy(np.int32)).cast(pa.date32()),
            "place": night["place"],
            "weight": night["weight"].to_numpy(np.float64),
        }
    )
    homes: pd.DataFrame = homes_by_month(presence).to_pandas()
    return homes


def scored(homes: pd.DataFrame, stops: pd.DataFrame) -> pd.DataFrame:
    """Return the homes with `outcome`: right, wrong or undetermined, by the label most time in the place carries."""
    seconds = _seconds(stops["end_ts"]) - _seconds(stops["start_ts"]) + 1
    time = stops.assign(seconds=seconds).groupby(["person_key", "place", "label"])["seconds"].sum().reset_index()
    label = time.sort_values(["seconds", "label"]).drop_duplicates(["person_key", "place"], keep="last")
    both = homes.merge(label, left_on=["person_key", "home"], right_on=["person_key", "place"], how="left")
    right = np.where(both["label"] == HOME_LABEL, "right", "wrong")
    return homes.assign(outcome=np.where(both["home"].isna(), "undetermined", right))


def _seconds(moments: pd.Series) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return seconds of the local time that bronze keeps as UTC."""
    local = moments.dt.tz_localize(None) if moments.dt.tz is not None else moments
    seconds: np.ndarray[tuple[int], np.dtype[np.int64]] = local.to_numpy("datetime64[s]").astype(np.int64)
    return seconds
