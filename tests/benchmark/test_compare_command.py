"""`sandbox benchmark compare`: the JSON that it writes, and what it refuses."""

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from sandbox.cli.benchmark import app
from sandbox.errors import CallError

SIDES = """
[estimate]
concept = "NZ_12_16"
population = "all"
territory = "XAA"
period = "month"
unit = "persons"
{estimate}
[official]
id = "OFFICIAL"
concept = "{concept}"
population = "all"
territory = "XAA"
period = "month"
unit = "persons"
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    months = pd.period_range("2015-01", periods=60, freq="M").astype(str)
    level = pd.Series([100.0 + 10 * (n % 12) + 40 * ((n // 12) % 2) for n in range(60)])
    missed = level + pd.Series([9 if n % 20 == 3 else 0 for n in range(60)])
    ours = pd.DataFrame({"month": months, "e": missed, "lo": missed - 5, "hi": missed + 5})
    ours.to_csv(tmp_path / "ours.csv", index=False)
    pd.DataFrame({"month": months, "o": level}).iloc[:-2].to_csv(tmp_path / "theirs.csv.gz", index=False)
    return tmp_path


def compared(files: Path, *more: str) -> dict[str, object]:
    call = ["compare", str(files / "ours.csv"), str(files / "theirs.csv.gz"), "--on", "month", "--estimate", "e"]
    call += ["--official", "o", "--lower", "lo", "--upper", "hi", "--period", "month", "--out", str(files / "out.json")]
    done = CliRunner().invoke(app, [*call, "--quiet", *more])
    if done.exception is not None:
        raise done.exception
    found: dict[str, object] = json.loads((files / "out.json").read_text("utf-8"))
    return found


def concepts(files: Path, estimate: str = "", concept: str = "NZ_12_16") -> tuple[str, str]:
    (files / "concepts.toml").write_text(SIDES.format(estimate=estimate, concept=concept), "utf-8")
    return "--concepts", str(files / "concepts.toml")


def test_the_answer_has_the_keys_of_the_interface(files: Path) -> None:
    found = compared(files)
    assert {"n", "matched", "only_estimate", "only_official", "measures", "gates", "verdict", "reasons"} <= set(found)
    assert (found["n"], found["matched"], found["only_estimate"], found["only_official"]) == (60, 58, 2, 0)
    assert all({"id", "value", "status"} <= set(gate) for gate in found["gates"])  # type: ignore[attr-defined]


def test_without_concepts_the_verdict_is_at_best_caution_and_with_them_it_may_be_published(files: Path) -> None:
    bare = compared(files)
    assert (bare["verdict"], bare["reasons"][0]) == ("CAUTION", "alignment_not_declared")  # type: ignore[index]
    assert compared(files, *concepts(files))["verdict"] == "PUBLISH"


def test_another_concept_is_not_assessable_and_no_gate_is_told(files: Path) -> None:
    found = compared(files, *concepts(files, concept="net passengers"))
    assert (found["verdict"], found["gates"]) == ("NOT_ASSESSABLE", [])
    assert found["reasons"] == ["different_concept"]


def test_a_benchmark_that_was_fitted_to_is_refused(files: Path) -> None:
    found = compared(files, *concepts(files, 'calibrated_to = "OFFICIAL"'))
    assert found["verdict"] == "NOT_ASSESSABLE"
    assert compared(files, *concepts(files, 'calibrated_to = "OFFICIAL"\nout_of_sample = true'))["verdict"] == "PUBLISH"


def test_a_setting_that_nothing_reads_is_a_wrong_call(files: Path) -> None:
    with pytest.raises(CallError, match="concpet"):
        compared(files, *concepts(files, 'concpet = "x"'))


def test_nothing_in_common_is_not_assessable(files: Path) -> None:
    theirs = pd.read_csv(files / "theirs.csv.gz")
    theirs.assign(month=[f"1900-{n % 12 + 1:02d}" if n < 12 else f"{1900 + n}-01" for n in range(58)]).to_csv(
        files / "theirs.csv.gz", index=False
    )
    assert compared(files)["verdict"] == "NOT_ASSESSABLE"


def test_the_command_needs_no_spark(files: Path) -> None:
    code = "import sys; import sandbox.benchmark.compare; assert 'pyspark' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
