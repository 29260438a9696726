"""The page of a comparison: figures of the tables, no script, nothing from elsewhere; and the pictures of the docs."""

import xml.etree.ElementTree as ET
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from sandbox.cli.rule import app
from sandbox.persons.comparison.charts import NARROW, WIDE
from sandbox.persons.comparison.count_charts import ticks
from sandbox.persons.comparison.judged import judged_by_all
from sandbox.persons.comparison.page import page_of
from sandbox.persons.comparison.traveller import PICTURES, four_rules, from_undecided_to_decided
from sandbox.persons.files import read_table

PICTURES_OF_DOCS = Path(__file__).parents[3] / "docs" / "pictures"
MOVEMENTS = """movement_id,person_id,date,direction
1,7,2018-01-10,A
2,7,2018-09-10,D
3,secret-name,2018-01-20,A
4,secret-name,2018-01-25,D
"""


def comparison(folder: Path, *options: str) -> tuple[int, str]:
    (folder / "movements.csv").write_text(MOVEMENTS, "utf-8")
    called = CliRunner().invoke(app, ["compare", str(folder / "movements.csv"), "--out", str(folder / "out"), *options])
    return called.exit_code, called.output


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_command_writes_tables_pictures_and_a_page(tmp_path: Path) -> None:
    code, said = comparison(tmp_path, "--complete-history")
    assert code == 0
    assert "PR_6M in 1, out 1, net +0" in said
    assert "NZ_12_16 in 0, out 0, net +0" in said
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "index.html", "migrations.csv", "agreement.csv", *PICTURES,
    }  # fmt: skip
    assert read_table(tmp_path / "out" / "migrations.csv", ["rule_id"]).num_rows == 8 * 9 * 2


def test_how_much_of_the_future_is_seen_must_be_said(tmp_path: Path) -> None:
    assert comparison(tmp_path)[0] != 0


def test_a_page_has_no_script_and_asks_nothing_of_the_net_and_names_nobody(tmp_path: Path) -> None:
    comparison(tmp_path, "--complete-history")
    text = (tmp_path / "out" / "index.html").read_text("utf-8")
    tags = Tags()
    tags.feed(text)
    assert not {"script", "link", "iframe", "object", "img"} & {tag for tag, _ in tags.found}
    links = [attributes.get("href") or "" for _, attributes in tags.found]
    assert not [link for link in links if "//" in link]
    assert "secret-name" not in text
    drawings = [attributes for tag, attributes in tags.found if tag == "svg"]
    assert all(drawing["role"] == "img" and drawing["aria-label"] for drawing in drawings)


@pytest.mark.parametrize("until", [date(2018, 2, 1), None])
def test_a_page_says_which_months_are_compared(until: date | None) -> None:
    rows = pa.table({"movement_id": ["1"], "person_id": ["p"], "date": ["2018-01-10"], "direction": ["A"]})
    text = page_of(judged_by_all(rows, until, "none"))
    assert ("Nothing to compare yet" in text) == (until is not None)


def test_a_page_of_no_crossings_is_a_page() -> None:
    rows = pa.table({name: pa.array([], pa.string()) for name in ("movement_id", "person_id", "date", "direction")})
    assert "0 crossings" in page_of(judged_by_all(rows, None, "none"))


@pytest.mark.parametrize("frame", [WIDE, NARROW], ids=lambda frame: frame.name)
def test_words_of_a_picture_stay_inside_it(frame) -> None:
    for draw in (four_rules, from_undecided_to_decided):
        root = ET.fromstring(draw(frame))
        width, height = (float(size) for size in root.attrib["viewBox"].split()[2:])
        for text in root.iter("{http://www.w3.org/2000/svg}text"):
            assert 0 <= float(text.attrib["x"]) <= width
            assert 0 <= float(text.attrib["y"]) <= height


def test_the_four_rules_part_the_traveller_in_four_ways() -> None:
    said = ET.fromstring(four_rules(WIDE)).attrib["aria-label"]
    assert "NZ_12_16: never a resident" in said
    assert "PR_6M: came 2021-02-01, left 2022-03-13" in said
    assert "PR_6M_GAP30: came 2021-08-25, left 2022-03-13" in said
    assert said.endswith("EU_862: came 2021-02-01")


@pytest.mark.parametrize("name", sorted(PICTURES))
def test_a_picture_of_the_docs_is_what_the_rules_say(name: str) -> None:
    told = "write it again: `sandbox rule compare` puts it into its folder"
    assert (PICTURES_OF_DOCS / name).read_text("utf-8") == PICTURES[name](), told


@pytest.mark.parametrize(("highest", "last"), [(0, 1), (1, 1), (2, 2), (7, 10), (75, 100), (980, 1000)])
def test_an_axis_ends_at_a_round_figure(highest: int, last: float) -> None:
    assert ticks(highest)[-1] == last
