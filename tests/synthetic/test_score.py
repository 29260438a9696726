from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.figures import ESTIMATE
from sandbox.lakehouse.tables.persons import HOME, PRESENCE_DAY
from sandbox.settings import Workspace
from sandbox.synthetic.score import ScoreRow, common_part, is_too_easy, mape, score, weighted_error

MONTH, VINTAGE = date(2025, 11, 1), date(2025, 12, 1)
JUNE = date(2025, 6, 1)
TOTALS = dict.fromkeys(("area", "partner_area", "sex", "age", "subpopulation"), "_T")
CELL = {"vintage": VINTAGE, "frequency": "M", "reference_period": JUNE, "provisional": True, **TOTALS}
IMMIGRANTS = CELL | {"indicator": "IMM", "feed": "border_movement"}
FLOW = CELL | {"indicator": "INT_FLOW", "feed": "mobile_event"}
STOCK = CELL | {"indicator": "STOCK_ORIGIN", "feed": "audience_estimate"}


def write(workspace: Workspace, table: Table, rows: list[dict]) -> None:
    full = [{name: row.get(name) for name in table.names} for row in rows]
    schema = pa.schema([field.with_nullable(True) for field in table.schema])
    write_deltalake(str(table.path(workspace)), pa.Table.from_pylist(full, schema=schema))


def keys(feed: str, identifiers: list[str]) -> np.ndarray:
    return np.array([int(name[1:]) + 100 for name in identifiers])


@pytest.fixture
def truth_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "truth"
    folder.mkdir()
    tables = {
        "sims": [
            {"subscriber_id": "s1", "person_id": 1, "role": "main"},
            {"subscriber_id": "s2", "person_id": 2, "role": "second"},
            {"subscriber_id": "s3", "person_id": -1, "role": "m2m"},
        ],
        "homes": [
            {"person_id": 1, "start": date(2020, 1, 1), "end": date(2026, 1, 1), "area": "A1"},
            {"person_id": 2, "start": date(2020, 1, 1), "end": date(2025, 5, 20), "area": "A2"},
            {"person_id": 2, "start": date(2025, 5, 21), "end": date(2026, 1, 1), "area": "A3"},
        ],
        "migration": [
            {"month": JUNE, "direction": "A", "subpopulation": "native_citizen", "migrations": 40},
            {
                "month": JUNE,
                "direction": "A",
                "subpopulation": "foreign_born_foreign",
                "migrations": 60,
                "crossings": 110,
            },
        ],
        "internal": [
            {"person_id": 1, "day": date(2025, 6, 9), "from_area": "A1", "to_area": "A2"},
            {"person_id": 2, "day": date(2025, 6, 9), "from_area": "A1", "to_area": "A2"},
            {"person_id": 3, "day": date(2025, 6, 9), "from_area": "A2", "to_area": "A1"},
        ],
        "stock": [{"month": JUNE, "birth": "FJI", "residents": 200}],
    }
    for name, rows in tables.items():
        pa.parquet.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return folder


@pytest.fixture
def scored(workspace: Workspace, truth_folder: Path) -> dict[tuple[str, str], ScoreRow]:
    write(
        workspace,
        ESTIMATE,
        [
            IMMIGRANTS | {"estimate": 110.0, "lower": 90.0, "upper": 120.0, "naive": 150.0},
            IMMIGRANTS | {"estimate": 1.0, "subpopulation": "native_citizen"},
            IMMIGRANTS | {"estimate": 9.0, "vintage": date(2025, 11, 1)},
            FLOW | {"area": "A1", "partner_area": "A2", "estimate": 3.0, "naive": 6.0},
            STOCK | {"partner_area": "FJI", "estimate": 150.0, "naive": 60.0},
        ],
    )
    home = {"feed": "mobile_event", "bucket": 0, "month": JUNE, "status": "determined"}
    write(workspace, HOME, [home | {"person_key": 101, "home": "A1"}, home | {"person_key": 102, "home": "A3"}])
    day = {"feed": "mobile_event", "bucket": 0}
    write(
        workspace,
        PRESENCE_DAY,
        [day | {"person_key": 101, "local_date": JUNE + timedelta(days=n), "place": "A1"} for n in range(3)]
        + [day | {"person_key": 102, "local_date": JUNE + timedelta(days=n), "place": "A2"} for n in range(5)]
        + [day | {"person_key": 102, "local_date": JUNE + timedelta(days=9), "place": "A3"}],
    )
    crossing = {"event_date": JUNE, "direction": "A", "partner": "b", "delivery_id": "d"}
    write(workspace, BORDER_MOVEMENT, [crossing | {"movement_id": str(n)} for n in range(200)])
    rows = score(truth_folder, workspace, MONTH, VINTAGE, keys)
    return {(row.measure, row.naive_method): row for row in rows}


def test_homes_are_judged_by_the_middle_of_the_month(scored: dict) -> None:
    row = scored["Home area right, where told", "most days"]
    assert (row.ours, row.naive) == (1.0, 0.5)


def test_totals_are_judged_against_all_subpopulations_together(scored: dict) -> None:
    row = scored["Immigrants by month, provisional", "rule so far"]
    assert (row.ours, row.naive) == pytest.approx((0.10, 0.50))


def test_counting_every_arrival_is_a_naive_method_too(scored: dict) -> None:
    assert scored["Immigrants by month, provisional", "all arrivals counted"].naive == pytest.approx(1.0)


def test_coverage_is_the_share_of_months_with_the_truth_inside(scored: dict) -> None:
    assert scored["Immigrants by month, provisional: truth inside the 95 % interval", ""].ours == 1.0


def test_a_true_flow_without_an_estimate_counts_as_an_error(scored: dict) -> None:
    row = scored["Moves between areas", "most days"]
    assert (row.ours, row.naive) == pytest.approx((2 / 3, 5 / 3))


def test_stocks_are_judged_by_origin(scored: dict) -> None:
    row = scored["Foreign-born residents by origin", "audience as stated"]
    assert (row.ours, row.naive) == pytest.approx((0.25, 0.70))


def test_measures_of_error() -> None:
    ours, truth = pd.Series([1.0, 4.0]), pd.Series([2.0, 2.0])
    assert mape(ours, truth) == pytest.approx(0.75)
    assert weighted_error(ours, truth) == pytest.approx(0.75)
    assert common_part(ours, truth) == pytest.approx(2 * 3 / 9)
    assert common_part(truth, truth) == 1.0


@pytest.mark.parametrize(
    ("ours", "naive", "better", "easy"),
    [
        (0.10, 0.20, "lower", False),
        (0.10, 0.11, "lower", True),
        (0.10, 0.111, "lower", False),
        (0.10, 0.05, "lower", True),
        (0.95, 0.90, "higher", False),
        (0.95, 0.946, "higher", True),
        (0.95, None, "higher", False),
    ],
)
def test_a_naive_error_within_a_tenth_of_ours_is_too_easy(ours, naive, better, easy) -> None:
    fine = ScoreRow("fine", 0.1, 0.9, "share", "lower")
    assert is_too_easy([fine, ScoreRow("measure", ours, naive, "share", better)]) is easy
