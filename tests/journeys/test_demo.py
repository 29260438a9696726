"""The whole way, as a stranger walks it: slow, on a small country."""

import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from sandbox.concepts.codes import TOTAL
from sandbox.demo import VINTAGE, Demo, country_stands, scores, verified, workspace_of
from sandbox.lakehouse import store
from sandbox.lakehouse.tables.figures import ESTIMATE
from sandbox.settings import Workspace, Zone, read_workspace
from sandbox.synthetic.score import is_too_easy

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]
SCALE, SEED = 0.5, 11


def sandbox(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "sandbox", *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    made = Demo(tmp_path_factory.mktemp("demo"), SCALE, SEED)
    done = sandbox("demo", "--scale", str(SCALE), "--seed", str(SEED), "--folder", str(made.folder))
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="module")
def workspace(demo: Demo) -> Workspace:
    return workspace_of(demo)


def released(workspace: Workspace) -> Path:
    (folder,) = [each for each in workspace.zone(Zone.PUBLISHED).iterdir() if each.is_dir()]
    return folder


def test_the_demo_ends_with_a_release_that_can_be_verified(demo: Demo, workspace: Workspace) -> None:
    assert country_stands(demo)
    assert "checks passed" in verified(workspace, released(workspace))


def test_a_second_demo_does_nothing_again(demo: Demo) -> None:
    again = sandbox("demo", "--scale", str(SCALE), "--seed", str(SEED), "--folder", str(demo.folder))

    assert again.returncode == 0, again.stderr
    assert again.stderr.count("already") == 9


def test_the_country_is_too_hard_for_naive_methods(demo: Demo, workspace: Workspace) -> None:
    assert not is_too_easy(scores(demo, workspace))


def test_one_byte_changed_anywhere_is_named(workspace: Workspace, tmp_path: Path) -> None:
    copy = shutil.copytree(released(workspace), tmp_path / "copy")
    for file in sorted(copy.iterdir()):
        content = file.read_bytes()
        file.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

        told = sandbox("release", "verify", str(copy), "--workspace", str(workspace.root))

        assert told.returncode == 1, file.name
        assert file.name in told.stdout, told.stdout
        file.write_bytes(content)


def test_the_release_is_made_again_from_the_tables_alone(workspace: Workspace, tmp_path: Path) -> None:
    release = shutil.copytree(released(workspace), tmp_path / "release")
    copy = shutil.copytree(workspace.root, tmp_path / "workspace")
    for zone in (Zone.PUBLISHED, Zone.AIRLOCK):
        shutil.rmtree(copy / zone.value)

    told = sandbox("release", "rebuild", str(release), "--workspace", str(copy))

    assert told.returncode == 0, told.stderr
    assert "byte for byte" in told.stdout


def test_a_release_is_not_made_again_from_a_gold_value_that_was_changed(workspace: Workspace, tmp_path: Path) -> None:
    release = shutil.copytree(released(workspace), tmp_path / "release")
    copy = read_workspace(shutil.copytree(workspace.root, tmp_path / "workspace"))
    one_more(copy)

    told = sandbox("release", "rebuild", str(release), "--workspace", str(copy.root), "--latest")

    assert told.returncode == 1, told.stdout


def one_more(workspace: Workspace) -> None:
    """Raise the newest published figure of immigrants by one, in the table of estimates."""
    rows = store.read_small(workspace, ESTIMATE).to_pandas()
    totals = (rows[["area", "partner_area", "sex", "age", "subpopulation"]] == TOTAL).all(axis=1)
    immigrants = rows[totals & (rows["indicator"] == "IMM") & (rows["frequency"] == "M")]
    newest = immigrants.sort_values("reference_period").index[-1]
    rows.loc[newest, "estimate"] += 1
    changed = pa.Table.from_pandas(rows, schema=ESTIMATE.stored, preserve_index=False)
    store.write_small(changed, workspace, ESTIMATE, {"vintage": VINTAGE}, {"stage": "a changed value"})
