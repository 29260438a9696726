"""Air passengers: net by month, a raw proxy that is no migration by any rule."""

from datetime import date

import numpy as np
import pandas as pd

from sandbox.estimates.cells import figures

# Journeys from first origin to last destination come first: transfers would be counted twice in the others.
MEASURES = ("od_true", "on_board", "segment")
ROW = ["period", "origin", "destination", "measure", "carrier"]


def net_air(passengers: pd.DataFrame, country: str, month: date, vintage: date) -> pd.DataFrame:
    """Return NET_AIR: passengers in less passengers out of the country, by month up to `month`.

    `passengers` are rows of `air_od_month`; of several revisions the latest counts. `contributors` is the gross
    number of passengers, `largest` and `second` those of the two largest carriers, also gross: the share of a
    carrier in a difference means nothing. The error is that of counting alone; it says nothing of migration.
    """
    rows = latest_revision(passengers[passengers["period"] <= month])
    rows = _by_carrier(_one_measure(rows))
    signed = rows.assign(
        into=rows["passengers"].where(
            (rows["destination_country"] == country) & (rows["origin_country"] != country), 0
        ),
        out=rows["passengers"].where((rows["origin_country"] == country) & (rows["destination_country"] != country), 0),
    )
    months = signed.groupby("period")[["into", "out"]].sum()
    carriers = (signed["into"] + signed["out"]).groupby([signed["period"], signed["carrier"]]).sum()
    ranked = carriers[carriers > 0].groupby(level=0)
    gross = months["into"] + months["out"]
    told = pd.DataFrame(
        {
            "estimate": (months["into"] - months["out"]).astype(float),
            "var_sampling": gross.astype(float),
            "contributors": gross,
            "largest": ranked.max(),
            "second": ranked.apply(lambda values: values.nlargest(2).iloc[1] if len(values) > 1 else 0.0),
            "partners": ranked.size(),
            "naive": (months["into"] - months["out"]).astype(float),
        }
    ).loc[lambda frame: frame["contributors"] > 0]
    return figures(told.rename_axis("reference_period").reset_index(), "NET_AIR", "M", vintage)


def latest_revision(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep, of every row that was revised, the latest revision."""
    ranked = rows.assign(revision=rows["revision"].fillna(0)).sort_values([*ROW, "revision", "delivery_id"])
    return ranked.drop_duplicates(ROW, keep="last")


def _one_measure(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep the best measure that there is: measures count the same passengers in different ways."""
    present = [measure for measure in MEASURES if (rows["measure"] == measure).any()]
    return rows[rows["measure"] == present[0]] if present else rows


def _by_carrier(rows: pd.DataFrame) -> pd.DataFrame:
    """Leave out sums over carriers where the carriers themselves are told."""
    whole = rows["carrier"] == "_T"
    told = rows[~whole] if np.logical_not(whole).any() else rows
    return told.assign(passengers=told["passengers"].fillna(0))
