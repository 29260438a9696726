"""Spells found against true ones: who matches whom, and what is counted."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from sandbox.lakehouse.tables.persons import SPELL
from sandbox.settings import Workspace
from sandbox.synthetic.temporary_score import bounds_hold, by_code, matches, measures

VINTAGE = date(2025, 12, 1)
JUNE = date(2025, 6, 1)


def spells(*rows: tuple[int, str, int, int, str]) -> pd.DataFrame:
    """Person, place, start, end, code; what is found lasted at least two days less and at most two days more."""
    frame = pd.DataFrame(rows, columns=["person", "place", "start", "end", "code"])
    days = frame["end"] - frame["start"]
    return frame.assign(shortest_days=days - 2, longest_days=days + 2)


TRUTH = spells((1, "A", 10, 30, "study"), (1, "B", 50, 80, "seasonal"), (2, "A", 10, 30, "study")).drop(
    columns=["shortest_days", "longest_days"]
)


def test_a_spell_matches_with_half_of_the_days_in_the_same_place_of_the_same_person() -> None:
    found = spells((1, "A", 15, 30, "study"), (1, "B", 70, 90, "seasonal"), (2, "B", 10, 30, "study"))

    assert matches(found, TRUTH)[["row_x", "row_y"]].to_numpy().tolist() == [[0, 0]]


def test_a_true_spell_found_twice_counts_once() -> None:
    found = spells((1, "A", 10, 20, "study"), (1, "A", 20, 30, "study"))

    assert len(matches(found, TRUTH)) == 1


def test_precision_counts_what_was_told_and_recall_what_is_true() -> None:
    rows = by_code(spells((1, "A", 10, 30, "study"), (1, "B", 50, 80, "study")), TRUTH)

    assert rows.loc["study", ["found", "right", "precision", "recall", "seen"]].tolist() == [2, 1, 0.5, 0.5, 0.5]
    assert rows.loc["seasonal", ["found", "recall", "seen"]].tolist() == [0, 0, 1]


def test_a_second_home_is_one_place_however_many_weekends() -> None:
    weekends = spells(*[(1, "A", day, day + 2, "weekend_home") for day in range(0, 70, 7)])

    assert by_code(weekends, spells((1, "A", 0, 1, "weekend_home"))).loc["weekend_home", "precision"] == 1


@pytest.mark.parametrize(("start", "held"), [(10, 1.0), (15, 0.0)])
def test_bounds_hold_where_the_true_length_lies_between_them(start: int, held: float) -> None:
    assert bounds_hold(spells((1, "A", start, 30, "study")), TRUTH) == held


def test_only_stays_within_the_use_of_a_sim_are_looked_for(tmp_path: Path, workspace: Workspace) -> None:
    def day(number: int) -> date:
        return JUNE + timedelta(number)

    truth = {
        "sims": [
            {"subscriber_id": "s1", "person_id": 1, "role": "main", "valid_from": day(0), "valid_to": day(100)},
            {"subscriber_id": "s2", "person_id": 2, "role": "shared", "valid_from": day(0), "valid_to": day(100)},
        ],
        "temporary": [
            {"person_id": 1, "start": day(20), "end": day(40), "area": "A2", "code": "displacement"},
            {"person_id": 1, "start": day(90), "end": day(120), "area": "A3", "code": "displacement"},
            {"person_id": 2, "start": day(20), "end": day(40), "area": "A2", "code": "displacement"},
        ],
        "persons": [{"person_id": 1, "weekend": "A4"}, {"person_id": 2, "weekend": None}],
        "homes": [
            {"person_id": 1, "start": day(-900), "end": day(-500), "area": "A4"},
            {"person_id": 1, "start": day(-500), "end": day(500), "area": "A1"},
        ],
    }
    for name, rows in truth.items():
        pd.DataFrame(rows).to_parquet(tmp_path / f"{name}.parquet")
    told = {"feed": "mobile_event", "vintage": VINTAGE, "kind": "temporary", "person_key": 101, "bucket": 0}
    told |= {"rule_id": "INT_50", "shortest_days": 18, "longest_days": 22}
    rows = [
        told | {"start": day(20), "end": day(39), "place": "A2", "code": "displacement"},
        told | {"start": day(50), "end": day(51), "place": "A4", "code": "weekend_home"},
        told | {"start": day(60), "end": day(80), "place": "A3", "code": "displacement"},
    ]
    full = [{name: row.get(name) for name in SPELL.names} for row in rows]
    write_deltalake(str(SPELL.path(workspace)), pa.Table.from_pylist(full, schema=SPELL.stored))

    def person_keys(_feed: str, names: list[str]) -> np.ndarray:
        return np.array([int(name[1:]) + 100 for name in names])

    found = {measure: figure for measure, figure, _ in measures(tmp_path, workspace, VINTAGE, person_keys)}

    assert found == {
        "Stays away found": 1.0,
        "Days away between shortest and longest": 1.0,
        "Displacement: precision": 0.5,
        "Displacement: recall": 1.0,
        "Weekend home: precision": 1.0,
        "Weekend home: recall": 1.0,
    }
