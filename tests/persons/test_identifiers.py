"""Whose crossings are whose: identifiers joined or exchanged only where the evidence is good."""

import numpy as np
import pyarrow as pa

from sandbox.kernels.walk import NO_DAY
from sandbox.persons.identifiers import TRAITS, History, Relinked, relinked, usual
from sandbox.persons.movements import Initial

KIM, LEE = ("F", "1980", "KIR", "TUV"), ("M", "1955", "NRU", "NRU")
Crossing = tuple[int, int, int, tuple[str | None, ...]]


def whose(rows: list[Crossing], given: tuple[int, ...] = ()) -> Relinked:
    """Rows are person, day, direction (1 arrival) and traits, sorted by person and day."""
    person, day, direction, traits = zip(*rows, strict=True)
    columns = dict(zip(TRAITS, (pa.array(column, pa.string()) for column in zip(*traits, strict=True)), strict=True))
    persons = max(person) + 1
    status = np.full(persons, -1, np.int8)
    status[list(given)] = 0
    history = History(np.array(person), np.array(day), np.array(direction, np.int8), np.arange(len(rows)))
    return relinked(pa.table(columns), history, np.array(person), Initial(status, np.full(persons, NO_DAY)))


def crowd(first: int, persons: int, traits: tuple[str, ...] | None = None) -> list[Crossing]:
    """Persons who come for about 300 days; each has traits of a common kind, or those given."""
    rng = np.random.default_rng(1)
    rows: list[Crossing] = []
    for person in range(first, first + persons):
        day, stay = int(rng.integers(0, 2500)), int(rng.integers(200, 400))
        common = ("FM"[person % 2], str(1950 + person % 8 * 5), "XAA", "XAA")
        rows += [(person, day, 1, traits or common), (person, day + stay, 0, traits or common)]
    return rows


SPLIT = [(0, 100, 1, KIM), (1, 400, 0, KIM)]


def test_two_documents_of_one_rare_kind_with_a_usual_stay_between_are_one_person() -> None:
    found = whose([*SPLIT, *crowd(2, 3000)])
    assert (found.person[:2].tolist(), found.joined) == ([0, 0], 1)


def test_nobody_is_joined_where_several_are_alike() -> None:
    assert whose([*SPLIT, (2, 410, 0, KIM), *crowd(3, 3000)]).joined == 0
    assert whose([*SPLIT, *crowd(2, 30, KIM), *crowd(32, 3000)]).joined == 0


def test_nobody_is_joined_whose_traits_differ_or_are_not_known() -> None:
    unlike, unknown = ("F", "1985", "KIR", "TUV"), (None, "1980", "KIR", "TUV")
    assert whose([(0, 100, 1, KIM), (1, 400, 0, unlike), *crowd(2, 3000)]).joined == 0
    assert whose([(0, 100, 1, KIM), (1, 400, 0, unknown), *crowd(2, 3000)]).joined == 0


def test_nobody_is_joined_across_a_stay_as_long_as_none_or_against_the_direction() -> None:
    assert whose([(0, 10, 1, KIM), (1, 2900, 0, KIM), *crowd(2, 3000)]).joined == 0
    # All others are seen first when they leave: who comes twice is rare, and yet no one person.
    leaving = [(person, day - 600, 0, traits) for person, day, way, traits in crowd(2, 3000) if way]
    assert whose(sorted([(0, 100, 1, KIM), (1, 400, 1, KIM), *leaving, *crowd(2, 3000)])).joined == 0


def test_a_person_whose_initial_status_was_given_is_not_joined_to_an_earlier_one() -> None:
    assert whose([*SPLIT, *crowd(2, 3000)], given=(1,)).joined == 0


def test_histories_that_go_on_as_each_other_are_exchanged() -> None:
    rows = [
        (0, 10, 1, KIM), (0, 500, 1, LEE), (0, 600, 0, LEE),
        (1, 20, 0, LEE), (1, 510, 0, KIM),
        (2, 5, 1, KIM), (2, 9, 0, KIM),
    ]  # fmt: skip
    found = whose(rows)
    assert (found.person.tolist(), found.exchanged) == ([0, 1, 1, 1, 0, 2, 2], 1)


def test_histories_that_break_at_different_times_are_not_exchanged() -> None:
    rows = [(0, 10, 1, KIM), (0, 500, 1, LEE), (1, 600, 0, LEE), (1, 900, 0, KIM)]
    assert whose(rows).exchanged == 0


def test_one_trait_that_differs_may_be_an_error_of_writing() -> None:
    misread = ("F", "1985", "KIR", "TUV")
    rows = [(0, 10, 1, KIM), (0, 500, 1, misread), (1, 20, 0, misread), (1, 510, 0, KIM)]
    assert whose(rows).exchanged == 0


def test_a_history_that_is_mixed_twice_is_left_alone() -> None:
    rows = [(0, 10, 1, KIM), (0, 500, 1, LEE), (0, 900, 1, KIM), (1, 20, 0, LEE), (1, 510, 0, KIM)]
    assert whose(rows).exchanged == 0


def test_three_who_could_have_been_exchanged_are_left_alone() -> None:
    rows = [(0, 10, 1, KIM), (0, 500, 1, LEE), (1, 20, 0, LEE), (1, 510, 0, KIM), (2, 20, 0, LEE), (2, 510, 0, KIM)]
    assert whose(rows).exchanged == 0


def test_the_commonest_known_value_is_a_group_s_and_of_those_as_common_the_lowest() -> None:
    traits = np.array([[3, -1], [5, -1], [5, 7], [9, 8], [9, 7], [2, 8]])
    assert usual(np.array([0, 0, 0, 1, 1, 1]), traits, 3).tolist() == [[5, 7], [9, 8], [-1, -1]]
