"""Spark in earnest: workers in processes of their own, and nothing large on the driver. Slow."""

import os
import shutil
import subprocess
import sys

import pytest

from sandbox.demo import Demo, make_country, workspace_of
from sandbox.lakehouse import store
from sandbox.pipeline import STAGES
from sandbox.settings import Workspace, read_workspace

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]
SCALE, SEED = float(os.environ.get("SANDBOX_CLUSTER_SCALE", "3")), 11
CLUSTER = """
[spark]
master = "local-cluster[2,1,1024]"
shuffle_partitions = {partitions}
[spark.conf]
"spark.driver.maxResultSize" = "16m"
"spark.sql.adaptive.coalescePartitions.enabled" = "false"
"""


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """A country of which every partner has delivered, and nothing else."""
    demo = Demo(tmp_path_factory.mktemp("country"), SCALE, SEED)
    make_country(demo, workspace_of(demo))
    return demo


def computed(delivered: Demo, partitions: int) -> Workspace:
    """Run every stage on a cluster whose shuffles have so many partitions."""
    folder = delivered.folder / f"with-{partitions}" / "workspace"
    shutil.copytree(delivered.folder / "keys", folder.parent / "keys")
    shutil.copytree(delivered.folder / "workspace", folder)
    settings = folder / "sandbox.toml"
    settings.write_text(settings.read_text("utf-8") + CLUSTER.format(partitions=partitions), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "sandbox", "run", "--month", "2025-11", "--workspace", str(folder), "--seed", str(SEED)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return read_workspace(folder)


def hashes(workspace: Workspace) -> dict[str, str]:
    """Canonical hash of every table that any stage has written."""
    tables = {table.name: table for stage in STAGES for table in stage.writes}
    return {
        name: store.canonical_sha256(store.read_small(workspace, table), table)
        for name, table in tables.items()
        if store.latest_version(workspace, table) is not None
    }


def test_one_partition_and_eight_give_the_same_tables(delivered: Demo) -> None:
    one, eight = hashes(computed(delivered, 1)), hashes(computed(delivered, 8))

    assert {stage.writes[-1].name for stage in STAGES} <= set(one), "a stage has written nothing"
    assert one == eight
