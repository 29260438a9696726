"""Real stops of 500 users → contract, ingest → homes by month → share right, wrong, undetermined."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from experiments.journey import Found, Sent, estimate_row, keep, report, take_in, tracked
from experiments.labelled_stops.compare import compared, user_outcomes
from experiments.labelled_stops.homes import homes_of_stops, labels_of, scored
from sandbox.benchmark.gates import Gate, GateStatus
from sandbox.benchmark.records import Row, SeriesId, comparison_rows, verdict_row
from sandbox.benchmark.verdict import judged_alone
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.tables.feeds import STOP
from sandbox.lakehouse.tables.persons import HOME
from sandbox.settings import Workspace

NAME = "labelled_stops"
QUESTION = "How often is the home that we find the one that the person named?"
AUTHORS = {"right": 0.788, "undetermined": 0.128}
FIRST, LAST, DELIVERED = date(2020, 1, 2), date(2022, 1, 8), date(2022, 2, 1)
TERMS = {
    "legalBasis": "Published under MIT by the authors of HoWDe",
    "partnerContact": "https://github.com/LLucchini/HoWDe",
}
SERIES = {"rule_id": "", "feed": "stop", "frequency": "A", "vintage": DELIVERED}
OUTCOMES = ("right", "wrong", "undetermined")


def run(workspace: Workspace, shared: Path, seed: int) -> list[Row]:
    """Run the experiment in a workspace of its own; return the printed rows."""
    file = shared / "data" / "labelled_stops" / "stops.parquet"
    with tracked(workspace, NAME, {"seed": seed, "vintage": str(DELIVERED)}):
        take_in(workspace, [Sent("howde", "stop", [(file, "howde_stops")], (FIRST, LAST), DELIVERED, TERMS)], seed)
        write_homes(StageRun(workspace, NAME, DELIVERED, DELIVERED, seed))
        stops = store.read_small(workspace, STOP)
        labels = labels_of(stops.to_pandas())
        found, shares = concluded(store.read_small(workspace, HOME).to_pandas(), labels)
        keep(workspace, NAME, found)
        return [*report(found, shares), *compared(stops, labels, seed)]


def write_homes(run: StageRun) -> None:
    """Find the homes of all persons on the workers and write them."""

    def homes(stops: pa.Table) -> pa.Table:
        key, bucket = (stops[name].combine_chunks() for name in ("person_key", "bucket"))
        found = homes_of_stops(stops)
        of_person = bucket.take(pc.index_in(found["person_key"].combine_chunks(), key))
        return HOME.rows_from(found, {"feed": "stop", "home_country": "", "bucket": of_person})

    stops = run.read(STOP).select("person_key", "bucket", "start_ts", "end_ts", "place")
    run.write_persons(stops, homes, HOME, ("start_ts", "place"), feed="stop")


def concluded(homes: pd.DataFrame, labels: pd.DataFrame) -> tuple[Found, Mapping[str, float]]:
    """Return the rows of estimate, comparison and verdict, and the shares."""
    outcomes = scored(homes, labels)
    by_month = outcomes["outcome"].value_counts(normalize=True).reindex(OUTCOMES, fill_value=0.0)
    by_user = user_outcomes(outcomes).value_counts(normalize=True).reindex(OUTCOMES, fill_value=0.0)
    found = Found()
    for outcome in OUTCOMES:
        share = float(by_month[outcome])
        series = {**SERIES, "indicator": f"HOME_{outcome.upper()}", "unit": "share"}
        users = int(outcomes["person_key"].nunique())
        found.estimates.append(estimate_row(series, date(FIRST.year, 1, 1), share, contributors=users))
        found.printed.append(
            {
                "outcome": outcome,
                "person-months": round(share, 4),
                "persons": round(float(by_user[outcome]), 4),
                "authors": AUTHORS.get(outcome),
            }
        )
        identity = SeriesId(f"HOME_{outcome.upper()}", "", "stop", "A", DELIVERED)
        # Labels are no official series: a share without a benchmark is told, not compared.
        gates = [Gate("labels", share, GateStatus.NOT_EVALUABLE, len(outcomes))]
        found.comparisons += comparison_rows(identity, ("", "latest"), {"share_of_persons": by_user[outcome]}, gates)
        found.verdicts.append(verdict_row(identity, "_T", "", judged_alone(gates), None))
    return found, {f"{outcome}_share": float(by_month[outcome]) for outcome in OUTCOMES}
