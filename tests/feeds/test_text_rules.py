"""What text may not be, and what names nobody."""

import pyarrow as pa
import pytest

from sandbox.feeds.text_rules import as_identifiers, text_faults


def test_text_is_looked_at_in_a_slice_as_in_the_whole() -> None:
    values = pa.array(["ok", "=x", None, "a\tb", "-", "+49"])
    assert list(text_faults(values)) == [False, True, False, True, False, True]
    assert list(text_faults(values.slice(1))) == [True, False, True, False, True]


@pytest.mark.parametrize("text", ["   ", "NULL", "n/a", "None", "nan", "Unknown", "-", "\u00a0", " null "])
def test_a_word_for_none_names_nobody(text: str) -> None:
    found = as_identifiers(pa.array(["TRAVELLER-1", text]))
    assert (found.values.to_pylist(), list(found.names_nobody), list(found.unfit)) == (
        ["TRAVELLER-1", None], [False, True], [False, False]
    )  # fmt: skip


@pytest.mark.parametrize("text", ['{"id": "7"}', '["7"]', "TRAV\x00ELLER", "TRAV\tELLER", " TRAVELLER", "x" * 70_000])
def test_what_is_no_single_name_is_unfit(text: str) -> None:
    found = as_identifiers(pa.array(["TRAVELLER-1", text]))
    assert (found.values.to_pylist(), list(found.names_nobody), list(found.unfit)) == (
        ["TRAVELLER-1", None], [False, False], [False, True]
    )  # fmt: skip


@pytest.mark.parametrize("text", ["+67999123456", "-7", "=7", "@name", "0", "nanna", "NULLARBOR-7", "{7"])
def test_what_begins_like_a_formula_or_a_word_for_none_may_be_somebody(text: str) -> None:
    found = as_identifiers(pa.array([text, None]))
    assert found.values.to_pylist() == [text, None]
    assert not found.names_nobody.any()
    assert not found.unfit.any()


def test_a_dictionary_keeps_its_encoding_and_loses_who_is_nobody() -> None:
    found = as_identifiers(pa.array(["a", "NULL", "a", None]).dictionary_encode())
    assert pa.types.is_dictionary(found.values.type)
    assert found.values.to_pylist() == ["a", None, "a", None]
    assert "NULL" not in found.values.dictionary.to_pylist()
