"""`sandbox feed profile`: what a feed covers, and the feedback that its partner gets."""

from pathlib import Path
from typing import Annotated

from typer import Option

from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, told
from sandbox.settings import read_workspace


def profile(
    out: Annotated[Path, Option("--out", help="Folder for the pages, one folder a partner and feed.")],
    workspace: WorkspaceOption = Path(),
    feed: Annotated[str, Option("--feed", help="Feed; else all.")] = "",
    partner: Annotated[str, Option("--partner", help="Partner; else all.")] = "",
    again: Annotated[
        bool, Option("--again", help="Compute all of the profile anew, not just what is missing.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the feedback to partners: a page and a JSON of what came, what was good, what to mend.

    What has come since the profile was computed is looked at first.
    """
    from sandbox.feeds.feedback import given_back, looked_at
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    with held(there):
        with told("computing the profile", quiet) as telling:
            looked_at(there, feed, telling.say, anew=again)
        with told("writing feedback", quiet):
            folders = given_back(there, out, feed, partner)
    answer({"written": [str(folder) for folder in folders]}, as_json)
