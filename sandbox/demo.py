"""The demo: a synthetic country, from the partners' deliveries to a verified release, and its score.

Each step leaves something that says that it stands, so a demo that was stopped goes on where it was. Three folders
lie side by side: `truth` (which no stage is told of), `keys` (of the people that the demo plays), `workspace`.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from sandbox.airlock import door
from sandbox.airlock.people import Role, Signer, demo_people, signer
from sandbox.airlock.request import State
from sandbox.concepts import seal
from sandbox.errors import CheckFailedError
from sandbox.feeds import contract, keys, pseudonym
from sandbox.release import verify
from sandbox.release.inputs import newest_revision
from sandbox.settings import Country, Workspace, Zone, create_workspace
from sandbox.synthetic import agreements, country, deliveries, scenario
from sandbox.synthetic.score import ScoreRow, score

AURELIA = Country(
    code="XAA", name="Aurelia (synthetic)", time_zone="Pacific/Pitcairn", mcc="001", second_sims=0.12
)  # the share of second SIMs as a survey of Aurelia would find it: the scenario's
MONTH, VINTAGE = date(2025, 11, 1), date(2025, 12, 1)
SAID_AT = "2026-01-15T09:00:00Z"  # when the people of the demo speak: no clock, so that a demo can be repeated
SYNTHETIC = Path(country.__file__).parent


@dataclass(frozen=True)
class Demo:
    """Where the demo lies, how large its country is, and the seed of everything random in it."""

    folder: Path
    scale: float
    seed: int

    @property
    def truth(self) -> Path:
        """What really happened; only the score opens it, after release."""
        return self.folder / "truth"

    @property
    def keys(self) -> Path:
        """Keys of the people whom the demo plays."""
        return self.folder / "keys"

    @property
    def stamp(self) -> Path:
        """Says which country lies here."""
        return self.folder / "country.json"

    @property
    def identity(self) -> str:
        """Hash of scale, seed and the code that makes the country."""
        sources = sorted(file for file in SYNTHETIC.rglob("*") if file.suffix in {".py", ".toml"})
        content = b"".join(file.read_bytes() for file in sources)
        return hashlib.sha256(f"{self.scale}|{self.seed}|".encode() + content).hexdigest()


def workspace_of(demo: Demo) -> Workspace:
    """Make the workspace of the demo, its pseudonym key and its people; what exists is left as it is."""
    workspace = create_workspace(demo.folder / "workspace", AURELIA)
    # A key made from the seed protects nothing, and nothing here needs it: the persons are invented, and the
    # same seed has to give the same release everywhere.
    secret = hashlib.sha256(f"demo|{demo.seed}".encode()).hexdigest()
    keys.create_key(workspace.key_file, secret=secret)
    demo_people(workspace, demo.keys, f"demo|{demo.seed}")
    return workspace


def country_stands(demo: Demo) -> bool:
    """Tell whether this very country has been made and delivered whole."""
    return demo.stamp.exists() and json.loads(demo.stamp.read_text("utf-8"))["identity"] == demo.identity


def make_country(demo: Demo, workspace: Workspace) -> None:
    """Make the truth, have the partners deliver what they see of it, and agree on contracts."""
    truth = country.make(demo.scale, demo.seed, scenario.read())
    country.write_truth(truth, demo.truth)
    manifests = deliveries.write(truth, workspace.zone(Zone.LANDING), demo.seed)
    for manifest in manifests:
        said = json.loads(manifest.read_text("utf-8"))
        file = workspace.contracts / f"{said['contract']}.odcs.yaml"
        if not file.exists():
            terms = agreements.agreed_terms(said["feed"])
            file.write_text(contract.new(said["feed"], said["partner"], "active", **terms), "utf-8")
    demo.stamp.write_text(json.dumps({"identity": demo.identity, "scale": demo.scale, "seed": demo.seed}), "utf-8")


def open_the_door(demo: Demo, workspace: Workspace) -> Path:
    """Have the people whom the demo plays ask, approve twice and release; return the published folder.

    What has been said already is not said again: after a stop the request goes on from the state it has.
    """
    people = demo_people(workspace, demo.keys, f"demo|{demo.seed}")
    product = workspace.settings.release.product
    revision = newest_revision(workspace, product, MONTH, VINTAGE)
    release_id = f"{product}-{MONTH:%Y-%m}-{VINTAGE:%Y-%m}-r{revision}"

    def as_person(name: str, role: Role) -> Signer:
        return signer(workspace, name, people[name], role)

    sums = seal.sha256((door.edition_folder(workspace, release_id) / seal.SUMS_FILE).read_bytes())
    if not any((each.release_id, each.sums_sha256) == (release_id, sums) for each in door.requests(workspace)):
        found = verify.content_findings(door.edition_folder(workspace, release_id))
        checks = tuple((each.check, "passed" if each.passed else each.told) for each in found)
        door.open_request(workspace, release_id, checks, as_person("author", Role.ANALYST), SAID_AT)
    request = door.read_request(workspace, release_id)
    if request.state is State.RELEASED:
        return workspace.zone(Zone.PUBLISHED) / release_id
    said = [approval.name for approval in request.approvals]
    for name in ("checker_one", "checker_two"):
        if name not in said:
            door.approve(workspace, release_id, as_person(name, Role.CHECKER), SAID_AT)
    return door.release(workspace, release_id, as_person("releaser", Role.RELEASER), people["office"], SAID_AT)


def verified(workspace: Workspace, released: Path) -> str:
    """Verify the published folder with the office's key; `CheckFailedError` where a check says no."""
    found = verify.findings(released, workspace.trusted_key_file.read_text("utf-8"))
    failed = [f"{each.check}: {each.told}" for each in found if not each.passed]
    if failed:
        raise CheckFailedError(f"The release can't be verified: {'; '.join(failed)}.", "Build the edition again.")
    return f"{len(found)} of {len(found)} checks passed"


def scores(demo: Demo, workspace: Workspace) -> list[ScoreRow]:
    """Compare what was released with the truth: the only reader of the truth, and the last step."""
    provider = keys.KeyFile(workspace.key_file)

    def person_keys(feed: str, identifiers: list[str]) -> NDArray[np.int64]:
        agreed = contract.read(next(workspace.contracts.glob(f"*.{feed}.odcs.yaml")))
        scope = pseudonym.Scope(agreed.partner, feed, provider.current_epoch, agreed.purpose)
        return np.asarray(pseudonym.Pseudonyms(provider, scope).of(pa.array(identifiers)).to_numpy(), np.int64)

    return score(demo.truth, workspace, MONTH, VINTAGE, person_keys)
