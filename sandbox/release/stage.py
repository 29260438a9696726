"""Stage 8: the edition's folder in the airlock, and the rows that say what stands in it."""

import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa

from sandbox.concepts import seal
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import RELEASE, RELEASE_CELL, WITHHELD
from sandbox.lakehouse.tables.figures import CELL_KEY
from sandbox.release import inputs
from sandbox.release.edition import edition_files
from sandbox.release.figures import Observation, Selection, selected
from sandbox.release.terms import Sources, Terms
from sandbox.settings import Workspace, Zone


def run(run: StageRun) -> None:
    """Build the edition of the run's month and vintage; a published one is never changed, but gets a new revision."""
    sources, terms, files = built(run)
    folder = written(run.workspace, terms.release_id, files)
    selection = selected(sources)
    name = terms.release_id
    run.write_small(cell_rows(selection, name), RELEASE_CELL, release_id=name)
    run.write_small(withheld_rows(selection, terms), WITHHELD, release_id=name)
    run.write_small(release_row(selection, terms, seal.sha256(files[seal.SUMS_FILE])), RELEASE, release_id=name)
    run.say(f"{len(selection.observations)} figures, {len(selection.withheld)} withheld entries: {folder}")


def built(run: StageRun) -> tuple[Sources, Terms, dict[str, bytes]]:
    """Return sources, terms and files of the edition, under the revision that it must have."""
    product = run.workspace.settings.release.product
    newest = inputs.newest_revision(run.workspace, product, run.month, run.vintage)
    made = _built_as(run, max(newest, 1))
    terms, files = made[1], made[2]
    if not inputs.is_published(run.workspace, terms.release_id):
        return made
    published = run.workspace.zone(Zone.PUBLISHED) / terms.release_id / seal.SUMS_FILE
    return made if published.read_bytes() == files[seal.SUMS_FILE] else _built_as(run, newest + 1)


def _built_as(run: StageRun, revision: int) -> tuple[Sources, Terms, dict[str, bytes]]:
    versions = inputs.newest_versions(run.workspace)
    terms = inputs.new_terms(run.workspace, run.month, run.vintage, run.seed, revision, versions)
    sources = inputs.read_sources(run.workspace, run.vintage, terms.previous_release, versions)
    return sources, terms, edition_files(sources, terms)


def rebuilt(workspace: Workspace, terms: Terms, newest: bool = False) -> dict[str, bytes]:
    """Return the files of an edition made again from the versions in its provenance, or from the newest ones."""
    versions = inputs.newest_versions(workspace) if newest else {t.name: t.version for t in terms.tables}
    sources = inputs.read_sources(workspace, terms.vintage_month, terms.previous_release, versions)
    return edition_files(sources, terms)


def written(workspace: Workspace, release_id: str, files: dict[str, bytes]) -> Path:
    """Write the folder beside its place in the airlock and move it there; return it."""
    folder = workspace.zone(Zone.AIRLOCK) / release_id
    arriving = folder.with_name(f".{release_id}.arriving")
    shutil.rmtree(arriving, ignore_errors=True)
    arriving.mkdir(parents=True)
    for name, content in files.items():
        (arriving / name).write_bytes(content)
    shutil.rmtree(folder, ignore_errors=True)
    arriving.rename(folder)
    return folder


def cell_rows(selection: Selection, release_id: str) -> pa.Table:
    """Return one row an observation, as it stands in the release."""
    return _rows([_cell(observation, release_id) for observation in selection.observations], RELEASE_CELL)


def withheld_rows(selection: Selection, terms: Terms) -> pa.Table:
    """Return one row a withheld series or period."""
    rows = [
        {
            "release_id": terms.release_id, "indicator": w.indicator, "rule_id": w.rule_id, "feed": w.feed,
            "period": w.period, "vintage": terms.vintage_month, "verdict": w.verdict.value, "reasons": list(w.reasons),
        }
        for w in selection.withheld
    ]  # fmt: skip
    return _rows(rows, WITHHELD)


def release_row(selection: Selection, terms: Terms, sums_sha256: str) -> pa.Table:
    """Return the one row of the register."""
    hidden = sum(observation.is_hidden for observation in selection.observations)
    row = {
        "release_id": terms.release_id, "product": terms.product, "reference_period": terms.reference_month,
        "vintage": terms.vintage_month, "revision": terms.revision, "sha256": sums_sha256,
        "cells": len(selection.observations) - hidden, "hidden": hidden,
    }  # fmt: skip
    return _rows([row], RELEASE)


def _cell(observation: Observation, release_id: str) -> dict[str, Any]:
    names = (*CELL_KEY, "value", "se", "lower", "upper", "provisional")
    hidden = observation.is_hidden
    return {name: getattr(observation, name) for name in names} | {
        "release_id": release_id,
        "obs_status": "Q" if hidden else "G",
        "conf_status": "C" if hidden else "F",
        "verdict": observation.verdict.value,
    }


def _rows(rows: list[dict[str, Any]], table: Table) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=table.stored)
