"""The backtest of a file from end to end: read, replay, write three files and one MLflow run."""

import hashlib
from pathlib import Path

import pandas as pd

from sandbox.errors import DeliveryRefusedError
from sandbox.nowcast.headline import Releases, headline_table, totals_table
from sandbox.nowcast.movements import movements_of
from sandbox.nowcast.parts import month_start
from sandbox.nowcast.record import log_scores
from sandbox.nowcast.registry import Registry
from sandbox.nowcast.releases import Asked, replayed, scored_rows
from sandbox.nowcast.scores import binned, scored
from sandbox.persons.files import read_table

NEEDED = ("movement_id", "direction")


def backtest_file(file: Path, initial_file: Path | None, asked: Asked, out: Path) -> dict[str, object]:
    """Write `totals.csv`, `headline.csv`, `scores.csv` and an MLflow run under `out`; return what to tell."""
    table = read_table(file, NEEDED)
    initial = read_table(initial_file, ("person_id", "resident", "decided_on")) if initial_file else None
    movements = movements_of(table, initial)
    if not movements.rows.num_rows:
        raise DeliveryRefusedError(f"{file.name} has no row with a date and a direction.", "Check the columns.")
    replay = replayed(movements, asked)
    releases = Releases(replay)
    bins = binned(scored_rows(replay))
    frames = {"totals": totals_table(releases), "headline": headline_table(releases), "scores": scored(bins)}
    out.mkdir(parents=True, exist_ok=True)
    for name, frame in frames.items():
        frame.to_csv(out / f"{name}.csv", index=False, float_format="%.10g", lineterminator="\n")
    _record(file, asked, out, bins, frames["totals"])
    answering = sorted(
        {model.recipe.value for (_, _, asked_for, _), model in replay.models.items() if asked_for == "boosting"}
    )
    return {
        "totals": out / "totals.csv",
        "headline": out / "headline.csv",
        "scores": out / "scores.csv",
        "rows_left_out": movements.left_out,
        "champion_answered_by": ", ".join(answering) or "rule_so_far",
        "tracking": f"sqlite:///{out / 'mlflow.db'}",
    }


def _record(file: Path, asked: Asked, out: Path, bins: pd.DataFrame, totals: pd.DataFrame) -> None:
    registry = Registry(f"sqlite:///{(out / 'mlflow.db').resolve()}", out / "mlflow-artifacts", out / "models")
    first, last = (f"{month_start(asked.vintages[place]):%Y-%m}" for place in (0, -1))
    champion = bins[bins.model == "champion"].assign(model="boosting")
    dated = totals.assign(reference_month=pd.to_datetime(totals.reference_month))
    with registry.run(f"nowcast-backtest-{asked.rule.id}", f"{first} to {last}") as mlflow:
        mlflow.log_params(
            {
                "rule_id": asked.rule.id,
                "releases": f"{first}:{last}",
                "repair": asked.repair,
                "seed": asked.seed,
                "movements_sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            }
        )
        log_scores(mlflow, pd.concat([bins[bins.model != "champion"], champion]), dated)
        for name in ("totals", "headline", "scores"):
            mlflow.log_artifact(str(out / f"{name}.csv"))
