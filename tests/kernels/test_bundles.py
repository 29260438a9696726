"""Bundles: appended while there is room, then the last one like it is widened."""

import numpy as np

from sandbox.kernels.bundles import WIDTH, clear, push, widen

# Days along and back, from and to; then shift, status and what walked, by which bundles are alike.
LONG_AGO = [1, 5, 2, 6, 0, 1, 0, 0]
LIKE_IT = [3, 9, 1, 4, 0, 1, 0, 0]
OTHER = [0, 9, 0, 9, -1, 0, 0, 1]


def pushed(room: int, *rows: list[int]) -> tuple[list[list[int]], int]:
    bundles, count = np.zeros((room, WIDTH), np.int64), 0
    for row in rows:
        count = push(bundles, count, np.array(row))
    return bundles.tolist(), count


def test_bundles_are_appended_while_there_is_room() -> None:
    assert pushed(2, LONG_AGO, LIKE_IT) == ([LONG_AGO, LIKE_IT], 2)


def test_an_empty_bundle_is_left_out() -> None:
    for empty in ([6, 5, 2, 6, 0, 1, 0, 0], [1, 5, 7, 6, 0, 1, 0, 0]):
        assert pushed(1, empty) == ([[0] * WIDTH], 0)
    assert pushed(1, [5, 5, 6, 6, 0, 1, 0, 0])[1] == 1


def test_without_room_the_last_bundle_like_it_is_widened_and_no_other() -> None:
    wide = [1, 9, 1, 6, 0, 1, 0, 0]
    assert pushed(1, LONG_AGO, LIKE_IT) == ([wide], 1)
    assert pushed(3, LONG_AGO, LONG_AGO, OTHER, LIKE_IT) == ([LONG_AGO, wide, OTHER], 3)
    assert pushed(4, OTHER, LONG_AGO, OTHER, OTHER, LIKE_IT) == ([OTHER, wide, OTHER, OTHER], 4)
    assert pushed(3, LONG_AGO, OTHER, OTHER, LIKE_IT) == ([wide, OTHER, OTHER], 3)


def test_without_room_and_without_one_like_it_nothing_changes() -> None:
    assert pushed(2, OTHER, OTHER, LIKE_IT) == ([OTHER, OTHER], 2)


def test_a_range_begins_empty_and_holds_what_it_was_widened_by() -> None:
    ranges = np.zeros((2, 2), np.int64)
    clear(ranges)
    assert (ranges[:, 0] > ranges[:, 1]).all()
    widen(ranges, 1, 3, 7)
    widen(ranges, 1, 5, 6)
    assert ranges[1].tolist() == [3, 7]
    assert ranges[0, 0] > ranges[0, 1]
