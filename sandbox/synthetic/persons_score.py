"""Persons behind the keys against the true ones: how many there are, and which keys share a person."""

from collections.abc import Iterator
from typing import Literal

import pandas as pd

LIKELY = 0.5
Measure = tuple[str, float, float | None, str, Literal["lower", "higher"], str]


def measures(keys: pd.DataFrame, holder: pd.Series) -> Iterator[Measure]:
    """Yield measure, ours, naive, unit, which is better, naive method.

    `keys` are rows of `person_month` (`person_key, month, same_person, duplicity_weight`), `holder` the person who
    holds the SIM by key. Guests and machines have no holder; other users of a SIM are not persons of it.
    """
    keys = keys[keys["person_key"].isin(holder.index)].dropna()
    keys = keys.assign(person_id=keys["person_key"].map(holder))
    if not len(keys):
        return
    by_month = keys.groupby("month")
    true = by_month["person_id"].nunique()
    ours, naive = (
        float(((counted - true).abs() / true).mean())
        for counted in (by_month["duplicity_weight"].sum(), by_month.size())
    )
    yield "Persons who hold the SIMs seen", ours, naive, "mean absolute relative error", "lower", "every SIM counted"
    shares, likely = keys.duplicated(["month", "person_id"], keep=False), keys["same_person"] >= LIKELY
    if likely.any() and shares.any():
        yield "SIMs said to share a person, right", float(shares[likely].mean()), None, "share", "higher", ""
        yield "SIMs that share a person, said so", float(likely[shares].mean()), None, "share", "higher", ""
