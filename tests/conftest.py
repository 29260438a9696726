"""Fixtures that many rooms need: real data where it lies, one Spark session, a workspace of one's own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from sandbox.lakehouse.session import spark_session
from sandbox.settings import Workspace, read_workspace

SETTINGS = """
buckets = 2
[country]
code = "XAA"
name = "Aurelia"
time_zone = "Pacific/Pitcairn"
mcc = "001"
[spark]
master = "local[2]"
shuffle_partitions = 2
driver_memory = "2g"
"""


def new_workspace(folder: Path) -> Workspace:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sandbox.toml").write_text(SETTINGS, "utf-8")
    return read_workspace(folder)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return new_workspace(tmp_path / "workspace")


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    session = spark_session(new_workspace(tmp_path_factory.mktemp("spark")))
    yield session
    session.stop()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real data and conformance cases, which lie outside the repository."""
    folder = Path(os.environ.get("SANDBOX_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip("real data not present")
    return folder
