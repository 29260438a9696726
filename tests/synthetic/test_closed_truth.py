"""No stage knows the synthetic country: what it reads came through a delivery."""

import ast
from pathlib import Path

import pytest

import sandbox

ROOT = Path(sandbox.__file__).parent
ROOMS = ("feeds", "presence", "residence", "nowcast", "estimates", "benchmark", "disclosure", "release", "airlock")


def imports(source: str) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
    return found


@pytest.mark.parametrize("room", [*ROOMS, "lakehouse", "persons", "kernels"])
def test_no_stage_imports_the_synthetic_country(room: str) -> None:
    for path in (ROOT / room).rglob("*.py"):
        assert not {name for name in imports(path.read_text("utf-8")) if name.startswith("sandbox.synthetic")}, path


def test_only_the_scores_read_what_the_truth_wrote() -> None:
    readers = {path.name for path in (ROOT / "synthetic").glob("*.py") if "pq.read_table" in path.read_text("utf-8")}
    assert readers == {"score.py", "temporary_score.py"}
