"""`sandbox experiment`: studies on real input, each ending in a verdict."""

import os
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

import sandbox
from sandbox.cli.console import JsonOption, QuietOption, SeedOption, answer, told
from sandbox.errors import CallError, EnvironmentFaultError

app = typer.Typer(help="Studies on real input, each ending in a verdict.", no_args_is_help=True)

REPOSITORY = Path(sandbox.__file__).parents[1]
EXPERIMENTS = REPOSITORY / "experiments"
COUNTRY = {"au_passengers": ("AUS", "Australia", "Australia/Sydney", "505")}
NOWHERE = ("XXX", "No country of its own", "UTC", "")


@app.command("list")
def list_experiments(as_json: JsonOption = False) -> None:
    """List the experiments that there are, with their question."""
    answer({name: _module(name).QUESTION for name in _names()}, as_json, are_typed=True)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="Which one: `sandbox experiment list`.")],
    *,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Folder for its workspace; made if absent.")
    ] = None,
    shared: Annotated[Path | None, typer.Option("--shared", help="Folder that holds `data`.")] = None,
    seed: SeedOption = 7,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Run one experiment from deliveries to verdict, in a workspace of its own."""
    from sandbox.settings import Country, create_workspace

    module = _module(name)
    data = _shared(shared)
    code, country, time_zone, mcc = COUNTRY.get(name, NOWHERE)
    place = create_workspace(
        workspace or Path("workspaces") / name,
        Country(code=code, name=country, time_zone=time_zone, mcc=mcc),
    )
    with told(f"experiment {name}", quiet):
        rows = module.run(place, data, seed)
    if as_json:
        answer({"rows": rows, "workspace": place.root}, as_json=True)
        return
    _print_table(rows)
    answer({"workspace": place.root, "tracked_in": place.tracking_uri}, as_json=False)


def _names() -> list[str]:
    return sorted(file.parent.name for file in EXPERIMENTS.glob("*/run.py"))


def _module(name: str) -> ModuleType:
    if name not in _names():
        raise CallError(f"There is no experiment {name!r}.", f"Choose from: {', '.join(_names()) or 'none here'}.")
    if str(REPOSITORY) not in sys.path:
        sys.path.insert(0, str(REPOSITORY))
    return import_module(f"experiments.{name}.run")


def _shared(given: Path | None) -> Path:
    folder = given or Path(os.environ.get("SANDBOX_SHARED", REPOSITORY.parent / "shared"))
    if not (folder / "data").is_dir():
        raise EnvironmentFaultError(
            f"Real data not present: {folder} has no folder `data`.",
            "Give the folder with --shared or in $SANDBOX_SHARED.",
        )
    return folder


def _print_table(rows: list[dict[str, Any]]) -> None:
    """Print rows with the same columns under one header, in the order they come."""
    header: tuple[str, ...] = ()
    for row in rows:
        if tuple(row) != header:
            header = tuple(row)
            sys.stdout.write(" | ".join(header) + "\n")
        sys.stdout.write(" | ".join("" if value is None else str(value) for value in row.values()) + "\n")
