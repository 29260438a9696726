"""`sandbox feed`: contracts, checking files before sending them, taking deliveries in, looking into quarantine."""

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, day_of, told
from sandbox.cli.contract import app as contract_app
from sandbox.cli.contract import pack
from sandbox.cli.profile import profile
from sandbox.cli.quarantine import app as quarantine_app
from sandbox.errors import CheckFailedError, DeliveryRefusedError
from sandbox.settings import read_workspace

app = typer.Typer(help="Contracts, checks, ingestion and quarantine of partners' deliveries.", no_args_is_help=True)
app.add_typer(contract_app, name="contract")
app.add_typer(quarantine_app, name="quarantine")
app.command("pack")(pack)
app.command("profile")(profile)

ContractOption = Annotated[Path, typer.Option("--contract", help="Contract that the files come under.")]


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Files as they would be sent.")],
    contract: ContractOption,
    file_format: Annotated[str, typer.Option("--format", help="Reader; else told from the name.")] = "",
    delivered_on: Annotated[str, typer.Option("--delivered-on", help="Day of delivery (YYYY-MM-DD).")] = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="File (.csv, .csv.gz, .parquet) of all rows that break a rule.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check files before they are sent: the path of a row at ingestion, without Spark, Java or a workspace."""
    from sandbox.feeds import contract as contracts
    from sandbox.feeds.check import check_files
    from sandbox.persons.files import suffix_of, write_table

    day = day_of(delivered_on, "--delivered-on") if delivered_on else None
    if out is not None:
        suffix_of(out)
    with told(f"checking {', '.join(file.name for file in files)}", quiet):
        checked = check_files(files, file_format, contracts.read(contract), day)
    if out is not None:
        write_table(checked.broken, out)
    answer(checked.told if as_json else checked.lines, as_json)
    rows, bad = checked.note.rows, checked.note.bad
    if bad:
        which = f"{out} names them all" if out is not None else "--out FILE names them all"
        raise CheckFailedError(
            f"{bad:,} of {rows:,} rows break a rule; {which}, by number: row 1 is the first after the header.",
            "Mend them, or send them to be quarantined.",
        )


@app.command("ingest")
def ingest_delivery(
    delivery: Annotated[Path, typer.Argument(help="Folder with a manifest.json.")],
    received: Annotated[
        str, typer.Option("--received", help="Day on which it came (YYYY-MM-DD); a later hand-over is refused.")
    ] = "",
    workspace: WorkspaceOption = Path(),
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Check a delivery, put it into landing and take it in."""
    from sandbox.feeds.stage import ingest_folder
    from sandbox.pipeline import held

    there, day = read_workspace(workspace), day_of(received, "--received") if received else None
    with held(there), told(f"taking in {delivery.name}", quiet) as telling:
        account = ingest_folder(there, delivery, telling.say, day)
    if account is None:
        answer({"delivery": delivery.name, "state": "taken in before"}, as_json)
        return
    if account.refused:
        raise DeliveryRefusedError(f"Refused whole: {account.refused}", "Mend the delivery and send it again.")
    answer(account.summary(), as_json)
