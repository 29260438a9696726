"""SDMX-CSV → `official_series`: one line is one observation.

Versions 1.0 (`DATAFLOW, dimensions…, OBS_VALUE, attributes…`) and 2.0 (`STRUCTURE, STRUCTURE_ID, ACTION, …`), and
Eurostat's (`DATAFLOW, LAST UPDATE, freq, …, geo, TIME_PERIOD, OBS_VALUE, OBS_FLAG`). What stands before `OBS_VALUE`
is the key; `sdmx.py` says what becomes of a dimension. A label behind a code (`AT: Austria`) is left out. The vintage
is the month of `LAST UPDATE` where the file has it, else that in which it was handed over. Delimiter: comma or
semicolon, told from the header. Source: SDMX-CSV 1.0 and 2.0 field guides; Eurostat, API, SDMX-CSV data format.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from sandbox.feeds.readers import ReadOptions, check_source_columns
from sandbox.feeds.readers.csv import mapped, source_batches
from sandbox.feeds.readers.sdmx import flow_id, observations

VALUE, FLAGS, UPDATED = "OBS_VALUE", ("OBS_FLAG", "OBS_STATUS"), "LAST UPDATE"
FLOWS = ("DATAFLOW", "STRUCTURE_ID")
NO_KEY = (*FLOWS, "STRUCTURE", "STRUCTURE_NAME", "ACTION", UPDATED)
LABEL = r": ?.*$"


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`, one a line."""
    for batch in source_batches(path, options, (), options.delimiter):
        yield _observations(batch, options, path.name)


def _observations(batch: pa.RecordBatch, options: ReadOptions, file: str) -> pa.RecordBatch:
    ids = {name.split(":", 1)[0].split("[", 1)[0].strip(): name for name in batch.schema.names}
    flow = next((ids[name] for name in FLOWS if name in ids), None)
    check_source_columns(ids, (VALUE, "TIME_PERIOD"), file)
    if flow is None:
        check_source_columns(ids, FLOWS[:1], file)
    key = list(ids)[: list(ids).index(VALUE)]
    kept = {name: ids[name] for name in (*key, VALUE, *FLAGS) if name in ids and name not in NO_KEY}
    labelled = [ids[name] for name in key if name in kept and ids[name] != name]
    for name in labelled:
        place = batch.schema.get_field_index(name)
        batch = batch.set_column(place, name, pc.replace_substring_regex(batch[name], LABEL, ""))
    rows = observations(batch, options, mapped(batch[flow], flow_id), kept)
    if UPDATED in ids:
        vintage = mapped(batch[ids[UPDATED]], _month)
        rows = rows.set_column(rows.schema.get_field_index("vintage"), "vintage", vintage)
    return rows


def _month(updated: str) -> str:
    """Return the month of `24/05/24 23:00:00` or `2024-05-24T23:00:00`; anything else as it stands."""
    if found := re.match(r"(\d\d)/(\d\d)/(\d\d)\b", updated):
        return f"20{found[3]}-{found[2]}-01"
    return f"{updated[:7]}-01" if re.match(r"\d{4}-\d\d-\d\d", updated) else updated
