"""`sandbox disclosure`: hides what says too much, and attacks what is published."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, answer, told
from sandbox.errors import CallError, CheckFailedError

app = typer.Typer(help="Protect tables before they leave, and attack what was published.", no_args_is_help=True)

DimensionsOption = Annotated[str, typer.Option("--dimensions", help="Columns of codes, with commas: A,B,C.")]
ValueOption = Annotated[str, typer.Option("--value", help="Column of the figure.")]
HierarchyOption = Annotated[Path | None, typer.Option("--hierarchy", help="File of dimension, code, parent.")]
OutOption = Annotated[Path, typer.Option("--out", help="File to write (.csv, .csv.gz, .parquet).")]


class Method(StrEnum):
    """How a table is protected; never both ways."""

    SUPPRESS = "suppress"
    CELL_KEY = "cellkey"


@app.command()
def protect(
    table: Annotated[Path, typer.Argument(help="Table, one row a cell (.csv, .csv.gz, .parquet).")],
    *,
    dimensions: DimensionsOption,
    value: ValueOption,
    contributors: Annotated[str, typer.Option("--contributors", help="Column of persons counted, raw.")],
    out: OutOption,
    largest: Annotated[str, typer.Option("--largest", help="Column of the largest contribution.")] = "",
    second: Annotated[str, typer.Option("--second", help="Column of the second largest contribution.")] = "",
    partners: Annotated[str, typer.Option("--partners", help="Column of the number of partners.")] = "",
    cell_key: Annotated[str, typer.Option("--cell-key", help="Column of the sum of record keys.")] = "",
    hierarchy: HierarchyOption = None,
    rules: Annotated[Path | None, typer.Option("--rules", help="TOML of thresholds.")] = None,
    method: Annotated[Method, typer.Option("--method", help="Suppress cells, or perturb counts.")] = Method.SUPPRESS,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Write the table as it may be published, and beside it the same with `.internal`, which stays inside."""
    from sandbox.disclosure import protect as tables
    from sandbox.disclosure.cell_key import perturbed
    from sandbox.disclosure.published import Layout, dimension_names, read_hierarchy
    from sandbox.disclosure.rules import default_rules
    from sandbox.persons.files import read_table, write_table

    inside = tables.internal_path(out)
    layout = Layout(dimension_names(dimensions), value, contributors, largest, second, partners, cell_key)
    thresholds = tables.rules_for(layout, default_rules(rules))
    sums = read_hierarchy(hierarchy)
    with told("protecting", quiet):
        rows = read_table(table, ())
        if method is Method.CELL_KEY:
            protected = perturbed(rows, layout, thresholds, sums)
        else:
            protected = tables.protect(rows, layout, thresholds, sums)
    write_table(protected.internal, inside)
    write_table(protected.published, out)
    answer(protected.summary | {"published": out, "internal": inside}, as_json)


@app.command()
def audit(
    tables: Annotated[
        list[Path],
        typer.Argument(metavar="PUBLISHED", help="Table as published; hidden values are empty."),
    ],
    *,
    dimensions: DimensionsOption,
    value: ValueOption,
    out: OutOption,
    earlier: Annotated[list[Path] | None, typer.Option("--earlier", help="Tables published before.")] = None,
    hierarchy: HierarchyOption = None,
    min_width: Annotated[
        float | None, typer.Option("--min-width", min=0, help="Narrowest interval; else 10 or 10 % of the upper bound.")
    ] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compute what an attacker can: an interval for every hidden cell; exit 1 if one is too narrow."""
    from sandbox.disclosure.audit import Recipient
    from sandbox.disclosure.audit import audit as attack
    from sandbox.disclosure.published import dimension_names, read_hierarchy
    from sandbox.persons.files import read_table, write_table

    published, *more = tables  # `--earlier A B`: an option takes one value, what follows lands here
    if more and not earlier:
        raise CallError("One published table is audited at a time.", "Give tables of before with `--earlier`.")
    recipient = Recipient(dimension_names(dimensions), value, read_hierarchy(hierarchy), min_width)
    with told("attacking", quiet):
        before = [read_table(path, ()) for path in [*(earlier or []), *more]]
        found = attack(read_table(published, ()), before, recipient)
    write_table(found.rows, out)
    answer({"hidden": found.rows.num_rows, "too_narrow": found.too_narrow, "written": out}, as_json)
    if found.contradicted:
        raise CheckFailedError(
            "What is published contradicts itself, so nothing can be shown to be safe.", "Mend the totals."
        )
    if found.failed:
        raise CheckFailedError(
            f"{found.too_narrow} hidden cells can be computed too closely.", "Hide more, and audit again."
        )
