import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import skops.io
from sklearn.preprocessing import FunctionTransformer

from sandbox.errors import CheckFailedError
from sandbox.lakehouse.tables.nowcasts import CATEGORIES, NUMBERS
from sandbox.nowcast.models import Lesson, Model, Recipe, learnt, probabilities
from sandbox.nowcast.parts import PARTS
from sandbox.nowcast.predict import is_promoted
from sandbox.nowcast.registry import Registered, Registry, example_features, open_model

# MLflow maps its tables with an option that SQLAlchemy 2.1 warns of, and warns of type hints of its own.
pytestmark = [
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated"),
    pytest.mark.filterwarnings("ignore:.*Any type hint is inferred as AnyType"),
]


@pytest.fixture(scope="module")
def model() -> Model:
    rng = np.random.default_rng(1)
    features = pd.DataFrame({name: rng.normal(size=2_000).astype(np.float32) for name in NUMBERS})
    for name in CATEGORIES:
        features[name] = rng.choice(["a", "b"], 2_000)
    outcome = (features["age"] > rng.normal(size=2_000)).to_numpy(np.int8)
    return learnt(Recipe.BOOSTING, Lesson(features, outcome, rng.random(2_000).astype(np.float32)), 1)


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    root = tmp_path_factory.mktemp("registry")
    return Registry(f"sqlite:///{root / 'mlflow.db'}", root / "artifacts", root / "models")


@pytest.fixture(scope="module")
def registered(registry: Registry, model: Model) -> Registered:
    with registry.run("test", "first"):
        version = registry.register("NZ-A-01-03", model, "0" * 64, {"brier_boosting": "0.05"})
    registry.promote(version)
    return version


def test_a_registered_model_is_opened_from_its_file_and_answers_the_same(model: Model, registered: Registered) -> None:
    opened = open_model(registered.file, registered.sha256, registered.recipe)
    asked = example_features()
    assert np.array_equal(probabilities(opened, asked), probabilities(model, asked))


def test_the_champion_is_what_was_promoted(registry: Registry, registered: Registered) -> None:
    assert registry.champion("NZ-A-01-03") == registered
    assert registry.champion("NZ-D-01-03") is None


def test_the_same_lesson_is_registered_once(registry: Registry, registered: Registered, model: Model) -> None:
    with registry.run("test", "again"):
        assert registry.register("NZ-A-01-03", model, "0" * 64, {}) == registered
        assert registry.register("NZ-A-01-03", model, "1" * 64, {}).version == "2"
    assert registry.champion("NZ-A-01-03") == registered


def test_a_file_that_was_changed_is_refused(registered: Registered, tmp_path: Path) -> None:
    other = tmp_path / "other.skops"
    other.write_bytes(registered.file.read_bytes() + b" ")
    with pytest.raises(CheckFailedError, match="not the one that was registered"):
        open_model(other, registered.sha256, Recipe.BOOSTING)


def test_types_that_are_not_on_the_list_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "foreign.skops"
    file.write_bytes(skops.io.dumps(FunctionTransformer(func=hashlib.sha256)))
    with pytest.raises(CheckFailedError, match="not on our list"):
        open_model(file, hashlib.sha256(file.read_bytes()).hexdigest(), Recipe.BOOSTING)


def test_the_label_in_tables_does_not_hang_on_the_file(registered: Registered) -> None:
    assert replace(registered, sha256="f" * 64, version="7").label == registered.label == "NZ-A-01-03@000000000000"


@pytest.mark.parametrize(
    ("challenger", "incumbent", "promoted"),
    [
        (Recipe.LOGISTIC, None, True),
        (Recipe.BOOSTING, Recipe.BOOSTING, True),
        (Recipe.BOOSTING, Recipe.LOGISTIC, True),
        (Recipe.LOGISTIC, Recipe.BOOSTING, False),
    ],
)
def test_a_challenger_must_beat_the_incumbent(challenger: Recipe, incumbent: Recipe | None, promoted: bool) -> None:
    assert is_promoted(challenger, incumbent, {Recipe.BOOSTING: 0.05, Recipe.LOGISTIC: 0.06}) is promoted


def test_every_part_has_its_own_model() -> None:
    assert len({part.name("NZ_12_16") for part in PARTS}) == len(PARTS) == 6
