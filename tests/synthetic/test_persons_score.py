"""Persons behind keys against the true ones, on a handful of keys."""

import pandas as pd
import pytest

from sandbox.synthetic.persons_score import measures

HOLDER = pd.Series({1: 7, 2: 7, 3: 8, 4: 9})


def scored(*rows: tuple[int, float | None, float | None]) -> dict[str, tuple[float, float | None]]:
    """One key a row, all in one month: the chance of another key, and the part of a person."""
    keys = pd.DataFrame(rows, columns=["person_key", "same_person", "duplicity_weight"]).assign(month="2025-06")
    return {measure: (ours, naive) for measure, ours, naive, *_ in measures(keys, HOLDER)}


def test_persons_are_those_who_hold_the_keys_seen() -> None:
    found = scored((1, 0.8, 0.6), (2, 0.6, 0.7), (3, 0.4, 0.8))
    assert found["Persons who hold the SIMs seen"] == pytest.approx((0.05, 0.5))


def test_a_guest_and_a_key_that_was_not_located_are_no_person_to_compare_with() -> None:
    assert scored((99, 0.0, 1.0), (4, None, None), (3, 0.0, 1.0))["Persons who hold the SIMs seen"] == (0.0, 0.0)


def test_a_key_shares_its_person_only_if_both_keys_were_seen() -> None:
    found = scored((1, 0.8, 0.6), (2, 0.3, 0.85), (3, 0.9, 0.55), (4, 0.1, 0.95))
    assert found["SIMs said to share a person, right"][0] == 0.5
    assert found["SIMs that share a person, said so"][0] == 0.5


def test_without_keys_there_is_nothing_to_compare() -> None:
    assert scored((99, 0.0, 1.0)) == {}
