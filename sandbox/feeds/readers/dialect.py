"""How a text file is written down, told from the file where the contract states nothing.

The encoding is told from a byte order mark, else from the whole file: UTF-8, also where few bytes are none (the rows
that hold them are at fault, not the file); what is no UTF-8 at all is Windows-1252, or Latin-1 where it has bytes that
Windows-1252 leaves undefined. A file that mixes both is refused: read as either, the same name would come out as two.
UTF-16 without a mark shows by its zero bytes. The delimiter is that with which the first lines have most often as
many fields as the header; the quotation mark is the apostrophe where the header begins with one.
"""

import codecs
import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import unreadable
from sandbox.feeds.readers.stream import BLOCK_BYTES, is_utf8, opened

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ('"', "'")
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
NOT_WINDOWS = b"\x81\x8d\x8f\x90\x9d"
SAMPLE_BYTES, SAMPLE_LINES = 1 << 16, 200
LINE_END = re.compile(r"\r\n|\n|\r")
MANY, FEW = 0.3, 0.05
# Of the characters beyond ASCII in text of one byte each, so many may read as UTF-8 by chance.
BY_CHANCE = 0.01
# A byte that is no UTF-8, as Python's `surrogateescape` keeps it.
FIRST_ESCAPED, LAST_ESCAPED = 0xDC80, 0xDCFF


@dataclass(frozen=True)
class Dialect:
    """Encoding (a Python codec), delimiter and quotation mark of a text file."""

    encoding: str
    delimiter: str
    quote: str = '"'

    def __str__(self) -> str:
        """Return it as a check prints it."""
        mark = "tab" if self.delimiter == "\t" else self.delimiter
        return f"encoding {self.encoding}, delimiter {mark}, quotation mark {self.quote}"


@dataclass(frozen=True)
class Beyond:
    """Characters of a file beyond ASCII: how many are UTF-8, and how many bytes are none."""

    characters: int
    strange: int

    @property
    def is_utf8(self) -> bool:
        """Whether the file is UTF-8 but for bytes that are the exception."""
        return self.strange <= self.characters

    @property
    def is_mixed(self) -> bool:
        """Whether too much is UTF-8 for a file in another encoding."""
        return not self.is_utf8 and self.characters > BY_CHANCE * (self.characters + self.strange)


def dialect_of(path: Path, encoding: str = "", delimiter: str = "") -> Dialect:
    """Return a file's dialect; what is stated stands, the rest is told from the file."""
    try:
        with opened(path) as stream:
            start = stream.read(SAMPLE_BYTES)
        found = encoding or encoding_of(path, start)
        text = codecs.getincrementaldecoder(found)("replace").decode(start)
    except (OSError, LookupError, UnicodeError, pa.ArrowInvalid):
        raise unreadable(path.name, f"text in {encoding}" if encoding else "text") from None
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    whole = lines[:SAMPLE_LINES] if len(start) < SAMPLE_BYTES else lines[: min(len(lines) - 1, SAMPLE_LINES)]
    return Dialect(found, *_marks([line for line in whole if line], delimiter))


def header_of(path: Path, dialect: Dialect) -> list[str]:
    """Return the names in the first line; refuse a file without."""
    with opened(path) as stream:
        start = stream.read(SAMPLE_BYTES)
    text = codecs.getincrementaldecoder(dialect.encoding)("replace").decode(start).removeprefix("\ufeff")
    line = LINE_END.split(text, 1)[0]
    if not line.strip() or len(line) == len(text) >= SAMPLE_BYTES:
        raise unreadable(path.name, "CSV with a header")
    if "\ufffd" in line:
        raise wrong_encoding(path, dialect.encoding, "CSV")
    names = next(csv.reader([line], delimiter=dialect.delimiter, quotechar=dialect.quote))
    return [name.strip() for name in names]


def wrong_encoding(path: Path, encoding: str, expected: str) -> DeliveryRefusedError:
    """Return the refusal of a file that is not of the stated encoding, with what it looks like."""
    refusal = unreadable(path.name, f"{expected} in {encoding}" if encoding else expected)
    looks = _looks(path)
    if is_utf8(looks) and is_utf8(encoding or looks):
        refusal.remedy = "It is UTF-8 but for some bytes: write all of it in one encoding."
    elif looks != encoding.lower():
        refusal.remedy = f"It looks like {looks}: state that in the contract, or send it in {encoding or 'utf-8'}."
    return refusal


def check_is_utf8(path: Path, encoding: str, expected: str) -> None:
    """Refuse a file with bytes that are no UTF-8, unless these are the exception: then its rows are judged each."""
    if not is_utf8(_looks(path)):
        raise wrong_encoding(path, encoding, expected)


def encoding_of(path: Path, start: bytes) -> str:
    """Return the encoding of a file that begins with `start`; reads it whole unless a byte order mark tells."""
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    if marked:
        return marked
    even, odd = (start[first::2].count(0) / max(1, len(start) // 2) for first in (0, 1))
    if max(even, odd) > MANY and min(even, odd) < FEW:
        return "utf-16-le" if odd > even else "utf-16-be"
    if _is_all_utf8(path):
        return "utf-8"
    beyond = _beyond_ascii(path)
    if beyond.is_mixed:
        raise DeliveryRefusedError(
            f"{path.name} mixes encodings: {beyond.characters:,} of its characters are UTF-8, "
            f"{beyond.strange:,} bytes are none.",
            "Write all of it in one encoding, and state that in the contract.",
        )
    if beyond.is_utf8:
        return "utf-8"
    return "cp1252" if _is_windows(path) else "latin-1"


def _looks(path: Path) -> str:
    with opened(path) as stream:
        start = stream.read(SAMPLE_BYTES)
    return encoding_of(path, start)


def _is_all_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with opened(path) as stream:
            while block := stream.read(BLOCK_BYTES):
                decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _beyond_ascii(path: Path) -> Beyond:
    decoder, characters, strange = codecs.getincrementaldecoder("utf-8")("surrogateescape"), 0, 0
    with opened(path) as stream:
        while block := stream.read(BLOCK_BYTES):
            text = decoder.decode(block)
            codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
            escaped = int(((codes >= FIRST_ESCAPED) & (codes <= LAST_ESCAPED)).sum())
            strange += escaped
            characters += int((codes > 0x7F).sum()) - escaped
    return Beyond(characters, strange)


def _is_windows(path: Path) -> bool:
    with opened(path) as stream:
        while block := stream.read(BLOCK_BYTES):
            if len(block.translate(None, NOT_WINDOWS)) < len(block):
                return False
    return True


def _marks(lines: list[str], delimiter: str) -> tuple[str, str]:
    """Return the delimiter under which the lines agree best with the first, and the quotation mark of the first."""
    if not lines:
        return delimiter or DELIMITERS[0], QUOTES[0]
    quote = QUOTES[1] if lines[0].startswith(QUOTES[1]) else QUOTES[0]
    # Of equals, `max` takes the first: the comma.
    return delimiter or max(DELIMITERS, key=lambda mark: _agreement(lines, mark, quote)), quote


def _agreement(lines: list[str], delimiter: str, quote: str) -> tuple[float, int]:
    """Return the share of lines with as many fields as the first, and how many these are."""
    try:
        widths = [len(row) for row in csv.reader(lines, delimiter=delimiter, quotechar=quote)]
    except csv.Error:
        return 0.0, 0
    return (sum(width == widths[0] for width in widths) / len(widths), widths[0]) if widths[0] > 1 else (0.0, 0)
