"""`sandbox release`: build an edition, list them, verify one anywhere, make one again and compare."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, SeedOption, WorkspaceOption, answer, told
from sandbox.errors import CallError, CheckFailedError
from sandbox.settings import Zone, read_workspace

app = typer.Typer(help="Editions: build, list, verify, rebuild.", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(help="Folder of a release.", metavar="DIR")]
HERE = Path()


@app.command()
def build(
    month: Annotated[str, typer.Option("--month", help="Newest month described, YYYY-MM.")],
    vintage: Annotated[str, typer.Option("--vintage", help="Month of computing; the month after by default.")] = "",
    workspace: WorkspaceOption = HERE,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Build the edition of a month in the airlock, from the tables as they stand."""
    from sandbox.lakehouse.run import StageRun
    from sandbox.pipeline import fingerprint, stages_named
    from sandbox.release.inputs import newest_revision
    from sandbox.release.stage import run

    place = read_workspace(workspace)
    first = _first_day(month)
    computed = _first_day(vintage) if vintage else _next_month(first)
    stage = stages_named(("edition",))[0]
    plain = StageRun(place, "edition", first.date(), computed.date(), seed)
    this = StageRun(place, "edition", first.date(), computed.date(), seed, fingerprint(stage, plain))
    with told("building the edition", quiet):
        run(this)
    product = place.settings.release.product
    revision = newest_revision(place, product, this.month, this.vintage)
    release_id = f"{product}-{this.month:%Y-%m}-{this.vintage:%Y-%m}-r{revision}"
    folder = place.zone(Zone.AIRLOCK) / release_id
    answer({"release": release_id, "folder": folder, "next": f"sandbox airlock request {release_id}"}, as_json)


@app.command("list")
def list_releases(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """List all editions, and where each stands."""
    from sandbox.lakehouse import store
    from sandbox.lakehouse.tables.books import RELEASE
    from sandbox.release.inputs import is_published

    place = read_workspace(workspace)
    rows = store.read_small(place, RELEASE).to_pylist()
    values = {
        row["release_id"]: f"{row['cells']} figures, {row['hidden']} hidden, "
        f"{'published' if is_published(place, row['release_id']) else 'in the airlock'}, sha256 {row['sha256'][:16]}"
        for row in rows
    }
    answer(values or {"releases": "none"}, as_json)


@app.command()
def verify(
    folder: FolderArgument,
    key: Annotated[Path | None, typer.Option("--key", help="The office's public key, as you trust it.")] = None,
    workspace: WorkspaceOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Check a release with nothing but its folder; one line a check."""
    from sandbox.release.verify import findings

    found = findings(folder, _trusted(key, workspace))
    answer({one.check: f"{'ok' if one.passed else 'WRONG'}: {one.told}" for one in found}, as_json)
    wrong = [one for one in found if not one.passed]
    if wrong:
        raise CheckFailedError(f"{folder}: {wrong[0].told}", "Take a fresh copy of the release.")


@app.command()
def rebuild(
    folder: FolderArgument,
    workspace: WorkspaceOption = HERE,
    newest: Annotated[bool, typer.Option("--latest", help="From the tables as they stand now.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a release again from the Delta versions in its provenance and compare byte for byte."""
    from sandbox.release.provenance import FILE, read_terms
    from sandbox.release.rebuild import compare, environment, since_then
    from sandbox.release.stage import rebuilt

    source = folder if folder.is_file() else folder / FILE
    if not source.is_file():
        raise CallError(f"There is no {source}.", "Name the folder of a release, or its provenance.json.")
    terms = read_terms(source.read_bytes())
    with told("making the edition again", quiet):
        place = read_workspace(workspace)
        files = rebuilt(place, terms, newest)
    differing = compare(folder, files)
    result = f"differs in {', '.join(differing)}" if differing else f"{len(files)} files, byte for byte the same"
    moved_on = [] if newest else since_then(place, terms)
    told_of = {"newer": f"{', '.join(moved_on)} changed since; --latest compares with that"} if moved_on else {}
    answer({"release": terms.release_id, **environment(terms), **told_of, "result": result}, as_json)
    if differing:
        raise CheckFailedError(f"{differing[0]} is not what the tables give.", "Tables, code or the file changed.")


def _trusted(key: Path | None, workspace: Path) -> str:
    """Return the key that is named, else the one that the workspace trusts, else none."""
    if key is not None:
        if not key.is_file():
            raise CallError(f"There is no key {key}.", "Name a file with the office's public key.")
        return key.read_text("utf-8")
    if not (workspace / "sandbox.toml").is_file():
        return ""
    trusted = read_workspace(workspace).trusted_key_file
    return trusted.read_text("utf-8") if trusted.is_file() else ""


def _first_day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError as error:
        raise CallError(f"{text!r} is no month.", "Write it as YYYY-MM.") from error


def _next_month(day: datetime) -> datetime:
    return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)
