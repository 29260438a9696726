"""SDMX-ML 2.1 and 3.0 data, generic or structure-specific → `official_series`: one `Obs` is one row.

Read as a stream: a block of the file, the observations in it, one batch. What stands at a `Series` (its key, its
attributes) holds for its observations; `sdmx.py` says what becomes of a dimension. The dataflow is that of the
header's structure, the vintage the month in which the message was prepared. A document type declaration is refused
(it can name other files, or grow without end), and so is anything nested deeper, or a tag longer, than SDMX needs.
Source: SDMX 2.1 section 3B and SDMX 3.0 section 3, SDMX-ML.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

import numpy as np
import pyarrow as pa

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import ROW, ReadOptions, unreadable
from sandbox.feeds.readers.sdmx import flow_id, observations
from sandbox.feeds.readers.series import handed_over
from sandbox.feeds.readers.stream import BLOCK_BYTES, opened

CHUNK = 1 << 20
DEEPEST = 32
LONGEST_TEXT = 256
# Attributes that say how the message is built, not what is observed.
NO_DIMENSION = ("type", "action", "setId", "validFromDate", "validToDate")
FLAGS = ("OBS_STATUS", "OBS_FLAG")


def read(path: Path, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    """Yield rows of `official_series`, one an observation."""
    message, row = Message(path.name), 1
    try:
        with opened(path) as stream:
            while block := stream.read(CHUNK):
                message.feed(block)
                yield from _rows(message, row, options)
                row += message.taken
            message.feed(b"", is_last=True)
            yield from _rows(message, row, options)
    except (expat.ExpatError, OSError, pa.ArrowInvalid, ValueError):
        raise unreadable(path.name, "SDMX-ML") from None
    if not message.is_data:
        raise unreadable(path.name, "SDMX-ML with data")


class Message:
    """The state of reading one message: where in it we are, and the observations since the last batch.

    XML has no parser that works on columns: this is the one reader that is called back an element at a time.
    """

    def __init__(self, file: str) -> None:
        self.flow, self.prepared, self.is_data = "", "", False
        self.observed: list[dict[str, str]] = []
        self.taken = 0
        self._file, self._fed = file, 0
        self._path: list[str] = []
        self._series: dict[str, str] = {}
        self._own: dict[str, str] = {}
        self._text = ""
        self._parser = expat.ParserCreate(namespace_separator="|")
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._read_text

    def feed(self, block: bytes, is_last: bool = False) -> None:
        """Parse the next block of the file."""
        self._parser.Parse(block, is_last)
        self._fed += len(block)
        if self._fed - self._parser.CurrentByteIndex > BLOCK_BYTES:
            raise self._refusal("has a tag or a text without end")

    def take(self) -> list[dict[str, str]]:
        """Return the observations since the last call."""
        observed, self.observed = self.observed, []
        self.taken = len(observed)
        return observed

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rsplit("|", 1)[-1]
        self._path.append(name)
        if len(self._path) > DEEPEST:
            raise self._refusal("is nested deeper than SDMX-ML is")
        self._text = ""
        match name:
            case "DataSet":
                self.is_data, self._series = True, {}
            case "Structure" if not self.flow:
                self.flow = attributes.get("structureID", "")
            case "Ref" if "StructureUsage" in self._path:
                self.flow = attributes.get("id", self.flow)
            case "Series":
                self._series = _plain(attributes)
            case "Obs":
                self._own = _plain(attributes)
            case "Value":
                into = self._own if "Obs" in self._path else self._series
                into[attributes.get("id", "")] = attributes.get("value", "")
            case "ObsDimension":
                self._own[attributes.get("id", "TIME_PERIOD")] = attributes.get("value", "")
            case "ObsValue":
                self._own["OBS_VALUE"] = attributes.get("value", "")

    def _end(self, _tag: str) -> None:
        name = self._path.pop()
        if name == "Obs" and self.is_data:
            self.observed.append(self._series | self._own)
        elif name == "Prepared" and not self.prepared:
            self.prepared = self._text
        elif name == "StructureUsage" and self._text.strip().startswith("urn:"):
            self.flow = flow_id(self._text.strip())

    def _read_text(self, text: str) -> None:
        if len(self._text) < LONGEST_TEXT:
            self._text += text[:LONGEST_TEXT]

    def _refuse_doctype(self, *_declared: object) -> None:
        raise self._refusal("declares a document type")

    def _refusal(self, what: str) -> DeliveryRefusedError:
        return DeliveryRefusedError(f"{self._file} {what}.", "Send SDMX-ML as the SDMX schemas have it.")


def _plain(attributes: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in attributes.items() if "|" not in name and name not in NO_DIMENSION}


def _rows(message: Message, first: int, options: ReadOptions) -> Iterator[pa.RecordBatch]:
    observed = message.take()
    if not observed:
        return
    names = sorted({name for each in observed for name in each})
    columns = {name: pa.array([each.get(name) or None for each in observed], pa.string()) for name in names}
    columns[ROW] = pa.array(np.arange(first, first + len(observed), dtype=np.int64))
    batch = pa.record_batch(columns)
    dimensions = {name: name for name in names}
    vintage = f"{message.prepared[:7]}-01" if message.prepared[:4].isdecimal() else handed_over(options)
    yield observations(batch, options, message.flow or "not stated", dimensions, vintage)
