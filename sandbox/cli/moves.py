"""`sandbox moves apply`: permanent and temporary moves on a plain file of presence."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pyarrow.compute as pc
import typer

from sandbox.cli.console import JsonOption, QuietOption, answer, told
from sandbox.persons.files import read_table, suffix_of, write_table
from sandbox.persons.moves import moves_of_file

app = typer.Typer(help="Moves from presence.", no_args_is_help=True)


class Method(StrEnum):
    """How moves are found."""

    PATH = "path"
    CHI = "chi"


@app.callback()
def moves() -> None:
    """Find moves in presence."""


@app.command()
def apply(
    presence: Annotated[Path, typer.Argument(help="File of person_id, date, place, and n_events if known.")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    method: Annotated[Method, typer.Option(help="Cheapest path through the days, or Chi et al. 2020.")] = Method.PATH,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find permanent and temporary moves between places."""
    suffix_of(out)
    with told("Reading", quiet):
        rows = read_table(presence, ("person_id", "date", "place"))
    with told(f"Finding moves in {rows.num_rows:,} rows", quiet):
        found = moves_of_file(rows, method is Method.PATH)
    with told("Writing", quiet):
        write_table(found, out)
    permanent = pc.sum(pc.equal(found["kind"], "permanent")).as_py() or 0
    answer(
        {"rows": rows.num_rows, "permanent": permanent, "temporary": found.num_rows - permanent, "written": out},
        as_json,
    )
