"""The console script: nouns, then verbs; every fault becomes a sentence, a remedy and an exit code."""

import sys
import traceback
from importlib import import_module
from pathlib import Path

import typer

from sandbox.cli.console import progress
from sandbox.errors import SandboxError

NOUNS = ("rule", "segments", "home", "moves", "feed", "nowcast", "benchmark", "disclosure", "release", "airlock", "experiment")
FAULT_LOG = Path("sandbox-fault.log")

app = typer.Typer(
    name="sandbox",
    help="From private feeds to labelled experimental migration statistics.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def main() -> None:
    """Run the command that was typed."""
    for noun in NOUNS:
        app.add_typer(import_module(f"sandbox.cli.{noun}").app, name=noun)
    import_module("sandbox.cli.work").add_to(app)
    try:
        app(standalone_mode=True)
    except SandboxError as error:
        progress.print(f"[red]✗[/red] {error.message}", soft_wrap=True)
        if error.remedy:
            progress.print(f"  {error.remedy}", soft_wrap=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        progress.print("Stopped. Type the same command again: it goes on where it was.")
        sys.exit(130)
    except Exception:  # noqa: BLE001 (the outermost edge: a trace goes to a file, a sentence to the person)
        FAULT_LOG.write_text(traceback.format_exc(), "utf-8")
        progress.print(f"[red]✗[/red] Something failed that should not; the trace is in {FAULT_LOG.resolve()}.")
        progress.print("  Please report it with that file; it may name columns, never persons.")
        sys.exit(1)
