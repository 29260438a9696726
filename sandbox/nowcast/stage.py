"""Reads crossings; writes their probabilities, the backtest of past vintages, and the bands of monthly totals."""

from functools import partial

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.concepts.rules import RULES
from sandbox.lakehouse.batches import by_person
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.store import Value, latest_version
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.figures import BACKTEST_SCORE, BACKTEST_TOTAL, INTERVAL_BAND
from sandbox.lakehouse.tables.nowcasts import CATEGORIES, CROSSING_FEATURE, REPLAYED_PREDICTION
from sandbox.lakehouse.tables.persons import PREDICTION
from sandbox.nowcast import sums
from sandbox.nowcast.backtest import (
    ModelKey,
    Models,
    Schooling,
    replayed_predictions,
    totals_of,
    with_champion,
    with_net,
)
from sandbox.nowcast.bands import bands_of, drift_by_part
from sandbox.nowcast.features import Plan, crossing_rows
from sandbox.nowcast.models import Model, Recipe
from sandbox.nowcast.parts import PARTS, month_number, month_start, part_of
from sandbox.nowcast.predict import best_recipe, predictions
from sandbox.nowcast.record import Findings, models_at, recorded
from sandbox.nowcast.registry import Registry
from sandbox.nowcast.scores import scored
from sandbox.persons.crossings import Repair
from sandbox.persons.first_seen import status_at_first_sight

RULE = RULES["NZ_12_16"]
LONGEST = 18
"""Longest horizon judged: two months beyond the window, for months that are late to be decided."""
SEEN_BACK = 95
"""Months before the vintage from which crossings are replayed: judged months, time to decide, and the window."""
JUDGED_MONTHS = 24
"""Decided reference months that the backtest judges; 19 errors a horizon are needed for a band of 95 %."""
REFIT_EVERY = 14
"""Months between the past origins at which models are fitted; in between the last one is used, as in production."""
UNDECIDED_FOR = 16
"""Months for which some crossing of a month is undecided: the window of the rule."""
MOVEMENT_COLUMNS = (
    "person_key", "bucket", "movement_id", "event_date", "event_ts", "direction",
    "birth_year_band", "intended_stay_days", "one_way_ticket", *CATEGORIES,
)  # fmt: skip
ORDER = ("event_date", "event_ts", "movement_id")


def run(run: StageRun) -> None:
    """Replay, learn, judge, register, foretell; the interval bands are written last."""
    plan = plan_of(month_number(run.vintage))
    run.say("crossings replayed to past vintages")
    _write_features(run, plan)
    rows = run.read(CROSSING_FEATURE).where(F.col("vintage") == F.lit(run.vintage))
    school = Schooling(plan, sums.undecided_months(rows, plan), run.seed)
    drawn = sums.drawn_by_part(rows)
    run.say(f"models learnt from {sum(table.num_rows for table in drawn.values()):,} replayed crossings")
    models: dict[ModelKey, Model] = {}
    for part in PARTS:
        models |= school.models(part, drawn[part], plan.refits, Recipe)
    run.say("past vintages judged")
    bins, expected = _replayed_sums(rows, plan, models)
    totals = _totals(rows, school, expected, bins)
    lessons = {part: school.lesson(drawn[part], plan.vintage) for part in PARTS}
    at_vintage = models_at(models, plan.vintage)
    findings = Findings(RULE.id, _parameters(run, plan), bins, totals, lessons, at_vintage)
    answers = recorded(_registry(run), findings, run.vintage.isoformat())
    run.say("the undecided foretold")
    foretell = partial(predictions, vintage=pa.scalar(run.vintage, pa.date32()), answers=answers)
    run.write(by_person(_undecided(rows, run), foretell, PREDICTION, ("change_id",)), PREDICTION, **_replaced(run))
    drift = drift_by_part(sums.class_counts(rows, plan))
    _write_figures(run, plan, scored(_by_model(bins)), totals, bands_of(with_net(totals), drift, plan.longest))


def plan_of(vintage: int) -> Plan:
    """Return which crossings the stage replays at a vintage (a month number)."""
    judged_to = vintage - UNDECIDED_FOR
    judged_from = judged_to - JUDGED_MONTHS + 1
    refits = (*range(judged_from, judged_to, REFIT_EVERY), vintage)
    return Plan(RULE, vintage, vintage - SEEN_BACK, judged_from, judged_to, vintage, LONGEST, refits, Repair.SIMPLE)


