"""One typed reading of `sandbox.toml`, and the folders that it names."""

import json
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.errors import CallError

COMMAND = "command:"


class Zone(StrEnum):
    """Where data may lie; each zone has its own root path, so that storage permissions can enforce it."""

    LANDING = "landing"
    BRONZE = "bronze"
    QUARANTINE = "quarantine"
    SILVER = "silver"
    GOLD = "gold"
    AIRLOCK = "airlock"
    PUBLISHED = "published"


class Strict(BaseModel):
    """A section of the file: unknown settings are refused, so that a slip of the pen is seen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SparkSettings(Strict):
    """How Spark runs; the defaults are one process on two cores."""

    master: str = "local[*]"
    shuffle_partitions: int = 4
    driver_memory: str = "4g"
    conf: dict[str, str] = {}


class Country(Strict):
    """Whose statistics these are."""

    code: str
    name: str
    time_zone: str
    mcc: str
    second_sims: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of an operator's customers who have a second SIM of it, as a survey or the operator says; 0: not told."""


class Release(Strict):
    """What a release is called and which label it carries until the exit criteria are met."""

    product: str = "migration"
    label: str = "Experimental statistics"
    agency: str = "SANDBOX"
    contact: str = ""


class Settings(Strict):
    """The whole of `sandbox.toml`."""

    country: Country
    purpose: str = "migration statistics"
    buckets: int = 8
    key_file: str = "../keys/pseudonym.key"
    key_provider: str = Field(default="file", pattern=r"^(file|command:\s*\S.*)$")
    """Who keeps the pseudonym keys: `file` (`key_file`), or `command:` and the words of a key service's program."""
    trusted_key_file: str = "../keys/office.pub"
    tracking_uri: str = ""
    zones: dict[Zone, str] = {}
    spark: SparkSettings = SparkSettings()
    release: Release = Release()


@dataclass(frozen=True)
class Workspace:
    """A folder with one `sandbox.toml`; relative paths in it start from that folder."""

    root: Path
    settings: Settings

    def zone(self, zone: Zone) -> Path:
        """Return the root folder of a zone."""
        return self._path(self.settings.zones.get(zone, zone.value))

    @property
    def contracts(self) -> Path:
        """Folder of contracts, one ODCS file per partner and feed."""
        return self.root / "contracts"

    @property
    def logs(self) -> Path:
        """Folder of log files; traces go here, never to the terminal."""
        return self.root / "logs"

    @property
    def people_file(self) -> Path:
        """Names, roles and public keys."""
        return self.root / "people.toml"

    @property
    def key_file(self) -> Path:
        """The pseudonym key: its reference travels, its content does not."""
        return self._path(self.settings.key_file)

    @property
    def key_reference(self) -> str:
        """What whoever needs a pseudonym key opens: the path of the key file, or the command of a key service."""
        provider = self.settings.key_provider
        return provider if provider.startswith(COMMAND) else str(self.key_file)

    @property
    def rotation_file(self) -> Path:
        """How far a rotation of the key has come; it is there while one is under way, and holds no key."""
        return self.root / ".rotation.json"

    @property
    def trusted_key_file(self) -> Path:
        """The office's public key, as this workspace trusts it."""
        return self._path(self.settings.trusted_key_file)

    @cached_property
    def tracking_uri(self) -> str:
        """Address of the MLflow store; SQLite in the workspace unless set."""
        return self.settings.tracking_uri or f"sqlite:///{(self.root / 'mlflow.db').resolve()}"

    def _path(self, text: str) -> Path:
        path = Path(text)
        return path if path.is_absolute() else (self.root / path).resolve()


def read_workspace(root: Path) -> Workspace:
    """Read the workspace in `root`; `CallError` where there is none or a setting is unknown."""
    file = root / "sandbox.toml"
    if not file.is_file():
        raise CallError(
            f"{root} is no workspace: it has no sandbox.toml.", "Make one with `sandbox init DIR --country XXX`."
        )
    try:
        return Workspace(root.resolve(), Settings.model_validate(tomllib.loads(file.read_text("utf-8"))))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise CallError(f"{file} can't be read: {error}", "Mend the setting that is named.") from error


def create_workspace(root: Path, country: Country) -> Workspace:
    """Make a workspace: its settings and the folders of its zones; an existing one is left as it is."""
    if not (root / "sandbox.toml").exists():
        root.mkdir(parents=True, exist_ok=True)
        lines = ["# Settings of this workspace; what is not set here has the default of the reference.", "[country]"]
        lines += [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in country.model_dump().items()]
        (root / "sandbox.toml").write_text("\n".join(lines) + "\n", "utf-8")
    workspace = read_workspace(root)
    for folder in (*(workspace.zone(zone) for zone in Zone), workspace.contracts, workspace.logs):
        folder.mkdir(parents=True, exist_ok=True)
    return workspace
