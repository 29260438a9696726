"""`sandbox erase`: a person, a partner, or the link of a key epoch. What was done is a line of the log."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, told
from sandbox.errors import CallError
from sandbox.settings import Workspace, read_workspace

app = typer.Typer(help="Erase a person, a partner, or the link of a key epoch.", no_args_is_help=True)

PartnerOption = Annotated[str, typer.Option("--partner", help="Partner, as in the contract.")]
WhoOption = Annotated[str, typer.Option("--as", help="Who erases, for the log.")]
HERE = Path()


@app.command()
def person(
    identifiers: Annotated[Path, typer.Argument(help="File with one identifier a line, outside the workspace.")],
    partner: PartnerOption,
    feed: Annotated[str, typer.Option("--feed", help="Feed that the persons are in.")],
    who: WhoOption,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Erase persons from every table, file and version; then search everything for them."""
    from sandbox.feeds.erasure import erase_persons
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    if not identifiers.is_file() or identifiers.resolve().is_relative_to(there.root):
        raise CallError(f"There is no file {identifiers.name} outside the workspace.", "Put the identifiers there.")
    named = [line for line in identifiers.read_text("utf-8").splitlines() if line]
    with held(there), told("erasing", quiet) as telling:
        erased = erase_persons(there, partner, feed, named, telling.say)
    _logged(there, who, "erased persons", f"{len(named)} of {partner}.{feed}")
    answer(erased.told, as_json)


@app.command("partner")
def whole_partner(
    partner: Annotated[str, typer.Argument(help="Partner, as in the contract.")],
    who: WhoOption,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Erase all rows that a partner sent, and what was made of persons from its feeds."""
    from sandbox.feeds.erasure import erase_partner
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    with held(there), told("erasing", quiet) as telling:
        erased = erase_partner(there, partner, telling.say)
    _logged(there, who, "erased partner", partner)
    answer(erased.told, as_json)


@app.command()
def epoch(
    number: Annotated[str, typer.Argument(help="Key epoch.")],
    who: WhoOption,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Destroy the key of an epoch, and with it the link between persons and their rows; a new epoch begins."""
    from sandbox.feeds.pseudonym import KeyFile
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    keys = KeyFile(there.key_file)
    with held(there):
        keys.destroy(number)
    _logged(there, who, "destroyed key epoch", number)
    answer({"destroyed_epoch": number, "current_epoch": keys.current_epoch}, as_json)


def _logged(workspace: Workspace, who: str, did: str, about: str) -> None:
    from sandbox.airlock import log

    log.append(workspace, datetime.now(UTC).isoformat(timespec="seconds"), who, did, "", about)
