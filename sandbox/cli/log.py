"""`sandbox log`: the chain of what anyone did at the door."""

from pathlib import Path

import typer

from sandbox.airlock import log
from sandbox.cli.console import JsonOption, WorkspaceOption, answer
from sandbox.settings import read_workspace

app = typer.Typer(help="The log of the airlock.", no_args_is_help=True)
HERE = Path()


@app.callback()
def main() -> None:
    """Read the log of what anyone did at the door."""


@app.command()
def verify(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Recompute the chain; exit 1 naming the first line that does not fit."""
    place = read_workspace(workspace)
    lines = log.verified(place)
    head = lines[-1].hash if lines else log.FIRST
    answer({"log": log.log_file(place), "lines": len(lines), "head": head, "chain": "holds"}, as_json)
