"""One MLflow run a vintage: parameters, data versions, scores, pictures, and the models that were learnt."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from sandbox.nowcast.models import Lesson, Model, Recipe
from sandbox.nowcast.parts import PARTS, Part
from sandbox.nowcast.plots import reliability_plot, totals_plot
from sandbox.nowcast.predict import COMPARED, Answering, Answers, best_recipe, brier_by_recipe, is_promoted
from sandbox.nowcast.registry import Registry
from sandbox.nowcast.school import WINDOW_MONTHS, Models, lesson_sha256
from sandbox.nowcast.scores import scored


@dataclass(frozen=True)
class Findings:
    """What one run found out: which rule, parameters, sums of the backtest, and what was learnt at the vintage."""

    rule_id: str
    parameters: Mapping[str, str | int]
    bins: pd.DataFrame
    totals: pd.DataFrame
    lessons: Mapping[Part, Lesson]
    models: Mapping[tuple[Part, Recipe], Model]


def models_at(models: Models, origin: int) -> dict[tuple[Part, Recipe], Model]:
    """Return the models that were fitted at one origin."""
    return {(part, recipe): model for (at, part, recipe, _), model in models.items() if at == origin}


def recorded(registry: Registry, findings: Findings, name: str) -> Answers:
    """Record the run, register what is best in each part, and return the model that answers for each part."""
    with registry.run(f"nowcast-{findings.rule_id}", name) as mlflow:
        mlflow.log_params(dict(findings.parameters))
        log_scores(mlflow, findings.bins, findings.totals)
        answers = {part: _answering(registry, findings, part) for part in PARTS}
        mlflow.log_text(model_card(findings, answers), "model_card.md")
    return answers


def log_scores(mlflow: Any, bins: pd.DataFrame, totals: pd.DataFrame) -> None:
    """Log scores by model and direction (steps are horizons), the table of all of them, and both pictures."""
    scores = scored(bins)
    boosting = bins[bins.model == Recipe.BOOSTING.value]
    chosen = scores[scores.model == Recipe.BOOSTING.value]
    metrics = [
        mlflow.entities.Metric(f"{name}_{row.direction}", getattr(row, name), 0, row.horizon)
        for row in chosen.itertuples()
        for name in ("brier", "ece")
    ]
    # All at once: each call of its own is a transaction.
    mlflow.MlflowClient().log_batch(mlflow.active_run().info.run_id, metrics=metrics)
    mlflow.log_text(scores.to_csv(index=False), "scores.csv")
    if len(boosting):
        mlflow.log_figure(reliability_plot(boosting), "reliability.png")
    if len(totals):
        mlflow.log_figure(totals_plot(totals), "totals.png")


def model_card(findings: Findings, answers: Answers) -> str:
    """Return the model card: what the models are for, what they learnt from, how good they are, where they fail."""
    lines = [
        f"# Nowcast of {findings.rule_id}",
        "",
        "Probability that a border crossing, undecided at the vintage, will turn out a migration by the rule.",
        "For monthly totals and their intervals; never for a decision about a person.",
        f"Learnt from the latest {WINDOW_MONTHS} reference months in which every crossing was decided, replayed to the",
        "horizon; calibrated by what each half of the persons is told by a fit on the other half. Features: what was",
        "known of the crossing at the vintage, and its covariates. The example of the input is made up.",
        "Months decided under another regime (a closed border) than that of the vintage are not learnt from.",
        "Known weakness: a regime that ends after the vintage biases totals; the bands carry such past errors.",
        "",
        "| part | answers | rows | calibration | Brier boosting | logistic | prior | rule so far |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for part, answering in answers.items():
        scores = brier_by_recipe(findings.bins, part)
        row = [f"{scores[recipe]:.4f}" if recipe in scores else "–" for recipe in Recipe]
        model = findings.models[part, Recipe.BOOSTING]
        lines.append(
            f"| {part.name(findings.rule_id)} | {answering.label} | {model.rows:,} | {model.calibration} | "
            + " | ".join(row)
            + " |"
        )
    return "\n".join(lines) + "\n"


def _answering(registry: Registry, findings: Findings, part: Part) -> Answering:
    """Return the model that answers for a part: the promoted version, or a plain one that no fit could beat."""
    scores = brier_by_recipe(findings.bins, part)
    challenger = findings.models[part, best_recipe(findings.bins, part)]
    if challenger.recipe not in COMPARED:
        return Answering(plain=challenger)
    name = part.name(findings.rule_id)
    facts = {f"brier_{recipe.value}": f"{score:.6f}" for recipe, score in scores.items()}
    version = registry.register(name, challenger, lesson_sha256(findings.lessons[part]), facts)
    incumbent = registry.champion(name)
    if is_promoted(challenger.recipe, incumbent.recipe if incumbent else None, scores):
        registry.promote(version)
        return Answering(registered=version)
    return Answering(registered=incumbent)
