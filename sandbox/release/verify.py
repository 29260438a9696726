"""Checks of a release folder with nothing but the folder: no Spark, no Java, no workspace, no network."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from sandbox.concepts import seal
from sandbox.errors import CallError, CheckFailedError, SandboxError
from sandbox.release import provenance
from sandbox.release.figures import PUBLISHABLE
from sandbox.release.sdmx import DIMENSIONS, HEADER, NUMBERS
from sandbox.release.subtraction import recoverable

Row = dict[str, str]
MONTH = re.compile(r"\d{4}-\d{2}")
APPROVALS_NEEDED = 2
READ_BY = {
    "hashes": seal.SUMS_FILE,
    "label": "data.csv, quality.json or a page",
    "statuses": "data.csv",
    "hidden cells": "data.csv",
    "audit": "quality.json",
    "same figures": "data.parquet or data.csv",
    "provenance": provenance.FILE,
    "signature": f"{seal.SIGNATURE_FILE}, {seal.OFFICE_KEY_FILE} or {seal.APPROVALS_FILE}",
    "approvals": seal.APPROVALS_FILE,
    "key": seal.OFFICE_KEY_FILE,
}
"""What each check reads, for a file that can't be read at all."""


@dataclass(frozen=True)
class Finding:
    """What one check found: its name, whether it passed, and what is wrong or what was looked at."""

    check: str
    passed: bool
    told: str


def content_findings(folder: Path) -> list[Finding]:
    """Check an edition before anyone signs it: files, label, statuses, hidden cells, audit, provenance."""
    checks: tuple[tuple[str, Callable[[Path], str]], ...] = (
        ("hashes", _hashes),
        ("label", _label),
        ("statuses", _statuses),
        ("hidden cells", _hidden),
        ("audit", _audit),
        ("same figures", _same_figures),
        ("provenance", _provenance),
    )
    return [_finding(name, check, folder) for name, check in checks]


def findings(folder: Path, trusted_key: str = "") -> list[Finding]:
    """Check a release: its content, its signature and approvals, and whether the office's key is vouched for."""
    if not folder.is_dir():
        raise CallError(f"{folder} is no folder.", "Name the folder of a release.")
    return [
        *content_findings(folder),
        _finding("signature", _signature, folder),
        _finding("approvals", _approvals, folder),
        _finding("key", lambda place: _vouched(place, trusted_key), folder),
    ]


def _finding(name: str, check: Callable[[Path], str], folder: Path) -> Finding:
    try:
        return Finding(name, True, check(folder))
    except SandboxError as error:
        return Finding(name, False, error.message)
    except FileNotFoundError as error:
        file = Path(str(error.filename)).name if error.filename else READ_BY.get(name, "A file")
        return Finding(name, False, f"{file} is missing.")
    except (ValueError, KeyError, TypeError, OSError):
        return Finding(name, False, f"{READ_BY.get(name, 'A file')} can't be read as what it should be.")


def _hashes(folder: Path) -> str:
    listed = seal.read_sums((folder / seal.SUMS_FILE).read_bytes())
    for name, digest in listed.items():
        if seal.sha256((folder / name).read_bytes()) != digest:
            raise CheckFailedError(f"{name} is not what {seal.SUMS_FILE} says")
    foreign = {str(path.relative_to(folder)) for path in folder.rglob("*")} - set(listed) - set(seal.OUTSIDE_SUMS)
    if foreign:
        raise CheckFailedError(f"{', '.join(sorted(foreign))} does not belong to the release")
    return f"{len(listed)} files as {seal.SUMS_FILE} says, none missing, none foreign"


def _signature(folder: Path) -> str:
    approvals = (folder / seal.APPROVALS_FILE).read_bytes()
    key = seal.read_public((folder / seal.OFFICE_KEY_FILE).read_text("utf-8"), seal.OFFICE_KEY_FILE)
    message = seal.release_message((folder / seal.SUMS_FILE).read_bytes(), approvals)
    # One line end and nothing else: what is not signed may not vary either.
    signature = (folder / seal.SIGNATURE_FILE).read_bytes().decode().removesuffix("\n")
    if not seal.is_signed(key, signature, message):
        raise CheckFailedError(f"{seal.SIGNATURE_FILE} does not fit {seal.SUMS_FILE} and {seal.APPROVALS_FILE}")
    return "the office's key signed hashes and approvals"


