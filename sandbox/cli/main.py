"""The console script: nouns, then verbs; every fault becomes a sentence, a remedy and an exit code."""

import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from sandbox.cli.console import progress
from sandbox.errors import EnvironmentFaultError, ExitCode, SandboxError

NOUNS = (
    "feed",
    "rule",
    "segments",
    "home",
    "moves",
    "residency",
    "nowcast",
    "estimates",
    "benchmark",
    "disclosure",
    "airlock",
    "release",
    "experiment",
    "log",
    "erase",
    "key",
    "retention",
)
VERBS = ("doctor", "demo", "init", "run", "status", "readiness", "docs")
FAULT_LOG = Path("sandbox-fault.log")


def command_line(asked: str = "") -> typer.Typer:
    """Return all commands: those that stand alone, then the nouns with their verbs.

    If one of them is `asked` for, it alone: what the others import takes a second.
    """
    one = {asked} if asked in {*VERBS, *NOUNS} else {*VERBS, *NOUNS}
    app = typer.Typer(
        name="sandbox",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.callback()(_sandbox)  # one command alone would take its name for an argument
    for verb in [each for each in VERBS if each in one]:
        app.command(verb)(getattr(import_module(f"sandbox.cli.{verb}"), verb))
    for noun in [each for each in NOUNS if each in one]:
        app.add_typer(_verbs_of(noun), name=noun)
    return app


def _sandbox() -> None:
    """From private feeds to labelled experimental migration statistics."""


def _verbs_of(noun: str) -> typer.Typer:
    """Return the commands of a noun, or one that names the package they lack: a partner installs the checker only."""
    try:
        verbs: typer.Typer = import_module(f"sandbox.cli.{noun}").app
    except ModuleNotFoundError as missing:
        refusal = lacking(missing)
        verbs = typer.Typer(help=f"Not installed: needs the package {missing.name}.", add_help_option=False)

        @verbs.callback(invoke_without_command=True, context_settings={"ignore_unknown_options": True})
        def refuse(_words: Annotated[list[str] | None, typer.Argument()] = None) -> None:
            raise refusal

    return verbs


def _run() -> None:
    try:
        command_line(next(iter(sys.argv[1:]), ""))()
    except ModuleNotFoundError as missing:
        raise lacking(missing) from None


def lacking(missing: ModuleNotFoundError) -> EnvironmentFaultError:
    """Return what is told of a package that is not installed; a module of our own that is missing is our fault."""
    if (missing.name or "").startswith("sandbox"):
        raise missing
    return EnvironmentFaultError(
        f"This command needs the package {missing.name}, which is not installed.",
        "Install `migration-sandbox[files]` for commands on plain files, `migration-sandbox[lake]` for the pipeline.",
    )


def main() -> None:
    """Run the command that was typed; exit with the code of `errors.ExitCode`."""
    _stop_on_ctrl_c()
    try:
        _run()
    except SandboxError as error:
        progress.print(f"[red]✗[/red] {escape(error.message)}", soft_wrap=True)
        if error.remedy:
            progress.print(f"  {escape(error.remedy)}", soft_wrap=True)
        sys.exit(error.exit_code)
    except Exception:  # the outermost edge: the trace goes to a file, a sentence to the person
        FAULT_LOG.write_text(traceback.format_exc(), "utf-8")
        progress.print(f"[red]✗[/red] Something failed that should not; the trace is in {FAULT_LOG.resolve()}.")
        progress.print("  Please report it with that file; it may name columns, never persons.")
        sys.exit(ExitCode.CHECK_FAILED)


def _stop_on_ctrl_c() -> None:
    """Make Ctrl-C end the process at once, with a sentence, wherever it is.

    An exception would come up inside a call to Java or Arrow, which answer it with traces or swallow it. Nothing has to
    be tidied up: a commit is there or not, locks go with the process, and Java ends with it.
    """
    # Where Ctrl-C was told to be ignored, as for a job in the background, it stays ignored.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _stopped)


def _stopped(_number: int, _frame: object) -> None:
    sys.stderr.write("\x1b[?25h" if sys.stderr.isatty() else "")  # a progress line hides the cursor
    sys.stderr.write("\nStopped. Type the same command again: it goes on where it was.\n")
    sys.stderr.flush()
    os._exit(130)


def main_of(*words: str) -> None:
    """Run `main` as if these words stood before those that were typed (the entries of `jobs`)."""
    sys.argv[1:1] = words
    main()
