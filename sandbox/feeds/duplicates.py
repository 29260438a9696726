"""Rows that come twice: in one delivery, in two of the same run, or after one that is in bronze already.

An exact copy is a duplicate: recognised, counted, left out. The same key with other content is no copy; it goes to
quarantine, for a steward to say which is right. The first to come stays: bronze, then by time of delivery. All is
told from hashes (`row_hash`), 24 bytes a row, a share of all keys at a time, so that memory stays bounded.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sandbox.feeds.notes import Part
from sandbox.feeds.parts import by_row
from sandbox.feeds.row_hash import Words

CONFLICT = "conflict:key"
# Keys that are sorted at a time: 128 MB, three times over.
KEYS_AT_A_TIME = 1 << 24
IN_BRONZE = -1
Rows = NDArray[np.int64]
KeyFile = Callable[[], Words]


def repeated_keys(keys: Sequence[KeyFile], rows: int) -> Words:
    """Return, sorted, the keys that come more than once in all of `keys`, which hold `rows` together."""
    found = []
    for low, high in _shares(rows):
        share = np.concatenate([_between(read(), low, high) for read in keys] or [np.zeros(0, np.uint64)])
        share.sort()
        found.append(np.unique(share[1:][share[1:] == share[:-1]]))
    return np.concatenate(found)


def told_apart(
    parts: Sequence[Part], turns: Sequence[int], before: NDArray[np.uint64], repeated: Words
) -> list[tuple[Rows, Rows]]:
    """Return for each part the positions of its copies and of its contradictions.

    `turns` order the parts' deliveries by time; `before` holds key and content of the rows in bronze that have a
    repeated key, shape (rows, 2); `repeated` is sorted.
    """
    answers: list[list[tuple[Rows, Rows]]] = [[] for _ in parts]
    rows = sum(part.written.rows for part in parts)
    for low, high in _shares(rows if len(repeated) * 4 > rows else 0):
        share = repeated[(repeated >= low) & (repeated <= high)]
        for number, found in enumerate(_of_share(parts, turns, before[np.isin(before[:, 0], share)], share)):
            answers[number].append(found)
    return [
        (np.concatenate([copies for copies, _ in found]), np.concatenate([others for _, others in found]))
        for found in answers
    ]


def _of_share(
    parts: Sequence[Part], turns: Sequence[int], before: NDArray[np.uint64], repeated: Words
) -> list[tuple[Rows, Rows]]:
    """Sort all rows with a repeated key by key, turn, part and row; what is not the first of its key is told apart."""
    known = [by_row(part) for part in parts]
    positions = [_positions(each.key, repeated) for each in known]
    sizes = [len(before), *map(len, positions)]
    key = np.concatenate([before[:, 0], *(each.key[at] for each, at in zip(known, positions, strict=True))])
    content = np.concatenate([before[:, 1], *(each.content[at] for each, at in zip(known, positions, strict=True))])
    row = np.concatenate([np.zeros(len(before)), *(k.row_number[at] for k, at in zip(known, positions, strict=True))])
    part = np.repeat(np.arange(-1, len(parts)), sizes)
    turn = np.repeat([IN_BRONZE, *turns], sizes)
    order = np.lexsort((row, part, turn, key))
    is_first = np.append(True, key[order][1:] != key[order][:-1]) if len(order) else np.zeros(0, bool)
    of_first = content[order][np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))]
    is_copy, later = np.zeros(len(order), bool), np.zeros(len(order), bool)
    later[order] = ~is_first
    is_copy[order] = content[order] == of_first
    split = np.cumsum(sizes)[:-1]
    both = zip(positions, np.split(later, split)[1:], np.split(is_copy, split)[1:], strict=True)
    return [(at[again & same], at[again & ~same]) for at, again, same in both]


def _positions(key: Words, repeated: Words) -> Rows:
    """Return where `key` holds one of `repeated`, which is sorted."""
    if not len(repeated):
        return np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(repeated, key), len(repeated) - 1)
    return np.flatnonzero(repeated[at] == key)


def _shares(rows: int) -> Iterator[tuple[np.uint64, np.uint64]]:
    """Yield ranges of keys, both ends within, that hold about `KEYS_AT_A_TIME` of `rows` each: hashes lie evenly."""
    number = max(1, -(-rows // KEYS_AT_A_TIME))
    bounds = [(1 << 64) * share // number for share in range(number + 1)]
    for low, high in pairwise(bounds):
        yield np.uint64(low), np.uint64(high - 1)


def _between(key: Words, low: np.uint64, high: np.uint64) -> Words:
    if low == 0 and high == np.iinfo(np.uint64).max:
        return np.array(key)
    return key[(key >= low) & (key <= high)]


def keys_in(path: Path) -> Words:
    """Return the keys that `hash_keys` wrote of one file of bronze."""
    return np.fromfile(path, np.uint64)
