"""`sandbox experiment`: what there is, and what is said where something is missing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from sandbox.cli.experiment import app
from sandbox.errors import CallError, EnvironmentFaultError


def test_the_experiments_are_listed_with_their_question() -> None:
    said = CliRunner().invoke(app, ["list"]).output
    named = [line.split(":")[0] for line in said.splitlines()]
    assert named == ["au_passengers", "eu_audience", "labelled_stops", "real_feeds"]


def test_an_unknown_experiment_is_a_wrong_call_that_names_those_there_are() -> None:
    said = CliRunner().invoke(app, ["run", "nothing"])
    assert isinstance(said.exception, CallError)
    assert "au_passengers" in said.exception.remedy


def test_without_the_real_data_it_says_so(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["run", "au_passengers", "--shared", str(tmp_path)])
    assert isinstance(said.exception, EnvironmentFaultError)
    assert "Real data not present" in str(said.exception)


@pytest.mark.parametrize("name", ["labelled_stops", "au_passengers", "eu_audience"])
def test_every_experiment_has_a_page(name: str) -> None:
    text = (Path(__file__).parents[2] / "experiments" / name / "README.md").read_text("utf-8")
    assert all(heading in text for heading in ("## Question", "## Data", "## Result"))
