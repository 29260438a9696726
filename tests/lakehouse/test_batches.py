"""Whole persons reach a function, however Spark cuts its batches."""

import pyarrow as pa
import pytest

from sandbox.lakehouse.batches import _whole_persons


def batches_of(*persons: list[int]) -> list[pa.RecordBatch]:
    return [pa.record_batch({"person_key": pa.array(keys, pa.int64())}) for keys in persons]


def seen_together(batches: list[pa.RecordBatch]) -> list[list[int]]:
    calls: list[list[int]] = []

    def remember(rows: pa.Table) -> pa.Table:
        calls.append(rows["person_key"].to_pylist())
        return rows

    list(_whole_persons(remember)(iter(batches)))
    return calls


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        ([[1, 1, 2], [2, 3]], [[1, 1], [2, 2], [3]]),
        ([[1], [1], [1, 2]], [[1, 1, 1], [2]]),
        ([[1, 1], [2, 2]], [[1, 1], [2, 2]]),
        ([[], [1], []], [[1]]),
        ([[-5, -5, 3, 3]], [[-5, -5], [3, 3]]),
    ],
)
def test_a_person_is_never_split_between_two_calls(batches: list[list[int]], expected: list[list[int]]) -> None:
    calls = seen_together(batches_of(*batches))

    assert [key for call in calls for key in call] == [key for call in expected for key in call]
    for person in {key for call in expected for key in call}:
        assert sum(person in call for call in calls) == 1


def test_no_rows_call_nothing() -> None:
    assert seen_together([]) == []