def _approvals(folder: Path) -> str:
    said = json.loads((folder / seal.APPROVALS_FILE).read_bytes())
    checks = tuple((name, verdict) for name, verdict in said["checks"])
    request_hash = seal.request_hash(said["release_id"], said["sums_sha256"], said["author"], checks)
    if said["sums_sha256"] != seal.sha256((folder / seal.SUMS_FILE).read_bytes()):
        raise CheckFailedError(f"{seal.APPROVALS_FILE} is about other files")
    steps = [
        ("request", said["requested"]),
        *(("approve", one) for one in said["approvals"]),
        ("release", said["released"]),
    ]
    for what, signed in steps:
        key = seal.read_public(signed["public_key"], seal.APPROVALS_FILE)
        if not seal.is_signed(key, signed["signature"], seal.request_message(what, signed["name"], request_hash)):
            raise CheckFailedError(f"{seal.APPROVALS_FILE}: a signature to {what} does not fit")
    judges = [one for one in said["approvals"] if one["public_key"] != said["requested"]["public_key"]]
    names = {one["name"] for one in judges} - {said["author"]}
    if len(names) < APPROVALS_NEEDED or len({one["public_key"] for one in judges}) < APPROVALS_NEEDED:
        raise CheckFailedError(f"{seal.APPROVALS_FILE} lacks two checkers who are not the author")
    return f"{len(names)} checkers, neither of them the author, signed request {request_hash[:12]}"


def _vouched(folder: Path, trusted_key: str) -> str:
    if not trusted_key:
        return "not vouched for: name the office's key with --key"
    if (folder / seal.OFFICE_KEY_FILE).read_text("utf-8").strip() != trusted_key.strip():
        raise CheckFailedError(f"{seal.OFFICE_KEY_FILE} is not the key that is trusted")
    return "the office's key is the one that is trusted"


def _label(folder: Path) -> str:
    labels = {row["LABEL"] for row in _rows(folder)}
    label = json.loads((folder / "quality.json").read_bytes())["label"]
    if labels - {label} or not label:
        raise CheckFailedError("data.csv: an observation lacks the label")
    for page in ("index.html", "quality.html"):
        if label not in (folder / page).read_text("utf-8"):
            raise CheckFailedError(f"{page} lacks the label")
    return f"“{label}” on every observation and page"


def _statuses(folder: Path) -> str:
    verdicts = {verdict.value for verdict in PUBLISHABLE}
    rows = _rows(folder)
    for number, row in enumerate(rows, start=2):
        right = (
            (row["OBS_STATUS"], row["CONF_STATUS"]) == (("G", "F") if row["OBS_VALUE"] else ("Q", "C"))
            and row["PROVISIONAL"] in {"0", "1"}
            and row["VERDICT"] in verdicts
            and MONTH.fullmatch(row["VINTAGE"])
        )
        if not right:
            raise CheckFailedError(f"data.csv, row {number}: value, statuses, verdict or vintage do not fit")
    if len({tuple(row[name] for name in DIMENSIONS) for row in rows}) < len(rows):
        raise CheckFailedError("data.csv has two figures for one cell")
    return f"{len(rows)} observations, each experimental or hidden, each with a verdict"


def _hidden(folder: Path) -> str:
    hidden = [row for row in _rows(folder) if row["OBS_STATUS"] != "G"]
    if any(row[name] for row in hidden for name in NUMBERS):
        raise CheckFailedError("data.csv: a hidden cell has an error or bounds")
    return f"{len(hidden)} hidden, without value, error and bounds"


def _audit(folder: Path) -> str:
    rows = _rows(folder)
    audit = json.loads((folder / "quality.json").read_bytes())["audit"]
    hidden = sum(row["OBS_STATUS"] != "G" for row in rows)
    if audit["too_narrow"] or audit["attacked"] < hidden or audit["hidden"] != hidden:
        raise CheckFailedError("quality.json: not every hidden cell withstood the audit")
    given_away = recoverable(rows)
    if given_away:
        raise CheckFailedError(f"data.csv: {given_away} hidden cells follow from a total by subtraction")
    return f"{hidden} hidden cells were attacked and withstood; none follows by subtraction"


def _same_figures(folder: Path) -> str:
    table = pq.read_table(folder / "data.parquet")
    rows = _rows(folder)
    if tuple(table.column_names) != HEADER or table.num_rows != len(rows):
        raise CheckFailedError("data.parquet has other columns or rows than data.csv")
    for name in HEADER:
        column = table[name].to_pylist()
        texts = [row[name] for row in rows]
        if column != ([float(text) if text else None for text in texts] if name in NUMBERS else texts):
            raise CheckFailedError(f"data.parquet and data.csv differ in {name}")
    hidden = int(pc.sum(pc.is_null(table["OBS_VALUE"])).as_py() or 0)
    return f"data.parquet holds the same {len(rows) - hidden} values"


def _provenance(folder: Path) -> str:
    terms = provenance.read_terms((folder / provenance.FILE).read_bytes())
    approvals = folder / seal.APPROVALS_FILE
    if approvals.is_file() and json.loads(approvals.read_bytes())["release_id"] != terms.release_id:
        raise CheckFailedError(f"{provenance.FILE} is of another release than {seal.APPROVALS_FILE}")
    return f"{terms.release_id}, {len(terms.tables)} tables named by version"


def _rows(folder: Path) -> list[Row]:
    text = (folder / "data.csv").read_text("utf-8")
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    if tuple(reader.fieldnames or ()) != HEADER:
        raise CheckFailedError("data.csv has not the columns of a release")
    return list(reader)
