"""Models in MLflow: logged, registered, promoted, and opened again only if they are what was registered.

MLflow's own `load_model` is not used: a model comes from its file, whose SHA-256 was written down when it was
registered, and may hold only the types listed here.
"""

import hashlib
import io
import json
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import skops.io

from sandbox.errors import CheckFailedError
from sandbox.lakehouse.tables.nowcasts import CATEGORIES, NUMBERS
from sandbox.nowcast.models import Model, Recipe

TRUSTED = (
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    # Boosting keeps its own encoder of categories: a partial whose function skops checks apart.
    "functools.partial",
    "sklearn.utils.validation.check_array",
    "numpy.dtype",
)
"""All types beyond scikit-learn's public ones that a file may hold; anything else is refused."""

CHAMPION = "champion"
MODEL_FILE = "model.skops"
REQUIREMENTS = ("scikit-learn", "skops", "numpy", "pandas")


@dataclass(frozen=True)
class Registered:
    """One version of a registered model. `lesson_sha256` tells what it learnt from, and names it in tables."""

    name: str
    version: str
    recipe: Recipe
    lesson_sha256: str
    file: Path
    sha256: str

    @property
    def label(self) -> str:
        """What stands in tables: the same for the same rows learnt from, whenever it was fitted."""
        return f"{self.name}@{self.lesson_sha256[:12]}"


@dataclass(frozen=True)
class Registry:
    """The MLflow store of a workspace; `files` is where opened models lie, by their hash."""

    tracking_uri: str
    artifacts: Path
    files: Path

    @contextmanager
    def run(self, experiment: str, name: str) -> Iterator[Any]:
        """Open one MLflow run; yields the `mlflow` module, whose active run it is."""
        mlflow = _mlflow()
        mlflow.set_tracking_uri(self.tracking_uri)
        found = mlflow.get_experiment_by_name(experiment)
        number = found.experiment_id if found else _new_experiment(mlflow, experiment, self.artifacts)
        with mlflow.start_run(experiment_id=number, run_name=name):
            yield mlflow

    def champion(self, name: str) -> Registered | None:
        """Return the version in use, or None where no model of this name was promoted yet."""
        return self._aliased(name, CHAMPION)

    def register(self, name: str, model: Model, lesson_sha256: str, facts: Mapping[str, str]) -> Registered:
        """Log the model in the open run and register it, once for the same lesson and recipe."""
        found = self._with_lesson(name, model.recipe, lesson_sha256)
        if found is not None:
            return found
        mlflow = _mlflow()
        example = example_features()
        # MLflow prints that it registered a model; progress is ours to tell.
        with redirect_stderr(io.StringIO()):
            info = mlflow.sklearn.log_model(
                model.estimator,
                name=name,
                serialization_format="skops",
                skops_trusted_types=list(TRUSTED),
                pip_requirements=[f"{package}=={version(package)}" for package in REQUIREMENTS],
                signature=mlflow.models.infer_signature(example, model.estimator.predict_proba(example)),
                registered_model_name=name,
            )
        mlflow.log_dict(json.loads(example.to_json(orient="split")), f"input_example/{name}.json")
        file, sha256 = self._file(f"models:/{name}/{info.registered_model_version}")
        tags = {"recipe": model.recipe.value, "lesson_sha256": lesson_sha256, "sha256": sha256, **facts}
        client = mlflow.MlflowClient(self.tracking_uri)
        for key, value in tags.items():
            client.set_model_version_tag(name, str(info.registered_model_version), key, value)
        return Registered(name, str(info.registered_model_version), model.recipe, lesson_sha256, file, sha256)

    def promote(self, model: Registered) -> None:
        """Make this version the one in use."""
        _mlflow().MlflowClient(self.tracking_uri).set_registered_model_alias(model.name, CHAMPION, model.version)

    def _aliased(self, name: str, alias: str) -> Registered | None:
        mlflow = _mlflow()
        mlflow.set_tracking_uri(self.tracking_uri)
        try:
            found = mlflow.MlflowClient(self.tracking_uri).get_model_version_by_alias(name, alias)
        except mlflow.MlflowException:
            return None
        return self._registered(found)

    def _with_lesson(self, name: str, recipe: Recipe, lesson_sha256: str) -> Registered | None:
        client = _mlflow().MlflowClient(self.tracking_uri)
        for found in client.search_model_versions(f"name = '{name}'"):
            if found.tags.get("lesson_sha256") == lesson_sha256 and found.tags.get("recipe") == recipe.value:
                return self._registered(found)
        return None

    def _registered(self, found: Any) -> Registered:
        file = self.files / f"{found.tags['sha256']}.skops"
        if not file.is_file():
            self._file(f"models:/{found.name}/{found.version}")
        recipe = Recipe(found.tags["recipe"])
        tags = found.tags
        return Registered(found.name, str(found.version), recipe, tags["lesson_sha256"], file, tags["sha256"])

    def _file(self, uri: str) -> tuple[Path, str]:
        """Bring the model's file here, named by its hash."""
        self.files.mkdir(parents=True, exist_ok=True)
        folder = Path(_mlflow().artifacts.download_artifacts(uri))
        content = (folder / MODEL_FILE).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()
        file = self.files / f"{sha256}.skops"
        file.write_bytes(content)
        return file, sha256


@lru_cache(maxsize=32)
def open_model(file: Path, sha256: str, recipe: Recipe) -> Model:
    """Open a registered model from its file; `CheckFailedError` if the file is another or holds foreign types."""
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise CheckFailedError(
            f"The model file {file.name} is not the one that was registered.", "Train again with `sandbox run nowcast`."
        )
    foreign = set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED)
    if foreign:
        raise CheckFailedError(
            f"The model file {file.name} holds types that are not on our list: {', '.join(sorted(foreign))}.",
            "Register only models that `sandbox run nowcast` trained.",
        )
    return Model(recipe, skops.io.loads(content, trusted=list(TRUSTED)), 0)


def example_features() -> pd.DataFrame:
    """Return one made-up row of features: an example of the input that is nobody's."""
    numbers = dict.fromkeys(NUMBERS, 1.0)
    return pd.DataFrame([{**numbers, **dict.fromkeys(CATEGORIES, "missing")}])[[*NUMBERS, *CATEGORIES]]


def _new_experiment(mlflow: Any, name: str, artifacts: Path) -> str:
    artifacts.mkdir(parents=True, exist_ok=True)
    return mlflow.create_experiment(name, artifact_location=artifacts.resolve().as_uri())


def _mlflow() -> Any:
    """Import MLflow late (2 s), without its reports to its makers and its talk."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] = "false"
    with warnings.catch_warnings():
        # What MLflow warns of while it is imported concerns its makers.
        warnings.simplefilter("ignore")
        import mlflow  # noqa: PLC0415 (2 s, and only after telemetry is off)
        import mlflow.sklearn  # noqa: PLC0415

    for logger in ("mlflow", "alembic"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    return mlflow
