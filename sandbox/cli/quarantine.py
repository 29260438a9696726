"""`sandbox feed quarantine`: looking into quarantine, and putting rows right."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, told
from sandbox.settings import read_workspace

app = typer.Typer(help="Rows that break their contract.", no_args_is_help=True)

DeliveryArgument = Annotated[str, typer.Argument(help="Delivery id.")]


@app.command("list")
def list_rules(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Count the rows in quarantine by feed, delivery and broken rule."""
    from sandbox.feeds.quarantine import counted

    _print_rows(counted(read_workspace(workspace)), as_json)


@app.command()
def show(
    delivery: DeliveryArgument,
    workspace: WorkspaceOption = Path(),
    limit: Annotated[int, typer.Option("--limit", help="Rows to show.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show rows in quarantine with every rule that they break; identifiers are replaced."""
    from sandbox.feeds.quarantine import shown

    _print_rows(shown(read_workspace(workspace), delivery, limit), as_json)


@app.command()
def repair(
    delivery: DeliveryArgument,
    column: Annotated[str, typer.Option("--column", help="Column of the feed.")],
    was: Annotated[str, typer.Option("--was", help="Value as sent; empty for none.")],
    becomes: Annotated[str, typer.Option("--becomes", help="Value to read instead; empty for none.")],
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
) -> None:
    """Have a delivery's rows in quarantine read with another value; `replay` then takes them through the rules."""
    from sandbox.feeds.replay import repair as noted
    from sandbox.feeds.stage import steward_run
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    with held(there):
        rows = noted(steward_run(there, delivery), delivery, column, was, becomes)
    answer({"delivery": delivery, "column": column, "rows_with_the_value": rows}, as_json)


@app.command()
def replay(
    delivery: DeliveryArgument,
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take a delivery's rows in quarantine through the rules again, repaired, under the contract as it is now."""
    from sandbox.feeds.replay import replay as replayed
    from sandbox.feeds.stage import steward_run
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    with held(there), told(f"replaying {delivery}", quiet) as telling:
        account = replayed(steward_run(there, delivery, telling.say), delivery)
    answer(account.placed, as_json)


def _print_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        answer({"rows": rows}, as_json)
        return
    for row in rows:
        sys.stdout.write("  ".join(str(value) for value in row.values()) + "\n")
