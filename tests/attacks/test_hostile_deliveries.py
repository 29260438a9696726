"""What an attacker, or an accident, could put into a delivery: numbers of the list in `confidentiality.md`."""

import json
import pickle
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds import contract as contracts
from sandbox.feeds import stage
from sandbox.feeds.arrivals import arrivals, file_tasks
from sandbox.feeds.delivery import MANIFEST, check_delivery, land, pack, read_delivery
from sandbox.feeds.keys import create_key
from sandbox.feeds.parts import written_notes
from sandbox.feeds.readers.parquet import footer_of
from sandbox.lakehouse.run import StageRun
from sandbox.settings import Workspace, Zone
from tests.feeds.conftest import active_contract

IDENTIFIER = "SUBSCRIBER-CANARY-0001"
HEADER = "movement_id,traveller_id,event_date,direction,flight_no\n"
GOOD = f"m1,{IDENTIFIER},2024-01-05,A,QF1\n"
BAD = f"m2,{IDENTIFIER},2024-01-05,X,{IDENTIFIER}\n"


@pytest.fixture
def delivered(workspace: Workspace, tmp_path: Path) -> Path:
    """A delivery of one good and one bad row, in a folder of the partner's."""
    create_key(workspace.key_file)
    workspace.contracts.mkdir()
    file = workspace.contracts / "border_agency.border_movement.odcs.yaml"
    file.write_text(active_contract("border_movement", "border_agency"), "utf-8")
    (tmp_path / "m.csv").write_text(HEADER + GOOD + BAD, "utf-8")
    period, at = (date(2024, 1, 1), date(2024, 1, 31)), datetime(2024, 2, 1, tzinfo=UTC)
    return pack(tmp_path / "out", [(tmp_path / "m.csv", "csv")], contracts.read(file), period, at).folder


def agreed(workspace: Workspace) -> contracts.Contract:
    return contracts.read(workspace.contracts / "border_agency.border_movement.odcs.yaml")


@pytest.mark.parametrize(
    "name", ["../m.csv", "/etc/passwd", "a/b.csv", "..", ".hidden", "m\x00.csv", "-rf", "manifest.json"]
)
def test_7_a_manifest_can_not_name_a_file_outside_the_delivery(delivered: Path, name: str) -> None:
    content = json.loads((delivered / MANIFEST).read_text("utf-8"))
    content["files"][0]["name"] = name
    (delivered / MANIFEST).write_text(json.dumps(content), "utf-8")
    with pytest.raises(DeliveryRefusedError):
        read_delivery(delivered)


def test_7_a_symlink_is_no_file_of_a_delivery(delivered: Path, workspace: Workspace, tmp_path: Path) -> None:
    (delivered / "m.csv").unlink()
    (delivered / "m.csv").symlink_to(tmp_path / "m.csv")
    with pytest.raises(DeliveryRefusedError, match="not in the delivery"):
        check_delivery(read_delivery(delivered), agreed(workspace))


def test_6_a_parquet_bomb_is_refused_by_its_footer(tmp_path: Path) -> None:
    ones = pa.array(np.ones(1_000_000, dtype=np.int64))
    schema = pa.schema([("a", pa.int64())])
    with pq.ParquetWriter(tmp_path / "bomb.parquet", schema) as writer:
        for _ in range(40):
            writer.write_table(pa.table({"a": ones}), row_group_size=1_000_000)
    assert (tmp_path / "bomb.parquet").stat().st_size < 300_000
    with pytest.raises(DeliveryRefusedError, match="claims 40,000,000 rows"):
        footer_of(tmp_path / "bomb.parquet")


def test_14_what_travels_to_the_workers_names_the_key_and_does_not_hold_it(
    delivered: Path, workspace: Workspace
) -> None:
    land(read_delivery(delivered), workspace.zone(Zone.LANDING))
    run = StageRun(workspace, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1)
    (arrived,), _ = arrivals(run)
    travels = pickle.dumps((file_tasks(workspace, arrived, workspace.root), written_notes))
    secret = json.loads(workspace.key_file.read_text("utf-8"))["epochs"]["1"]
    assert secret.encode() not in travels
    assert bytes.fromhex(secret) not in travels
    assert str(workspace.key_file).encode() in travels


def test_14_no_identifier_and_no_key_in_anything_that_ingestion_leaves(
    spark: SparkSession, delivered: Path, workspace: Workspace
) -> None:
    said: list[str] = []
    land(read_delivery(delivered), workspace.zone(Zone.LANDING))
    stage.ingest(StageRun(workspace, "ingest", date(2024, 1, 1), date(2024, 3, 1), 1, say=said.append))
    secret = json.loads(workspace.key_file.read_text("utf-8"))["epochs"]["1"]
    zones = [workspace.zone(zone) for zone in (Zone.BRONZE, Zone.QUARANTINE)]
    left = [file for zone in zones for file in zone.rglob("*") if file.is_file()]
    assert len(left) > 5
    for file in left:
        content = pq.read_table(file).to_pylist() if file.suffix == ".parquet" else file.read_bytes()
        assert IDENTIFIER not in str(content), file.name
        assert secret not in str(content), file.name
    assert IDENTIFIER not in "".join(said)


def test_11_the_same_delivery_again_is_recognised(spark: SparkSession, delivered: Path, workspace: Workspace) -> None:
    say: list[str] = []
    first = stage.ingest_folder(workspace, delivered, say.append)
    assert first is not None
    assert (first.rows_bronze, first.rows_quarantined) == (1, 1)
    assert stage.ingest_folder(workspace, delivered, say.append) is None
