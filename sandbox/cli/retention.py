"""`sandbox retention`: delete what contracts no longer allow to be kept."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.acts import noted
from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, day_of, told
from sandbox.errors import CallError, CheckFailedError
from sandbox.settings import read_workspace

app = typer.Typer(help="Terms for which rows may be kept.", no_args_is_help=True)
JOB = "retention job"


@app.callback()
def main() -> None:
    """Enforce the terms for which rows may be kept."""


@app.command()
def run(
    day: Annotated[str, typer.Option("--on", help="Day on which it is judged (YYYY-MM-DD); today by default.")] = "",
    who: Annotated[str, typer.Option("--as", help=f"Steward who runs it; the log says `{JOB}` without.")] = "",
    key: Annotated[Path | None, typer.Option("--key", help="Their private key, outside the workspace.")] = None,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Delete deliveries and rows past their term, what was made of them, their files and versions too.

    It needs no name: a job runs it every day. The log says that it was asked for, and how it ended. Where a contract
    can't be read the others' terms are enforced, and the command ends with 1.

    Example: sandbox retention run --workspace office
    """
    from sandbox.airlock.people import Role, signer
    from sandbox.feeds.retention import enforce
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    if who or key:
        if not (who and key):
            raise CallError("A name is proved by a key.", "Give both `--as` and `--key`, or neither.")
        signer(there, who, key, Role.STEWARD)
    judged = day_of(day, "--on") if day else datetime.now(UTC).date()
    with (
        held(there),
        noted(there, who or JOB, "asked for retention", "enforced retention", str(judged)) as act,
        told("enforcing retention", quiet) as telling,
    ):
        kept = enforce(there, judged, telling.say)
        act.about += f": {sum(kept.rows.values())} rows, files of {kept.from_landing} deliveries"
        act.about += "".join(f"; not judged: {name}" for name in sorted(kept.not_judged))
    answer(kept.told, as_json)
    if kept.not_judged:
        raise CheckFailedError(
            f"What may be kept of {', '.join(sorted(kept.not_judged))} can't be told.",
            "Put the contracts back, or erase the partner (`sandbox erase partner`).",
        )
