"""`sandbox key`: the key of pseudonyms, in the hands of its custodian."""

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.acts import noted
from sandbox.cli.console import JsonOption, QuietOption, WorkspaceOption, answer, told
from sandbox.settings import read_workspace

app = typer.Typer(help="The key of pseudonyms.", no_args_is_help=True)

WhoOption = Annotated[str, typer.Option("--as", help="Key custodian, as in people.toml.")]
KeyOption = Annotated[Path, typer.Option("--key", help="Their private key; it lies outside the workspace.")]
HERE = Path()


@app.callback()
def main() -> None:
    """Look after the key of pseudonyms."""


@app.command()
def new(
    who: WhoOption,
    key: KeyOption,
    wrapping_key: Annotated[
        Path,
        typer.Option("--wrapping-key", help="File that wraps it, apart from workspace and key; made if not there."),
    ],
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Make the key of pseudonyms, once: its first epoch, wrapped, in a file that its owner alone can read.

    Whoever takes deliveries in needs both files: the key where `key_file` of sandbox.toml points, and the wrapping key.
    Nobody needs either by heart; without them no row can be linked to a person again.

    Example: sandbox key new --as custodian --key ~/custodian.key --wrapping-key /run/secrets/wrapping.key
    """
    from sandbox.airlock.people import Role, signer
    from sandbox.feeds.first_key import first_key
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    signer(there, who, key, Role.KEY_CUSTODIAN)
    with held(there), noted(there, who, "asked for the key", "made the key", "epoch 1"):
        epoch = first_key(there, wrapping_key)
    answer({"current_epoch": epoch, "key_file": there.key_file, "wrapping_key": wrapping_key.resolve()}, as_json)


@app.command()
def rotate(
    who: WhoOption,
    key: KeyOption,
    ends_histories: Annotated[
        bool, typer.Option("--end-histories", help="Go on where persons have no identifier left in landing.")
    ] = False,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Begin a new key epoch in which the histories of persons go on; destroy the old key and the bridge between them.

    Persons are linked by their identifiers in landing. Where some have none left there, nothing is changed and the
    command ends with 1, unless `--end-histories` is given. Stopped half-way, it goes on when it is typed again.

    Example: sandbox key rotate --as custodian --key ~/custodian.key --workspace office
    """
    from sandbox.airlock.people import Role, signer
    from sandbox.feeds.rotation import rotate as rotated
    from sandbox.pipeline import held

    there = read_workspace(workspace)
    signer(there, who, key, Role.KEY_CUSTODIAN)
    may = "histories may end" if ends_histories else ""
    with (
        held(there, to_rotate=True),
        noted(there, who, "asked for rotation of the key", "rotated the key", may) as act,
        told("rotating the key", quiet) as telling,
    ):
        rotation = rotated(there, ends_histories, telling.say)
        act.about = "; ".join([f"epoch {rotation.ended} to {rotation.begun}", *rotation.lost])
    answer(rotation.told, as_json)
