"""`sandbox erase`: a person, a partner, or the link of a key epoch. Asked, done or failed is a line of the log."""

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.acts import noted
from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, told
from sandbox.errors import CallError
from sandbox.settings import Workspace, read_workspace

app = typer.Typer(help="Erase a person, a partner, or the link of a key epoch.", no_args_is_help=True)

PartnerOption = Annotated[str, typer.Option("--partner", help="Partner, as in the contract.")]
StewardOption = Annotated[str, typer.Option("--as", help="Steward, as in people.toml.")]
CustodianOption = Annotated[str, typer.Option("--as", help="Key custodian, as in people.toml.")]
KeyOption = Annotated[Path, typer.Option("--key", help="Their private key; it lies outside the workspace.")]
HERE = Path()


@app.command()
def person(
    identifiers: Annotated[Path, typer.Argument(help="File with one identifier a line, outside the workspace.")],
    partner: PartnerOption,
    feed: Annotated[str, typer.Option("--feed", help="Feed that the persons are in.")],
    who: StewardOption,
    key: KeyOption,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Erase persons from every table, file and version; then search everything for them.

    What another partner sent of the same person under the same identifier is its own, and said, not erased.

    Example: sandbox erase person ~/ask.txt --partner agency --feed border_movement --as steward --key ~/steward.key
    """
    from sandbox.airlock.people import Role, signer
    from sandbox.feeds.erasure import erase_persons
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    signer(there, who, key, Role.STEWARD)
    named, about = _identifiers(there, identifiers), f"of {partner}.{feed}"
    with (
        held(there),
        noted(there, who, "asked to erase persons", "erased persons", f"{len(named)} {about}") as act,
        told("erasing", quiet) as telling,
    ):
        erased = erase_persons(there, partner, feed, named, telling.say)
        act.about += f": {sum(erased.rows.values())} rows"
    answer(erased.told, as_json)


@app.command("partner")
def whole_partner(
    partner: Annotated[str, typer.Argument(help="Partner, as in the contract.")],
    who: StewardOption,
    key: KeyOption,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Erase all rows that a partner sent, and what was made of persons from its feeds; then search everything.

    Example: sandbox erase partner telco_one --as steward --key ~/steward.key --workspace office
    """
    from sandbox.airlock.people import Role, signer
    from sandbox.feeds.erasure import erase_partner
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    signer(there, who, key, Role.STEWARD)
    with (
        held(there),
        noted(there, who, "asked to erase a partner", "erased partner", partner) as act,
        told("erasing", quiet) as telling,
    ):
        erased = erase_partner(there, partner, telling.say)
        act.about += f": {sum(erased.rows.values())} rows"
    answer(erased.told, as_json)


@app.command()
def epoch(
    number: Annotated[str, typer.Argument(help="Key epoch.")],
    who: CustodianOption,
    key: KeyOption,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Destroy the key of an epoch, and with it the link between persons and their rows; a new epoch begins.

    Then everything is searched for the key and those that were derived from it.

    Example: sandbox erase epoch 1 --as custodian --key ~/custodian.key --workspace office
    """
    from sandbox.airlock.people import Role, signer
    from sandbox.feeds.erasure import erase_epoch
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    signer(there, who, key, Role.KEY_CUSTODIAN)
    with (
        held(there),
        noted(there, who, "asked to destroy a key epoch", "destroyed key epoch", number),
        told("destroying the key", quiet) as telling,
    ):
        left = erase_epoch(there, number, telling.say)
    answer(left, as_json)


def _identifiers(workspace: Workspace, file: Path) -> list[str]:
    """Return the identifiers that a file names; `CallError` where it names none, or lies in the workspace."""
    if not file.is_file() or file.resolve().is_relative_to(workspace.root):
        raise CallError(f"There is no file {file.name} outside the workspace.", "Put the identifiers there.")
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise CallError(f"{file.name} is no text in UTF-8.", "Save it as UTF-8, one identifier a line.") from None
    named = [line for line in lines if line.strip()]
    if not named:
        raise CallError(f"{file.name} names nobody.", "Put one identifier a line into it.")
    return list(dict.fromkeys(named))
