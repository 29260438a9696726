"""`sandbox docs`: the pages of reference, written from what they describe, so that they cannot drift from it."""

from collections.abc import Sequence
from enum import StrEnum
from importlib import import_module
from inspect import getdoc, getmembers, isclass
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import answer

FOLDER = Path("docs/reference")
WRITTEN = "<!-- Written by `sandbox docs`; change what it describes, then run it again. -->\n"


def docs(
    folder: Annotated[Path, typer.Option(help="Where the pages go.")] = FOLDER,
) -> None:
    """Write the pages of reference: commands, stages, tables, formats, code lists, rules and indicators."""
    folder.mkdir(parents=True, exist_ok=True)
    written = {}
    for name, text in pages().items():
        (folder / name).write_text(WRITTEN + text, "utf-8")
        written[name] = folder / name
    answer(written, as_json=False)


def pages() -> dict[str, str]:
    """Return the pages by name of file, without their first line."""
    return {
        "commands.md": _commands(),
        "stages.md": _stages(),
        "tables.md": _tables(),
        "formats.md": _formats(),
        "concepts.md": _concepts(),
    }


def _commands() -> str:
    from typer.cli import get_docs_for_click
    from typer.main import get_command

    from sandbox.cli.main import command_line

    command = get_command(command_line())
    return get_docs_for_click(obj=command, ctx=typer.Context(command), name="sandbox", title="Commands")


def _stages() -> str:
    from sandbox.pipeline import STAGES

    rows = [
        (
            stage.name,
            ", ".join(table.name for table in stage.reads) or "deliveries in landing",
            ", ".join(table.name for table in stage.writes),
        )
        for stage in STAGES
    ]
    return "# Stages\n\nIn the order of the data.\n\n" + _table(("stage", "reads", "writes"), rows)


def _tables() -> str:
    from sandbox.lakehouse.table import Column, Table
    from sandbox.lakehouse.tables import books, feeds, figures, nowcasts, persons, reference

    def constraints(column: Column) -> str:
        bounds = [f"≥ {column.minimum:g}"] if column.minimum is not None else []
        bounds += [f"≤ {column.maximum:g}"] if column.maximum is not None else []
        said = [", ".join(f"`{code}`" for code in column.allowed), *bounds, "never empty" if column.required else ""]
        return "; ".join(each for each in said if each)

    def section(table: Table) -> str:
        rows = [(f"`{c.name}`", str(c.type), c.unit, c.description, constraints(c)) for c in table.columns]
        return (
            f"## {table.name}\n\n{table.description}. Zone `{table.zone.value}`; key {', '.join(table.key) or 'none'}; "
            f"partitioned by {', '.join(table.partition) or 'nothing'}.\n\n"
            + _table(("column", "type", "unit", "what it is", "constraint"), rows)
        )

    found = [
        *(feed.bronze for feed in (*feeds.FEEDS.values(), *reference.REFERENCE.values())),
        *(value for room in (persons, nowcasts, figures, books) for value in vars(room).values()),
    ]
    tables = {table.name: table for table in found if isinstance(table, Table)}
    return "# Tables\n\n" + "\n".join(section(table) for table in tables.values())


def _formats() -> str:
    from sandbox.feeds.readers import FORMATS

    told = {name: getdoc(import_module(f"sandbox.feeds.readers.{name}")) or "" for name in FORMATS}
    sections = [f"## {name}\n\n{text}\n" for name, text in told.items()]
    return "# Formats\n\nWhat a manifest may name as the format of a file.\n\n" + "\n".join(sections)


def _concepts() -> str:
    from sandbox.concepts import codes
    from sandbox.concepts.indicators import INDICATORS
    from sandbox.concepts.rules import RULES

    rules = [
        (
            f"`{r.id}`",
            *(str(days or "") for days in (r.threshold_days, r.window_days, r.longest_absence_days, r.intended_days)),
            *(r.kind, r.applies_to, r.file_command, r.citation),
        )
        for r in RULES.values()
    ]
    indicators = [
        (f"`{i.id}`", i.name, i.unit, i.rule_id, i.feed, i.benchmark_series, i.description) for i in INDICATORS.values()
    ]
    lists = [each for _, each in getmembers(codes, isclass) if issubclass(each, StrEnum) and each is not StrEnum]
    return "\n".join(
        [
            "# Rules, indicators, code lists\n\n## Residence rules\n",
            _table(
                (
                    "rule",
                    "threshold days",
                    "window days",
                    "longest absence",
                    "intended days",
                    "kind",
                    "evidence",
                    "file command",
                    "source",
                ),
                rules,
            ),
            "## Indicators\n",
            _table(("indicator", "name", "unit", "rule", "feed", "official series", "what is counted"), indicators),
            *_temporary(),
            "## Code lists\n",
            _table(("list", "codes", "what it is"), [_code_list(each) for each in lists]),
        ]
    )


def _temporary() -> list[str]:
    """Return the sections on temporary mobility: the typing rules, what they measure, the signs-of-life index."""
    from sandbox.concepts.residency import ESTONIA
    from sandbox.concepts.temporary import MEANING, TYPING

    rules = [
        (
            f"{where}: `{rule.code}`",
            " and ".join(map(str, rule.bounds)),
            ", ".join(visa or "missing" for visa in rule.visas),
            rule.source,
        )
        for where, of_place in TYPING.items()
        for rule in of_place
    ]
    return [
        "## Types of temporary spells\n\nThe first rule that holds gives the code; where none does, `unknown`.\n",
        _table(("code", "what must hold", "visa", "source"), rules),
        "What is asked of a spell; the spells meant are those of the same person in the same place.\n",
        _table(("measure", "what it is"), [(f"`{name}`", text) for name, text in MEANING.items()]),
        "## Residency index\n",
        f"R(t) = d·R(t-1) + g·S(t), at most 1; resident while R ≥ c. d {ESTONIA.stability}, g {ESTONIA.gain}, "
        f"c {ESTONIA.threshold}: {ESTONIA.citation}.\n",
    ]


def _code_list(codes: type[StrEnum]) -> tuple[str, str, str]:
    first_line = (getdoc(codes) or "").split("\n\n")[0].replace("\n", " ")
    return codes.__name__, ", ".join(f"`{code}`" for code in codes), first_line


def _table(headings: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
