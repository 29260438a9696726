"""`sandbox feed`: contracts, checking files before sending them, taking deliveries in, looking into quarantine."""

import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, told
from sandbox.errors import CallError, CheckFailedError, DeliveryRefusedError
from sandbox.settings import read_workspace

app = typer.Typer(help="Contracts, checks, ingestion and quarantine of partners' deliveries.", no_args_is_help=True)
contract_app = typer.Typer(help="Agreements with partners (ODCS v3.1).", no_args_is_help=True)
quarantine_app = typer.Typer(help="Rows that break their contract.", no_args_is_help=True)
app.add_typer(contract_app, name="contract")
app.add_typer(quarantine_app, name="quarantine")

ContractOption = Annotated[Path, typer.Option("--contract", help="Contract that the files come under.")]


@contract_app.command("new")
def contract_new(
    feed: Annotated[str, typer.Argument(help="Feed or reference table.")],
    partner: Annotated[str, typer.Argument(help="Partner: lower-case letters, digits, _.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; else standard output.")] = None,
) -> None:
    """Write a new contract of a feed and a partner."""
    from sandbox.feeds import contract

    text = contract.new(feed, partner)
    if out is None:
        sys.stdout.write(text)
        return
    if out.exists():
        raise CallError(f"{out} is there already.", "Choose another --out: a change of contract is a new version.")
    out.write_text(text, "utf-8")


@contract_app.command("lint")
def contract_lint(path: Annotated[Path, typer.Argument(help="Contract file.")]) -> None:
    """Check a contract against ODCS v3.1 and the feed's declaration."""
    from sandbox.feeds import contract

    agreed = contract.read(path)
    answer({"contract": agreed.id, "version": agreed.version, "status": agreed.status, "faults": 0}, as_json=False)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Files as they would be sent.")],
    contract: ContractOption,
    file_format: Annotated[str, typer.Option("--format", help="Reader; else told from the name.")] = "",
    delivered_on: Annotated[str, typer.Option("--delivered-on", help="Day of delivery (YYYY-MM-DD).")] = "",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check files before they are sent: the path of a row at ingestion, without Spark, Java or a workspace."""
    from sandbox.feeds.check import checked_file, format_of

    day = date.fromisoformat(delivered_on) if delivered_on else None
    rows, bad, rules = 0, 0, Counter[str]()
    for file in files:
        with told(f"checking {file.name}", quiet):
            note = checked_file(file, file_format or format_of(file), contract, day)
        rows, bad = rows + note.rows, bad + note.bad
        rules.update(note.rules)
    answer({"rows": rows, "good": rows - bad, "bad": bad, "broken_rules": dict(sorted(rules.items()))}, as_json)
    if bad:
        raise CheckFailedError(f"{bad:,} of {rows:,} rows break a rule.", "Mend them, or send them to be quarantined.")


@app.command("ingest")
def ingest_delivery(
    delivery: Annotated[Path, typer.Argument(help="Folder with a manifest.json.")],
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check a delivery, put it into landing and take it in."""
    from sandbox.feeds.stage import ingest_folder
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    with held(there), told(f"taking in {delivery.name}", quiet) as telling:
        account = ingest_folder(there, delivery, telling.say)
    if account is None:
        answer({"delivery": delivery.name, "state": "taken in before"}, as_json)
        return
    if account.refused:
        raise DeliveryRefusedError(f"Refused whole: {account.refused}", "Mend the delivery and send it again.")
    answer(account.summary(), as_json)


@quarantine_app.command("list")
def quarantine_list(workspace: WorkspaceOption = Path(), as_json: JsonOption = False) -> None:
    """Count the rows in quarantine by feed, delivery and broken rule."""
    from sandbox.feeds.quarantine import counted

    _print_rows(counted(read_workspace(workspace)), as_json)


@quarantine_app.command("show")
def quarantine_show(
    delivery: Annotated[str, typer.Argument(help="Delivery id.")],
    workspace: WorkspaceOption = Path(),
    limit: Annotated[int, typer.Option("--limit", help="Rows to show.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show rows in quarantine with every rule that they break; identifiers are replaced."""
    from sandbox.feeds.quarantine import shown

    _print_rows(shown(read_workspace(workspace), delivery, limit), as_json)


def _print_rows(rows: list[dict[str, Any]], as_json: bool) -> None:
    if as_json:
        answer({"rows": rows}, as_json)
        return
    for row in rows:
        sys.stdout.write("  ".join(str(value) for value in row.values()) + "\n")
