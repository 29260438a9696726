"""The chance of a missed crossing: expected of its like over seen of its like."""

import numpy as np
import pyarrow as pa

from sandbox.kernels.linkage import GAP, HEAD, TAIL, Breaks
from sandbox.kernels.walk import NO_DAY
from sandbox.persons.likeness import key_of, of_row, of_seeing, ranks
from sandbox.persons.missed import Missed, missed, rates

# Of 1,000 crossings between others 50 were missed. Rows 0 and 1 are of seeing groups 0 and 1.
SEEN, MISSED, DAYS = 950, 50, 700


def found_in(*parts: tuple[int, int, int, int, int]) -> Breaks:
    """Each part: kind, number, row, days, and what is known of the stay beside (−1 for breaks that were seen)."""
    kind, row, days, known = (
        np.concatenate([np.full(part[1], part[place]) for part in parts]) for place in (0, 2, 3, 4)
    )
    none = np.full(len(kind), -1)
    return Breaks(
        kind.astype(np.int8), row, none, days, known, np.ones(len(kind), np.int64), none * 1.0, none * 1.0, known >= 0
    )


def put(*parts: tuple[int, int, int, int, int], groups: tuple[int, int] = (0, 0)) -> Missed:
    gaps = (GAP, SEEN, 0, 50, 20), (GAP, MISSED, 0, 50, -1)
    found = found_in(*gaps, *parts)
    result = missed(found, np.zeros(2, np.int8), np.zeros((len(found.kind), 9), np.int64), np.array(groups))
    return Missed(*(field[MISSED:] for field in result))


def test_a_tail_is_repaired_if_more_than_half_of_those_seen_were_expected_to_be_missed_crossings() -> None:
    # 500 whole ends, one crossing missed for 19 seen: 26.3 tails are expected of missed last crossings.
    more, fewer = (put((TAIL, 500, 0, DAYS, 30), (TAIL, seen, 0, DAYS, -1)) for seen in (51, 55))
    assert np.allclose(more.weight, 500 / 19 / 51, atol=0.01)
    assert (more.days == 30).all()
    assert (fewer.days == NO_DAY).all()
    assert np.allclose(fewer.weight, 1 - 500 / 19 / 55, atol=0.01)
    assert np.allclose(fewer.left, 500 / 19 / 55, atol=0.01)
    assert not more.left.any()


def test_a_head_is_judged_apart_from_tails() -> None:
    result = put((HEAD, 500, 0, DAYS, 12), (HEAD, 30, 0, DAYS, -1), (TAIL, 500, 0, DAYS, 30), (TAIL, 400, 0, DAYS, -1))
    assert (result.days[:30] == 12).all()
    assert (result.days[30:] == NO_DAY).all()


def test_what_is_put_in_lies_within_what_was_seen() -> None:
    result = put((TAIL, 500, 0, 9, 30), (TAIL, 30, 0, 9, -1))
    assert (result.days == 9).all()


def test_where_more_is_missed_a_tail_is_likelier_to_be_one() -> None:
    more_in_one = [(GAP, 300, 1, 50, 20), (GAP, 300, 1, 50, -1)]
    chances = []
    for row in (0, 1):
        found = put(*more_in_one, (TAIL, 500, row, DAYS, 30), (TAIL, 2000, row, DAYS, -1), groups=(0, 1))
        chances.append(found.left[-1])
    assert chances[1] > 4 * chances[0]


def test_the_rate_is_of_crossings_between_two_others() -> None:
    found = found_in((GAP, SEEN, 0, 50, 20), (GAP, MISSED, 0, 50, -1), (TAIL, 5000, 0, 50, 20))
    assert rates(found, np.zeros(1, np.int64)).tolist() == [0.05]


def test_categories_of_a_row_come_from_the_columns_that_there_are() -> None:
    rows = pa.table(
        {
            "visa_class": ["work", None, "visitor", "work"],
            "nationality": ["FJI", "FJI", None, "FJI"],
            "residence_country": ["FJI", "NZL", "NZL", "FJI"],
            "birth_year_band": ["1980.0", None, "2010", "1940"],
            "intended_stay_days": ["21", "", "400", "365"],
            "one_way_ticket": ["True", "false", None, "0"],
        }
    )
    day = np.full(4, 18_262)  # 2020-01-01
    assert of_row(rows, day).tolist() == [[8, 1, 2, 4], [1, 0, 1, 0], [3, 5, 0, 1], [8, 5, 1, 6]]
    assert (of_row(pa.table({"direction": ["A"] * 4}), day) == 0).all()


def test_seeing_is_by_mode_and_third_of_the_quality() -> None:
    quality = ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6", None, "much"]
    rows = pa.table({"mode": ["air"] * 7 + ["sea"], "doc_link_quality": quality})
    assert of_seeing(rows).tolist() == [5, 5, 6, 6, 7, 7, 4, 8]
    assert of_seeing(pa.table({"direction": ["A", "D"]})).tolist() == [0, 0]


def test_ranks_do_not_hang_on_the_order_of_rows() -> None:
    assert ranks(pa.chunked_array([["b", None, "a", "b"]]), 4).tolist() == [1, -1, 0, 1]


def test_keys_are_the_same_where_all_columns_are_however_many_values_they_have() -> None:
    columns = [np.array([1, 1, 2, 1]), np.array([5, 5, 5, 7])]
    wide = [*columns, *[np.array([2**40, 2**40, 2**40, 2**40])] * 3]
    for key in (key_of(columns), key_of(wide)):
        assert key[0] == key[1] < key[3] < key[2]
