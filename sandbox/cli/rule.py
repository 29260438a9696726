"""`sandbox rule`: residence rules on a plain file of crossings, one rule or all of them side by side."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.compute as pc
import typer

from sandbox.cli.console import JsonOption, QuietOption, answer, told
from sandbox.concepts.rules import RULES, crossing_rule, with_days
from sandbox.errors import CallError
from sandbox.persons.crossings import Repair, crossings_decided
from sandbox.persons.files import read_table, suffix_of, write_table
from sandbox.persons.intention import STATED, check_intention, with_intention
from sandbox.persons.linkage import linked_in_file

app = typer.Typer(help="Residence rules, applied to files.", no_args_is_help=True)

MOVEMENT_COLUMNS = ("movement_id", "person_id", "date", "direction")
INITIAL_COLUMNS = ("person_id", "resident", "decided_on")

MovementsArgument = Annotated[Path, typer.Argument(help="File of movement_id, person_id, date, direction (A/D).")]
InitialOption = Annotated[
    Path | None, typer.Option("--initial-status", help="File of person_id, resident, decided_on.")
]
CompleteOption = Annotated[bool, typer.Option("--complete-history", help="The last stay lasts the window.")]
UntilOption = Annotated[str | None, typer.Option("--observed-until", help="First day not seen whole, YYYY-MM-DD.")]
RepairOption = Annotated[
    Repair,
    typer.Option(
        "--repair",
        help="What to do before: simple removes duplicates and halves gaps; full learns from the file what was missed.",
    ),
]


@app.callback()
def rule() -> None:
    """Apply residence rules to files."""


@app.command()
def apply(
    rule_id: Annotated[str, typer.Argument(metavar="RULE", help=f"One of {', '.join(RULES)}.")],
    movements: MovementsArgument,
    out: Annotated[Path, typer.Option(help="File to write.")],
    initial_status: InitialOption = None,
    window_days: Annotated[int | None, typer.Option(help="Another window than the rule's.")] = None,
    threshold_days: Annotated[int | None, typer.Option(help="Another threshold than the rule's.")] = None,
    longest_absence_days: Annotated[
        int | None, typer.Option(help="Another longest absence than a continuous rule's.")
    ] = None,
    complete_history: CompleteOption = False,
    observed_until: UntilOption = None,
    repair: RepairOption = Repair.NONE,
    intention: Annotated[
        bool, typer.Option("--intention", help=f"Add what {STATED} says, beside the outcome: a variant.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Say of each crossing whether it is a migration by the rule, or can't be said yet."""
    chosen = with_days(crossing_rule(rule_id), window_days, threshold_days, longest_absence_days)
    if intention:
        check_intention(chosen)
    until = _day_of_observation(complete_history, observed_until)
    suffix_of(out)
    rows, initial = _read(
        movements, (*MOVEMENT_COLUMNS, STATED) if intention else MOVEMENT_COLUMNS, initial_status, quiet
    )
    with told(f"Applying {chosen.id} to {rows.num_rows:,} crossings", quiet):
        linkage = linked_in_file(rows, until, initial=initial) if repair is Repair.FULL else None
        decided = crossings_decided(rows, chosen, until, linkage or repair, initial=initial)
        decided = with_intention(decided, chosen) if intention else decided
    with told("Writing", quiet):
        write_table(decided, out)
    counts = {
        "crossings": decided.num_rows,
        "left_out_after_the_date": rows.num_rows - decided.num_rows,
        "migrations": pc.sum(decided["is_migration"]).as_py() or 0,
        "undecided": decided["is_migration"].null_count,
        "in_error": decided.num_rows - decided["error"].null_count,
        **({"repaired": asdict(linkage.counts)} if linkage else {}),
        "written": out,
    }
    answer(counts, as_json)


@app.command()
def compare(
    movements: MovementsArgument,
    out: Annotated[Path, typer.Option(help="Folder to write.")],
    initial_status: InitialOption = None,
    complete_history: CompleteOption = False,
    observed_until: UntilOption = None,
    repair: RepairOption = Repair.NONE,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Show how much the definition alone changes: the same crossings under every rule that applies to them."""
    from sandbox.persons.comparison.folder import write_comparison
    from sandbox.persons.comparison.judged import judged_by_all

    until = _day_of_observation(complete_history, observed_until)
    rows, initial = _read(movements, MOVEMENT_COLUMNS, initial_status, quiet)
    with told(f"Applying every rule to {rows.num_rows:,} crossings", quiet) as telling:
        judged = judged_by_all(rows, until, repair, initial, telling.say)
    with told("Writing", quiet):
        found = write_comparison(judged, out)
    answer(found, as_json)


def _read(
    movements: Path, columns: tuple[str, ...], initial_status: Path | None, quiet: bool
) -> tuple[pa.Table, pa.Table | None]:
    with told("Reading", quiet):
        rows = read_table(movements, columns)
        return rows, None if initial_status is None else read_table(initial_status, INITIAL_COLUMNS)


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
