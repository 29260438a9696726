"""The edge: Delta tables in, an edition's sources and terms out. Without Spark, so that anyone can rebuild."""

import hashlib
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from sandbox.errors import CallError, CheckFailedError
from sandbox.lakehouse import store
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables import books, persons
from sandbox.release.terms import INPUTS, OF_VINTAGE, Sources, TableVersion, Terms
from sandbox.settings import Workspace, Zone

PACKAGE = Path(__file__).parents[1]
NEEDED = ("estimate", "verdict", "protected", "audit")
MADE_BY = ("concepts", "lakehouse", "release")
CODE = ("*.py", "*.j2", "*.css", "*.toml")


def read_sources(workspace: Workspace, vintage: date, previous_release: str, versions: dict[str, int]) -> Sources:
    """Read every input at its version and vintage; one that no version is named of is empty."""
    tables = {name: _read(workspace, name, versions.get(table.name), vintage) for name, table in INPUTS.items()}
    return Sources(**tables, previous=_previous_cells(workspace, previous_release))


def newest_versions(workspace: Workspace) -> dict[str, int]:
    """Return the newest version of each input that exists; the needed ones must."""
    versions = {}
    for name, table in INPUTS.items():
        version = store.latest_version(workspace, table)
        if version is not None:
            versions[table.name] = version
        elif name in NEEDED:
            raise CallError(f"There is no table {table.name} yet.", "Run the stages before: `sandbox run`.")
    return versions


def new_terms(
    workspace: Workspace, month: date, vintage: date, seed: int, revision: int, versions: dict[str, int]
) -> Terms:
    """Return the terms of a new edition: settings, period, versions, models, hashes of code and lock."""
    settings = workspace.settings
    previous = _previous_release(workspace, vintage, revision)
    terms = Terms(
        product=settings.release.product,
        label=settings.release.label,
        agency=settings.release.agency,
        contact=settings.release.contact,
        purpose=settings.purpose,
        country_code=settings.country.code,
        country_name=settings.country.name,
        month=f"{month:%Y-%m}",
        vintage=f"{vintage:%Y-%m}",
        revision=revision,
        seed=seed,
        previous_release=previous,
        office_public_key=_office_key(workspace),
        code_sha256=code_sha256(),
        lock_sha256=lock_sha256(),
        models=_models(workspace, vintage),
        tables=(),
    )
    sources = read_sources(workspace, vintage, previous, versions)
    tables = (
        _version(workspace, table, versions[table.name], getattr(sources, name), vintage)
        for name, table in INPUTS.items()
        if table.name in versions
    )
    return replace(terms, tables=tuple(tables))


def newest_revision(workspace: Workspace, product: str, month: date, vintage: date) -> int:
    """Return the highest revision in the register of editions, 0 if there is none."""
    rows = _register(workspace)
    same = [r for r in rows if (r["product"], r["reference_period"], r["vintage"]) == (product, month, vintage)]
    revisions: list[int] = [row["revision"] for row in same]
    return max(revisions, default=0)


def is_published(workspace: Workspace, release_id: str) -> bool:
    """Tell whether the edition has gone through the door."""
    return (workspace.zone(Zone.PUBLISHED) / release_id).is_dir()


def code_sha256() -> str:
    """Return the hash of the sources that make an edition; other stages' code stands in their fingerprints."""
    files = sorted(file for part in MADE_BY for pattern in CODE for file in (PACKAGE / part).rglob(pattern))
    parts = [
        f"{file.relative_to(PACKAGE).as_posix()} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def lock_sha256() -> str:
    """Return the hash of this Python version's lock file; empty where the package runs without its repository."""
    lock = PACKAGE.parent / f"requirements-{sys.version_info.major}.{sys.version_info.minor}.lock"
    return hashlib.sha256(lock.read_bytes()).hexdigest() if lock.is_file() else ""


def _read(workspace: Workspace, name: str, version: int | None, vintage: date) -> pa.Table:
    table = INPUTS[name]
    if version is None:
        return _empty(table)
    where: dict[str, store.Value] = {"vintage": vintage} if name in OF_VINTAGE else {}
    try:
        rows = store.read_small(workspace, table, where, version)
    except (pa.ArrowException, DeltaError, OSError) as error:
        raise CheckFailedError(
            f"Version {version} of table {table.name} can't be read: its files are not those of its commit.",
            "Files were changed or removed by hand, or vacuumed; restore the table.",
        ) from error
    if name == "official":
        return rows.filter(pc.less_equal(rows["vintage"], pa.scalar(vintage, pa.date32())))
    if name == "delivery":
        after = date(vintage.year + vintage.month // 12, vintage.month % 12 + 1, 1)
        return rows.filter(pc.less(rows["period_from"], pa.scalar(after, pa.date32())))
    return rows


def _previous_cells(workspace: Workspace, release_id: str) -> pa.Table:
    if not release_id:
        return _empty(books.RELEASE_CELL)
    return store.read_small(workspace, books.RELEASE_CELL, {"release_id": release_id})


def _previous_release(workspace: Workspace, vintage: date, revision: int) -> str:
    """Return the newest edition before this one that was published; figures never published are no figures."""
    product = workspace.settings.release.product
    earlier = [
        (row["vintage"], row["revision"], row["release_id"])
        for row in _register(workspace)
        if row["product"] == product
        and (row["vintage"], row["revision"]) < (vintage, revision)
        and is_published(workspace, row["release_id"])
    ]
    return str(max(earlier)[2]) if earlier else ""


def _register(workspace: Workspace) -> list[dict[str, Any]]:
    if store.latest_version(workspace, books.RELEASE) is None:
        return []
    rows: list[dict[str, Any]] = store.read_small(workspace, books.RELEASE).to_pylist()
    return rows


def _models(workspace: Workspace, vintage: date) -> tuple[str, ...]:
    """Return the models of the vintage's predictions, read batch by batch: the table grows with persons."""
    if store.latest_version(workspace, persons.PREDICTION) is None:
        return ()
    dataset = DeltaTable(str(persons.PREDICTION.path(workspace))).to_pyarrow_dataset()
    batches = dataset.to_batches(columns=["model"], filter=pc.field("vintage") == pa.scalar(vintage, pa.date32()))
    return tuple(sorted({str(model) for batch in batches for model in pc.unique(batch["model"]).to_pylist()}))


def _version(workspace: Workspace, table: Table, version: int, rows: pa.Table, vintage: date) -> TableVersion:
    commits = store.commits(workspace, table)
    of_vintage = [commit for commit in commits if commit.get("vintage") == vintage.isoformat()]
    commit = next(iter(of_vintage or commits), {})
    digest = store.canonical_sha256(rows, table)
    return TableVersion(table.name, version, digest, commit.get("stage", ""), commit.get("fingerprint", ""))


def _office_key(workspace: Workspace) -> str:
    file = workspace.trusted_key_file
    if not file.is_file():
        raise CallError(f"The office's public key {file} is missing.", "Make it: `sandbox airlock office-key`.")
    return file.read_text("utf-8").strip()


def _empty(table: Table) -> pa.Table:
    return table.stored.empty_table()
