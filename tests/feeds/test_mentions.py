"""Text that names somebody is found wherever the name stands as a word of its own, and in its own row anywhere."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.feeds.mentions import mentions, mentions_own

LETTERS = st.text("ab1-é \U0001d4e3", max_size=9)


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("TRAVELLER-0001", True),
        ('{"id": "TRAVELLER-0001"}', True),
        ("_TRAVELLER-0001_", True),
        ("TRAVELLER-00012", False),
        ("xTRAVELLER-0001", False),
        ("TRAVELLER-0002", False),
        ("TRAVELLER-0002 TRAVELLER-0001", True),
        ("640215", True),
        ("a6402155", False),
        ("", False),
        (None, False),
    ],
)
def test_a_word_that_is_an_identifier_names_its_person(text: str | None, is_named: bool) -> None:
    people = pa.array(["TRAVELLER-0001", "640215", "a-very-long-identifier@example.org", None])
    assert mentions(pa.array(["nobody", text]), people).tolist() == [False, is_named]


def is_word(text: str, at: int) -> bool:
    return 0 <= at < len(text) and text[at].isascii() and text[at].isalnum()


@given(texts=st.lists(LETTERS, max_size=5), people=st.lists(LETTERS.filter(lambda name: len(name) > 1), max_size=3))
def test_all_windows_of_all_texts_are_looked_at(texts: list[str], people: list[str]) -> None:
    def names(text: str, person: str) -> bool:
        places = [at for at in range(len(text)) if text.startswith(person, at)]
        ends = [(at, at + len(person)) for at in places]
        return any(
            not (is_word(text, at - 1) and is_word(text, at)) and not (is_word(text, end - 1) and is_word(text, end))
            for at, end in ends
        )

    found = mentions(pa.array(texts, pa.string()), pa.array(people, pa.string()))
    assert found.tolist() == [any(names(text, person) for person in people) for text in texts]


def test_its_own_row_is_named_anywhere() -> None:
    texts = pa.array(["x640215y", "x640215y", "640215", None]).dictionary_encode()
    assert mentions_own(texts, pa.array(["640215", "640216", "640215", "640215"]), 6).tolist() == [True] + [False] * 3
