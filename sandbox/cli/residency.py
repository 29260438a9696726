"""`sandbox residency apply`: who is resident by signs of life, on a plain file of them."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import typer

from sandbox.cli.console import JsonOption, QuietOption, answer, told
from sandbox.concepts.residency import ESTONIA, ResidencyIndex
from sandbox.errors import CallError
from sandbox.persons.files import read_table, suffix_of, write_table
from sandbox.persons.residency import Signs, checked_weights, equal_weights, residency_of, signs_read, statuses_read
from sandbox.persons.sign_weights import weights_by_likelihood

app = typer.Typer(help="Residence by signs of life, applied to files.", no_args_is_help=True)


@app.callback()
def residency() -> None:
    """Tell who is resident by signs of life."""


@app.command()
def apply(
    signs: Annotated[Path, typer.Argument(help="File of person_id, period (YYYY or YYYY-MM), and a column a sign.")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    initial_status: Annotated[
        Path | None, typer.Option(help="File of person_id, resident (0/1): before the first period.")
    ] = None,
    weights: Annotated[
        Path | None, typer.Option(help="File of sign, weight; else all weigh alike, one in sum.")
    ] = None,
    known_status: Annotated[
        Path | None, typer.Option(help="File of person_id, period, resident: weights are estimated on it.")
    ] = None,
    stability: Annotated[float, typer.Option(help="d: what stays of the index.", min=0, max=1)] = ESTONIA.stability,
    gain: Annotated[float, typer.Option(help="g: what the signs of a period add.", min=0, max=1)] = ESTONIA.gain,
    threshold: Annotated[float, typer.Option(help="c: resident from here on.", min=0, max=1)] = ESTONIA.threshold,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Tell of each person and period whether he is resident: R = d·R + g·S, resident while R ≥ c, or not known yet."""
    rule = replace(ESTONIA, stability=stability, gain=gain, threshold=threshold)
    if weights is not None and known_status is not None:
        raise CallError("Weights are given and to be estimated at once.", "Give --weights or --known-status.")
    suffix_of(out)
    with told("Reading", quiet):
        initial = None if initial_status is None else read_table(initial_status, ("person_id", "resident"))
        read = signs_read(read_table(signs, ("person_id", "period")), initial)
    with told(f"Weighing {len(read.names)} signs", quiet):
        weight, quality = _weights(read, weights, known_status, rule)
    with told(f"Indexing {len(read.persons):,} persons", quiet):
        found = residency_of(read, weight, rule)
    with told("Writing", quiet):
        write_table(found, out)
    answer({"weights": weight, **quality, **_counts(found), "written": out}, as_json)


def _weights(
    signs: Signs, given: Path | None, known: Path | None, rule: ResidencyIndex
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the weights, and how often those estimated are right on the persons that they were not estimated on."""
    if known is not None:
        status = statuses_read(signs, read_table(known, ("person_id", "period", "resident")))
        found = weights_by_likelihood(signs, status, rule)
        return found.weights, {"decided_of_the_other_half": found.decided, "right_of_these": found.right}
    if given is not None:
        return checked_weights(signs.names, read_table(given, ("sign", "weight"))), {}
    return equal_weights(signs.names), {}


def _counts(found: pa.Table) -> dict[str, int]:
    return {
        "rows": found.num_rows,
        "resident": pc.sum(found["resident"]).as_py() or 0,
        "undecided": found["resident"].null_count,
    }
