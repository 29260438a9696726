"""`sandbox segments apply`: segments and moves of Chi et al. 2020 on a plain file of presence."""

from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, answer, told
from sandbox.errors import CallError
from sandbox.kernels.segments import Settings
from sandbox.persons.files import read_table, suffix_of, write_table
from sandbox.persons.presence import segments_found

app = typer.Typer(help="Segments of presence, and moves between them.", no_args_is_help=True)

STANDARD = Settings()


@app.callback()
def segments() -> None:
    """Find segments of presence, and moves between them."""


@app.command()
def apply(
    presence: Annotated[Path, typer.Argument(help="File of person_id, date, place.")],
    out: Annotated[Path, typer.Option(help="File of moves to write.")],
    segments_out: Annotated[Path | None, typer.Option(help="File of segments to write.")] = None,
    min_days: Annotated[int, typer.Option(min=1, help="Shortest stay on each side of a move.")] = STANDARD.min_days,
    max_gap_days: Annotated[int, typer.Option(min=0, help="Gap over which days are joined.")] = STANDARD.max_gap_days,
    short_segment_days: Annotated[
        int, typer.Option(min=1, help="Shortest segment of the first step.")
    ] = STANDARD.short_segment_days,
    min_share: Annotated[
        float, typer.Option(min=0, max=1, help="Share of its days with presence.")
    ] = STANDARD.min_share,
    max_overlap_days: Annotated[int, typer.Option(min=0, help="Overlap that is left.")] = STANDARD.max_overlap_days,
    max_move_gap_days: Annotated[
        int, typer.Option(min=0, help="Longest gap between the stays of a move.")
    ] = STANDARD.max_move_gap_days,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find moves between places from days of presence (Chi et al. 2020)."""
    for file in (out, segments_out):
        if file is not None:
            suffix_of(file)
    if segments_out == out:
        raise CallError("Moves and segments can't be written to one file.", "Name two files.")
    chosen = Settings(min_days, max_gap_days, short_segment_days, min_share, max_overlap_days, max_move_gap_days)
    with told("Reading", quiet):
        rows = read_table(presence, ("person_id", "date", "place"))
    with told(f"Finding segments in {rows.num_rows:,} days", quiet):
        found = segments_found(rows, chosen)
    with told("Writing", quiet):
        write_table(found.moves, out)
        if segments_out is not None:
            write_table(found.segments, segments_out)
    answer(
        {"rows": rows.num_rows, "moves": found.moves.num_rows, "segments": found.segments.num_rows, "written": out},
        as_json,
    )
