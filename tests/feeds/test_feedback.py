"""What is given back to a partner: rules in words, days, volumes, uses; of persons counts of ten or more only."""

import json
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pytest

from sandbox.cli.profile import profile
from sandbox.errors import CallError
from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.feedback import given_back
from sandbox.feeds.feedback.charts import STRIPS, Covered, calendar_strip
from sandbox.feeds.feedback.page import change, figure
from sandbox.feeds.feedback.words import told, warning_name
from sandbox.lakehouse.run import StageRun
from sandbox.lakehouse.table import Table
from sandbox.lakehouse.tables.books import DELIVERY, FEED_PROFILE, FEED_WARNING, QUARANTINE, RELEASE_CELL
from sandbox.lakehouse.tables.figures import VERDICT
from sandbox.settings import Workspace

DAYS = [date(2024, 1, 1) + timedelta(days=n) for n in range(60)]
OF_FEW, MISSING = date(2024, 1, 9), date(2024, 1, 20)
SECRET = "9000000000000000001"


def rows_for(table: Table, rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist([{name: row.get(name) for name in table.names} for row in rows], table.stored)


def measured(measure: str, day: date, value: float, persons: int | None = None) -> dict[str, object]:
    own = {"feed": "mobile_event", "partner": "telco", "measure": measure, "frequency": "D", "period": day}
    return {**own, "area": "_T", "value": value, "numerator": value, "denominator": 1.0, "persons": persons}


def of_delivery(rows: int) -> dict[str, object]:
    """Return the profile's row of the deliveries that end on the last day: three rows of so many in quarantine."""
    whole = measured("quarantined", DAYS[-1], 3 / rows)
    return whole | {"frequency": "delivery", "numerator": 3.0, "denominator": float(rows)}


@pytest.fixture
def filled(workspace: Workspace) -> Workspace:
    run = StageRun(workspace, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    counts = {"rows_in": 100, "rows_bronze": 97, "rows_quarantined": 3, "rows_duplicate": 0}
    mine = {"feed": "mobile_event", "partner": "telco", "contract_version": "1.0.0", "delivery_id": "d1"}
    period = {"period_from": DAYS[0], "period_to": DAYS[-1], "received_at": datetime(2024, 3, 4, tzinfo=UTC)}
    run.write_small(rows_for(DELIVERY, [{**mine, **counts, **period, "findings": []}]), DELIVERY, delivery_id="d1")
    bad = {"delivery_id": "d1", "feed": "mobile_event", "file": "f", "row": f'{{"person_key": "{SECRET}"}}'}
    quarantined = [{**bad, "row_number": n, "broken_rules": ["allowed:event_type"]} for n in range(3)]
    run.write_small(rows_for(QUARANTINE, quarantined), QUARANTINE, feed="mobile_event", delivery_id="d1")
    measures = [
        row
        for day in DAYS
        if day != MISSING
        for persons in [7 if day == OF_FEW else 400]
        for row in (measured("rows", day, 7_777 if persons == 7 else 900, persons),
                    measured("active_subscribers", day, persons, persons))
    ]  # fmt: skip
    measures.append(of_delivery(100))
    run.write_small(rows_for(FEED_PROFILE, measures), FEED_PROFILE, feed="mobile_event", partner="telco")
    warning = {"rule": "missing_days", "period_from": MISSING, "period_to": MISSING, "severity": "stop"}
    warnings = [{"feed": "mobile_event", "partner": "telco", **warning, "text": "no row for 1 day"}]
    run.write_small(rows_for(FEED_WARNING, warnings), FEED_WARNING, feed="mobile_event", partner="telco")
    series = {"indicator": "INT_FLOW", "feed": "mobile_event", "frequency": "A", "vintage": date(2024, 3, 1)}
    cell = {**series, "release_id": "r1", "obs_status": "G", "conf_status": "F"}
    run.write_small(rows_for(RELEASE_CELL, [cell]), RELEASE_CELL, release_id="r1")
    run.write_small(rows_for(VERDICT, [{**series, "period": "_T", "verdict": "CAUTION"}]), VERDICT)
    return workspace


def written(workspace: Workspace, out: Path) -> tuple[str, dict[str, object]]:
    (folder,) = given_back(workspace, out)
    return (folder / "feedback.html").read_text("utf-8"), json.loads((folder / "feedback.json").read_text("utf-8"))


def test_the_json_says_what_came_what_was_wrong_and_what_it_was_used_for(filled: Workspace, tmp_path: Path) -> None:
    _, machine = written(filled, tmp_path)
    assert machine["rows"] == {"rows_in": 100, "rows_bronze": 97, "rows_quarantined": 3, "rows_duplicate": 0}
    (rule,) = machine["quarantine"]
    assert (rule["rule"], rule["rows"]) == ("allowed:event_type", 3)
    assert rule["remedy"] == "Use one of: call, text, data, signalling."
    assert [use["name"] for use in machine["uses"]] == ["Internal migration"]
    assert machine["uses"][0]["releases"] == ["r1"]
    assert [(w["severity"], w["period_from"]) for w in machine["warnings"]] == [("stop", MISSING.isoformat())]


def test_a_day_that_is_held_in_part_is_no_newest_figure(filled: Workspace, tmp_path: Path) -> None:
    run = StageRun(filled, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    whole, cut = DAYS[-2:]
    measures = [
        measured("rows", whole, 900, 400),
        measured("rows", cut, 600, 300),
        measured("hours_held", cut, 16, None),
        of_delivery(100),
    ]
    run.write_small(rows_for(FEED_PROFILE, measures), FEED_PROFILE, feed="mobile_event", partner="telco")
    _, machine = written(filled, tmp_path)
    newest = {row["measure"]: (row["period"], row["value"]) for row in machine["measures"]}
    del newest["quarantined"]
    assert newest == {"rows": (whole.isoformat(), 900), "hours_held": (cut.isoformat(), 16)}


def test_a_delivery_that_nobody_has_looked_at_is_never_said_to_be_in_order(filled: Workspace, tmp_path: Path) -> None:
    run = StageRun(filled, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    run.write_small(rows_for(FEED_WARNING, []), FEED_WARNING, feed="mobile_event", partner="telco")
    page, machine = written(filled, tmp_path)
    assert machine["not_profiled"] == []
    assert "Nothing out of the ordinary" in page
    new = {"feed": "mobile_event", "partner": "telco", "contract_version": "1.0.0", "delivery_id": "d2"}
    counts = {"rows_in": 50, "rows_bronze": 50, "rows_quarantined": 0, "rows_duplicate": 0, "findings": []}
    period = {"period_from": DAYS[0], "period_to": DAYS[-1], "received_at": datetime(2024, 3, 5, tzinfo=UTC)}
    run.write_small(rows_for(DELIVERY, [{**new, **counts, **period}]), DELIVERY, delivery_id="d2")
    page, machine = written(filled, tmp_path)
    assert machine["not_profiled"] == ["d1", "d2"], "rows of the one can't be told from rows of the other"
    assert "Nothing out of the ordinary" not in page
    assert "Not looked at yet" in page
    assert "Days without rows" not in page


def test_feedback_looks_first_at_what_was_taken_in_alone(filled: Workspace, tmp_path: Path) -> None:
    run = StageRun(filled, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    new = {"feed": "area", "partner": "office", "contract_version": "1.0.0", "delivery_id": "a1"}
    counts = {"rows_in": 5, "rows_bronze": 5, "rows_quarantined": 0, "rows_duplicate": 0, "findings": []}
    period = {"period_from": DAYS[0], "period_to": DAYS[-1], "received_at": datetime(2024, 3, 5, tzinfo=UTC)}
    run.write_small(rows_for(DELIVERY, [{**new, **counts, **period}]), DELIVERY, delivery_id="a1")
    profile(tmp_path, filled.root, feed="area", quiet=True)
    assert json.loads((tmp_path / "office.area" / "feedback.json").read_text("utf-8"))["not_profiled"] == []


def test_neither_page_nor_json_holds_a_row_or_a_count_of_few_persons(filled: Workspace, tmp_path: Path) -> None:
    page, machine = written(filled, tmp_path)
    both = page + json.dumps(machine)
    assert SECRET not in both
    assert "7777" not in both
    assert "7,777" not in both
    (of_few,) = [day for day in machine["days"] if day["period"] == OF_FEW.isoformat()]
    assert of_few == {"period": OF_FEW.isoformat(), "ratio": None, "is_of_few": True}


def test_the_page_stands_alone_and_runs_nothing(filled: Workspace, tmp_path: Path) -> None:
    page, _ = written(filled, tmp_path)
    links: list[str] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "link", "img", "iframe")
            links.extend(value or "" for name, value in attrs if name in ("src", "href"))

    Links().feed(page)
    assert links == ["#main", "feedback.json"]
    assert "1 days without rows, in 2 months" in page
    assert "Nothing is computed from it" in page


def test_the_gravest_warning_comes_first_and_of_these_the_newest(filled: Workspace, tmp_path: Path) -> None:
    run = StageRun(filled, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    told = [("late", "note", 59), ("outage", "warn", 30), ("volume", "warn", 40), ("missing_days", "stop", 1)]
    warnings = [
        {"feed": "mobile_event", "partner": "telco", "rule": rule, "severity": severity, "text": f"text of {rule}",
         "period_from": DAYS[day], "period_to": DAYS[day]}
        for rule, severity, day in told
    ]  # fmt: skip
    run.write_small(rows_for(FEED_WARNING, warnings), FEED_WARNING, feed="mobile_event", partner="telco")
    page, _ = written(filled, tmp_path)
    places = [page.index(f"Text of {rule}") for rule in ("missing_days", "volume", "outage", "late")]
    assert places == sorted(places)


def test_text_of_others_is_text_on_the_page(filled: Workspace, tmp_path: Path) -> None:
    run = StageRun(filled, "ingest", date(2024, 3, 1), date(2024, 3, 1), 0)
    hostile = {"rule": "code_list:x", "period_from": MISSING, "period_to": MISSING, "severity": "note"}
    warnings = [{"feed": "mobile_event", "partner": "telco", **hostile, "text": "codes: <script>alert(1)</script>"}]
    run.write_small(rows_for(FEED_WARNING, warnings), FEED_WARNING, feed="mobile_event", partner="telco")
    page, _ = written(filled, tmp_path)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_a_feed_that_nobody_sent_has_no_feedback(filled: Workspace, tmp_path: Path) -> None:
    with pytest.raises(CallError, match=r"telco\.border_movement"):
        given_back(filled, tmp_path, "border_movement", "telco")


def test_a_missing_day_is_crossed_and_a_month_that_nothing_covers_is_drawn() -> None:
    days = {date(2024, 1, 1): Covered.THERE, date(2024, 1, 2): Covered.NONE, date(2024, 3, 1): Covered.FEW}
    strip = calendar_strip(days, STRIPS[0], "Days")
    assert strip.count('class="none"') == 1
    assert strip.count('class="cross"') == 2
    assert "Feb 2024" in strip
    assert strip.count('class="outside"') == 29 + 29 + 30


@pytest.mark.parametrize(
    ("rule", "meaning", "remedy"),
    [
        ("required:cell_id", "column cell_id is empty (antenna)", "Fill it, or leave the row out."),
        ("range:lat", "column lat is outside -90 to 90", "Check the unit, and the value at its source."),
        ("valid_from<=valid_to", "valid_from is after valid_to", "Check which of the two is wrong."),
        ("type:cell_id", "column cell_id is no text in the file's encoding (antenna)", "Write the whole file in one"),
        ("conflict:key", "the same key came before with other content", ""),
        ("brand:new", "it breaks the rule brand:new", ""),
    ],
)
def test_each_rule_is_told_in_words(rule: str, meaning: str, remedy: str) -> None:
    words = told(rule, ALL_FEEDS["mobile_cell"])
    assert words.meaning == meaning
    assert words.remedy.startswith(remedy)
    assert words.remedy


def test_warnings_name_their_column() -> None:
    assert warning_name("unknown_share:lang") == "more unknown values: lang"
    assert warning_name("something_new") == "something new"


@pytest.mark.parametrize(
    ("value", "past", "unit", "shown", "changed"),
    [
        (0.041, 0.05, "share", "4.1 %", "−0.9 points"),
        (1_234, 1_000, "count", "1,234", "+23.4 %"),
        (0.5, 0.5, "share", "50.0 %", "0.0 points"),
        (3.25, None, "mean", "3.25", "–"),
        (4, 2, "days", "4", "+2"),
    ],
)
def test_figures_read_as_their_unit(value: float, past: float | None, unit: str, shown: str, changed: str) -> None:
    assert figure(value, unit) == shown
    assert change({"value": value, "past": past, "unit": unit}) == changed
