"""Who may do what, proved by a key: `people.toml` has names, roles and public keys, never a private one."""

import hashlib
import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from sandbox.concepts import seal
from sandbox.errors import CallError, PermissionRefusedError
from sandbox.settings import Workspace


class Role(StrEnum):
    """What a person may be (`confidentiality.md`)."""

    PARTNER = "partner"
    INGEST = "ingest"
    STEWARD = "steward"
    ANALYST = "analyst"
    SDC_OFFICER = "sdc_officer"
    CHECKER = "checker"
    RELEASER = "releaser"
    MINISTRY = "ministry"
    AUDITOR = "auditor"
    KEY_CUSTODIAN = "key_custodian"


APART = ((Role.ANALYST, Role.KEY_CUSTODIAN),)
"""Roles that nobody holds both of."""


@dataclass(frozen=True)
class Person:
    """One person with roles and the public key that proves them."""

    name: str
    roles: tuple[Role, ...]
    public_key: str

    @property
    def key(self) -> Ed25519PublicKey:
        """The public key, ready to verify with."""
        return seal.read_public(self.public_key, f"people.toml, {self.name},")


@dataclass(frozen=True)
class Signer:
    """A person together with the private key that was shown to be theirs."""

    person: Person
    private_key: Ed25519PrivateKey

    def signature(self, what: str, request_hash: str) -> str:
        """Sign that this person says `what` of a request."""
        return seal.sign(self.private_key, seal.request_message(what, self.person.name, request_hash))


def read_people(workspace: Workspace) -> dict[str, Person]:
    """Return the people of a workspace by name; none if there is no `people.toml`."""
    file = workspace.people_file
    if not file.is_file():
        return {}
    try:
        rows = tomllib.loads(file.read_text("utf-8")).get("person", [])
        people = [Person(row["name"], tuple(map(Role, row["roles"])), row["public_key"]) for row in rows]
    except (tomllib.TOMLDecodeError, KeyError, ValueError, TypeError) as error:
        raise CallError(f"{file} can't be read: {error}", "Each [[person]] has name, roles, public_key.") from error
    check_people(people)
    return {person.name: person for person in people}


def check_people(people: Iterable[Person]) -> None:
    """Refuse two people of one name or one key, and roles that must stay apart."""
    names: set[str] = set()
    keys: set[str] = set()
    for person in people:
        if person.name in names or person.public_key in keys:
            raise CallError(f"{person.name} shares a name or a key with another person.", "One key a person.")
        for one, other in APART:
            if {one, other} <= set(person.roles):
                raise CallError(f"{person.name} is both {one} and {other}.", "Give one of the roles to another.")
        names.add(person.name)
        keys.add(person.public_key)


def signer(workspace: Workspace, name: str, key_file: Path, role: Role) -> Signer:
    """Return the person once their key is proved; refuse a wrong key, a missing role, a key in the workspace."""
    people = read_people(workspace)
    if name not in people:
        raise PermissionRefusedError(f"{name} is not in people.toml.", "Enrol them: `sandbox airlock enrol`.")
    person = people[name]
    if role not in person.roles:
        raise PermissionRefusedError(
            f"{name} is {', '.join(person.roles)}, not {role}.", "Another person must do this step."
        )
    private_key = read_private_key(workspace, key_file)
    if seal.public_text(private_key.public_key()) != person.public_key:
        raise PermissionRefusedError(f"The key does not belong to {name}.", "Use the key that was enrolled.")
    return Signer(person, private_key)


def enrol(workspace: Workspace, name: str, roles: tuple[Role, ...], key_file: Path) -> Person:
    """Add a person to `people.toml`, making the private key in `key_file` unless it is there already."""
    people = read_people(workspace)
    if name in people:
        raise CallError(f"{name} is enrolled already.", "Nothing to do.")
    person = Person(name, roles, seal.public_text(_made_or_read(workspace, key_file).public_key()))
    check_people([*people.values(), person])
    text = "".join(_entry(one) for one in [*people.values(), person])
    workspace.people_file.write_text(text, "utf-8")
    return person


def make_office_key(workspace: Workspace, key_file: Path) -> str:
    """Make the office's key unless it is there, and let the workspace trust its public part; return that."""
    public = seal.public_text(_made_or_read(workspace, key_file).public_key())
    trusted = workspace.trusted_key_file
    if trusted.is_file() and trusted.read_text("utf-8").strip() != public:
        raise CallError(f"{trusted} is another key.", "Name the private key that belongs to it.")
    trusted.parent.mkdir(parents=True, exist_ok=True)
    trusted.write_text(f"{public}\n", "utf-8")
    return public


def read_private_key(workspace: Workspace, key_file: Path) -> Ed25519PrivateKey:
    """Read a private key (PKCS 8, PEM); refuse one that lies in the workspace."""
    if key_file.resolve().is_relative_to(workspace.root):
        raise PermissionRefusedError(f"{key_file} lies in the workspace.", "Keep private keys outside it.")
    try:
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise CallError(f"{key_file} holds no private key.", "Name the file that `enrol` made.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise CallError(f"{key_file} is no Ed25519 key.", "Name the file that `enrol` made.")
    return key


def demo_people(workspace: Workspace, folder: Path, secret: str = "") -> dict[str, Path]:
    """Enrol the people whom the demo plays, once; return the file of each private key by name, and the office's.

    Whoever runs the demo holds all the keys, so its two approvals show how the door works and prove nothing.
    With a `secret` the keys follow from it, so that the same demo gives the same bytes everywhere.
    """
    roles = {
        "author": (Role.ANALYST,), "checker_one": (Role.CHECKER,), "checker_two": (Role.CHECKER,),
        "releaser": (Role.RELEASER,),
    }  # fmt: skip
    files = {name: folder / f"{name}.key" for name in (*roles, "office")}
    for name, file in files.items():
        if secret and not file.is_file():
            _write_key(file, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"{secret}|{name}".encode()).digest()))
    enrolled = read_people(workspace)
    for name, held in roles.items():
        if name not in enrolled:
            enrol(workspace, name, held, files[name])
    make_office_key(workspace, files["office"])
    return files


def _made_or_read(workspace: Workspace, key_file: Path) -> Ed25519PrivateKey:
    if not key_file.is_file():
        if key_file.resolve().is_relative_to(workspace.root):
            raise PermissionRefusedError(f"{key_file} lies in the workspace.", "Keep private keys outside it.")
        _write_key(key_file, Ed25519PrivateKey.generate())
    return read_private_key(workspace, key_file)


def _write_key(key_file: Path, key: Ed25519PrivateKey) -> None:
    """Write a private key that its owner alone may read."""
    key_file.parent.mkdir(parents=True, exist_ok=True)
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    with os.fdopen(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(encoding, form, serialization.NoEncryption()))


def _entry(person: Person) -> str:
    roles = ", ".join(f'"{role}"' for role in person.roles)
    name = person.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'[[person]]\nname = "{name}"\nroles = [{roles}]\npublic_key = "{person.public_key}"\n\n'
