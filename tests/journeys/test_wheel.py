"""The checker as a partner gets it: one wheel, its base dependencies, no Java, no Spark. Slow: it installs them."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
LOCK = ROOT / f"requirements-{sys.version_info.major}.{sys.version_info.minor}.lock"
HOW_TO = ROOT / "docs" / "how-to"
SEND, AGREE = HOW_TO / "send-a-delivery.md", HOW_TO / "agree-on-a-contract.md"
BLOCK = re.compile(r"^```sh ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HEAVY = ("pyspark", "delta", "deltalake", "numba", "llvmlite", "scipy", "pandas", "h3", "mlflow", "sklearn")
MOST_MEGABYTES = 320
LOADED = f"""
import sys
from sandbox.cli.main import main
code = 0
try:
    main()
except SystemExit as end:
    code = end.code
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Checker:
    """An environment with the wheel alone; Java is not on its path."""

    wheel: Path
    environment: Path

    def run(self, command: str, folder: Path) -> subprocess.CompletedProcess[str]:
        tools = folder.parent / "tools"
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=folder,
            env={"PATH": f"{self.environment / 'bin'}:{tools}", "HOME": str(folder), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            text=True,
            check=False,
        )


def quietly(*words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, cwd=cwd)


def built(folder: Path) -> Path:
    """Return the wheel, built from a copy, so that nothing is left in the checkout."""
    source = folder / "source"
    source.mkdir()
    shutil.copytree(ROOT / "sandbox", source / "sandbox", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, source / name)
    build = ("build", "--wheel", "--offline", "--no-build-isolation", "--python", sys.executable)
    made = quietly(UV, *build, "--out-dir", folder / "wheel", cwd=source)
    assert made.returncode == 0, made.stderr
    (wheel,) = (folder / "wheel").glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Checker:
    if not UV.exists():
        pytest.skip("uv is not in this environment: `make setup` puts it there")
    folder = tmp_path_factory.mktemp("wheel")
    wheel, environment = built(folder), folder / "environment"
    made = quietly(UV, "venv", "--offline", "--python", sys.executable, environment)
    assert made.returncode == 0, made.stderr
    install = ("pip", "install", "--python", environment / "bin" / "python", "--constraint", LOCK, wheel)
    done = quietly(UV, *install, "--offline")
    if done.returncode:
        done = quietly(UV, *install)
    if done.returncode:
        pytest.skip(f"packages can't be had here: {done.stderr.strip().splitlines()[-1]}")
    return Checker(wheel, environment)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder to work in; beside it the few tools of a shell that the pages use, and nothing else."""
    (tmp_path / "tools").mkdir()
    for tool in ("bash", "cat", "sed", "gzip"):
        where = shutil.which(tool)
        assert where is not None
        (tmp_path / "tools" / tool).symlink_to(where)
    work = tmp_path / "work"
    work.mkdir()
    return work


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(page.read_text("utf-8"))


@pytest.mark.parametrize("page", [SEND, AGREE], ids=lambda page: page.stem)
def test_every_command_of_the_page_does_what_it_says(checker: Checker, folder: Path, page: Path) -> None:
    ran = 0
    for kind, command in blocks(page):
        if kind == "install":
            assert checker.wheel.name in command, "the page names another wheel"
            continue
        done = checker.run(command, folder)
        assert done.returncode == int(kind.removeprefix("exits-") or 0), command + done.stdout + done.stderr
        ran += 1
    assert ran == page.read_text("utf-8").count("```sh") - (page is SEND)


def test_the_page_ends_with_a_delivery_that_its_manifest_describes(checker: Checker, folder: Path) -> None:
    for kind, command in blocks(SEND):
        if kind != "install":
            checker.run(command, folder)
    manifest = json.loads((folder / "delivery-2026-01" / "manifest.json").read_text("utf-8"))
    assert (manifest["contract"], manifest["delivered_at"]) == ("border_agency.border_movement", "2026-02-02T20:00:00Z")
    assert [(file["name"], file["format"], file["rows"]) for file in manifest["files"]] == [("movements.csv", "csv", 4)]


def test_the_page_says_which_rules_its_slips_break(checker: Checker, folder: Path) -> None:
    told = ""
    for kind, command in blocks(SEND)[:5]:
        if kind != "install":
            told += checker.run(command, folder).stdout
    for rule in ("alpha_3:nationality", "allowed:direction", "same_day:event_ts,event_date"):
        assert rule in told
    assert "P-4471" not in told


@pytest.mark.parametrize("name", ["movements.csv", "movements.csv.gz", "movements.parquet"])
def test_no_heavy_package_is_loaded_by_a_check(checker: Checker, folder: Path, name: str) -> None:
    """There is none to load; were one there, it would stay asleep as well."""
    for _, command in blocks(SEND)[1:4]:
        checker.run(command, folder)
    checker.run("gzip -k movements.csv", folder)
    convert = (
        "import pyarrow.csv as c, pyarrow.parquet as p; p.write_table(c.read_csv('movements.csv'), 'movements.parquet')"
    )
    checker.run(f'python -c "{convert}"', folder)
    (folder / "loaded.py").write_text(LOADED, "utf-8")
    done = checker.run(f"python loaded.py feed check {name} --contract draft.odcs.yaml --quiet --json", folder)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["rows"] == 4
    assert done.stderr.strip().splitlines()[-1] == "[]"


def test_the_install_stays_small_and_has_no_spark(checker: Checker) -> None:
    packages = next((checker.environment / "lib").glob("python*/site-packages"))
    assert not [name for name in HEAVY if (packages / name).exists()]
    files = [Path(root, name) for root, _, names in os.walk(checker.environment) for name in names]
    megabytes = sum(file.lstat().st_size for file in files) / 1e6
    assert megabytes < MOST_MEGABYTES, f"{megabytes:.0f} MB"


def test_there_is_no_java_on_the_path(checker: Checker, folder: Path) -> None:
    assert checker.run("java -version", folder).returncode == 127


@pytest.mark.parametrize(
    ("command", "package"),
    [("rule apply NZ_12_16 a.csv --out b.csv", "numba"), ("run --month 2025-01", "pyspark"), ("moves --help", "numba")],
)
def test_a_command_that_needs_more_says_what_to_install(
    checker: Checker, folder: Path, command: str, package: str
) -> None:
    done = checker.run(f"sandbox {command}", folder)
    assert done.returncode == 3
    assert package in done.stderr
    assert "migration-sandbox[lake]" in done.stderr.replace("\n", "")
