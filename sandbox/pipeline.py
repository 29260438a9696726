"""The stages, in order, each with the tables that it reads and writes. Read this file first.

delivery → ingest → presence → residence → nowcast → estimates → benchmark → disclosure → edition → (two people)
→ the door. Straight on; a stage meets the next one in a table.
"""

import fcntl
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from sandbox.errors import CallError, EnvironmentFaultError
from sandbox.lakehouse import store
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import books, feeds, figures, nowcasts, persons, reference
from sandbox.settings import Workspace, Zone

PACKAGE = Path(__file__).parent
FLOORS_BELOW = ("concepts", "kernels", "persons", "lakehouse")

BRONZE = tuple(feed.bronze for feed in (*feeds.FEEDS.values(), *reference.REFERENCE.values()))


@dataclass(frozen=True)
class Stage:
    """One stage: the package whose `stage.run` does it, what it reads and what it writes."""

    name: str
    package: str
    reads: tuple[Table, ...]
    writes: tuple[Table, ...]

    @property
    def run(self) -> Callable[[StageRun], None]:
        """The stage's function, imported at first use: listing stages must not start Spark."""
        function: Callable[[StageRun], None] = import_module(f"sandbox.{self.package}.stage").run
        return function


STAGES = (
    Stage(
        "ingest",
        "feeds",
        (),
        (
            *BRONZE,
            books.QUARANTINE,
            books.FEED_QUALITY,
            books.DELIVERY,
            books.FEED_COUNT,
            books.FEED_PROFILE,
            books.FEED_WARNING,
        ),
    ),
    Stage(
        "presence",
        "presence",
        (feeds.MOBILE_EVENT, feeds.MOBILE_CELL, feeds.GEOTAGGED_POST, reference.NETWORK),
        (persons.PRESENCE_DAY, persons.PERSON_MONTH),
    ),
    Stage(
        "residence",
        "residence",
        (feeds.BORDER_MOVEMENT, persons.PRESENCE_DAY, reference.CALENDAR),
        (persons.HOME, persons.SPELL, persons.RESIDENCE_CHANGE),
    ),
    Stage(
        "nowcast",
        "nowcast",
        (feeds.BORDER_MOVEMENT, persons.RESIDENCE_CHANGE),
        (
            nowcasts.CROSSING_FEATURE,
            persons.PREDICTION,
            figures.BACKTEST_TOTAL,
            figures.BACKTEST_SCORE,
            figures.INTERVAL_BAND,
        ),
    ),
    Stage(
        "estimates",
        "estimates",
        (
            persons.RESIDENCE_CHANGE,
            persons.PREDICTION,
            persons.HOME,
            persons.PRESENCE_DAY,
            persons.PERSON_MONTH,
            figures.INTERVAL_BAND,
            figures.BACKTEST_TOTAL,
            feeds.AUDIENCE_ESTIMATE,
            feeds.AIR_OD_MONTH,
            feeds.OFFICIAL_SERIES,
            reference.AREA,
            reference.CALENDAR,
        ),
        (figures.PERSON_WEIGHT, figures.FLOW_BALANCE, figures.POPULATION_ACCOUNT, figures.ESTIMATE),
    ),
    Stage(
        "benchmark",
        "benchmark",
        (
            figures.ESTIMATE,
            figures.BACKTEST_TOTAL,
            figures.INTERVAL_BAND,
            feeds.OFFICIAL_SERIES,
            books.FEED_WARNING,
        ),
        (figures.COMPARISON, figures.VERDICT),
    ),
    Stage("disclosure", "disclosure", (figures.ESTIMATE,), (figures.PROTECTED_CELL, figures.AUDIT)),
    Stage(
        "edition",
        "release",
        (
            figures.ESTIMATE,
            figures.COMPARISON,
            figures.VERDICT,
            figures.PROTECTED_CELL,
            figures.AUDIT,
            figures.BACKTEST_TOTAL,
            figures.BACKTEST_SCORE,
            figures.INTERVAL_BAND,
            books.DELIVERY,
            reference.AREA,
            feeds.OFFICIAL_SERIES,
            persons.PREDICTION,
        ),
        (books.RELEASE_CELL, books.WITHHELD, books.RELEASE),
    ),
)


@contextmanager
def held(workspace: Workspace, to_rotate: bool = False) -> Iterator[None]:
    """Hold the workspace: one run at a time; the lock goes with the process, however it ends.

    While persons have their old key in some tables and their new one in others, only the rotation itself may.
    """
    with (workspace.root / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise EnvironmentFaultError(
                f"Another run holds the workspace {workspace.root}.", "Wait until it ends, or stop it."
            ) from error
        if workspace.rotation_file.exists() and not to_rotate:
            raise EnvironmentFaultError(
                "A rotation of the pseudonym key was stopped half-way: tables do not fit together.",
                "Have the key custodian type `sandbox key rotate` again; it goes on where it was.",
            )
        yield


def stages_named(names: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return these stages in the pipeline's order, all of them if none is named."""
    known = [stage.name for stage in STAGES]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise CallError(f"There is no stage {', '.join(unknown)}.", f"Choose from: {', '.join(known)}.")
    return tuple(stage for stage in STAGES if not names or stage.name in names)


def fresh_run(stage: Stage, run: StageRun) -> StageRun:
    """Return the run as this stage sees it, with the fingerprint of its work."""
    inputs = {table.name: store.latest_version(run.workspace, table) for table in stage.reads}
    return replace(run, stage=stage.name, fingerprint=fingerprint(stage, run), code=code_of(stage, run), inputs=inputs)


def fingerprint(stage: Stage, run: StageRun) -> str:
    """Return the hash of everything the stage's result depends on.

    Input versions, month, vintage, seed, settings and code; for ingestion the manifests that lie in landing.
    """
    workspace = run.workspace
    parts = [code_of(stage, run), run.month.isoformat(), run.vintage.isoformat()]
    parts += [f"{table.name}@{store.latest_version(workspace, table)}" for table in stage.reads]
    if not stage.reads:
        parts += [_sha256(file) for file in sorted(workspace.zone(Zone.LANDING).rglob("manifest.json"))]
        parts += [_sha256(file) for file in sorted(workspace.contracts.glob("*"))]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def code_of(stage: Stage, run: StageRun) -> str:
    """Return the hash of code, settings and seed: with the same inputs, month and vintage the result is the same."""
    # How Spark runs is no part of what comes out.
    parts = [stage.name, str(run.seed), run.workspace.settings.model_dump_json(exclude={"spark"})]
    parts += [_sha256(file) for package in (*FLOORS_BELOW, stage.package) for file in _sources(package)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def stands(stage: Stage, run: StageRun) -> bool:
    """Tell whether the last commit of this stage, month and vintage to its last table has this fingerprint.

    A stage writes its last table last, so a run that was killed half-way does not count as done.
    """
    this_work = (stage.name, run.month.isoformat(), run.vintage.isoformat())
    for commit in store.commits(run.workspace, stage.writes[-1]):
        if (commit.get("stage"), commit.get("month"), commit.get("vintage")) == this_work:
            return commit.get("fingerprint") == run.fingerprint
    return False


def _sources(package: str) -> list[Path]:
    return sorted(file for file in (PACKAGE / package).rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
