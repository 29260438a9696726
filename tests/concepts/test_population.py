"""Groups of the population: what is not known is a group of its own."""

import pyarrow as pa
import pytest

from sandbox.concepts.population import age_group, subpopulation


@pytest.mark.parametrize(
    ("born", "citizen_of", "group"),
    [
        ("XAA", "XAA", "native_citizen"),
        ("XAA", "NZL", "native_foreign"),
        ("NZL", "XAA", "foreign_born_citizen"),
        ("NZL", "NZL", "foreign_born_foreign"),
        (None, "XAA", "unknown"),
        ("XAA", None, "unknown"),
    ],
)
def test_birth_and_citizenship_give_the_subpopulation(born: str | None, citizen_of: str | None, group: str) -> None:
    born_in, nationality = pa.chunked_array([[born]], pa.string()), pa.chunked_array([[citizen_of]], pa.string())

    assert subpopulation(born_in, nationality, "XAA").to_pylist() == [group]


@pytest.mark.parametrize(
    ("band", "group"), [(1990, "Y30T34"), (2024, "Y0T4"), (1900, "Y_GE85"), (1935, "Y_GE85"), (None, "U")]
)
def test_the_age_group_is_that_at_the_middle_of_the_band_of_birth(band: int | None, group: str) -> None:
    bands, years = pa.chunked_array([[band]], pa.int32()), pa.chunked_array([[2024]], pa.int64())

    assert age_group(bands, years).to_pylist() == [group]
