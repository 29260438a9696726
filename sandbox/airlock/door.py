"""The door: the only code that writes to `published`. It moves what two people approved, byte for byte."""

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from sandbox.airlock import log
from sandbox.airlock.people import Signer, read_people, read_private_key
from sandbox.airlock.request import (
    Request,
    approved,
    as_json,
    check_signatures,
    from_json,
    refused,
    released,
    requested,
)
from sandbox.concepts import seal
from sandbox.errors import CallError, CheckFailedError, PermissionRefusedError
from sandbox.settings import Workspace, Zone


def edition_folder(workspace: Workspace, release_id: str) -> Path:
    """Return the folder in the airlock in which an edition waits; `CallError` if there is none."""
    folder = workspace.zone(Zone.AIRLOCK) / release_id
    if Path(release_id).name != release_id or not (folder / seal.SUMS_FILE).is_file():
        raise CallError(f"No edition {release_id} waits in the airlock.", "See `sandbox release list`.")
    return folder


def open_request(
    workspace: Workspace, release_id: str, checks: tuple[tuple[str, str], ...], author: Signer, at: str
) -> Request:
    """Ask for the release of an edition, with what the checks said of it."""
    sums = (edition_folder(workspace, release_id) / seal.SUMS_FILE).read_bytes()
    if _request_file(workspace, release_id).is_file():
        standing = read_request(workspace, release_id)
        if standing.sums_sha256 == seal.sha256(sums):
            raise PermissionRefusedError(f"{release_id} is {standing.state} already.", "See `sandbox airlock show`.")
    check_unchanged(workspace, release_id, seal.sha256(sums))
    return _kept(workspace, requested(release_id, sums, checks, author, at), author, "request", at)


def approve(workspace: Workspace, release_id: str, checker: Signer, at: str) -> Request:
    """Sign the approval of a request, after proving that the edition is still what was asked for."""
    request = read_request(workspace, release_id)
    check_unchanged(workspace, release_id, request.sums_sha256)
    return _kept(workspace, approved(request, checker, at), checker, "approve", at)


def refuse(workspace: Workspace, release_id: str, checker: Signer, reason: str, at: str) -> Request:
    """Close a request with a reason."""
    request = refused(read_request(workspace, release_id), checker, reason, at)
    return _kept(workspace, request, checker, f"refuse: {reason}", at)


def release(workspace: Workspace, release_id: str, releaser: Signer, office_key_file: Path, at: str) -> Path:
    """Copy an approved edition to `published` with approvals and signature; return its folder there."""
    request = released(read_request(workspace, release_id), releaser, at)
    check_signatures(request, read_people(workspace))
    check_unchanged(workspace, release_id, request.sums_sha256)
    source = edition_folder(workspace, release_id)
    office_key = read_private_key(workspace, office_key_file)
    if seal.public_text(office_key.public_key()) != (source / seal.OFFICE_KEY_FILE).read_text("utf-8").strip():
        raise PermissionRefusedError("The office's key is not the one in the edition.", "Name the right key.")
    sums = (source / seal.SUMS_FILE).read_bytes()
    approvals = approvals_json(request)
    signature = seal.sign(office_key, seal.release_message(sums, approvals))
    added = {seal.APPROVALS_FILE: approvals, seal.SIGNATURE_FILE: f"{signature}\n".encode()}
    folder = _published(workspace, source, sums, added)
    _kept(workspace, request, releaser, "release", at)
    return folder


def read_request(workspace: Workspace, release_id: str) -> Request:
    """Return the request for an edition; `CallError` if nobody made one."""
    file = _request_file(workspace, release_id)
    if not file.is_file():
        raise CallError(f"Nobody has requested {release_id}.", "Do so: `sandbox airlock request`.")
    return from_json(file.read_text("utf-8"))


def requests(workspace: Workspace) -> list[Request]:
    """Return all requests, by name."""
    files = sorted(_request_file(workspace, "x").parent.glob("*.json"))
    return [from_json(file.read_text("utf-8")) for file in files]


def check_unchanged(workspace: Workspace, release_id: str, sums_sha256: str) -> None:
    """Refuse an edition of which any byte is not what was asked for."""
    folder = edition_folder(workspace, release_id)
    sums = (folder / seal.SUMS_FILE).read_bytes()
    if seal.sha256(sums) != sums_sha256:
        raise CheckFailedError(f"{release_id} was built again since the request.", "Make a new request.")
    listed = seal.read_sums(sums)
    found = {path.name for path in folder.iterdir()} - {seal.SUMS_FILE}
    if found != set(listed):
        odd = ", ".join(sorted(found ^ set(listed)))
        raise CheckFailedError(f"Files missing from or foreign to {release_id}: {odd}.", "Build it again.")
    for name, digest in listed.items():
        file = folder / name
        if file.is_symlink() or seal.sha256(file.read_bytes()) != digest:
            raise CheckFailedError(f"{name} of {release_id} was changed.", "Build the edition again.")


def approvals_json(request: Request) -> bytes:
    """Write what goes out with the release: who asked, what the checks said, who approved, who released."""
    said = {
        "release_id": request.release_id,
        "sums_sha256": request.sums_sha256,
        "request_hash": request.hash,
        "author": request.author,
        "checks": [list(check) for check in request.checks],
        "requested": asdict(request.authored),
        "approvals": [asdict(approval) for approval in request.approvals],
        "released": asdict(request.released) if request.released else None,
    }
    return (json.dumps(said, indent=1, sort_keys=True) + "\n").encode()


def _published(workspace: Workspace, source: Path, sums: bytes, added: dict[str, bytes]) -> Path:
    """Write the folder beside its place and move it there in one step: a release is whole or is not there."""
    zone = workspace.zone(Zone.PUBLISHED)
    target, arriving = zone / source.name, zone / f".{source.name}.arriving"
    if (target / seal.SIGNATURE_FILE).is_file() and (target / seal.SUMS_FILE).read_bytes() == sums:
        return target  # the move was made, and whoever made it was stopped before saying so
    if target.exists():
        raise PermissionRefusedError(f"{source.name} is published already.", "A correction is a new revision.")
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir(parents=True)
    (arriving / seal.SUMS_FILE).write_bytes(sums)
    for name, digest in seal.read_sums(sums).items():
        content = (source / name).read_bytes()
        if seal.sha256(content) != digest:
            raise CheckFailedError(f"{name} of {source.name} changed on its way out.", "Nothing was published.")
        (arriving / name).write_bytes(content)
    for name, content in added.items():
        (arriving / name).write_bytes(content)
    arriving.rename(target)
    return target


def _kept(workspace: Workspace, request: Request, signer: Signer, did: str, at: str) -> Request:
    """Write the log first, then the request: an act without a line in the log did not happen."""
    log.append(workspace, at, signer.person.name, did, request.release_id, request.hash)
    file = _request_file(workspace, request.release_id)
    file.parent.mkdir(parents=True, exist_ok=True)
    arriving = file.with_suffix(".arriving")
    arriving.write_text(as_json(request), "utf-8")
    arriving.replace(file)
    return request


def _request_file(workspace: Workspace, release_id: str) -> Path:
    if Path(release_id).name != release_id:
        raise CallError(f"{release_id!r} is no name of an edition.", "See `sandbox release list`.")
    return workspace.zone(Zone.AIRLOCK) / "requests" / f"{release_id}.json"