def _write_features(run: StageRun, plan: Plan) -> None:
    # What the vintage cannot have seen is cut off before anything else.
    seen = run.read(BORDER_MOVEMENT).where(F.col("event_date") < F.lit(run.observed_until)).select(*MOVEMENT_COLUMNS)
    replay = partial(_replayed_rows, plan=plan, country=run.workspace.settings.country.code)
    run.write(by_person(seen, replay, CROSSING_FEATURE, ORDER), CROSSING_FEATURE, **_replaced(run))


def _replayed_rows(movements: pa.Table, plan: Plan, country: str) -> pa.Table:
    return crossing_rows(movements, plan, status_at_first_sight(movements, country))


def _replayed_sums(rows: DataFrame, plan: Plan, models: Models) -> tuple[pd.DataFrame, pd.DataFrame]:
    judged = rows.where(~F.col("decided") & F.col("horizon").between(1, plan.longest)).where(
        F.col("reference_month").between(month_start(plan.judged_from), month_start(plan.judged_to))
    )
    function = partial(replayed_predictions, plan=plan, models=models)
    replayed = by_person(judged, function, REPLAYED_PREDICTION, ("origin", "change_id")).persist()
    try:
        return sums.binned_scores(replayed), sums.expected_migrations(replayed)
    finally:
        replayed.unpersist()


def _totals(rows: DataFrame, school: Schooling, expected: pd.DataFrame, bins: pd.DataFrame) -> pd.DataFrame:
    """Return totals with the champion's expectation: in each part that of the recipe which judged best."""
    plan = school.plan
    decided = sums.decided_migrations(rows)
    at_vintage = decided.origin == month_start(plan.vintage)
    is_final = decided.reference_month.map(month_number).isin(school.final_months(plan.vintage))
    final = decided[at_vintage & is_final].drop(columns="origin").rename(columns={"decided": "final"})
    horizon = decided.origin.map(month_number) - decided.reference_month.map(month_number)
    was_judged = decided.reference_month.between(month_start(plan.judged_from), month_start(plan.judged_to))
    recipes = {part: best_recipe(bins, part) for part in PARTS}
    return totals_of(decided[was_judged & horizon.between(1, plan.longest)], with_champion(expected, recipes), final)


def _undecided(rows: DataFrame, run: StageRun) -> DataFrame:
    return rows.where((F.col("origin") == F.lit(run.vintage)) & ~F.col("decided"))


def _by_model(bins: pd.DataFrame) -> pd.DataFrame:
    """Name the champion: in each part the rows of the recipe that judged best, beside the three others."""
    best = [best_recipe(bins, part_of(d, h)).value for d, h in zip(bins.direction, bins.horizon, strict=True)]
    champion = bins[bins.model == best].assign(model="champion")
    others = bins[bins.model != Recipe.BOOSTING.value]
    return pd.concat([champion, others], ignore_index=True)


def _write_figures(run: StageRun, plan: Plan, scores: pd.DataFrame, totals: pd.DataFrame, bands: pd.DataFrame) -> None:
    for table, frame in ((BACKTEST_TOTAL, totals), (BACKTEST_SCORE, scores), (INTERVAL_BAND, bands)):
        run.write_small(
            _rows_of(table, frame.assign(rule_id=plan.rule.id, vintage=run.vintage)), table, **_replaced(run)
        )


def _rows_of(table: Table, frame: pd.DataFrame) -> pa.Table:
    nullable = pa.schema([field.with_nullable(True) for field in table.schema])
    return pa.Table.from_pandas(frame[list(table.names)], schema=nullable, preserve_index=False)


def _replaced(run: StageRun) -> dict[str, Value]:
    # By partition only: to replace by another column too, Delta would read and write every row of the vintage again.
    return {"vintage": run.vintage}


def _parameters(run: StageRun, plan: Plan) -> dict[str, str | int]:
    version = latest_version(run.workspace, BORDER_MOVEMENT)
    return {
        "vintage": run.vintage.isoformat(),
        "rule_id": RULE.id,
        "seed": run.seed,
        "repair": plan.repair,
        "refits": " ".join(month_start(month).isoformat()[:7] for month in plan.refits),
        "judged": f"{month_start(plan.judged_from):%Y-%m} to {month_start(plan.judged_to):%Y-%m}",
        "border_movement_version": -1 if version is None else version,
        "fingerprint": run.fingerprint,
    }


def _registry(run: StageRun) -> Registry:
    root = run.workspace.root
    return Registry(run.workspace.tracking_uri, root / "mlflow-artifacts", root / "models")
