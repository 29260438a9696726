from typing import Any

import pytest

from sandbox.release.accuracy import triangle
from sandbox.release.edition import edition_files
from sandbox.release.figures import selected
from sandbox.release.names import names_of
from sandbox.release.page.axes import Scale, ticks
from sandbox.release.page.map import projection, rings
from sandbox.release.page.story import story
from sandbox.release.page.words import figure, interval, signed
from sandbox.release.terms import Terms

Rows = dict[str, list[dict[str, Any]]]


def told(rows: Rows, make_sources: Any, terms: Terms) -> list[str]:
    sources = make_sources(rows)
    return story(selected(sources), names_of(terms.country_code, terms.country_name, sources.area), terms)


def newest(rows: Rows, indicator: str, back: int = 1) -> dict[str, Any]:
    return [row for row in rows["estimate"] if row["indicator"] == indicator][-back]


def test_the_story_has_three_sentences_written_from_the_numbers(rows: Rows, make_sources: Any, terms: Terms) -> None:
    newest(rows, "IMM").update(estimate=512.0, lower=480.0, upper=544.0)
    first, second, third = told(rows, make_sources, terms)
    assert "In November 2025 an estimated 512 (95 % interval 480 to 544) people came to live in Aurelia" in first
    assert "PUBLISH" in third
    assert "more than" in second


def test_a_change_within_the_intervals_is_not_called_a_change(rows: Rows, make_sources: Any, terms: Terms) -> None:
    newest(rows, "IMM").update(estimate=330.0, lower=200.0, upper=460.0)
    newest(rows, "IMM", 13).update(estimate=320.0, lower=300.0, upper=340.0)
    assert "may be no change at all" in told(rows, make_sources, terms)[1]


def test_a_change_beyond_the_intervals_is_called_one(rows: Rows, make_sources: Any, terms: Terms) -> None:
    newest(rows, "IMM").update(estimate=330.0, lower=325.0, upper=335.0)
    newest(rows, "IMM", 13).update(estimate=220.0, lower=215.0, upper=225.0)
    assert "110 more than the 220 of a year before: a difference more than" in told(rows, make_sources, terms)[1]


def test_the_story_is_told_also_when_every_headline_is_withheld(rows: Rows, make_sources: Any, terms: Terms) -> None:
    for row in rows["verdict"]:
        row["verdict"] = "WITHHOLD"
    first, _, third = told(rows, make_sources, terms)
    assert "No figure of migration" in first
    assert "No headline series passed" in third
    assert b"<svg" not in edition_files(make_sources(rows), terms)["index.html"].split(b'id="revisions"')[0]


def test_the_page_needs_nothing_from_elsewhere(rows: Rows, make_sources: Any, terms: Terms) -> None:
    page = edition_files(make_sources(rows), terms)["index.html"].decode()
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


def test_an_invented_country_is_said_to_be_invented(rows: Rows, make_sources: Any, terms: Terms) -> None:
    assert "Aurelia is not a real country." in edition_files(make_sources(rows), terms)["index.html"].decode()


def test_the_page_changes_with_one_figure(rows: Rows, make_sources: Any, terms: Terms) -> None:
    before = edition_files(make_sources(rows), terms)["index.html"]
    newest(rows, "STOCK_ORIGIN")["estimate"] += 7
    assert edition_files(make_sources(rows), terms)["index.html"] != before


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [(1234.4, "persons", "1,234"), (-56.2, "persons", "−56"), (-0.2, "persons", "0"), (0.0412, "share", "4.1 %")],
)
def test_figures_are_written_for_people(value: float, unit: str, text: str) -> None:
    assert figure(value, unit) == text


def test_gains_have_a_sign_and_intervals_two_ends() -> None:
    assert signed(51.3) == "+51"
    assert interval(-3.0, 12.0) == "−3 to 12"
    assert interval(None, 12.0) == "–"


@pytest.mark.parametrize(("low", "high"), [(0.0, 441.0), (-200.0, 366.0), (-0.9, 0.2), (0.0, 12_345.0)])
def test_ticks_are_round_and_enclose_the_figures(low: float, high: float) -> None:
    marks = ticks(low, high)
    assert marks[0] <= low
    assert marks[-1] >= high
    assert 3 <= len(marks) <= 9


def test_a_scale_maps_its_ends() -> None:
    scale = Scale(0.0, 10.0, 300.0, 20.0)
    assert (scale(0.0), scale(10.0)) == (300.0, 20.0)


def test_the_map_has_north_above_and_east_right() -> None:
    [ring] = rings('{"type": "Polygon", "coordinates": [[[-128, -29], [-127, -29], [-127, -28], [-128, -29]]]}')
    project = projection(ring)
    assert project((-127, -28))[1] < project((-127, -29))[1]
    assert project((-127, -28))[0] > project((-128, -28))[0]


def test_the_revision_triangle_keeps_directions_apart(rows: Rows, make_sources: Any) -> None:
    backtest = make_sources(rows).backtest_total
    arrivals = [row for row in rows["backtest_total"] if row["direction"] == "A"]
    assert len(triangle(backtest, "A")) == len(arrivals)
    first = triangle(backtest, "A")[0]
    assert first.error == pytest.approx(100 * (arrivals[0]["estimate"] - 330.0) / 330.0)
