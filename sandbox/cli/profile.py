"""`sandbox feed profile`: what a feed covers, and the feedback that its partner gets."""

from pathlib import Path
from typing import Annotated

from typer import Option

from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, told
from sandbox.settings import Workspace, read_workspace


def profile(
    out: Annotated[Path, Option("--out", help="Folder for the pages, one folder a partner and feed.")],
    workspace: WorkspaceOption = Path(),
    feed: Annotated[str, Option("--feed", help="Feed; else all.")] = "",
    partner: Annotated[str, Option("--partner", help="Partner; else all.")] = "",
    again: Annotated[bool, Option("--again", help="Compute the profile anew from bronze first (needs Java).")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the feedback to partners: a page and a JSON of what came, what was good, what to mend."""
    from sandbox.feeds.feedback import given_back

    there = read_workspace(workspace)
    if again:
        _compute(there, feed, quiet)
    with told("writing feedback", quiet):
        folders = given_back(there, out, feed, partner)
    answer({"written": [str(folder) for folder in folders]}, as_json)


def _compute(workspace: Workspace, feed: str, quiet: bool) -> None:
    from sandbox.feeds.coverage import profiled_anew
    from sandbox.pipeline import held

    with held(workspace), told("computing the profile", quiet) as telling:
        profiled_anew(workspace, feed, telling.say)
