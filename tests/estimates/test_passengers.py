"""Net air passengers."""

from datetime import date
from typing import Any

import pandas as pd

from sandbox.estimates.passengers import net_air

JUNE = date(2024, 6, 1)


def flights(*rows: dict[str, Any]) -> pd.DataFrame:
    whole = {
        "period": JUNE,
        "origin": "AKL",
        "destination": "XAL",
        "origin_country": "NZL",
        "destination_country": "XAA",
        "measure": "od_true",
        "carrier": "Z1",
        "passengers": 100,
        "revision": 0,
        "delivery_id": "a",
    }
    return pd.DataFrame([whole | row for row in rows])


OUT = {"origin": "XAL", "destination": "AKL", "origin_country": "XAA", "destination_country": "NZL"}


def net(*rows: dict[str, Any]) -> dict[str, Any]:
    (only,) = net_air(flights(*rows), "XAA", JUNE, date(2024, 7, 1)).to_dict("records")
    return only


def test_net_is_in_less_out_and_dominance_is_gross() -> None:
    row = net({}, {"carrier": "Z2", "passengers": 30}, OUT | {"passengers": 90})
    assert row["estimate"] == 40
    assert (row["contributors"], row["largest"], row["second"], row["partners"]) == (220, 190, 30, 2)


def test_a_revision_replaces_what_it_revises() -> None:
    assert net({}, {"passengers": 70, "revision": 1})["estimate"] == 70


def test_journeys_count_before_legs_and_never_both() -> None:
    assert net({}, {"measure": "segment", "passengers": 500})["estimate"] == 100


def test_a_sum_over_carriers_is_not_added_to_the_carriers() -> None:
    assert net({}, {"carrier": "_T", "passengers": 100})["estimate"] == 100
    assert net({"carrier": "_T"})["estimate"] == 100


def test_domestic_and_foreign_flights_are_no_crossings() -> None:
    domestic = {"origin_country": "XAA", "origin": "XAB"}
    elsewhere = {"destination_country": "AUS", "destination": "SYD"}
    assert net({}, domestic, elsewhere)["estimate"] == 100


def test_later_months_are_left_out() -> None:
    assert net({}, {"period": date(2024, 7, 1), "passengers": 900})["estimate"] == 100
