"""The pages of reference say what the code says."""

from pathlib import Path

import pytest

from sandbox.cli.docs import WRITTEN, pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_page_of_reference_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == WRITTEN + pages()[name], "run `sandbox docs`"
