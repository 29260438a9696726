"""Classes of activity, and the part of a person that a key stands for."""

from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sandbox.presence.activity import activity, person_months

JANUARY, FEBRUARY = date(2024, 1, 1), date(2024, 2, 1)
LOCATED = {"days_seen": 5, "weight": 5_000_000, "leading": 5_000_000, "is_own": True, "events": 9}
TYPES = {
    "person_key": pa.int64(),
    "bucket": pa.int32(),
    "month": pa.date32(),
    "days_seen": pa.int64(),
    "weight": pa.int64(),
    "leading": pa.int64(),
    "is_own": pa.bool_(),
    "events": pa.int64(),
    "other": pa.int64(),
    "bits": pa.float64(),
}


@pytest.mark.parametrize(
    ("days_seen", "leading", "weight", "told"),
    [
        (0, 0, 0, "unlocatable"),
        (2, 10, 10, "inactive"),
        (3, 9, 10, "stable"),
        (3, 8, 10, "mobile"),
    ],
)
def test_a_class_is_told_by_days_and_by_the_share_of_one_place(days_seen, leading, weight, told) -> None:
    assert activity(*(np.array([each]) for each in (days_seen, leading, weight))).tolist() == [told]


def months(*rows: dict[str, Any], second_sims: float = 0.12) -> list[dict[str, Any]]:
    full = [{"person_key": 1, "bucket": 0, "month": JANUARY} | row for row in rows]
    columns = {name: pa.array([row.get(name) for row in full], kind) for name, kind in TYPES.items()}
    return person_months(pa.table(columns), "mobile_event", second_sims).to_pylist()


def test_a_key_of_which_nothing_is_told_stands_for_the_declared_part_of_a_person() -> None:
    (row,) = months(LOCATED)
    assert row["same_person"] == pytest.approx(0.24 / 1.12)
    assert row["duplicity_weight"] == pytest.approx(1 / 1.12)


def test_two_keys_of_one_person_stand_for_half_of_him_each() -> None:
    (row,) = months(LOCATED | {"other": 2, "bits": 40.0})
    assert row["duplicity_weight"] == pytest.approx(0.5)


def test_a_month_has_one_row_whatever_other_keys_are_told_of() -> None:
    rows = months(
        LOCATED | {"other": 1, "bits": -1.0}, LOCATED | {"other": 2, "bits": 3.0}, {"month": FEBRUARY} | LOCATED
    )
    assert [row["month"] for row in rows] == [JANUARY, FEBRUARY]


def test_events_of_which_none_was_located_are_nobody_to_count() -> None:
    (row,) = months({"events": 4})
    assert (row["activity"], row["events"], row["days_seen"]) == ("unlocatable", 4, 0)
    assert row["duplicity_weight"] is row["same_person"] is None


def test_a_guest_of_a_foreign_network_is_one_person() -> None:
    (row,) = months(LOCATED | {"is_own": False})
    assert (row["same_person"], row["duplicity_weight"]) == (0.0, 1.0)
