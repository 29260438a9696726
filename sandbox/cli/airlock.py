"""`sandbox airlock`: ask for a release, judge it, let it out. A role is proved by a key outside the workspace."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sandbox.airlock import door, people
from sandbox.airlock.people import Role
from sandbox.airlock.request import Request, waits_for
from sandbox.cli.console import JsonOption, WorkspaceOption, answer
from sandbox.settings import read_workspace

app = typer.Typer(help="The only door out: request, two approvals, release.", no_args_is_help=True)

ReleaseArgument = Annotated[str, typer.Argument(help="Name of the edition, as `release list` shows it.")]
NameOption = Annotated[str, typer.Option("--as", help="Who acts, as in people.toml.")]
KeyOption = Annotated[Path, typer.Option("--key", help="Their private key; it lies outside the workspace.")]
AtOption = Annotated[str, typer.Option("--at", help="Time of the act for the log (ISO); now by default.")]
HERE = Path()


@app.command()
def request(
    release_id: ReleaseArgument,
    name: NameOption,
    key: KeyOption,
    at: AtOption = "",
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Ask for a release: the checks are run and their verdicts are part of what people sign."""
    from sandbox.release.verify import content_findings

    place = read_workspace(workspace)
    author = people.signer(place, name, key, Role.ANALYST)
    found = content_findings(door.edition_folder(place, release_id))
    checks = tuple((one.check, "passed" if one.passed else one.told) for one in found)
    _told(door.open_request(place, release_id, checks, author, _time(at)), as_json)


@app.command()
def show(
    release_id: Annotated[str, typer.Argument(help="One request; all by default.")] = "",
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Show a request, or all with what each waits for."""
    place = read_workspace(workspace)
    if release_id:
        _told(door.read_request(place, release_id), as_json)
        return
    standing = {one.release_id: f"{one.state}; waits for {waits_for(one.state)}" for one in door.requests(place)}
    answer(standing or {"requests": "none"}, as_json)


@app.command()
def approve(
    release_id: ReleaseArgument,
    name: NameOption,
    key: KeyOption,
    at: AtOption = "",
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Sign an approval; the author can't, and nobody can twice."""
    place = read_workspace(workspace)
    checker = people.signer(place, name, key, Role.CHECKER)
    _told(door.approve(place, release_id, checker, _time(at)), as_json)


@app.command()
def refuse(
    release_id: ReleaseArgument,
    name: NameOption,
    key: KeyOption,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stands in the log.")],
    at: AtOption = "",
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Refuse a request, with a reason."""
    place = read_workspace(workspace)
    checker = people.signer(place, name, key, Role.CHECKER)
    _told(door.refuse(place, release_id, checker, reason, _time(at)), as_json)


@app.command()
def release(
    release_id: ReleaseArgument,
    name: NameOption,
    key: KeyOption,
    office_key: Annotated[Path, typer.Option("--office-key", help="The office's private key.")],
    at: AtOption = "",
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Let an approved edition out, signed by the office."""
    place = read_workspace(workspace)
    releaser = people.signer(place, name, key, Role.RELEASER)
    folder = door.release(place, release_id, releaser, office_key, _time(at))
    answer({"release": release_id, "folder": folder, "page": folder / "index.html"}, as_json)


@app.command()
def enrol(
    name: Annotated[str, typer.Argument(help="Name of the person.")],
    role: Annotated[list[Role], typer.Option("--role", help="What they may be; several times for several.")],
    key: Annotated[Path, typer.Option("--key", help="Their private key; made if it is not there.")],
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Add a person to people.toml."""
    person = people.enrol(read_workspace(workspace), name, tuple(role), key)
    answer({"name": person.name, "roles": ", ".join(person.roles), "public_key": person.public_key}, as_json)


@app.command("office-key")
def office_key(
    key: Annotated[Path, typer.Option("--key", help="The office's private key; made if it is not there.")],
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Make the office's key, and let the workspace trust its public part."""
    place = read_workspace(workspace)
    public = people.make_office_key(place, key)
    answer({"public_key": public, "trusted_in": place.trusted_key_file}, as_json)


def _told(standing: Request, as_json: bool) -> None:
    values: dict[str, object] = {
        "release": standing.release_id,
        "state": standing.state.value,
        "author": standing.author,
        "approved_by": ", ".join(approval.name for approval in standing.approvals) or "nobody yet",
        "request_hash": standing.hash,
        "checks": ", ".join(f"{name} {verdict}" for name, verdict in standing.checks),
        "waits_for": waits_for(standing.state),
    }
    if standing.refusal:
        values["refused"] = f"by {standing.refusal.by.name}: {standing.refusal.reason}"
    answer(values, as_json)


def _time(at: str) -> str:
    """Return the time that stands in the log: as told, or the clock's, read here and nowhere below."""
    return at or datetime.now(UTC).isoformat(timespec="seconds")
