"""A wrong year that the rule over the set finds is held or mended, as the contract says."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sandbox.feeds import contract as contracts
from sandbox.feeds import stage
from sandbox.feeds.delivery import Delivery, land, pack
from sandbox.feeds.keys import create_key
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.feeds import AIR_OD_MONTH
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import active_contract, write_csv

MONTHS = [date(year, month, 1) for year in range(2015, 2020) for month in range(1, 13)]


def passengers(source: str, named_by_year_ended_august: bool) -> list[dict[str, str]]:
    rows = []
    for month in MONTHS:
        shift = named_by_year_ended_august and month.month > 8
        rows.append(
            {
                "period": str(month.replace(year=month.year + shift)),
                "origin": "NZL",
                "destination": "XAA",
                "measure": "on_board",
                "carrier": source,
                "passengers": str(round(10_000 * 1.1 ** (month.year - 2015))),
                "source": source,
            }
        )
    return rows


def delivered(workspace: Workspace, folder: Path, basis: str) -> Delivery:
    """Land a source with calendar years and one named by the year that ends in August; return the latter."""
    create_key(workspace.key_file)
    workspace.contracts.mkdir()
    file = workspace.contracts / "civil_aviation.air_od_month.odcs.yaml"
    file.write_text(active_contract("air_od_month", "civil_aviation", yearBasis=basis), "utf-8")
    for source, ended in (("airlines", False), ("cities", True)):
        rows = write_csv(folder / f"{source}.csv", passengers(source, ended))
        period, at = (MONTHS[0], MONTHS[-1]), datetime(2021, 1, 1, tzinfo=UTC)
        delivery = pack(folder / source, [(rows, "csv")], contracts.read(file), period, at)
        land(delivery, workspace.zone(Zone.LANDING))
    return delivery


@pytest.mark.slow
@pytest.mark.parametrize(
    ("basis", "in_bronze", "held"), [("calendar", 40, 20), ("as_found", 60, 0), ("year_ended_aug", 60, 0)]
)
def test_the_contract_says_what_follows_from_a_wrong_year(
    spark: SparkSession, workspace: Workspace, tmp_path: Path, basis: str, in_bronze: int, held: int
) -> None:
    cities = delivered(workspace, tmp_path, basis)
    accounts = stage.ingest(StageRun(workspace, "ingest", date(2021, 1, 1), date(2021, 2, 1), 1))
    account = next(each for each in accounts if each.delivery.id == cities.id)
    assert (account.rows_bronze, account.rows_quarantined) == (in_bronze, held)
    assert account.findings[0].startswith("year_")
    periods = store.read_small(workspace, AIR_OD_MONTH, {"delivery_id": cities.id})["period"].to_pylist()
    expected = [month for month in MONTHS if month.month <= 8] if held else MONTHS
    assert sorted(periods) == expected
