"""What text may not be: unfit for a table, and for an identifier no name of anybody; told from its bytes."""

from collections.abc import Callable
from typing import NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.feeds.columns import Mask, by_value, keep, mask

LONGEST_TEXT = 1 << 16
FORMULA = np.frombuffer(b"=+-@\t\r", dtype=np.uint8)
FIRST_PRINTABLE, DELETE, FIRST_BEYOND_ASCII = 0x20, 0x7F, 0x80
# How systems write that nobody is meant, in lower case; a number such as 0 may be somebody.
NOBODY = ("null", "(null)", "<null>", "\\n", "none", "nil", "nan", "n/a", "#n/a", "na", "n.a.", "unknown", "undefined",
          "-", "--", "?", ".")  # fmt: skip
LONGEST_NOBODY = max(map(len, NOBODY))
FIRST_OF_NOBODY = np.frombuffer("".join(sorted({word[0] + word[0].upper() for word in NOBODY})).encode(), np.uint8)
OPENING, CLOSING = np.frombuffer(b"{[", np.uint8), np.frombuffer(b"}]", np.uint8)
BLANK = 0x20


class Bytes(NamedTuple):
    """Texts as the bytes that they are, end to end; nothing is an empty text."""

    data: NDArray[np.uint8]
    offsets: NDArray[np.int32]

    @classmethod
    def of(cls, values: pa.Array) -> Self:
        """Look at texts without copying them where they lie as needed."""
        compact = pc.fill_null(values, "")
        compact = pa.concat_arrays([compact]) if compact.offset else compact
        _, offset_buffer, data_buffer = compact.buffers()
        offsets = np.frombuffer(offset_buffer, np.int32)[: len(values) + 1] if len(values) else np.zeros(1, np.int32)
        return cls(np.frombuffer(data_buffer or b"", np.uint8)[: offsets[-1]], offsets)

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Bytes of each text."""
        return np.diff(self.offsets)

    @property
    def first(self) -> NDArray[np.uint8]:
        """First byte of each text; 0 where there is none."""
        return self._at(self.offsets[:-1])

    @property
    def last(self) -> NDArray[np.uint8]:
        """Last byte of each text; 0 where there is none."""
        return self._at(self.offsets[1:] - 1)

    def with_control(self) -> Mask:
        """Return which texts have a control character or NUL."""
        faults = np.zeros(len(self.offsets) - 1, bool)
        control = np.flatnonzero((self.data < FIRST_PRINTABLE) | (self.data == DELETE))
        faults[np.searchsorted(self.offsets, control, side="right") - 1] |= control >= self.offsets[0]
        return faults

    def _at(self, places: NDArray[np.int32]) -> NDArray[np.uint8]:
        found = np.zeros(len(places), np.uint8)
        some = self.lengths > 0
        found[some] = self.data[places[some]]
        return found


def text_faults(values: pa.Array) -> Mask:
    """Return where text has control characters or NUL, begins like a spreadsheet formula, or is endless."""
    if values.null_count == len(values):
        return np.zeros(len(values), bool)
    texts = Bytes.of(values)
    is_formula = (texts.lengths > 1) & np.isin(texts.first, FORMULA)
    return texts.with_control() | is_formula | (texts.lengths > LONGEST_TEXT)


class Identifiers(NamedTuple):
    """Identifiers of rows; null where a row has none, where it `names_nobody` or is `unfit` to name anyone."""

    values: pa.Array
    names_nobody: Mask
    unfit: Mask


def as_identifiers(values: pa.Array) -> Identifiers:
    """Tell identifiers from what stands in their place: blanks, `NULL`, `n/a`; a JSON object, control characters.

    One that begins like a formula is fit (`+679…`): it is hashed before anybody opens it in a spreadsheet.
    """
    nobody, unfit = by_value(values, _names_nobody), by_value(values, _is_unfit)
    if not (nobody.any() or unfit.any()):
        return Identifiers(values, nobody, unfit)
    left = keep(values.cast(pa.string()), ~(nobody | unfit))
    return Identifiers(left.dictionary_encode() if pa.types.is_dictionary(values.type) else left, nobody, unfit)


def _names_nobody(values: pa.Array) -> Mask:
    texts = Bytes.of(values)
    is_word = np.isin(texts.first, FIRST_OF_NOBODY) & (texts.lengths <= LONGEST_NOBODY)
    is_odd = is_word | (texts.first == BLANK) | (texts.first >= FIRST_BEYOND_ASCII)
    return _judged(values, is_odd, lambda odd: pc.is_in(_trimmed(odd), pa.array(("", *NOBODY))))


def _is_unfit(values: pa.Array) -> Mask:
    texts = Bytes.of(values)
    is_json = np.isin(texts.first, OPENING) & np.isin(texts.last, CLOSING)
    has_blank = (texts.first == BLANK) | (texts.last == BLANK)
    unfit = texts.with_control() | is_json | has_blank | (texts.lengths > LONGEST_TEXT)
    return unfit & ~_names_nobody(values) if unfit.any() else unfit


def _judged(values: pa.Array, chosen: Mask, judge: Callable[[pa.Array], pa.Array]) -> Mask:
    """Judge the chosen values only: nearly always none."""
    found = np.zeros(len(values), bool)
    if chosen.any():
        found[chosen] = mask(judge(values.filter(pa.array(chosen))))
    return found


def _trimmed(values: pa.Array) -> pa.Array:
    return pc.utf8_lower(pc.utf8_trim_whitespace(values))
