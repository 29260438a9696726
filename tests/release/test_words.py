"""Answers of gates as people read them."""

import pytest

from sandbox.release.page.words import plain


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            "wmape 0.135: caution (n = 8)",
            "mean absolute error (weighted) 0.135: within the wider margins only (8 pairs)",
        ),
        ("growth_sign: not_evaluable (n = 17)", "sign of yearly growth: too few pairs to tell (17 pairs)"),
        (
            "cells_coverage_95 0.68: withhold (n = 128)",
            "share of official figures inside the 95 % interval, by cell 0.68: too far off to publish (128 pairs)",
        ),
        ("different_concept", "not the same concept"),
        ("judged before it was adjusted", "judged before it was adjusted"),
    ],
)
def test_a_gates_answer_is_told_in_words(reason: str, words: str) -> None:
    assert plain(reason) == words
