"""The rules as data: thresholds by family of tables, read from one commented file."""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.errors import CallError

Column = Literal["estimate", "contributors"]


class Rules(BaseModel):
    """Parameters of one family; what each means stands in `rules.toml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    minimum_contributors: int = Field(ge=1)
    minimum_partners: int = Field(ge=1)
    partners_confidential: bool
    magnitude: bool
    dominance: tuple[tuple[int, float], ...]
    p_percent: float = Field(ge=0)
    sensitive_dimensions: tuple[str, ...]
    group_share_percent: float = Field(gt=0, le=100)
    zeros_open: bool
    aggregate_input: bool
    minimum_width: float = Field(ge=0)
    minimum_width_percent: float = Field(ge=0, lt=100)
    lower_protection_percent: float = Field(ge=0, le=100)
    noise_variance: float = Field(gt=0)
    noise_bound: int = Field(ge=1)


class Follows(BaseModel):
    """The cell that another follows: one of `indicator`; `codes`: its column, and ours whose code stands there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    indicator: str
    codes: dict[str, str] = {}


class Family(Rules):
    """A family of the pipeline: which indicators, what they follow, and from which columns it is judged.

    `follows`: cells that are hidden where another is, told by the columns in which the other's key differs, or by
    columns whose codes it takes over. `attacked`: what an attacker computes. `pattern_from`: what secondary
    suppression is chosen by. `difference`: the indicators of which a figure is the first less the second.
    """

    name: str
    indicators: tuple[str, ...]
    follows: tuple[Follows, ...] = ()
    attacked: Column = "estimate"
    pattern_from: Column = "estimate"
    difference: tuple[str, str] | None = None


def default_rules(file: Path | None = None) -> Rules:
    """Return the default rules, with the settings of `[default]` in `file` (or of its top level) over them."""
    settings = _shipped()["default"] | ({} if file is None else _own_settings(file))
    try:
        return Rules.model_validate(settings)
    except ValidationError as error:
        raise CallError(f"The rules in {file} can't be used: {error}", "Mend the setting that is named.") from error


def families() -> tuple[Family, ...]:
    """Return the families of the pipeline, in the order in which they are protected."""
    shipped = _shipped()
    return tuple(
        Family.model_validate(shipped["default"] | {"name": name} | settings)
        for name, settings in shipped["family"].items()
    )


def rules_version() -> str:
    """Return the version of the thresholds."""
    return str(_shipped()["version"])


def _own_settings(file: Path) -> dict[str, object]:
    try:
        settings = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CallError(f"The rules in {file} can't be read: {error}", "Give a TOML file.") from error
    settings.pop("version", None)
    if "default" in settings:
        return dict(settings["default"])
    return settings


@cache
def _shipped() -> dict[str, dict[str, dict[str, object]]]:
    return tomllib.loads(files("sandbox.disclosure").joinpath("rules.toml").read_text("utf-8"))
