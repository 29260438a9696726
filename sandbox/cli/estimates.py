"""`sandbox estimates`: what the estimates stage knows beside the figures that may be released."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Column, Table

from sandbox.cli.console import JsonOption, WorkspaceOption, answer
from sandbox.cli.run import month_of
from sandbox.concepts.codes import TOTAL, Subpopulation
from sandbox.errors import CallError
from sandbox.settings import read_workspace

app = typer.Typer(help="What stands behind the estimates; inside the office only.", no_args_is_help=True)
HERE = Path()
LINES = {
    "stock_start": "at the start",
    "immigrants": "+ immigrants",
    "emigrants": "− emigrants",
    "births": "+ births",
    "deaths": "− deaths",
    "citizenship_in": "+ citizenship in",
    "citizenship_out": "− citizenship out",
    "adjustment": "+ adjustment",
    "stock_end": "= at the end",
    "adjustment_se": "error of adjustment",
}
JUDGED = {True: "yes", False: "[red]no[/red]", None: "–"}
ORDER = [*(each.value for each in Subpopulation), TOTAL]
INSIDE = (
    "Inside the office only: nothing here has passed disclosure control. Immigrants and emigrants are our estimates, "
    "of travellers by a residence rule; all else is the office's, of its usual residents."
)


@app.callback()
def estimates() -> None:
    """Show what stands behind the estimates; inside the office only."""


@app.command()
def account(
    workspace: WorkspaceOption = HERE,
    vintage: Annotated[str, typer.Option(help="Month of computing, YYYY-MM; the newest, if not given.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show by year and subpopulation what the change of the population is made of, and what is left over."""
    from sandbox.lakehouse import store
    from sandbox.lakehouse.tables.figures import POPULATION_ACCOUNT

    rows = store.read_small(read_workspace(workspace), POPULATION_ACCOUNT).to_pylist()
    known = {row["vintage"] for row in rows}
    asked = month_of(vintage, "--vintage") if vintage else max(known, default=date.min)
    if asked not in known:
        raise CallError(
            "There is no population account of this vintage." if vintage else "The population account is empty.",
            f"Ask for one of {', '.join(f'{day:%Y-%m}' for day in sorted(known))}."
            if known
            else "It takes a whole calendar year of crossings.",
        )
    found = [row for row in rows if row["vintage"] == asked]
    found.sort(key=lambda row: (row["reference_period"], ORDER.index(row["subpopulation"])))
    if as_json:
        answer({"vintage": f"{asked:%Y-%m}", "note": INSIDE, "account": found}, as_json)
        return
    for of_year in sorted({row["reference_period"] for row in found}):
        Console().print(_statement([row for row in found if row["reference_period"] == of_year]))
    Console().print(INSIDE)


def _statement(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Return one year's account in whole persons, a column a group; what is not known is named below."""
    undecided = ", provisional" if any(row["provisional"] for row in rows) else ""
    missing = sorted({name for row in rows for name in row["missing"]})
    table = Table(
        Column(f"{rows[0]['reference_period']:%Y}{undecided}", no_wrap=True),
        *(Column(_heading(row["subpopulation"]), justify="right", min_width=len("unknown")) for row in rows),
        box=SIMPLE,
        pad_edge=False,
        caption=f"Not known: {', '.join(missing)}." if missing else None,
    )
    for name, line in LINES.items():
        table.add_row(line, *("–" if row[name] is None else f"{round(row[name]):,}" for row in rows))
    table.add_row("consistent", *(JUDGED[row["consistent"]] for row in rows))
    return table


def _heading(subpopulation: str) -> str:
    return "all" if subpopulation == TOTAL else subpopulation.replace("_", " ")
