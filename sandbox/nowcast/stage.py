"""Reads crossings; writes their probabilities, the backtest of past vintages, and the bands of monthly totals."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd
import pyarrow as pa
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from sandbox.concepts.rules import RULES
from sandbox.lakehouse.batches import PersonFunction, by_person
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.store import Value, latest_version
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.feeds import BORDER_MOVEMENT
from sandbox.lakehouse.tables.figures import BACKTEST_SCORE, BACKTEST_TOTAL, INTERVAL_BAND
from sandbox.lakehouse.tables.nowcasts import BACKTEST_SUM, CATEGORIES, CROSSING_FEATURE
from sandbox.lakehouse.tables.persons import PREDICTION
from sandbox.nowcast import sums
from sandbox.nowcast.backtest import totals_of, with_net
from sandbox.nowcast.bands import bands_of, drift_by_part
from sandbox.nowcast.features import Kept, Plan, crossing_rows
from sandbox.nowcast.models import Recipe
from sandbox.nowcast.parts import PARTS, Part, month_number, month_start, part_of
from sandbox.nowcast.predict import best_recipe, predictions
from sandbox.nowcast.record import Findings, models_at, recorded
from sandbox.nowcast.registry import Registry
from sandbox.nowcast.school import Models, Schooling, fitted
from sandbox.nowcast.scores import scored
from sandbox.nowcast.tally import tallied
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
FITTING_PROCESSES = 2
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
    seen = _seen(run)
    traffic = sums.traffic(seen)
    run.say("crossings replayed to past vintages")
    run.write_persons(seen, _replay(run, plan, Kept.LEARNT), CROSSING_FEATURE, ORDER, **_here(run))
    rows = run.read(CROSSING_FEATURE).where(F.col("vintage") == F.lit(run.vintage))
    counts = sums.counted(rows)
    school = Schooling(plan, sums.undecided_months(counts, plan), traffic, run.seed)
    drawn = sums.drawn_by_part(rows, counts)
    run.say(f"models learnt from {sum(table.num_rows for table in drawn.values()):,} replayed crossings")
    models = fitted(school, drawn, dict.fromkeys(plan.refits, tuple(Recipe)), FITTING_PROCESSES)
    run.say("past vintages judged")
    bins, found = sums.backtest_sums(by_person(seen, _judge(run, plan, models), BACKTEST_SUM, ORDER))
    recipes = {part: best_recipe(bins, part) for part in PARTS}
    final = sums.final_totals(counts, plan, school.decided_months(plan.vintage))
    totals = totals_of(found, recipes, final)
    lessons = {part: school.lesson(drawn[part], plan.vintage) for part in PARTS}
    at_vintage = models_at(models, plan.vintage)
    findings = Findings(RULE.id, _parameters(run, plan), bins, totals, lessons, at_vintage)
    answers = recorded(_registry(run), findings, run.vintage.isoformat())
    run.say("the undecided foretold")
    foretell = partial(predictions, vintage=pa.scalar(run.vintage, pa.date32()), answers=answers)
    run.write_persons(_undecided(rows, run), foretell, PREDICTION, ("change_id",), **_here(run))
    drift = drift_by_part(sums.class_counts(counts, plan))
    _write_figures(run, plan, scored(_by_model(bins, recipes)), totals, bands_of(with_net(totals), drift, plan.longest))


def plan_of(vintage: int) -> Plan:
    """Return which crossings the stage replays at a vintage (a month number)."""
    judged_to = vintage - UNDECIDED_FOR
    judged_from = judged_to - JUDGED_MONTHS + 1
    refits = (*range(judged_from, judged_to, REFIT_EVERY), vintage)
    return Plan(RULE, vintage, vintage - SEEN_BACK, judged_from, judged_to, vintage, LONGEST, refits, Repair.SIMPLE)


def _seen(run: StageRun) -> DataFrame:
    # What the vintage cannot have seen is cut off before anything else.
    return run.read(BORDER_MOVEMENT).where(F.col("event_date") < F.lit(run.observed_until)).select(*MOVEMENT_COLUMNS)


def _replay(run: StageRun, plan: Plan, kept: Kept) -> PersonFunction:
    return partial(_replayed, plan=replace(plan, kept=kept), country=run.workspace.settings.country.code)


def _replayed(movements: pa.Table, plan: Plan, country: str) -> pa.Table:
    return crossing_rows(movements, plan, status_at_first_sight(movements, country))


def _judge(run: StageRun, plan: Plan, models: Models) -> PersonFunction:
    # Replayed, judged and summed in one go: the replayed crossings, of which there are many, are never written.
    replay = _replay(run, plan, Kept.JUDGED)
    return partial(_judged, replay=replay, plan=plan, models=models)


def _judged(movements: pa.Table, replay: PersonFunction, plan: Plan, models: Models) -> pa.Table:
    return tallied(replay(movements), plan, models)


def _undecided(rows: DataFrame, run: StageRun) -> DataFrame:
    return rows.where((F.col("origin") == F.lit(run.vintage)) & ~F.col("decided"))


def _by_model(bins: pd.DataFrame, recipes: Mapping[Part, Recipe]) -> pd.DataFrame:
    """Name the champion: in each part the rows of the recipe that judged best, beside the three others."""
    best = [recipes[part_of(d, h)].value for d, h in zip(bins.direction, bins.horizon, strict=True)]
    champion = bins[bins.model == best].assign(model="champion")
    others = bins[bins.model != Recipe.BOOSTING.value]
    return pd.concat([champion, others], ignore_index=True)


def _write_figures(run: StageRun, plan: Plan, scores: pd.DataFrame, totals: pd.DataFrame, bands: pd.DataFrame) -> None:
    for table, frame in ((BACKTEST_TOTAL, totals), (BACKTEST_SCORE, scores), (INTERVAL_BAND, bands)):
        run.write_small(_rows_of(table, frame.assign(rule_id=plan.rule.id, vintage=run.vintage)), table, **_here(run))


def _rows_of(table: Table, frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame[list(table.names)], schema=table.stored, preserve_index=False)


def _here(run: StageRun) -> dict[str, Value]:
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
