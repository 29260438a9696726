"""`sandbox retention`: delete what contracts no longer allow to be kept."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, told
from sandbox.settings import read_workspace

app = typer.Typer(help="Terms for which rows may be kept.", no_args_is_help=True)


@app.callback()
def main() -> None:
    """Enforce the terms for which rows may be kept."""


@app.command()
def run(
    day: Annotated[str, typer.Option("--on", help="Day on which it is judged (YYYY-MM-DD); today by default.")] = "",
    who: Annotated[str, typer.Option("--as", help="Who runs it, for the log.")] = "retention",
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Delete deliveries and rows past their term, their files and versions too; the log says that it was done."""
    from sandbox.airlock import log
    from sandbox.feeds.retention import enforce
    from sandbox.pipeline import held

    there, now = read_workspace(workspace), datetime.now(UTC)
    judged = date.fromisoformat(day) if day else now.date()
    with held(there), told("enforcing retention", quiet) as telling:
        kept = enforce(there, judged, telling.say)
    rows = sum(kept.rows.values())
    log.append(there, now.isoformat(timespec="seconds"), who, "enforced retention", "", f"{judged}: {rows} rows")
    answer(kept.told, as_json)
