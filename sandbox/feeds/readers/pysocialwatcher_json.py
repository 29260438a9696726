"""pySocialWatcher's collection (JSON) → `audience_estimate`: one object is one query with its answer.

The same collection as `pysocialwatcher_csv`, written by pandas as a list of objects or as an object of columns; what
becomes of a query is said there. A file of queries that were not yet asked, as pySocialWatcher takes them in, holds no
answer and is refused with their number. A document is read whole and is therefore limited in size.
"""

import json
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import BATCH_ROWS, ROW, ReadOptions, check_source_columns, unreadable
from sandbox.feeds.readers.csv import Refusals
from sandbox.feeds.readers.pysocialwatcher_csv import NEEDED, RESTRICTIONS, estimates
from sandbox.feeds.readers.stream import opened_text

MOST_BYTES = 64 << 20
ANSWERS = ("mau_audience", "dau_audience", "audience", "response")
QUERY = ("geo_locations", "ages_ranges", "genders", "behavior", *RESTRICTIONS)


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `audience_estimate`, one an object."""
    content = _document(path, options)
    if isinstance(content, dict) and not set(ANSWERS) & set(content):
        asked = prod(len(content[name]) for name in QUERY if isinstance(content.get(name), list))
        raise DeliveryRefusedError(
            f"{path.name} holds {asked:,} queries and no answer.", "Send the collection, not what was to be collected."
        )
    columns = _columns(content)
    if columns is None:
        raise unreadable(path.name, "a collection of pySocialWatcher")
    check_source_columns(columns, NEEDED, path.name)
    rows = len(columns[NEEDED[0]])
    texts = {name: pa.array(map(_text, values), pa.string()) for name, values in columns.items()}
    batch = pa.record_batch({**texts, ROW: np.arange(1, rows + 1)})
    for start in range(0, rows, BATCH_ROWS):
        yield estimates(batch.slice(start, BATCH_ROWS))


def _document(path: Path, options: ReadOptions) -> Any:
    with Refusals(path, options.encoding, "JSON"), opened_text(path, options.encoding or "utf-8") as stream:
        text = stream.read(MOST_BYTES + 1)
    if len(text) > MOST_BYTES:
        raise DeliveryRefusedError(
            f"{path.name} has more than {MOST_BYTES >> 20} MiB of JSON.", "Send JSON lines or CSV, or smaller files."
        )
    try:
        return json.loads(text.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise unreadable(path.name, "JSON") from None


def _columns(content: Any) -> dict[str, list[Any]] | None:
    """Return a document's columns: of a list of objects, or of an object of columns; None for anything else."""
    if isinstance(content, list) and content and all(isinstance(each, dict) for each in content):
        names = dict.fromkeys(name for each in content for name in each)
        return {name: [each.get(name) for each in content] for name in names}
    if isinstance(content, dict) and all(isinstance(each, dict) for each in content.values()):
        labels = dict.fromkeys(label for column in content.values() for label in column)
        return {name: [column.get(label) for label in labels] for name, column in content.items()}
    return None


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    return json.dumps(value, ensure_ascii=False)
