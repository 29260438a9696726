"""The way that every experiment goes: deliveries → bronze → estimate → comparison → verdict → register, tracked."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from math import isfinite
from pathlib import Path
from typing import Any

import mlflow

from sandbox.benchmark.records import Row, rows_of
from sandbox.benchmark.thresholds import thresholds
from sandbox.feeds import contract as contracts
from sandbox.feeds.delivery import land, pack
from sandbox.feeds.keys import create_key
from sandbox.feeds.stage import run as ingest
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY, WITHHELD
from sandbox.lakehouse.tables.figures import COMPARISON, DIMENSIONS, ESTIMATE, VERDICT
from sandbox.settings import Workspace, Zone

NOT_RELEASED = "an experiment is not released"
REFUSED = ("WITHHOLD", "NOT_ASSESSABLE")
# No publisher has signed anything: the contract states what its licence gives, and says that it is one-sided.
PUBLISHED = {
    "partnersConfidential": "no",
    "givenBack": "nothing: the publisher does not know of the experiment",
    "officeContact": "mailto:steward@office.example",
    "impactAssessment.necessity": "To learn what published files can tell; nothing is taken that is not public",
    "impactAssessment.harmToGroups": "None beyond the publication: no figure of an experiment is released",
    "impactAssessment.redress": "With the publisher, who can withdraw the file",
    "impactAssessment.consulted": "Nobody: the publisher's own release of the file is relied on",
}


@dataclass(frozen=True)
class Sent:
    """One hand-over of real files, as their publisher might send them under a contract.

    `stated` are terms of the contract; what is true of every published file is stated for all (`PUBLISHED`).
    """

    partner: str
    feed: str
    files: Sequence[tuple[Path, str]]
    period: tuple[date, date]
    delivered_on: date
    stated: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Found:
    """What an experiment leaves: rows of three tables, and the lines that it prints."""

    estimates: list[Row] = field(default_factory=list)
    comparisons: list[Row] = field(default_factory=list)
    verdicts: list[Row] = field(default_factory=list)
    printed: list[Row] = field(default_factory=list)


def take_in(workspace: Workspace, sent: Sequence[Sent], seed: int) -> None:
    """Pack the files as deliveries under a contract each and ingest them; a second time changes nothing."""
    create_key(workspace.key_file)
    workspace.contracts.mkdir(parents=True, exist_ok=True)
    for each in sent:
        file = workspace.contracts / f"{each.partner}.{each.feed}.odcs.yaml"
        formats = {"formats": ", ".join(sorted({file_format for _, file_format in each.files}))}
        file.write_text(
            contracts.new(each.feed, each.partner, "active", **PUBLISHED, **formats, **each.stated), "utf-8"
        )
        agreed = contracts.read(file)
        delivered_at = datetime(each.delivered_on.year, each.delivered_on.month, each.delivered_on.day, tzinfo=UTC)
        folder = workspace.root / "sent" / agreed.id
        land(pack(folder, each.files, agreed, each.period, delivered_at), workspace.zone(Zone.LANDING))
    newest = max(each.delivered_on for each in sent).replace(day=1)
    ingest(StageRun(workspace, "ingest", newest, newest, seed))


def findings(workspace: Workspace) -> list[str]:
    """Return what the rules over the set found out about the deliveries."""
    booked = store.read_small(workspace, DELIVERY)["findings"].to_pylist()
    return [finding for found in booked for finding in found or []]


def keep(workspace: Workspace, name: str, found: Found) -> None:
    """Write estimates, comparisons and verdicts, and enter every figure in the register of what is withheld."""
    work = {"stage": f"experiment {name}", "thresholds": thresholds().version}

    def written(rows: Sequence[Row], table: Table) -> None:
        vintages = sorted({row["vintage"] for row in rows})
        store.write_small(rows_of(rows, table), workspace, table, {"vintage": vintages}, work)

    written(found.estimates, ESTIMATE)
    written(found.comparisons, COMPARISON)
    written(found.verdicts, VERDICT)
    written([_withheld(name, verdict) for verdict in found.verdicts], WITHHELD)


def estimate_row(series: Mapping[str, Any], reference_period: date, estimate: float, **columns: Any) -> Row:
    """Return one row of the estimate table: a total over every dimension that is not named."""
    totals = {column.name: "_T" for column in DIMENSIONS}
    fixed = {"unit": "persons", "provisional": False, "partners": 1, "calibrated_to": ""}
    own = {"reference_period": reference_period, "estimate": estimate}
    return {**dict.fromkeys(ESTIMATE.names), **totals, **fixed, **series, **own, **columns}


@contextmanager
def tracked(workspace: Workspace, name: str, parameters: Mapping[str, Any]) -> Iterator[None]:
    """Track the run in the workspace's MLflow store."""
    for talker in ("mlflow", "alembic"):
        logging.getLogger(talker).setLevel(logging.ERROR)
    mlflow.set_tracking_uri(workspace.tracking_uri)
    if mlflow.get_experiment_by_name(name) is None:
        mlflow.create_experiment(name, artifact_location=(workspace.root / "mlartifacts" / name).as_uri())
    mlflow.set_experiment(name)
    with mlflow.start_run(run_name=name):
        mlflow.log_params({**parameters, "thresholds_version": thresholds().version})
        yield


def report(found: Found, metrics: Mapping[str, float]) -> list[Row]:
    """Log metrics, verdicts and the printed table of the run at hand; return what is printed."""
    mlflow.log_metrics({name: value for name, value in metrics.items() if isfinite(value)})
    mlflow.log_dict({"rows": _texts(found.printed)}, "printed.json")
    mlflow.log_dict({"verdicts": _texts(found.verdicts)}, "verdicts.json")
    return found.printed


def _withheld(name: str, verdict: Row) -> Row:
    reasons = list(verdict["reasons"])
    if verdict["verdict"] not in REFUSED:
        reasons.append(NOT_RELEASED)
    kept = {key: verdict[key] for key in ("indicator", "rule_id", "feed", "period", "vintage", "verdict")}
    # A period is judged once a vintage: both name the entry.
    return kept | {"release_id": f"experiment-{name}-{verdict['vintage']:%Y-%m}", "reasons": reasons}


def _texts(rows: Sequence[Row]) -> list[dict[str, Any]]:
    return [{key: str(value) if isinstance(value, date) else value for key, value in row.items()} for row in rows]
