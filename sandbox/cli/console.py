"""How commands speak: options common to all, progress on standard error, the answer on standard output."""

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from sandbox.errors import CallError

WorkspaceOption = Annotated[Path, typer.Option("--workspace", help="Folder with the sandbox.toml.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="No progress.")]
SeedOption = Annotated[int, typer.Option("--seed", help="Seed of everything random.")]

progress = Console(stderr=True, highlight=False)


def answer(values: Mapping[str, Any], as_json: bool, are_typed: bool = False) -> None:
    """Print what the command found: one `name: value` a line, or JSON; names that are typed stay as they are.

    A mapping or list has a line for each of what it holds.
    """
    if as_json:
        sys.stdout.write(json.dumps(values, default=str, ensure_ascii=False, indent=2) + "\n")
        return
    for name, value in values.items():
        called = name if are_typed else name.replace("_", " ")
        sys.stdout.write(f"{called}:{_lines(value)}\n")


def day_of(text: str, option: str) -> date:
    """Return the day that an option states; `CallError` where it states none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CallError(f"{text!r} is no day.", f"Write {option} 2026-02-01, for example.") from None


def _lines(value: Any) -> str:
    """Return a value as it follows its name: what it holds on lines of their own, else behind it."""
    if isinstance(value, Mapping):
        held = [f"{key} {each:,}" if isinstance(each, int) else f"{key} {each}" for key, each in value.items()]
        return _lines(held)
    if isinstance(value, list):
        return "".join(f"\n  {each}" for each in value) or " none"
    return f" {value}"


@dataclass
class Telling:
    """What is said of one piece of work: `say` while it goes on, `result` when it is over."""

    say: Callable[[str], None] = lambda _text: None
    result: str = ""


@contextmanager
def told(what: str, quiet: bool = False) -> Iterator[Telling]:
    """Say what is being done while it is done, and at the end what came of it and how long it took."""
    if quiet:
        yield Telling()
        return
    start = time.perf_counter()
    with progress.status(f"{what} …") as status:
        telling = Telling(say=lambda text: status.update(f"{what}: {escape(text)} …"))
        yield telling
    result = f"  {telling.result}" if telling.result else ""
    progress.print(f"  {what}{result}  [dim]{time.perf_counter() - start:.1f} s[/dim]")
