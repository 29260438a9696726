"""Repeated rows are told from hashes alike in one share of all keys and in many, as by a dictionary."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.feeds import duplicates
from sandbox.feeds.duplicates import repeated_keys, told_apart
from sandbox.feeds.notes import Part
from sandbox.lakehouse.files import WrittenFile

# A few keys over the whole range, so that they come often; 0 and the last word are edges of shares.
KEYS = st.sampled_from([0, 1, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1])
ROWS = st.lists(st.tuples(KEYS, st.integers(0, 1)), max_size=12)


def part_of(folder: Path, number: int, rows: list[tuple[int, int]]) -> Part:
    words = np.array([(key, content, row) for row, (key, content) in enumerate(rows, 1)], np.uint64).reshape(-1, 3)
    file = folder / f"{number}.words"
    words.tofile(file)
    return Part(WrittenFile("", 0, len(rows), 0, {}), str(file), 1)


def told_slowly(parts: list[list[tuple[int, int]]], before: list[tuple[int, int]]) -> list[tuple[list[int], list[int]]]:
    first = dict(reversed(before))
    answer = []
    for rows in parts:
        copies, conflicts = [], []
        for position, (key, content) in enumerate(rows):
            if key not in first:
                first[key] = content
            else:
                (copies if first[key] == content else conflicts).append(position)
        answer.append((copies, conflicts))
    return answer


@pytest.mark.parametrize("at_a_time", [2, 1 << 24])
@settings(max_examples=150, deadline=None)
@given(parts=st.lists(ROWS.filter(bool), min_size=1, max_size=3), in_bronze=st.dictionaries(KEYS, st.integers(0, 1)))
def test_copies_and_contradictions_are_those_of_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory,
    at_a_time: int,
    parts: list[list[tuple[int, int]]],
    in_bronze: dict[int, int],
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    written = [part_of(folder, number, rows) for number, rows in enumerate(parts)]
    before = np.array(list(in_bronze.items()), np.uint64).reshape(-1, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "KEYS_AT_A_TIME", at_a_time)
        keys = [lambda rows=rows: np.array([key for key, _ in rows], np.uint64) for rows in parts]
        keys.append(lambda: before[:, 0])
        repeated = repeated_keys(keys, sum(map(len, parts)) + len(before))
        rivals = before[np.isin(before[:, 0], repeated)]
        found = told_apart(written, list(range(len(parts))), rivals, repeated)
    told = [(sorted(copies.tolist()), sorted(conflicts.tolist())) for copies, conflicts in found]
    assert told == told_slowly(parts, list(in_bronze.items()))
