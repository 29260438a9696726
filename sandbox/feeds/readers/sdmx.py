"""SDMX observations → `official_series`: which dimension is which column, for every form that SDMX comes in.

Dimensions are known by their usual ids, whatever their case: `FREQ`, `GEO` or `REF_AREA` (the area), `CITIZEN`,
`C_BIRTH`, `PARTNER` or `COUNTERPART_AREA` (its partner), `SEX`, `AGE`, `UNIT` or `UNIT_MEASURE`, `TIME_PERIOD`. A
dimension without a column of its own stands in the series, after the dataflow: `migr_imm1ctz:agedef=COMPLET`. A
`total` of any spelling is `_T`; countries of two letters become three; `Y25-29` becomes `Y25T29`; other codes stand.
A period is named by its first day. The status is the observation's flag.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.concepts.codes import TOTAL
from sandbox.feeds.readers import ReadOptions
from sandbox.feeds.readers.countries import alpha_3
from sandbox.feeds.readers.csv import joined, mapped, number
from sandbox.feeds.readers.series import first_day, series_rows, sex_code

# Where a file has several of one column, the first is that column and the others stand in the series.
COLUMNS = {
    "frequency": ("freq",),
    "area": ("geo", "ref_area", "reporting"),
    "partner_area": ("citizen", "c_birth", "partner", "counterpart_area", "partner_area", "c_dest", "c_prev"),
    "sex": ("sex",),
    "age": ("age",),
    "unit": ("unit", "unit_measure"),
    "period": ("time_period", "time"),
    "value": ("obs_value",),
    "status": ("obs_flag", "obs_status"),
}
TOTALS = frozenset(("total", "t", "_t", "_z"))
AGES = re.compile(r"Y(\d+)-(\d+)")


def observations(
    batch: pa.RecordBatch, options: ReadOptions, flow: pa.Array | str, dimensions: Mapping[str, str], vintage: str = ""
) -> pa.RecordBatch:
    """Return rows of `official_series`; `dimensions` are the batch's columns that make the key, by SDMX id."""
    ids = {name.lower(): column for name, column in dimensions.items()}
    taken: dict[str, str] = {}
    for column, known in COLUMNS.items():
        found = next((name for name in known if name in ids), None)
        if found is not None:
            taken[column] = ids.pop(found)
    stated = {name: _coded(name, batch[column]) for name, column in taken.items()}
    others = [pc.binary_join_element_wise(f"{name}=", batch[column], "") for name, column in sorted(ids.items())]
    rest = joined(others, ",") if others else None
    flows = pa.repeat(pa.scalar(flow, pa.string()), batch.num_rows) if isinstance(flow, str) else flow
    fixed: dict[str, pa.Array | str] = {
        "series_id": flows if rest is None else pc.binary_join_element_wise(flows, rest, ":"),
        "source": pc.binary_join_element_wise("SDMX", flows, " "),
        "concept": flows,
        "unit": "not stated",
    }
    return series_rows(batch, options, fixed | ({"vintage": vintage} if vintage else {}) | stated)


@lru_cache(maxsize=4_096)
def flow_id(stated: str) -> str:
    """Return the id in `ESTAT:MIGR_IMM1CTZ(1.0)`, or in a URN's last part."""
    return re.sub(r"\(.*\)$", "", stated.rsplit(":", 1)[-1]) or stated


def _coded(name: str, values: pa.Array) -> pa.Array:
    if name == "value":
        return number(values)
    return mapped(values, CODINGS[name]) if name in CODINGS else values


def _area(code: str) -> str:
    if code.lower() in TOTALS:
        return TOTAL
    return alpha_3(code) if len(code) == 2 and code.isupper() else code


def _age(code: str) -> str:
    return TOTAL if code.lower() in TOTALS else AGES.sub(r"Y\1T\2", code)


CODINGS: dict[str, Callable[[str], str]] = {
    "period": first_day,
    "sex": sex_code,
    "age": _age,
    "area": _area,
    "partner_area": _area,
}
