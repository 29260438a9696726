"""Equal rows have equal hashes however they are encoded, and other rows have others."""

import struct
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sandbox.feeds.row_hash import NOTHING, STEP, row_hashes

WORD = 2**64
ROWS = st.lists(
    st.tuples(
        st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | st.floats(allow_nan=False),
    ),
    min_size=1,
    max_size=12,
)
NAMES = ("text", "whole", "real")


def batch_of(rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    types = (pa.string(), pa.int64(), pa.float64())
    columns = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), types, strict=True)]
    return pa.record_batch(columns, NAMES)


def mixed_slowly(word: int) -> int:
    word = ((word ^ (word >> 30)) * 0xBF58476D1CE4E5B9) % WORD
    word = ((word ^ (word >> 27)) * 0x94D049BB133111EB) % WORD
    return word ^ (word >> 31)


def text_slowly(text: str) -> int:
    data = text.encode()
    total = mixed_slowly((len(data) + int(STEP)) % WORD)
    for start in range(0, len(data), 8):
        piece = data[start : start + 8]
        word = int.from_bytes(piece, "little") << (64 - 8 * len(piece))
        total = mixed_slowly((total ^ word) * int(STEP) % WORD)
    return total


def hashed_slowly(row: tuple[Any, ...]) -> int:
    total = 0
    for value in row:
        own = int(NOTHING)
        if isinstance(value, str):
            own = text_slowly(value)
        elif isinstance(value, int):
            own = mixed_slowly(value % WORD)
        elif isinstance(value, float):
            own = mixed_slowly(int.from_bytes(struct.pack(">d", value + 0.0), "big"))
        total = mixed_slowly((total * int(STEP) + own) % WORD)
    return total


@given(ROWS)
def test_the_fast_hash_is_the_slow_one(rows: list[tuple[Any, ...]]) -> None:
    assert row_hashes(batch_of(rows), NAMES).tolist() == [hashed_slowly(row) for row in rows]


@given(ROWS, st.integers(0, 3))
def test_encoding_and_slicing_change_nothing(rows: list[tuple[Any, ...]], start: int) -> None:
    batch = batch_of(rows)
    encoded = pa.record_batch([batch["text"].dictionary_encode(), batch["whole"], batch["real"]], NAMES)
    whole = row_hashes(batch, NAMES).tolist()
    assert row_hashes(encoded, NAMES).tolist() == whole
    assert row_hashes(batch.slice(start), NAMES).tolist() == whole[start:]


def test_neighbours_differ() -> None:
    rows = [
        ("ab", 1, 0.0),
        ("ba", 1, 0.0),
        ("ab", 2, 0.0),
        ("", 1, 0.0),
        (None, 1, 0.0),
        ("a", 1, 0.0),
        ("ab", None, 0.0),
    ]
    assert len(set(row_hashes(batch_of(rows), NAMES).tolist())) == len(rows)
    assert row_hashes(batch_of([("a", 1, -0.0)]), NAMES) == row_hashes(batch_of([("a", 1, 0.0)]), NAMES)
