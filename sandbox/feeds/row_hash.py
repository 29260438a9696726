"""64 bits of what a row holds: equal rows have equal hashes, on any machine and however their columns are encoded.

Text is taken in words of 8 bytes, each mixed into what came before (SplitMix64). Two different keys of a feed share a
hash with a chance of about 2^-64 a pair: of 10^9 rows one would be taken for another with a chance of 3 %, and would
then stand in quarantine for a steward to see. Anybody can compute these hashes: they are no pseudonyms.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Words = NDArray[np.uint64]
# Where a column holds nothing, and what sets a column apart from the next.
NOTHING, STEP = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1342543DE82EF95)
WORD = 8


def row_hashes(batch: pa.RecordBatch, names: Sequence[str]) -> Words:
    """Return a hash of these columns for each row."""
    hashes = np.zeros(batch.num_rows, np.uint64)
    for name in names:
        hashes = mixed(hashes * STEP + _column_hashes(batch.column(name)))
    return hashes


def _column_hashes(values: pa.Array) -> Words:
    if isinstance(values, pa.DictionaryArray):
        of_values = np.append(_column_hashes(values.dictionary), NOTHING)
        return of_values[values.indices.fill_null(-1).to_numpy()]
    hashes = text_hashes(values) if pa.types.is_string(values.type) else mixed(_as_words(values))
    if values.null_count:
        hashes[~np.asarray(values.is_valid())] = NOTHING
    return hashes


def _as_words(values: pa.Array) -> Words:
    """Return fixed-width values as words; 0 where there is none, and −0.0 is 0.0."""
    if pa.types.is_floating(values.type):
        return (pc.fill_null(values, 0).to_numpy() + 0.0).astype(np.float64).view(np.uint64)
    if pa.types.is_date(values.type):
        values = values.cast(pa.int32())
    whole = pc.fill_null(values.cast(pa.int64()), 0)
    return np.asarray(whole.to_numpy()).view(np.uint64)


def text_hashes(values: pa.Array) -> Words:
    """Return a hash of each text; that of the empty one where there is none."""
    compact = pa.concat_arrays([pc.fill_null(values, "")])
    _, offset_buffer, data_buffer = compact.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[: len(compact) + 1] if len(compact) else np.zeros(1, np.int32)
    starts, lengths = offsets[:-1].astype(np.int64), np.diff(offsets)
    data = np.concatenate([np.frombuffer(data_buffer or b"", np.uint8), np.zeros(WORD, np.uint8)])
    words = np.ndarray(len(data) - WORD + 1, "<u8", data, strides=(1,))
    hashes = mixed(lengths.astype(np.uint64) + STEP)
    rows: slice | NDArray[np.intp] = slice(None)
    for offset in range(0, int(lengths.max(initial=0)), WORD):
        if lengths.min(initial=0) <= offset:
            rows = np.flatnonzero(lengths > offset)
        bits = np.minimum(lengths[rows] - offset, WORD).astype(np.uint64) * np.uint64(8)
        word = words[starts[rows] + offset] << (np.uint64(64) - bits)
        hashes[rows] = mixed((hashes[rows] ^ word) * STEP)
    return hashes


def mixed(words: Words) -> Words:
    """Return words whose every bit depends on every bit (the last step of SplitMix64, Steele et al. 2014)."""
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
