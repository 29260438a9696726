"""Made-up rows for timing: crossings of travellers, and days of SIMs in places."""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa

from experiments.bench_moves.country import Country, made

FIRST, UNTIL = date(2015, 1, 1), date(2024, 1, 1)
CROSSINGS_A_PERSON = 8
MEDIAN_STAY, SPREAD = 40.0, 1.6  # days, and of their logarithm: from a day trip to years
PERSON_DAYS = 5_000_000


def crossings(rows: int, seed: int = 1) -> pa.Table:
    """Return `movement_id, person_id, date, direction`, about `rows` of them, as they come in: by date, then chance.

    Directions alternate; stays last from hours to years; the first direction is either. No crossing is after `UNTIL`.
    """
    rng = np.random.default_rng(seed)
    persons = max(rows // CROSSINGS_A_PERSON, 1)
    count = rng.poisson(CROSSINGS_A_PERSON * 1.6, persons) + 1
    person = np.repeat(np.arange(persons), count)
    begins = np.cumsum(count) - count
    stay = np.floor(rng.lognormal(np.log(MEDIAN_STAY), SPREAD, len(person))).astype(np.int64)
    stay[begins] = rng.integers(0, (UNTIL - FIRST).days, persons)
    passed = np.cumsum(stay)
    day = passed - np.repeat(passed[begins] - stay[begins], count)
    ordinal = np.arange(len(person)) - np.repeat(begins, count)
    arrives = (ordinal + np.repeat(rng.integers(0, 2, persons), count)) % 2 == 0
    inside = np.flatnonzero(day < (UNTIL - FIRST).days)
    order = inside[np.argsort(day[inside], kind="stable")]
    dates = np.datetime64(FIRST) + day[order]
    return pa.table(
        {
            "movement_id": np.arange(len(order)),
            "person_id": person[order],
            "date": pa.array(dates.astype("datetime64[D]")),
            "sequence": ordinal[order],
            "direction": pa.array(np.where(arrives[order], "A", "D")),
        }
    )


def person_days() -> pa.Table:
    """Return five million rows of `person_id, date, place`, in random order."""
    presence = made(replace(Country(), median_rate=0.55), seed=1).presence[["person_id", "date", "place"]]
    order = np.random.default_rng(1).permutation(len(presence))[:PERSON_DAYS]
    rows = pa.Table.from_pandas(presence.iloc[order].astype({"person_id": str}), preserve_index=False)
    return rows.set_column(1, "date", rows["date"].cast(pa.date32()))
