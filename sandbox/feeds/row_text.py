"""Rows as text, for quarantine: what was sent, with every identifier replaced; JSON, all values text or null."""

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from sandbox.feeds.columns import Mask, as_text, keep, mask
from sandbox.feeds.mentions import mentions, mentions_own
from sandbox.feeds.rules import Checked, long_identifiers
from sandbox.lakehouse.tables.feeds import Feed

PERSON_KEY = "person_key"
# What stands in quarantine where a value would have named somebody.
WITHHELD = "[identifier]"
# A shorter identifier stands inside other text by chance.
SHORTEST_INSIDE = 3
ESCAPED = r'["\\\x00-\x1f]'


def masked_rows(checked: Checked, rows: Mask, person_key: pa.Array | None) -> pa.Array:
    """Return the rows as JSON text for quarantine: the identifier is replaced by the person key wherever it stands."""
    chosen = pa.array(rows)
    texts = {name: as_text(pc.filter(raw, chosen)) for name, raw in checked.raw.items()}
    name = checked.feed.identifier
    if name is not None:
        names = _without_words_for_none(as_text(checked.raw[name]), checked.names_nobody)
        own, everyone = names.filter(chosen), long_identifiers(pc.unique(names).drop_null())
        del texts[name]
        texts = {column: _without(values, own, everyone) for column, values in texts.items()}
    if person_key is not None:
        texts[PERSON_KEY] = pc.cast(pc.filter(person_key, chosen), pa.string())
    return json_lines(texts)


def json_lines(texts: dict[str, pa.Array]) -> pa.Array:
    """Return rows as JSON objects, all values text or null."""
    opened = ["{" if number == 0 else "," for number in range(len(texts))]
    members = [
        pc.binary_join_element_wise(f'{mark}"{name}":', _json_text(values), "")
        for mark, (name, values) in zip(opened, texts.items(), strict=True)
    ]
    return pc.binary_join_element_wise(*members, "}", "")


def rows_in(lines: pa.Array, names: Sequence[str]) -> pa.Table:
    """Return these members of rows that `json_lines` wrote, as text; null where a row has none."""
    options = pj.ParseOptions(
        explicit_schema=pa.schema([(name, pa.string()) for name in names]), unexpected_field_behavior="ignore"
    )
    return pj.read_json(pa.BufferReader("\n".join(lines.to_pylist()).encode()), parse_options=options).select(names)


def names_kept(feed: Feed) -> list[str]:
    """Return the members that a row of a feed has in quarantine: columns but the identifier, and the person key."""
    names = [column.name for column in feed.columns if not column.identifier]
    return [*names, PERSON_KEY] if PERSON_KEY in feed.bronze.names else names


def _json_text(values: pa.Array) -> pa.Array:
    """Return text as JSON has it; only distinct values with something to escape pass through Python."""
    quoted = pc.binary_join_element_wise('"', values, '"', "")
    odd = pc.fill_null(pc.match_substring_regex(values, ESCAPED), False)
    if pc.any(odd).as_py():
        encoded = values.filter(odd).dictionary_encode()
        texts = pa.array([json.dumps(text, ensure_ascii=False) for text in encoded.dictionary.to_pylist()], pa.string())
        quoted = pc.replace_with_mask(quoted, odd, texts.take(encoded.indices))
    return pc.fill_null(quoted, "null")


def _without(values: pa.Array, own: pa.Array, everyone: pa.Array) -> pa.Array:
    """Blank a value that names anyone, or has its own row's identifier inside."""
    is_own = mask(pc.equal(values, own))
    found = is_own | mentions_own(values, own, SHORTEST_INSIDE) | mentions(values, everyone)
    return pc.if_else(pa.array(found), pa.scalar(WITHHELD), values)


def _without_words_for_none(names: pa.Array, names_nobody: Mask | None) -> pa.Array:
    """Return identifiers; `unknown` is none, and may stand in any column."""
    return names if names_nobody is None else keep(names, ~names_nobody)
