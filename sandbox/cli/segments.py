"""`sandbox segments`: segments and moves of Chi et al. 2020 on a plain file of presence, and how many are found."""

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import typer

from sandbox.cli.console import JsonOption, QuietOption, SeedOption, answer, told
from sandbox.errors import CallError, CheckFailedError
from sandbox.kernels.segments import Settings
from sandbox.persons.detection import Method
from sandbox.persons.files import read_table, suffix_of, write_table
from sandbox.persons.presence import SegmentsFound, segments_found

app = typer.Typer(help="Segments of presence, and moves between them.", no_args_is_help=True)

STANDARD = Settings()
SELDOM = (
    "are seen too seldom for the method: no move of theirs does not mean that they stayed; see `segments detection`"
)


class Gaps(StrEnum):
    """How long a gap in the days seen in a place may be."""

    FIXED = "fixed"
    DENSITY = "density"


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
    gaps: Annotated[
        Gaps, typer.Option(help="The same gap for everybody (Chi et al.), or longer for who is seldom seen.")
    ] = Gaps.FIXED,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Find moves between places from days of presence (Chi et al. 2020).

    With --gaps density a gap is joined while silence of that length is usual for the person, up to --max-move-gap-days,
    and --min-share is of the days on which the person was seen at all.
    """
    for file in (out, segments_out):
        if file is not None:
            suffix_of(file)
    if segments_out == out:
        raise CallError("Moves and segments can't be written to one file.", "Name two files.")
    by_density = gaps is Gaps.DENSITY
    chosen = Settings(
        min_days, max_gap_days, short_segment_days, min_share, max_overlap_days, max_move_gap_days, by_density
    )
    with told("Reading", quiet):
        rows = read_table(presence, ("person_id", "date", "place"))
    with told(f"Finding segments in {rows.num_rows:,} days", quiet):
        found = segments_found(rows, chosen)
    with told("Writing", quiet):
        write_table(found.moves, out)
        if segments_out is not None:
            write_table(found.segments, segments_out)
    counts = {"rows": rows.num_rows, "moves": found.moves.num_rows, "segments": found.segments.num_rows, "written": out}
    answer(counts | _warning(found), as_json)


def _warning(found: SegmentsFound) -> dict[str, str]:
    """Return what has to be known of persons without a move, if the method can't see all of them."""
    if not found.out_of_reach:
        return {}
    share = found.out_of_reach / found.observed
    return {"warning": f"{found.out_of_reach:,} of {found.observed:,} persons ({share:.0%}) {SELDOM}"}


@app.command()
def detection(
    presence: Annotated[Path, typer.Argument(help="File of person_id, date, place (H3 cells, or with lat, lon).")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    method: Annotated[
        Method, typer.Option(help="Segments with fixed gaps or by density, or the path of `moves apply`.")
    ] = Method.CHI,
    dense_share: Annotated[
        float, typer.Option(min=0.2, max=1, help="Share of days on which a dense person is seen.")
    ] = 0.8,
    seed: SeedOption = 0,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Measure which share of moves is found of persons who are seldom seen.

    Persons seen on most days are thinned to the days on which others of the file are seen, silences as they come; how
    many of their moves are found again is told by density, duration and distance. Exit 1 if nothing can be corrected.
    """
    from sandbox.persons.detection.probabilities import Status, measured

    suffix_of(out)
    with told("Reading", quiet):
        rows = read_table(presence, ("person_id", "date", "place"))
    with told(f"Thinning dense histories of {rows.num_rows:,} days", quiet):
        found = measured(rows, method, dense_share, seed)
    with told("Writing", quiet):
        write_table(found, out)
    overall = found.filter(pc.and_(pc.is_null(found["stay_from"]), pc.is_null(found["km_from"])))
    by_density = dict(_by_density(overall))
    expected = _expected(overall, pc.equal(overall["status"], Status.REFUSED))
    answer({"by_share_of_days_seen": by_density, "expected": expected, "written": out}, as_json)
    if Status.CORRECTED not in found["status"].to_pylist():
        raise CheckFailedError(
            "At no density can the number of moves be corrected: too few of them are found, or tried.",
            "Try --method density or path; publish no number of moves from these persons.",
        )


def _by_density(overall: pa.Table) -> Iterator[tuple[str, str]]:
    """Yield a sentence a band of density, over all durations and distances."""
    for row in overall.to_pylist():
        chance = f"{row['probability']:.0%} ({row['lower']:.0%} to {row['upper']:.0%})"
        text = f"{row['persons']:,} persons, {chance} of their moves are found, {row['status']}"
        yield f"{row['density_from']:.0%} to {row['density_to']:.0%}:", text


def _expected(overall: pa.Table, is_refused: pa.ChunkedArray) -> str:
    """Say which share of the moves of these persons the method can be expected to find."""
    persons = pc.sum(overall["persons"]).as_py()
    share = pc.sum(pc.multiply(overall["probability"], overall["persons"])).as_py() / persons
    refused = pc.sum(pc.if_else(is_refused, overall["persons"], 0)).as_py()
    return (
        f"{share:.0%} of the moves of {persons:,} persons are found; for {refused:,} of them no correction is possible"
    )
