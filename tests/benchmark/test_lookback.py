"""What a feed shows of a period is told of every figure that needs it, and a stop withholds that figure."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from sandbox.benchmark.lookback import days_needed, with_warnings
from sandbox.benchmark.records import Row
from sandbox.benchmark.series import Series
from sandbox.concepts.indicators import INDICATORS

MONTHS = [date(2024, month, 1) for month in (1, 2, 3)]
FEED = "border_movement"


def verdicts(*periods: str, verdict: str = "PUBLISH") -> list[Row]:
    return [{"period": period, "verdict": verdict, "reasons": []} for period in ("_T", *periods)]


def warning(**changed: Any) -> pd.DataFrame:
    row = {"feed": FEED, "severity": "stop", "rule": "missing_days", "text": "the partner's own figures"}
    row |= {"period_from": date(2024, 2, 10), "period_to": date(2024, 2, 12)}
    return pd.DataFrame([row | changed])


def told(found: list[Row]) -> dict[str, tuple[str, int]]:
    return {row["period"]: (row["verdict"], len(row["reasons"])) for row in found}


@pytest.fixture
def series() -> Series:
    rows = pd.DataFrame({"reference_period": MONTHS})
    return Series(INDICATORS["IMM"], "", FEED, "M", rows)


def test_a_stop_withholds_the_period_that_needs_the_days_and_no_other(series: Series) -> None:
    found = with_warnings(verdicts("2024-02"), series, warning())
    assert told(found) == {"_T": ("PUBLISH", 1), "2024-02": ("WITHHOLD", 1)}
    assert found[1]["reasons"] == ["feed warning missing_days, 2024-02-10 to 2024-02-12"]


def test_a_period_without_a_verdict_of_its_own_gets_one(series: Series) -> None:
    assert told(with_warnings(verdicts(), series, warning())) == {"_T": ("PUBLISH", 1), "2024-02": ("WITHHOLD", 1)}


def test_a_warning_is_told_and_stops_nothing(series: Series) -> None:
    assert told(with_warnings(verdicts(), series, warning(severity="warn"))) == {"_T": ("PUBLISH", 1)}


@pytest.mark.parametrize(
    "changed",
    [{"severity": "note"}, {"feed": "mobile_event"}, {"period_from": date(2025, 1, 1), "period_to": date(2025, 1, 2)}],
)
def test_notes_other_feeds_and_other_days_change_nothing(series: Series, changed: dict[str, Any]) -> None:
    assert told(with_warnings(verdicts(), series, warning(**changed))) == {"_T": ("PUBLISH", 0)}


def test_a_verdict_that_is_worse_already_stays(series: Series) -> None:
    found = with_warnings(verdicts(verdict="NOT_ASSESSABLE"), series, warning())
    assert told(found)["2024-02"][0] == "NOT_ASSESSABLE"


@pytest.mark.parametrize(
    ("frequency", "rule", "first", "last"),
    [
        ("M", "", date(2024, 2, 1), date(2024, 2, 29)),
        ("A", "", date(2024, 2, 1), date(2024, 12, 31)),
        ("M", "NZ_12_16", date(2024, 2, 1), date(2025, 6, 30)),
        ("M", "UN_MPD_183", date(2023, 2, 1), date(2025, 2, 28)),
        ("M", "INT_50", date(2022, 12, 25), date(2025, 4, 7)),
    ],
)
def test_a_figure_needs_its_period_and_what_its_rule_looks_at(
    frequency: str, rule: str, first: date, last: date
) -> None:
    assert days_needed(date(2024, 2, 1), frequency, rule) == (first, last)
