"""`sandbox benchmark`: what the comparison with an official series says."""

import json
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, answer, told

app = typer.Typer(help="Compare estimates with official series.", no_args_is_help=True)


@app.callback()
def benchmark() -> None:
    """Compare estimates with official series."""


@app.command()
def compare(
    estimate: Annotated[Path, typer.Argument(help="File of estimates (.csv, .csv.gz, .parquet).")],
    official: Annotated[Path, typer.Argument(help="Official file.")],
    *,
    on: Annotated[str, typer.Option("--on", help="Columns that both files share, with commas.")],
    estimate_column: Annotated[str, typer.Option("--estimate", help="Column of the estimate.")],
    official_column: Annotated[str, typer.Option("--official", help="Column of the official value.")],
    out: Annotated[Path, typer.Option("--out", help="JSON file to write.")],
    lower: Annotated[str, typer.Option("--lower", help="Column of the lower 95 % bound.")] = "",
    upper: Annotated[str, typer.Option("--upper", help="Column of the upper 95 % bound.")] = "",
    period: Annotated[str, typer.Option("--period", help="Column of the period: YYYY, YYYY-MM or a date.")] = "",
    concepts: Annotated[Path | None, typer.Option("--concepts", help="TOML that says what both sides are.")] = None,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Compare one file of estimates with an official one: measures, gates, verdict, as JSON."""
    from sandbox.benchmark import compare as files

    names = [name.strip() for name in on.split(",") if name.strip()]
    columns = files.Columns(names, estimate_column, official_column, lower, upper, period)
    with told("comparing", quiet):
        found = files.compare(estimate, official, columns, concepts)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")
    if as_json:
        answer(found, as_json=True)
        return
    summary = {name: found[name] for name in ("n", "matched", "only_estimate", "only_official", "verdict")}
    answer(summary | {"reasons": "; ".join(found["reasons"]), "written": out}, as_json=False)
