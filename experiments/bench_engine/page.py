"""The page of the engine's figures, from what the parts have kept."""

from collections.abc import Mapping, Sequence
from typing import Any

HEAD = """<!-- Written by `python -m experiments.bench_engine --page docs/reference/engine.md`. -->
# The engine: how right, how fast

Every figure here was printed by a command. Speeds are whole processes on two cores, Parquet to Parquet, medians of
rounds that take turns, rows compared first; seconds hang on the machine, ratios less so.
"""
# Part → title, what the table is and which goal it stands beside.
SECTIONS = {
    "conformance": (
        "Published answers",
        "`pytest tests/conformance`: Stats NZ's 12/16 cases and the segment cases of Chi et al., by file and by Spark.",
    ),
    "stops": (
        "Homes of 500 users who named theirs",
        "`sandbox experiment run labelled_stops`. Goals: ≥ 97.5 % right with ≤ 5 % undetermined, ≥ 98.5 % with"
        " ≤ 12.8 %, by user ≥ 99 %.",
    ),
    "moves": (
        "Homes and moves in made-up countries",
        "Lowest and highest of three seeds that no parameter was chosen on; `experiments/bench_moves` says how the"
        " countries are made.",
    ),
    "linkage": ("Repair of linkage", "Migrations by 12/16 counted too many, without repair and with each kind of it."),
    "mutants": (
        "Mutants of the kernels",
        "Changes of one operator, number or call in a kernel's source; killed when a test goes red. Goal: ≥ 90 %.",
    ),
    "rule": (
        "The 12/16 rule on five million crossings",
        "SQL can't carry the status forward: DuckDB sums the days of each crossing's walk alone, compared where the"
        " person walks with a known status. Goals: file ≤ 1 × DuckDB, Spark ≤ 6 ×.",
    ),
    "growth": ("Growth of the file command", "Goal: linear."),
    "segments": (
        "Segments on five million person-days",
        "DuckDB does the first of three steps alone. Goals: file ≤ 1 × DuckDB, Spark ≤ 4 ×, ≥ 10 × the rows per second"
        " of `migration_detector` (208,000, as the issue states it).",
    ),
    "homes": ("Homes on the labelled stops", "Whole process; HoWDe takes 44–80 s, as the issue states it."),
    "increment": ("A new delivery of a tenth of the persons", "Goal: ≤ 0.5 × the full run."),
    "start": ("First call of a kernel", "Seconds with the compiled code on disk. Goal: ≤ 1 s."),
}


def page(kept: Mapping[str, Any]) -> str:
    """Return the page, one section a part that has run."""
    return HEAD + "".join(_section(name, kept[name]) for name in SECTIONS if name in kept)


def _section(name: str, found: Any) -> str:
    title, text = SECTIONS[name]
    rows = found if isinstance(found, list) else [{"measure": key, "figure": value} for key, value in found.items()]
    return f"\n## {title}\n\n{text}\n\n{_tables(rows)}"


def _tables(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return a table for each run of rows that have the same columns."""
    text, columns = "", None
    for row in rows:
        if list(row) != columns:
            columns = list(row)
            text += ("\n" if text else "") + _line(columns) + _line(["---"] * len(columns))
        text += _line([_told(value) for value in row.values()])
    return text


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |\n"


def _told(value: Any) -> str:
    """Return a figure with three digits that count, or a whole number with its thousands parted."""
    if isinstance(value, int | float):
        return f"{value:,.0f}" if float(value).is_integer() or abs(value) >= 1_000 else f"{value:.3g}"
    return "" if value is None else str(value)
