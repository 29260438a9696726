"""What no row shows by itself: a year that is not the calendar's, a volume that is not the partner's."""

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from sandbox.feeds.contract import ALL_FEEDS
from sandbox.feeds.set_rules import Finding, month_totals, set_findings, volume_findings
from sandbox.feeds.set_rules.volumes import weekday_findings

MONTHS = [date(year, month, 1) for year in range(2015, 2021) for month in range(1, 13)]
SENT_ON = date(2021, 2, 1)
MONDAY = date(2024, 1, 1)


def months_of(totals: dict[date, float]) -> pa.Table:
    passengers = pa.array([round(total) for total in totals.values()], pa.int64())
    columns = {"period": pa.array(list(totals), pa.date32()), "passengers": passengers}
    return pa.table({**columns, "year_basis": pa.nulls(len(totals), pa.string())})


def truth() -> dict[date, float]:
    """Growth of 8 % a year and a season: months of different years differ, and not by chance."""
    return {m: round(1e6 * 1.08 ** (m.year - 2015) * (1 + 0.2 * np.sin(m.month))) for m in MONTHS}


def labelled_by_year_ended(month: int) -> dict[date, float]:
    return {m.replace(year=m.year + (m.month > month)): total for m, total in truth().items()}


def mended(totals: dict[date, float], finding: Finding) -> dict[date, float]:
    wrong = finding.months
    return {m.replace(year=m.year + finding.shift_years * (m.month in wrong)): total for m, total in totals.items()}


@pytest.mark.parametrize("ended", [3, 6, 8])
def test_a_year_that_ends_in_any_month_is_found_and_what_it_says_mends_it(ended: int) -> None:
    labelled = labelled_by_year_ended(ended)
    (finding,) = set_findings("air_od_month", months_of(labelled), months_of(truth()), SENT_ON)
    assert (finding.months, finding.shift_years) == (tuple(range(ended + 1, 13)), -1)
    assert mended(labelled, finding) == truth() == month_totals(months_of(truth()))


def test_calendar_years_give_no_finding() -> None:
    assert set_findings("air_od_month", months_of(truth()), months_of(truth()), SENT_ON) == []


def test_another_level_is_no_wrong_year() -> None:
    half = {month: total / 2 for month, total in truth().items()}
    assert set_findings("air_od_month", months_of(half), months_of(truth()), SENT_ON) == []


def test_a_gap_that_sources_have_anyway_is_no_wrong_year() -> None:
    slow = {m: 1e6 * 1.02 ** (m.year - 2015) for m in MONTHS}
    labelled = {m.replace(year=m.year + (m.month > 8)): total for m, total in slow.items()}
    late_enough = date(2030, 1, 1)
    assert set_findings("air_od_month", months_of(labelled), months_of(slow), late_enough) == []


def test_without_a_reference_only_the_day_of_delivery_speaks() -> None:
    rows, nothing = months_of(labelled_by_year_ended(8)), months_of({})
    (finding,) = set_findings("air_od_month", rows, nothing, SENT_ON)
    assert (finding.rule, finding.months) == ("after_delivery", ())


def test_twice_the_rows_of_earlier_deliveries_are_found() -> None:
    assert volume_findings([100, 110, 90, 105]) == []
    assert [finding.rule for finding in volume_findings([100, 110, 90, 210])] == ["volume"]
    assert volume_findings([100, 500]) == [], "one delivery is no past to compare with"


def test_every_feed_can_be_asked() -> None:
    for feed in ALL_FEEDS:
        assert set_findings(feed, months_of({}), months_of({}), SENT_ON) == []


def five_weeks(last_monday: float, sundays: float = 100) -> dict[date, float]:
    days = {MONDAY + timedelta(days=n): (sundays if n % 7 == 6 else 1_000.0) for n in range(35)}
    return days | {MONDAY + timedelta(weeks=4): last_monday}


def test_a_day_is_compared_with_its_own_weekday() -> None:
    assert weekday_findings(five_weeks(1_000)) == [], "a Sunday is a tenth of a Saturday, as ever"
    (finding,) = weekday_findings(five_weeks(400))
    assert (finding.period_from, finding.figures["ratio"]) == (date(2024, 1, 29), 0.4)


def test_days_of_few_rows_may_differ_by_chance() -> None:
    few = {day: rows / 250 for day, rows in five_weeks(400).items()}
    assert weekday_findings(few) == []


def test_days_that_follow_one_another_are_one_finding() -> None:
    days = five_weeks(3_000) | {date(2024, 1, 30): 5_000.0}
    (finding,) = weekday_findings(days)
    assert (finding.period_from, finding.period_to) == (date(2024, 1, 29), date(2024, 1, 30))
    assert "2024-01-30 has 5.00 times" in finding.text
