"""One small country for all tests of this room."""

from pathlib import Path

import pytest

from sandbox.synthetic import country, deliveries
from sandbox.synthetic.country import Truth
from sandbox.synthetic.scenario import Scenario, read

SCALE, SEED = 0.05, 7


@pytest.fixture(scope="session")
def scenario() -> Scenario:
    return read()


@pytest.fixture(scope="session")
def truth(scenario: Scenario) -> Truth:
    return country.make(SCALE, SEED, scenario)


@pytest.fixture(scope="session")
def whole_truth(scenario: Scenario) -> Truth:
    """The country at the scale of the demo, for its counts."""
    return country.make(1.0, SEED, scenario)


@pytest.fixture(scope="session")
def landing(truth: Truth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("landing")
    deliveries.write(truth, folder, SEED)
    return folder
