"""`sandbox doctor`: what this machine lacks, line by line, and how to get it."""

import tempfile
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import JsonOption, answer, progress, told
from sandbox.errors import EnvironmentFaultError
from sandbox.lakehouse.machine import Condition, conditions


def doctor(
    workspace: Annotated[Path, typer.Option(help="Folder to work in.")] = Path(),
    fetch: Annotated[bool, typer.Option("--fetch", help="Start Spark once, which fetches its JARs.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Check Java, memory, disk, packages, ports, settings and JARs; say how to mend what is missing."""
    found = conditions(workspace)
    if (workspace / "sandbox.toml").exists():
        found.append(_settings(workspace))
    if fetch and all(condition.holds for condition in found):
        with told("starting Spark (the first time it fetches 33 JARs, 87 MB)"):
            found.append(_spark())
    if as_json:
        answer({condition.name: vars(condition) for condition in found}, as_json=True)
    else:
        for condition in found:
            mark = "[green]✓[/green]" if condition.holds else "[red]✗[/red]"
            progress.print(f"{mark} {condition.name:<10} {condition.found}")
            if not condition.holds:
                progress.print(f"             {condition.remedy}")
    if not all(condition.holds for condition in found):
        raise EnvironmentFaultError("This machine is not ready.", "Mend the lines marked ✗, then run doctor again.")


def _settings(workspace: Path) -> Condition:
    from sandbox.errors import CallError
    from sandbox.settings import read_workspace

    try:
        read_workspace(workspace)
    except CallError as error:
        return Condition("Workspace", False, error.message, error.remedy)
    return Condition("Workspace", True, "sandbox.toml can be read")


def _spark() -> Condition:
    from sandbox.lakehouse.session import spark_session
    from sandbox.settings import Country, Settings, Workspace

    nowhere = Settings(country=Country(code="XAA", name="nowhere", time_zone="UTC", mcc="001"))
    remedy = "The JARs of delta-spark come from Maven Central: allow it, or set a mirror in ivysettings.xml."
    with tempfile.TemporaryDirectory() as folder:
        try:
            session = spark_session(Workspace(Path(folder), nowhere))
        except EnvironmentFaultError:
            log = Path(folder, "logs", "spark.log").read_text("utf-8", "replace")
            reason = next((line.strip() for line in log.splitlines() if "unresolved" in line.lower()), "no start")
            return Condition("Spark", False, reason, remedy)
        version = session.version
        session.stop()
        return Condition("Spark", True, f"{version}, JARs are here")
