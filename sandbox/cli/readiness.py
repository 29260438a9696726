"""`sandbox readiness`: which indicators this workspace can produce, and what the others lack."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from sandbox.cli.console import JsonOption, WorkspaceOption, answer
from sandbox.settings import read_workspace

HERE = Path()


def readiness(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Say of every indicator whether this workspace has the tables that it needs."""
    from sandbox.concepts.indicators import INDICATORS
    from sandbox.estimates.stage import FAMILIES

    place = read_workspace(workspace)
    absent = {indicator: family.absent(place) for family in FAMILIES for indicator in family.indicators}
    if as_json:
        answer({name: {"ready": not lacks, "absent": lacks} for name, lacks in absent.items()}, as_json)
        return
    table = Table("indicator", "what it is", "ready", "tables that are absent")
    for name, lacks in absent.items():
        table.add_row(name, INDICATORS[name].name, "no" if lacks else "yes", ", ".join(lacks))
    Console().print(table)
