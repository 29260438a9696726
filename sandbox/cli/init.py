"""`sandbox init`: a workspace to work in."""

from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import pycountry
import typer

from sandbox.cli.console import JsonOption, answer
from sandbox.errors import CallError
from sandbox.settings import Country, create_workspace


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the new workspace.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1 alpha-3 code.")],
    time_zone: Annotated[str, typer.Option(help="IANA time zone of the capital.")] = "UTC",
    mcc: Annotated[str, typer.Option(help="Mobile country code.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Make a workspace: one sandbox.toml, the zones, a folder for contracts."""
    entry = pycountry.countries.get(alpha_3=country)
    if entry is None:
        raise CallError(f"{country!r} is no ISO 3166-1 alpha-3 code.", "Give three capital letters, NZL for example.")
    if time_zone not in available_timezones():
        raise CallError(f"There is no time zone {time_zone!r}.", "Give an IANA name, Pacific/Auckland for example.")
    workspace = create_workspace(folder, Country(code=country, name=entry.name, time_zone=time_zone, mcc=mcc))
    answer(
        {
            "workspace": workspace.root,
            "settings": workspace.root / "sandbox.toml",
            "next": "enrol people (`sandbox airlock enrol`); the key custodian makes the key (`sandbox key new`)",
        },
        as_json,
    )
