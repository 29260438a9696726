"""Where text names somebody: holds an identifier of the batch as a word of its own, or its own row's anywhere.

A word of its own: no letter or digit of ASCII goes on from it on either side. Pieces of text are told by hashes (Karp
and Rabin 1987, "Efficient randomized pattern-matching algorithms"): those that end as an identifier does, then whole.
Text shorter than every identifier, as numbers of events mostly are, costs nothing.
"""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from sandbox.feeds.columns import Mask
from sandbox.feeds.row_hash import Words, mixed

Places = NDArray[np.int64]
# Nobody is named by more bytes; a word of 64 bits is as many of them.
LONGEST_NAME, WORD = 256, 8
# Bytes of text that are looked through at a time, and bits of the first look-up.
BYTES_AT_A_TIME, FIRST_BITS = 1 << 20, 22
IS_WORD = np.isin(
    np.arange(256), np.frombuffer(b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", np.uint8)
)


class Hashes:
    """A set of hashes; nearly every other one is told from them by its first bits."""

    def __init__(self, hashes: Words) -> None:
        self._sorted = np.sort(hashes)
        self._first = np.zeros(1 << FIRST_BITS, bool)
        self._first[self._sorted >> np.uint64(64 - FIRST_BITS)] = True

    def hold(self, hashes: Words) -> Mask:
        """Return which of `hashes` are in the set."""
        found = self._first[hashes >> np.uint64(64 - FIRST_BITS)]
        likely = hashes[found]
        at = np.minimum(np.searchsorted(self._sorted, likely), len(self._sorted) - 1)
        found[found] = self._sorted[at] == likely
        return found


class Text:
    """Texts end to end: their bytes, where each begins and ends, and hashes of their pieces."""

    def __init__(self, texts: pa.Array) -> None:
        _, offsets, buffer = pa.concat_arrays([pc.fill_null(texts, "")]).buffers()
        self.bounds = np.frombuffer(offsets, np.int32)[: len(texts) + 1].astype(np.int64)
        self.data = np.frombuffer(buffer, np.uint8)[: self.bounds[-1]]
        before = np.concatenate([np.zeros(WORD, np.uint8), self.data])
        self._words = np.ndarray(len(self.data) + 1, "<u8", before, strides=(1,))

    def hashes(self, ends: Places, size: int) -> Words:
        """Return the hashes of the pieces of `size` bytes that end at `ends`."""
        hashes = mixed(self._words[ends] >> np.uint64(8 * max(0, WORD - size)))
        for back in range(WORD, size, WORD):
            hashes = mixed(hashes + self._words[ends - min(back, size - WORD)])
        return hashes

    def ends(self) -> tuple[Places, Mask]:
        """Return where a word or what is none ends, and by byte whether a piece may begin or end there."""
        is_word = np.append(IS_WORD[self.data], False)
        is_apart = ~(is_word & np.roll(is_word, 1))
        is_apart[self.bounds] = True
        return np.flatnonzero(is_apart), is_apart


class Names:
    """Identifiers that are looked for: their endings, and by size the whole."""

    def __init__(self, identifiers: pa.Array, shortest: int) -> None:
        self._text, self._ending = Text(identifiers), min(shortest, WORD)
        self._sizes = np.diff(self._text.bounds)
        is_name = (self._sizes >= shortest) & (self._sizes <= LONGEST_NAME)
        self._ends, self._sizes = self._text.bounds[1:][is_name], self._sizes[is_name]
        self._endings = Hashes(self._text.hashes(self._ends, self._ending))

    def places_in(self, text: Text) -> Iterator[Places]:
        """Yield where in a text names end."""
        ends, is_apart = text.ends()
        ends = ends[self._endings.hold(text.hashes(ends, self._ending))]
        starts = text.bounds[np.searchsorted(text.bounds, ends) - 1]
        for size in np.unique(self._sizes) if len(ends) else ():
            fitting = ends[(ends - size >= starts) & is_apart[np.maximum(ends - size, 0)]]
            if len(fitting):
                names = Hashes(self._text.hashes(self._ends[self._sizes == size], size))
                yield fitting[names.hold(text.hashes(fitting, size))]


def mentions(texts: pa.Array, identifiers: pa.Array) -> Mask:
    """Return which texts hold one of the identifiers as a word of its own; null is false."""
    identifiers = identifiers.filter(pc.greater(pc.binary_length(identifiers), 0))
    found, lengths, sizes = np.zeros(len(texts), bool), _sizes(texts), _sizes(identifiers)
    shortest = int(sizes.min(initial=LONGEST_NAME + 1))
    if shortest <= min(LONGEST_NAME, lengths.max(initial=0)):
        names = Names(identifiers, shortest)
        for chosen in _shares(lengths, shortest):
            text = Text(texts.take(pa.array(chosen)))
            for ends in names.places_in(text):
                found[chosen[np.searchsorted(text.bounds, ends) - 1]] = True
    return found


def mentions_own(texts: pa.Array, own: pa.Array, shortest: int) -> Mask:
    """Return which texts hold their row's identifier and more, if it has `shortest` characters; null is false."""
    sizes = _sizes_by_row(own)
    found = (sizes >= shortest) & (_sizes_by_row(texts) > sizes)
    if found.any():
        text, identifier = (_decoded(each.filter(pa.array(found))) for each in (texts, own))
        found[found] = (np.strings.find(text, identifier) >= 0) & (np.strings.str_len(identifier) >= shortest)
    return found


def _shares(lengths: NDArray[np.int32], shortest: int) -> Iterator[Places]:
    """Yield the places of texts that are long enough, about `BYTES_AT_A_TIME` together."""
    long = np.flatnonzero(lengths >= shortest)
    share = np.cumsum(lengths[long], dtype=np.int64) // BYTES_AT_A_TIME
    for number in np.unique(share):
        yield long[share == number]


def _sizes(texts: pa.Array) -> NDArray[np.int32]:
    """Return the bytes of each text; 0 where there is none."""
    return np.asarray(pc.fill_null(pc.binary_length(texts), 0))


def _sizes_by_row(texts: pa.Array) -> NDArray[np.int32]:
    if isinstance(texts, pa.DictionaryArray):
        return np.append(_sizes(texts.dictionary), 0)[texts.indices.fill_null(-1).to_numpy()]
    return _sizes(texts)


def _decoded(texts: pa.Array) -> NDArray[np.str_]:
    return np.asarray(pc.fill_null(texts.cast(pa.string()), "").to_pylist(), dtype=np.dtypes.StringDType())
