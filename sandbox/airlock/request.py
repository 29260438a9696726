"""A request to release exact bytes: its states, and one function for each transition between them.

Nobody decides here whether figures are good: checks have said so, and their verdicts are part of the request.
A transition takes the request as it is and a person whose key was proved, and returns the request as it will be.
"""

import json
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, assert_never

from sandbox.airlock.people import Person, Signer
from sandbox.concepts import seal
from sandbox.errors import CheckFailedError, PermissionRefusedError

APPROVALS_NEEDED = 2


class State(StrEnum):
    """Where a request stands."""

    REQUESTED = "requested"
    APPROVED_ONCE = "approved_once"
    APPROVED = "approved"
    REFUSED = "refused"
    RELEASED = "released"


@dataclass(frozen=True)
class Signed:
    """What one person said of a request, signed, and when."""

    name: str
    public_key: str
    signature: str
    at: str


@dataclass(frozen=True)
class Refusal:
    """Why a checker said no."""

    by: Signed
    reason: str


@dataclass(frozen=True)
class Request:
    """One request: an edition by name and hash, who made it, what the checks said, and what people said since."""

    release_id: str
    sums_sha256: str
    author: str
    checks: tuple[tuple[str, str], ...]
    authored: Signed
    approvals: tuple[Signed, ...] = ()
    refusal: Refusal | None = None
    released: Signed | None = None

    @property
    def hash(self) -> str:
        """Hash of what is asked for: it is this that people sign."""
        return seal.request_hash(self.release_id, self.sums_sha256, self.author, self.checks)

    @property
    def state(self) -> State:
        """The state, told by what people have said."""
        if self.refusal:
            return State.REFUSED
        if self.released:
            return State.RELEASED
        by_count = (State.REQUESTED, State.APPROVED_ONCE, State.APPROVED)
        return by_count[min(len(self.approvals), APPROVALS_NEEDED)]


def requested(release_id: str, sums: bytes, checks: tuple[tuple[str, str], ...], author: Signer, at: str) -> Request:
    """Open a request over the bytes of `SHA256SUMS`; refuse one of which a check has said no."""
    failed = [name for name, verdict in checks if verdict != "passed"]
    if failed or not checks:
        raise CheckFailedError(f"Checks said no: {', '.join(failed) or 'none was run'}.", "Mend the edition first.")
    sums_sha256 = seal.sha256(sums)
    name = author.person.name
    signed = _signed("request", author, seal.request_hash(release_id, sums_sha256, name, checks), at)
    return Request(release_id, sums_sha256, name, checks, signed)


def approved(request: Request, checker: Signer, at: str) -> Request:
    """Add an approval: from `requested` to `approved_once`, from there to `approved`."""
    match request.state:
        case State.REQUESTED | State.APPROVED_ONCE:
            _check_independent(request, checker.person)
            return replace(request, approvals=(*request.approvals, _signed("approve", checker, request.hash, at)))
        case State.APPROVED | State.REFUSED | State.RELEASED:
            raise _wrong_state(request, "approved")
        case state:
            assert_never(state)


def refused(request: Request, checker: Signer, reason: str, at: str) -> Request:
    """Close the request with a reason; it can't be opened again, a new edition needs a new request."""
    match request.state:
        case State.REQUESTED | State.APPROVED_ONCE | State.APPROVED:
            _check_independent(request, checker.person, may_repeat=True)
            return replace(request, refusal=Refusal(_signed("refuse", checker, request.hash, at), reason))
        case State.REFUSED | State.RELEASED:
            raise _wrong_state(request, "refused")
        case state:
            assert_never(state)


def released(request: Request, releaser: Signer, at: str) -> Request:
    """Mark the request as released by a person who holds that role."""
    match request.state:
        case State.APPROVED:
            return replace(request, released=_signed("release", releaser, request.hash, at))
        case State.REQUESTED | State.APPROVED_ONCE | State.REFUSED | State.RELEASED:
            raise _wrong_state(request, "released")
        case state:
            assert_never(state)


def waits_for(state: State) -> str:
    """Say what must happen next, and who does it."""
    match state:
        case State.REQUESTED:
            return "two checkers: `sandbox airlock approve`"
        case State.APPROVED_ONCE:
            return "a second checker: `sandbox airlock approve`"
        case State.APPROVED:
            return "the releaser: `sandbox airlock release`"
        case State.REFUSED:
            return "the author: a new edition and a new request"
        case State.RELEASED:
            return "nobody: it is published"
        case _:
            assert_never(state)


def check_signatures(request: Request, people: dict[str, Person]) -> None:
    """Verify every signature with the keys that `people.toml` has now; refuse a request that was edited."""
    said = [("request", request.authored), *(("approve", approval) for approval in request.approvals)]
    for what, signed in said:
        person = people.get(signed.name)
        message = seal.request_message(what, signed.name, request.hash)
        if person is None or not seal.is_signed(person.key, signed.signature, message):
            raise PermissionRefusedError(
                f"The signature of {signed.name} does not fit request {request.release_id}.",
                "The request or people.toml was changed since. Make a new request.",
            )
    names = [approval.name for approval in request.approvals]
    if request.authored.name != request.author or request.author in names or len(set(names)) < len(names):
        raise PermissionRefusedError(f"Request {request.release_id} is not approved by two others.", "Ask others.")


def as_json(request: Request) -> str:
    """Write a request."""
    return json.dumps(asdict(request) | {"request_hash": request.hash}, indent=1, sort_keys=True) + "\n"


def from_json(text: str) -> Request:
    """Read a request that `as_json` wrote; `CheckFailedError` if it was edited so that its hash no longer fits."""
    try:
        raw: dict[str, Any] = json.loads(text)
        request = Request(
            raw["release_id"],
            raw["sums_sha256"],
            raw["author"],
            tuple((name, verdict) for name, verdict in raw["checks"]),
            Signed(**raw["authored"]),
            tuple(Signed(**one) for one in raw["approvals"]),
            Refusal(Signed(**raw["refusal"]["by"]), raw["refusal"]["reason"]) if raw["refusal"] else None,
            Signed(**raw["released"]) if raw["released"] else None,
        )
        intact = raw["request_hash"] == request.hash
    except (ValueError, KeyError, TypeError) as error:
        raise CheckFailedError("The request can't be read.", "Make it again: `sandbox airlock request`.") from error
    if not intact:
        raise CheckFailedError("The request was changed since it was made.", "Make it again.")
    return request


def _check_independent(request: Request, person: Person, may_repeat: bool = False) -> None:
    if person.name == request.author or person.public_key == request.authored.public_key:
        raise PermissionRefusedError(f"{person.name} made the request and can't judge it.", "Ask another checker.")
    said = {approval.name for approval in request.approvals} | {a.public_key for a in request.approvals}
    if not may_repeat and {person.name, person.public_key} & said:
        raise PermissionRefusedError(f"{person.name} has approved already.", "A second checker must.")


def _signed(what: str, signer: Signer, hash_of_request: str, at: str) -> Signed:
    return Signed(signer.person.name, signer.person.public_key, signer.signature(what, hash_of_request), at)


def _wrong_state(request: Request, wanted: str) -> PermissionRefusedError:
    return PermissionRefusedError(
        f"Request {request.release_id} is {request.state} and can't be {wanted}.",
        f"It waits for {waits_for(request.state)}.",
    )
