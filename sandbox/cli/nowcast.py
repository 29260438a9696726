"""`sandbox nowcast`: what past releases of provisional figures would have said."""

import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, SeedOption, answer, told
from sandbox.concepts.rules import counting_rule
from sandbox.errors import CallError

app = typer.Typer(help="The nowcast of undecided crossings.", no_args_is_help=True)


class RepairChoice(StrEnum):
    """What is done to crossings before they are judged."""

    NONE = "none"
    SIMPLE = "simple"


@app.callback()
def nowcast() -> None:
    """Tell what the undecided will turn out to be, and how good that was in the past."""


@app.command()
def backtest(
    movements: Annotated[Path, typer.Argument(help="File of movements (CSV, CSV.gz or Parquet).")],
    out: Annotated[Path, typer.Option("--out", help="Folder for totals.csv, headline.csv, scores.csv.")],
    releases: Annotated[str, typer.Option("--releases", help="First and last vintage, YYYY-MM:YYYY-MM.")],
    rule: Annotated[str, typer.Option("--rule", help="Residence rule.")] = "NZ_12_16",
    initial_status: Annotated[
        Path | None, typer.Option("--initial-status", help="File: person_id, resident, decided_on.")
    ] = None,
    horizons: Annotated[str, typer.Option("--horizons", help="First and last horizon in months.")] = "1:16",
    repair: Annotated[RepairChoice, typer.Option("--repair", help="Repair of linkage.")] = RepairChoice.SIMPLE,
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Processes that fit models.")] = 1,
    seed: SeedOption = 1,
    quiet: QuietOption = False,
    as_json: JsonOption = False,
) -> None:
    """Replay past releases on a file and compare what each would have said with what it turned out to be."""
    from sandbox.nowcast.file_backtest import backtest_file
    from sandbox.nowcast.releases import Asked

    asked = Asked(counting_rule(rule), _months(releases), _horizons(horizons), repair.value, seed, jobs)
    with told("past releases replayed", quiet):
        found = backtest_file(movements, initial_status, asked, out)
    answer(found, as_json)


def _months(text: str) -> range:
    match = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2]):(\d{4})-(0[1-9]|1[0-2])", text)
    numbers = [int(part) for part in match.groups()] if match else [0, 1, 0, 0]
    first, last = numbers[0] * 12 + numbers[1] - 1, numbers[2] * 12 + numbers[3] - 1
    if last < first:
        raise CallError(f"--releases {text} is no span of months.", "Write it as 2021-01:2023-08.")
    return range(first, last + 1)


def _horizons(text: str) -> range:
    match = re.fullmatch(r"(\d{1,2}):(\d{1,2})", text)
    first, last = (int(part) for part in match.groups()) if match else (0, 0)
    if not 1 <= first <= last <= 16:
        raise CallError(f"--horizons {text} is no span of months from 1 to 16.", "Write it as 1:16.")
    return range(first, last + 1)
