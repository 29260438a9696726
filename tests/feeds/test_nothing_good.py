"""A delivery without a good row, of whichever feed, is booked, profiled and put right like any other."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from sandbox.feeds import contract as contracts
from sandbox.feeds import stage
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.delivery import land, pack
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.books import DELIVERY, FEED_PROFILE
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import active_contract, write_csv


@pytest.mark.parametrize("feed", sorted(ALL_FEEDS))
def test_its_rows_wait_and_its_profile_says_so(partner: Workspace, tmp_path: Path, feed: str) -> None:
    file = partner.contracts / f"sender.{feed}.odcs.yaml"
    file.write_text(active_contract(feed, "sender"), "utf-8")
    columns = ALL_FEEDS[feed].columns
    rows = [{column.name: "" for column in columns} | {columns[0].name: "x"}]
    period, at = (date(2024, 1, 1), date(2024, 1, 31)), datetime(2024, 2, 1, tzinfo=UTC)
    sent = pack(tmp_path / "out", [(write_csv(tmp_path / "rows.csv", rows), "csv")], contracts.read(file), period, at)
    land(sent, partner.zone(Zone.LANDING))
    stage.run(StageRun(partner, "ingest", date(2024, 2, 1), date(2024, 2, 1), 0))
    (book,) = store.read_small(partner, DELIVERY).to_pylist()
    assert (book["rows_in"], book["rows_bronze"], book["rows_quarantined"]) == (1, 0, 1)
    assert book["findings"][0].startswith("nothing_good: none of 1 rows is good")
    quarantined = store.read_small(partner, FEED_PROFILE, {"feed": feed}).to_pylist()
    assert [row["value"] for row in quarantined if "quarantine" in row["measure"]] == [1.0]
