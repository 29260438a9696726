"""`sandbox benchmark compare`: a file of estimates against an official file, without workspace or Spark."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import pandas as pd

from sandbox.benchmark.alignment import FIELDS, Alignment, Declared, aligned
from sandbox.benchmark.gates import Gate, all_gates
from sandbox.benchmark.measures import all_measures
from sandbox.benchmark.pairs import Pairs, Side, paired
from sandbox.benchmark.thresholds import thresholds
from sandbox.benchmark.verdict import judged, unpaired
from sandbox.errors import CallError

SIDE_SETTINGS = {*FIELDS, "id", "calibrated_to", "out_of_sample", "se", "gross"}
SECTIONS = {"estimate", "official", "convertible", "signed"}


@dataclass(frozen=True)
class Columns:
    """Columns of both files; `lower` and `upper` are of the estimate."""

    on: Sequence[str]
    estimate: str
    official: str
    lower: str = ""
    upper: str = ""
    period: str = ""


def compare(estimate: Path, official: Path, columns: Columns, concepts: Path | None = None) -> dict[str, Any]:
    """Return pairs, measures, gates, verdict and reasons of one file against another, ready for JSON."""
    declared = read_concepts(concepts) if concepts else {}
    ours, theirs = declared.get("estimate", {}), declared.get("official", {})
    alignment = _alignment(declared) if concepts else None
    pairs = paired(
        Side(
            _read(estimate, columns),
            columns.estimate,
            columns.lower,
            columns.upper,
            str(ours.get("se", "")),
            str(ours.get("gross", "")),
        ),
        Side(
            _read(official, columns),
            columns.official,
            se=str(theirs.get("se", "")),
            gross=str(theirs.get("gross", "")),
        ),
        columns.on,
        columns.period,
        declared.get("signed"),
    )
    return described(pairs, alignment)


def described(pairs: Pairs, alignment: Alignment | None) -> dict[str, Any]:
    """Return what the comparison says; numbers that can't be computed are null."""
    stands = alignment is None or (alignment.is_assessable and not alignment.in_sample)
    gates = all_gates(pairs) if stands else []
    notes = () if pairs.rows["se_official"].notna().any() else ("official_error_not_stated",)
    says = unpaired() if pairs.matched.empty else judged(gates, alignment, notes)
    found = all_measures(pairs)
    counts = {name: int(found.pop(name)) for name in ("pairs", "matched", "only_estimate", "only_official")}
    return {
        "n": counts.pop("pairs"),
        **counts,
        "measures": {name: _number(value) for name, value in found.items()},
        "gates": [_gate(gate) for gate in gates],
        "verdict": says.verdict.value,
        "reasons": list(says.reasons),
        "alignment": alignment.described() if alignment else {},
        "thresholds_version": thresholds().version,
    }


def read_concepts(file: Path) -> dict[str, Any]:
    """Read the TOML that says what both sides are; `CallError` for a section or setting that is unknown."""
    try:
        declared = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise CallError(f"{file} can't be read: {error}", "Give a TOML file with [estimate] and [official].") from error
    unknown = set(declared) - SECTIONS
    for side in ("estimate", "official"):
        unknown |= set(declared.get(side, {})) - SIDE_SETTINGS
    unknown |= set(declared.get("convertible", {})) - set(FIELDS)
    if unknown:
        raise CallError(
            f"{file} has settings that nothing reads: {', '.join(sorted(unknown))}.",
            f"A side may have {', '.join(sorted(SIDE_SETTINGS))}.",
        )
    return declared


def _alignment(declared: Mapping[str, Any]) -> Alignment:
    sides = [_declared(declared.get(name, {})) for name in ("estimate", "official")]
    return aligned(sides[0], sides[1], {name: str(text) for name, text in declared.get("convertible", {}).items()})


def _declared(side: Mapping[str, Any]) -> Declared:
    return Declared(
        fields={name: str(side[name]) for name in FIELDS if name in side},
        id=str(side.get("id", "")),
        calibrated_to=str(side.get("calibrated_to", "")),
        out_of_sample=bool(side.get("out_of_sample", False)),
    )


def _read(file: Path, columns: Columns) -> pd.DataFrame:
    """Read a file of figures; key columns stay text, so that `01` is not 1."""
    if not file.is_file():
        raise CallError(f"There is no file {file}.", "Check the path.")
    if file.suffix == ".parquet":
        return pd.read_parquet(file)
    keys = dict.fromkeys((*columns.on, *([columns.period] if columns.period else [])), str)
    try:
        return pd.read_csv(file, dtype=keys)  # type: ignore[arg-type]
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise CallError(f"{file} can't be read as CSV: {error}", "Give .csv, .csv.gz or .parquet.") from error


def _gate(gate: Gate) -> dict[str, Any]:
    return {"id": gate.id, "value": _number(gate.value), "status": gate.status.value, "n": gate.n}


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None
