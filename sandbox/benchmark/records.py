"""Rows of COMPARISON and VERDICT from what the battery found."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

import pyarrow as pa

from sandbox.benchmark.alignment import Alignment
from sandbox.benchmark.gates import Gate
from sandbox.benchmark.thresholds import thresholds
from sandbox.benchmark.verdict import Judged
from sandbox.lakehouse.table import Table

Row = dict[str, Any]


@dataclass(frozen=True)
class SeriesId:
    """What names one series in one vintage in both tables."""

    indicator: str
    rule_id: str
    feed: str
    frequency: str
    vintage: date


def comparison_rows(
    series: SeriesId, benchmark: tuple[str, str], measures: Mapping[str, float], gates: Sequence[Gate], n: int = 0
) -> list[Row]:
    """Return one row a measure or gate; `benchmark` is the official series and its vintage (first, latest).

    `n` is the pairs that the measures rest on; a gate knows its own. A measure that a gate judges stands once.
    """
    head = {**vars(series), "benchmark": benchmark[0], "benchmark_vintage": benchmark[1]}
    judged_by = {gate.id for gate in gates}
    plain = [
        head | {"measure": name, "value": number(value), "n": n, "status": ""}
        for name, value in measures.items()
        if name not in judged_by
    ]
    return plain + [
        head | {"measure": gate.id, "value": number(gate.value), "n": gate.n, "status": gate.status.value}
        for gate in gates
    ]


def verdict_row(series: SeriesId, period: str, benchmark: str, says: Judged, alignment: Alignment | None) -> Row:
    """Return the verdict on a series, or on one period of it."""
    described = alignment.described() if alignment else {}
    return {
        **vars(series),
        "period": period,
        "benchmark": benchmark,
        "verdict": says.verdict.value,
        "reasons": list(says.reasons),
        "alignment": json.dumps(described, ensure_ascii=False, sort_keys=True),
        "thresholds_version": thresholds().version,
    }


def rows_of(rows: Sequence[Row], table: Table) -> pa.Table:
    """Return rows as Arrow in the table's declared types."""
    return pa.Table.from_pylist(list(rows), schema=table.stored)


def number(value: float) -> float | None:
    """Return the value, or none where it can't be computed."""
    return float(value) if isfinite(value) else None
