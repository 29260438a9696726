"""`sandbox demo`: a synthetic country, everything, to a verified release."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from sandbox.cli.console import JsonOption, QuietOption, SeedOption, answer, progress, told
from sandbox.cli.run import follow

if TYPE_CHECKING:
    from sandbox.demo import Demo
    from sandbox.settings import Workspace
    from sandbox.synthetic.score import ScoreRow

FOLDER = Path("demo")


def demo(
    scale: Annotated[float, typer.Option(help="Size of the country; 1 is some 40,000 residents.", min=0.05)] = 1.0,
    folder: Annotated[Path, typer.Option(help="Where to put it.")] = FOLDER,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a synthetic country and take its data all the way to a released, verified edition."""
    from sandbox.demo import MONTH, VINTAGE, Demo, open_the_door, scores, verified, workspace_of
    from sandbox.lakehouse.run import StageRun
    from sandbox.pipeline import STAGES, held

    this = Demo(folder.resolve(), scale, seed)
    workspace = workspace_of(this)
    with held(workspace):
        _country(this, workspace, quiet)
        follow(StageRun(workspace, "", MONTH, VINTAGE, seed), STAGES, quiet)
        with told("two people, the door", quiet):
            released = open_the_door(this, workspace)
        with told("verification, and the score against the truth", quiet):
            findings, rows = verified(workspace, released), scores(this, workspace)
    if as_json:
        answer({"release": released, "verified": findings, "scores": [vars(row) for row in rows]}, as_json=True)
        return
    _print_scores(rows)
    _print_summary(workspace, released, findings)


def _country(this: "Demo", workspace: "Workspace", quiet: bool) -> None:
    from sandbox.demo import country_stands, make_country

    if country_stands(this):
        if not quiet:
            progress.print("  the country and what its partners deliver  [dim]already there, skipped[/dim]")
        return
    with told("the country and what its partners deliver", quiet):
        make_country(this, workspace)


def _print_scores(rows: "list[ScoreRow]") -> None:
    table = Table(title="Released figures against the truth of the synthetic country", title_justify="left")
    for heading in ("measure", "ours", "naive", "naive method"):
        table.add_column(heading)
    for row in rows:
        naive = "" if row.naive is None else f"{row.naive:.3f}"
        table.add_row(f"{row.measure} ({row.unit})", f"{row.ours:.3f}", naive, row.naive_method)
    Console().print(table)


def _print_summary(workspace: "Workspace", released: Path, findings: str) -> None:
    lines = {
        "verified": findings,
        "open": released / "index.html",
        "quality": released / "quality.html",
        "figures": released / "data.csv",
        "workspace": workspace.root,
        "traces": workspace.logs,
    }
    progress.print("\nThe people of this demo were played with keys of its own: its two approvals prove nothing.")
    answer(lines, as_json=False)
    progress.print(f"Next: open the page, then `sandbox release verify {released}`, or docs/tutorial/first-release.md.")
