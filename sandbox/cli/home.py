"""`sandbox home apply`: monthly homes on a plain file of presence."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pyarrow.compute as pc
import typer

from sandbox.cli.console import JsonOption, QuietOption, answer, told
from sandbox.persons.evidence import homes_of_file
from sandbox.persons.files import read_table, suffix_of, write_table

app = typer.Typer(help="Homes from presence.", no_args_is_help=True)


class Method(StrEnum):
    """How the home of a month is chosen."""

    PATH = "path"
    MODE = "mode"


@app.callback()
def home() -> None:
    """Find homes in presence."""


@app.command()
def apply(
    presence: Annotated[Path, typer.Argument(help="File of person_id, place, and start_ts and end_ts, ts, or date.")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    method: Annotated[Method, typer.Option(help="Cheapest path through the nights, or most nights.")] = Method.PATH,
    time_zone: Annotated[str | None, typer.Option(help="Zone that times with a zone are brought to.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find the home, and the place of work, of each person and month."""
    suffix_of(out)
    with told("Reading", quiet):
        rows = read_table(presence, ("person_id", "place"))
    with told(f"Finding homes in {rows.num_rows:,} rows", quiet):
        homes = homes_of_file(rows, method is Method.PATH, time_zone)
    with told("Writing", quiet):
        write_table(homes, out)
    determined = pc.sum(pc.equal(homes["status"], "determined")).as_py() or 0
    answer({"rows": rows.num_rows, "person_months": homes.num_rows, "determined": determined, "written": out}, as_json)
