"""Identifiers for rows that their source does not number: the file, the row and when it happened.

Nothing of a person is in them: what is made from an identifier can be found again by whoever has those. Two files
have different names or other times; the same row sent again under another name is not known again.
"""

import hashlib

import pyarrow as pa
import pyarrow.compute as pc

DIGITS = 8


def row_ids(file: str, moments: pa.Array, rows: pa.Array) -> pa.Array:
    """Return `time#file#row` for each row; the file by the first digits of its name's SHA-256."""
    name = hashlib.sha256(file.encode()).hexdigest()[:DIGITS]
    return pc.binary_join_element_wise(pc.cast(moments, pa.string()), name, pc.cast(rows, pa.string()), "#")
