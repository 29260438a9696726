"""Text in the many forms that a file can hold it in, brought to one; bytes that are no UTF-8 stay bytes.

Parquet promises UTF-8 and nobody checks: what is not would come up as a fault of Python, row by row and too late.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

FORMS = {pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(), pa.binary_view()}
# The Unicode Standard, table 3-7: well-formed sequences of bytes.
WELL_FORMED = (
    r"^([\x00-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f]"
    r"[\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2})*$"
)


def legible(values: pa.Array) -> pa.Array:
    """Return text as text, where a value is no UTF-8 the whole as bytes; anything else as it is."""
    if isinstance(values, pa.DictionaryArray):
        dictionary = legible(values.dictionary)
        is_same = dictionary.type == values.dictionary.type
        return values if is_same else pa.DictionaryArray.from_arrays(values.indices, dictionary)
    if isinstance(values, pa.ExtensionArray):
        return legible(values.storage)
    if values.type not in FORMS and not pa.types.is_fixed_size_binary(values.type):
        return values
    try:
        text = values.cast(pa.string())
        text.validate(full=True)
    except pa.ArrowInvalid:
        return values.cast(pa.binary())
    return text


def decoded(values: pa.Array) -> pa.Array:
    """Return bytes as text, nothing where they are no UTF-8."""
    is_text = np.asarray(pc.fill_null(pc.match_substring_regex(values, WELL_FORMED), False))
    return pc.if_else(pa.array(is_text), values, pa.scalar(None, pa.binary())).cast(pa.string())
