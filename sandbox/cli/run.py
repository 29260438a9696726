"""`sandbox run` and `sandbox status`: the pipeline, and where it stands."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, SeedOption, WorkspaceOption, answer, progress, told
from sandbox.errors import CallError

if TYPE_CHECKING:
    from sandbox.lakehouse.run import StageRun
    from sandbox.pipeline import Stage

HERE = Path()


def run(
    stages: Annotated[list[str] | None, typer.Argument(metavar="[STAGE]…", help="All, if none is named.")] = None,
    month: Annotated[str, typer.Option(help="Newest reference month, YYYY-MM.")] = "",
    vintage: Annotated[str, typer.Option(help="Month of computing; the month after, if not given.")] = "",
    backfill: Annotated[str, typer.Option(help="First month of several to run, YYYY-MM.")] = "",
    workspace: WorkspaceOption = HERE,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run the stages in order; what stands already is skipped, and said so."""
    from sandbox.lakehouse.run import StageRun
    from sandbox.pipeline import held, stages_named
    from sandbox.settings import read_workspace

    place = read_workspace(workspace)
    newest = month_of(month, "--month")
    chosen = stages_named(tuple(stages or ()))
    first = month_of(backfill, "--backfill") if backfill else newest
    said: dict[str, str] = {}
    with held(place):
        for each in months_between(first, newest):
            computed = month_of(vintage, "--vintage") if vintage else month_after(each)
            this = StageRun(place, "", each, computed, seed)
            said |= {f"{each:%Y-%m} {name}": state for name, state in follow(this, chosen, quiet).items()}
    answer(said, as_json)


def follow(this: "StageRun", stages: "Sequence[Stage]", quiet: bool = False) -> dict[str, str]:
    """Run the stages with a line of progress each; return what became of them."""
    from sandbox.pipeline import fresh_run, stands

    said = {}
    for stage in stages:
        ready = fresh_run(stage, this)
        if stands(stage, ready):
            said[stage.name] = "already done, skipped"
            if not quiet:
                progress.print(f"  {stage.name}  [dim]already done, skipped[/dim]")
            continue
        with told(stage.name, quiet) as telling:
            at_work = replace(ready, say=telling.say, written=Counter())
            stage.run(at_work)
            telling.result = f"{at_work.written.total():,} rows written"
        said[stage.name] = "done"
    return said


def month_of(text: str, option: str) -> date:
    """Return the first day of the month that a person typed."""
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError as error:
        raise CallError(f"{option} is {text!r}, not a month.", "Write it as YYYY-MM, 2025-11 for example.") from error


def month_after(month: date) -> date:
    """Return the first day of the next month."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def months_between(first: date, last: date) -> Sequence[date]:
    """Return first days of months from `first` to `last`, both included."""
    if first > last:
        raise CallError("--backfill is later than --month.", "Give an earlier month.")
    months = [first]
    while months[-1] < last:
        months.append(month_after(months[-1]))
    return months
