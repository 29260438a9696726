"""The stage as it reads and writes tables."""

from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from sandbox.estimates import stage
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import AIR_OD_MONTH, OFFICIAL_SERIES
from sandbox.lakehouse.tables.figures import ESTIMATE, INTERVAL_BAND, POPULATION_ACCOUNT
from sandbox.lakehouse.tables.persons import PREDICTION, RESIDENCE_CHANGE
from sandbox.settings import Workspace

MONTH, VINTAGE = date(2023, 11, 1), date(2023, 12, 1)
FLIGHT = {
    "period": MONTH,
    "origin_country": "NZL",
    "destination_country": "XAA",
    "measure": "od_true",
    "carrier": "Z1",
    "partner": "aviation",
    "delivery_id": "a",
}
CHANGE = {"feed": "border_movement", "bucket": 0, "rule_id": "NZ_12_16", "vintage": VINTAGE, "direction": "A"}


@pytest.fixture
def run(workspace: Workspace, spark: SparkSession) -> StageRun:
    return StageRun(workspace, "estimates", MONTH, VINTAGE, seed=1)


def write(run: StageRun, table: Table, *rows: dict[str, Any]) -> None:
    columns = {name: [row.get(name) for row in rows] for name in table.names}
    run.write_small(pa.table(columns, schema=table.schema if rows else None), table)


def estimates(run: StageRun) -> pd.DataFrame:
    return run.read_small(ESTIMATE).to_pandas()


def test_a_country_without_a_feed_gets_the_figures_of_the_others(run: StageRun) -> None:
    write(run, AIR_OD_MONTH, FLIGHT | {"origin": "AKL", "destination": "XAL", "passengers": 70})
    said: list[str] = []
    stage.run(replace(run, say=said.append))
    rows = estimates(run)
    assert rows["indicator"].tolist() == ["NET_AIR"]
    assert rows["estimate"].tolist() == [70.0]
    assert "audiences: no audience_estimate, official_series" in said


def crossings(run: StageRun) -> None:
    months = [date(2021 + n // 12, n % 12 + 1, 1) for n in range(35)]
    rows = [
        CHANGE
        | {
            "person_key": n,
            "change_id": str(n),
            "change_date": month,
            "reference_month": month,
            "is_change": None if month == MONTH else True,
            "partner_country": "NZL",
            "sex": "F",
            "subpopulation": "foreign_born_foreign",
        }
        for n, month in enumerate(months)
    ]
    write(run, RESIDENCE_CHANGE, *rows)
    write(run, PREDICTION, CHANGE | {"person_key": 34, "change_id": "34", "reference_month": MONTH, "p": 0.75})
    band = {"rule_id": "NZ_12_16", "vintage": VINTAGE, "direction": "A", "horizon": 1, "state": "steady", "level": 0.95}
    write(run, INTERVAL_BAND, band | {"lower": -0.2, "upper": 0.2, "bias": 0.0, "spread": 0.1})
    whole = dict.fromkeys(("area", "partner_area", "sex", "age", "subpopulation"), "_T")
    annual = {"series_id": "OFFICIAL_IMM", "frequency": "A", "period": date(2021, 1, 1), "vintage": date(2023, 5, 1)}
    write(run, OFFICIAL_SERIES, whole | annual | {"value": 18.0, "se": 0.5})


def test_flows_over_the_border_from_table_to_table(run: StageRun) -> None:
    crossings(run)
    stage.run(run)
    rows = estimates(run)
    assert set(rows["indicator"]) == {"IMM", "EMI", "NET", "IMM_ADJ"}
    totals = rows[(rows[["partner_area", "sex", "subpopulation"]] == "_T").all(axis=1)]
    newest = totals[totals["reference_period"] == MONTH].set_index("indicator")
    assert newest["estimate"].to_dict() == pytest.approx({"IMM": 0.75, "EMI": 0, "NET": 0.75, "IMM_ADJ": 0.75 * 1.5})
    assert newest["provisional"].to_dict() == {"IMM": True, "EMI": False, "NET": True, "IMM_ADJ": True}
    assert newest.loc["IMM", ["decided", "contributors"]].tolist() == [0, 1]
    assert totals.loc[totals["frequency"] == "A", "reference_period"].unique().tolist() == [
        date(2021, 1, 1),
        date(2022, 1, 1),
    ]
    assert not rows.duplicated(list(ESTIMATE.key)).any()


def test_the_population_account_has_the_flows_of_the_estimates_and_says_what_the_office_has_not_told(
    run: StageRun,
) -> None:
    crossings(run)
    stage.run(run)
    rows = run.read_small(POPULATION_ACCOUNT).to_pandas()
    told = estimates(run)
    annual = told[(told["frequency"] == "A") & (told["indicator"] == "IMM") & (told["partner_area"] == "_T")]
    whole = rows[rows["subpopulation"] == "_T"]
    assert whole["reference_period"].tolist() == annual["reference_period"].tolist()
    assert whole["immigrants"].tolist() == annual["estimate"].tolist() == [12.0, 12.0]
    assert whole["immigrants_se"].tolist() == pytest.approx(annual["se"].tolist(), nan_ok=True)
    assert rows["subpopulation"].value_counts().to_dict() == dict.fromkeys(rows["subpopulation"].unique(), 2)
    assert rows["consistent"].isna().all()
    assert whole["missing"].map(list).tolist() == [["stock_start", "births", "deaths", "stock_end"]] * 2


def test_the_same_run_twice_leaves_the_same_tables(run: StageRun) -> None:
    crossings(run)
    stage.run(run)
    first = {
        table.name: store.canonical_sha256(run.read_small(table), table) for table in (ESTIMATE, POPULATION_ACCOUNT)
    }
    stage.run(run)
    again = {
        table.name: store.canonical_sha256(run.read_small(table), table) for table in (ESTIMATE, POPULATION_ACCOUNT)
    }
    assert again == first
