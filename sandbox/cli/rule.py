"""`sandbox rule apply`: a residence rule on a plain file of crossings."""

from datetime import date
from pathlib import Path
from typing import Annotated

import pyarrow.compute as pc
import typer

from sandbox.cli.console import JsonOption, QuietOption, answer, told
from sandbox.concepts.rules import RULES, crossing_rule
from sandbox.errors import CallError
from sandbox.persons.crossings import Repair, crossings_decided, with_days
from sandbox.persons.files import read_table, suffix_of, write_table

app = typer.Typer(help="Residence rules, applied to files.", no_args_is_help=True)

MOVEMENT_COLUMNS = ("movement_id", "person_id", "date", "direction")
INITIAL_COLUMNS = ("person_id", "resident", "decided_on")


@app.callback()
def rule() -> None:
    """Apply residence rules to files."""


@app.command()
def apply(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help=f"One of {', '.join(RULES)}.")],
    movements: Annotated[Path, typer.Argument(help="File of movement_id, person_id, date, direction (A/D).")],
    out: Annotated[Path, typer.Option(help="File to write.")],
    initial_status: Annotated[Path | None, typer.Option(help="File of person_id, resident, decided_on.")] = None,
    window_days: Annotated[int | None, typer.Option(help="Another window than the rule's.")] = None,
    threshold_days: Annotated[int | None, typer.Option(help="Another threshold than the rule's.")] = None,
    complete_history: Annotated[
        bool, typer.Option("--complete-history", help="The last stay lasts the window.")
    ] = False,
    observed_until: Annotated[str | None, typer.Option(help="First day not seen whole, YYYY-MM-DD.")] = None,
    repair: Annotated[
        Repair, typer.Option(help="What to do before: simple removes duplicates and halves gaps.")
    ] = Repair.NONE,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say of each crossing whether it is a migration by the rule, or can't be said yet."""
    chosen = with_days(crossing_rule(rule_id), window_days, threshold_days)
    if not 0 < chosen.threshold_days <= chosen.window_days:
        raise CallError("The threshold must be at least 1 day and no longer than the window.")
    until = _day_of_observation(complete_history, observed_until)
    suffix_of(out)
    with told("Reading", quiet):
        rows = read_table(movements, MOVEMENT_COLUMNS)
        initial = None if initial_status is None else read_table(initial_status, INITIAL_COLUMNS)
    with told(f"Applying {chosen.id} to {rows.num_rows:,} crossings", quiet):
        decided = crossings_decided(rows, chosen, until, repair, initial=initial)
    with told("Writing", quiet):
        write_table(decided, out)
    counts = {
        "crossings": decided.num_rows,
        "left_out_after_the_date": rows.num_rows - decided.num_rows,
        "migrations": pc.sum(decided["is_migration"]).as_py() or 0,
        "undecided": decided["is_migration"].null_count,
        "in_error": decided.num_rows - decided["error"].null_count,
        "written": out,
    }
    answer(counts, as_json)


def _day_of_observation(complete_history: bool, observed_until: str | None) -> date | None:
    if complete_history == (observed_until is not None):
        raise CallError(
            "Say how much of the crossings' future the file shows.", "Give --observed-until DATE or --complete-history."
        )
    if observed_until is None:
        return None
    try:
        return date.fromisoformat(observed_until)
    except ValueError:
        raise CallError(f"{observed_until!r} is no date.", "Write --observed-until YYYY-MM-DD.") from None
