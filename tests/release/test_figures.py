from typing import Any

import pytest

from sandbox.concepts.codes import Verdict
from sandbox.errors import CheckFailedError
from sandbox.release.edition import edition_files
from sandbox.release.figures import selected
from sandbox.release.terms import Terms

Rows = dict[str, list[dict[str, Any]]]


def of(rows: Rows, name: str, indicator: str) -> list[dict[str, Any]]:
    return [row for row in rows[name] if row["indicator"] == indicator]


def test_a_hidden_cell_has_no_value_no_error_no_bounds(rows: Rows, make_sources: Any) -> None:
    hidden = [o for o in selected(make_sources(rows)).observations if o.is_hidden]
    assert hidden
    assert all((o.value, o.se, o.lower, o.upper) == (None, None, None, None) for o in hidden)


def test_a_series_that_cannot_be_assessed_is_withheld_with_its_reason(rows: Rows, make_sources: Any) -> None:
    selection = selected(make_sources(rows))
    assert not selection.of("NET_AIR")
    [withheld] = [w for w in selection.withheld if w.indicator == "NET_AIR"]
    assert withheld.reasons == ("passengers are not migrants",)


def test_a_series_without_any_verdict_is_withheld(rows: Rows, make_sources: Any) -> None:
    rows["verdict"] = [row for row in rows["verdict"] if row["indicator"] != "IMM"]
    selection = selected(make_sources(rows))
    assert not selection.of("IMM")
    assert [w.verdict for w in selection.withheld if w.indicator == "IMM"] == [Verdict.NOT_ASSESSABLE]


@pytest.mark.parametrize("period", ["2025", "2025-01-01"])
def test_a_verdict_on_one_period_goes_before_that_on_the_series(rows: Rows, make_sources: Any, period: str) -> None:
    [judged] = of(rows, "verdict", "IN_AREA")
    rows["verdict"].append(judged | {"period": period, "verdict": "WITHHOLD", "reasons": ["year too weak"]})
    selection = selected(make_sources(rows))
    assert not selection.of("IN_AREA")
    assert [w.period for w in selection.withheld if w.indicator == "IN_AREA"] == [period]


def test_a_cell_that_protection_never_saw_stops_the_edition(rows: Rows, make_sources: Any) -> None:
    rows["protected"] = rows["protected"][1:]
    with pytest.raises(CheckFailedError, match="not seen by disclosure"):
        selected(make_sources(rows))


def test_a_too_narrow_audit_stops_the_edition_and_names_the_family(rows: Rows, make_sources: Any) -> None:
    rows["audit"][0]["too_narrow"] = True
    with pytest.raises(CheckFailedError, match=rows["audit"][0]["family"]):
        selected(make_sources(rows))


def test_a_hidden_cell_that_was_not_attacked_stops_the_edition(rows: Rows, make_sources: Any, terms: Terms) -> None:
    rows["audit"] = rows["audit"][1:]
    with pytest.raises(CheckFailedError, match="1 hidden cells were not audited"):
        edition_files(make_sources(rows), terms)


def test_two_figures_for_one_cell_stop_the_edition(rows: Rows, make_sources: Any) -> None:
    rows["estimate"].append(rows["estimate"][0] | {"estimate": 1.0})
    with pytest.raises(CheckFailedError, match="more than one figure"):
        selected(make_sources(rows))


def test_a_figure_that_could_not_be_computed_is_left_out(rows: Rows, make_sources: Any) -> None:
    before = len(selected(make_sources(rows)).observations)
    rows["estimate"][0]["estimate"] = float("nan")
    assert len(selected(make_sources(rows)).observations) == before - 1
