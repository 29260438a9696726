"""The profile: what a feed covers, each measure with its denominator and past, and what figures have to know."""

from datetime import date, timedelta

import pandas as pd
import pyarrow as pa
import pytest

from sandbox.feeds.coverage.counted import Counted
from sandbox.feeds.coverage.lookback import (
    late,
    lost_persons,
    missing_days,
    outages,
    person_warnings,
    warning_rows,
    with_calendar,
)
from sandbox.feeds.coverage.measures import population_of, silent_cells
from sandbox.feeds.coverage.partial import hours_held, partial_days
from sandbox.feeds.coverage.past import Measured, profile_rows
from sandbox.feeds.coverage.tally import COUNT
from sandbox.feeds.set_rules import Finding, Severity

MONDAY = date(2024, 1, 1)
EMPTY_CALENDAR = pd.DataFrame({"day": [], "kind": [], "name": []})


def days(count: int, start: date = MONDAY) -> list[date]:
    return [start + timedelta(days=n) for n in range(count)]


def value_of(profile: pa.Table, measure: str, period: date, frequency: str, area: str = "_T") -> dict[str, float]:
    wanted = {"measure": measure, "period": period, "frequency": frequency, "area": area}
    (row,) = [row for row in profile.to_pylist() if all(row[name] == value for name, value in wanted.items())]
    return row


def test_a_day_stands_beside_the_median_of_its_weekday_before() -> None:
    rows = pd.DataFrame({"period": days(36), "numerator": [1_000.0 if n % 7 else n for n in range(36)]})
    profile = profile_rows("f", "p", [Measured("rows", "D", rows)])
    monday = value_of(profile, "rows", MONDAY + timedelta(days=35), "D")
    assert (monday["past"], monday["ratio"]) == (14, 2.5), "the Mondays before had 0, 7, 14, 21, 28 rows"
    assert value_of(profile, "rows", MONDAY + timedelta(days=14), "D")["past"] is None, "two days are no past"


def test_a_month_stands_beside_the_same_month_of_earlier_years_where_there_are_two() -> None:
    months = [date(year, month, 1) for year in (2021, 2022, 2023) for month in range(1, 13)]
    rows = pd.DataFrame({"period": months, "numerator": [month.month * 10.0 for month in months]})
    profile = profile_rows("f", "p", [Measured("rows", "M", rows)])
    assert value_of(profile, "rows", date(2023, 12, 1), "M")["past"] == 120
    assert value_of(profile, "rows", date(2022, 12, 1), "M")["past"] == 100, "one year: September to November instead"


def test_a_share_of_nothing_is_left_out() -> None:
    rows = pd.DataFrame({"period": days(2), "numerator": [0, 1], "denominator": [0, 2]})
    assert profile_rows("f", "p", [Measured("duplicates", "delivery", rows)])["value"].to_pylist() == [0.5]


def test_a_day_that_is_held_in_part_is_compared_with_no_other() -> None:
    rows = pd.DataFrame({"period": days(36), "numerator": [1_000.0] * 36})
    cut = {MONDAY + timedelta(days=28), MONDAY + timedelta(days=35)}
    rows.loc[rows["period"].isin(cut), "numerator"] = 600.0
    profile = profile_rows("f", "p", [Measured("rows", "D", rows)], cut)
    last = value_of(profile, "rows", MONDAY + timedelta(days=35), "D")
    assert (last["value"], last["past"], last["ratio"]) == (600, None, None)
    whole = profile_rows("f", "p", [Measured("rows", "D", rows)], {MONDAY + timedelta(days=28)})
    assert value_of(whole, "rows", MONDAY + timedelta(days=35), "D")["past"] == 1_000, "of the whole Mondays only"


def test_measures_of_other_deliveries_have_each_their_own_past() -> None:
    every = pd.DataFrame({"period": days(4), "numerator": [1.0, 2.0, 3.0, 4.0]})
    some = pd.DataFrame({"period": days(4)[::3], "numerator": [10.0, 40.0]})
    profile = profile_rows("f", "p", [Measured("a", "delivery", every), Measured("b", "delivery", some)])
    last = days(4)[-1]
    assert value_of(profile, "a", last, "delivery")["past"] == 2
    assert value_of(profile, "b", last, "delivery")["past"] == 10


WEST, EAST = "Pacific/Pitcairn", "Pacific/Kiritimati"  # 8 hours behind UTC, 14 before it


def test_a_period_of_utc_days_cuts_the_last_day_of_the_west_and_the_first_of_the_east() -> None:
    period = (MONDAY, days(10)[-1])
    assert partial_days([period], "UTC", [WEST]) == {
        MONDAY - timedelta(days=1): (8.0, 24.0),
        days(10)[-1]: (16.0, 24.0),
    }
    assert partial_days([period], "UTC", [EAST]) == {MONDAY: (10.0, 24.0), days(11)[-1]: (14.0, 24.0)}
    assert partial_days([period], WEST, [WEST]) == {}, "in its own zone a period has whole days"


def test_where_deliveries_join_no_day_is_cut_and_where_one_is_missing_two_are() -> None:
    first, second, fourth = ((days(40)[10 * n], days(40)[10 * n + 9]) for n in (0, 1, 3))
    assert days(10)[-1] not in partial_days([second, first], "UTC", [WEST])
    assert partial_days([first, fourth], "UTC", [WEST])[days(10)[-1]] == (16.0, 24.0)


def test_hours_held_are_told_of_the_days_that_a_delivery_says_it_covers() -> None:
    partial = partial_days([(MONDAY, days(10)[-1])], "UTC", [WEST])
    assert hours_held(partial, days(10)).rows.to_numpy().tolist() == [[days(10)[-1], 16.0, 24.0]]


def counted_by_day(rows: dict[date, int]) -> Counted:
    made = [{"count": "rows", "period": day, "area": "A", "place": "c", "value": n} for day, n in rows.items()]
    made += [made_row | {"count": "persons_of_day", "area": "", "place": ""} for made_row in made]
    return Counted.of(pa.Table.from_pylist(made, COUNT.stored))


@pytest.mark.parametrize(("last", "found"), [(0, ["repeated"]), (1, [])])
def test_a_day_sent_again_under_another_date_is_found_among_many(last: int, found: list[str]) -> None:
    counts = [1_000 + 37 * n for n in range(12)]
    made = [
        {"count": "rows", "period": day, "area": "A", "place": f"c{place}", "value": count + number % 3 * place}
        for number, day in enumerate(days(3))
        for place, count in enumerate(counts)
    ]
    made += [row | {"period": days(4)[-1], "value": row["value"] + last} for row in made if row["period"] == MONDAY]
    made += [{"count": "persons_of_day", "period": day, "area": "", "place": "", "value": 9} for day in days(4)]
    counted = Counted.of(pa.Table.from_pylist(made, COUNT.stored))
    warnings = person_warnings(counted, days(4), profile_rows("f", "p", []))
    assert [(each.rule, each.period_from) for each in warnings] == [(rule, days(4)[-1]) for rule in found]


def test_only_whole_days_are_warned_of_by_their_rows() -> None:
    rows = dict.fromkeys(days(60), 1_000) | {days(60)[-1]: 300}
    nothing = profile_rows("f", "p", [])
    assert {found.rule for found in person_warnings(counted_by_day(rows), days(60), nothing)} == {
        "lost_subscribers",
        "volume_of_day",
    }
    assert person_warnings(counted_by_day(rows), days(59), nothing) == []


@pytest.mark.parametrize(
    ("agreed", "found"),
    [
        (None, ["delivered 31 days after its period's end; usual are 10"]),
        (31, []),
        (5, [f"delivered {n} days after its period's end; the contract allows 5" for n in (10, 10, 31)]),
    ],
)
def test_a_delivery_is_late_by_its_contract_and_without_one_by_what_is_usual(
    agreed: int | None, found: list[str]
) -> None:
    freshness = pd.DataFrame({"period": days(3), "value": [10.0, 10.0, 31.0], "past": [float("nan"), 10.0, 10.0]})
    assert [finding.text for finding in late(freshness, agreed)] == found


def heard(silent: dict[int, list[str]]) -> pd.DataFrame:
    cells = [f"c{number}" for number in range(10)]
    rows = [(day, cell, 5) for n, day in enumerate(days(31)) for cell in cells if cell not in silent.get(n, [])]
    return pd.DataFrame(rows, columns=["period", "place", "rows"])


def test_antennas_of_the_month_without_an_event_are_silent() -> None:
    silent = silent_cells(heard({4: ["c1", "c2"]})).set_index("period")
    assert tuple(silent.loc[days(31)[4]]) == (2, 10)
    assert tuple(silent.loc[days(31)[5]]) == (0, 10)


def test_an_antenna_that_is_rarely_heard_is_not_of_the_month() -> None:
    silent = silent_cells(heard({n: ["c9"] for n in range(20)})).set_index("period")
    assert tuple(silent.loc[days(31)[4]]) == (0, 9)


def silent_profile(shares: list[float]) -> pa.Table:
    rows = pd.DataFrame(
        {"period": days(len(shares)), "numerator": [100 * share for share in shares], "denominator": 100}
    )
    return profile_rows("mobile_event", "p", [Measured("silent_cells", "D", rows)])


@pytest.mark.parametrize(
    ("last", "severity"), [(0.04, []), (0.06, ["warn"]), (0.25, ["stop"])], ids=["a few", "over 5 %", "over 20 %"]
)
def test_an_outage_is_warned_of_by_its_share_of_the_antennas(last: float, severity: list[str]) -> None:
    found = outages(silent_profile([0.0] * 30 + [last]))
    assert [finding.severity.value for finding in found] == severity


def test_antennas_that_are_thin_anyway_are_no_outage() -> None:
    assert outages(silent_profile([0.30] * 31)) == []


def test_days_that_a_delivery_covers_and_that_have_no_row_are_missing() -> None:
    rows = dict.fromkeys(days(60), 500.0)
    assert missing_days(rows, days(60)) == []
    for day in (date(2024, 2, 10), date(2024, 2, 11)):
        del rows[day]
    (finding,) = missing_days(rows, days(60))
    assert (finding.period_from, finding.period_to) == (date(2024, 2, 10), date(2024, 2, 11))
    assert finding.severity is Severity.WARN
    assert missing_days(rows, days(40)) == [], "what no delivery covers is not missing"


def test_a_month_that_lacks_a_tenth_of_its_days_is_stopped() -> None:
    rows = {day: 500.0 for day in days(60) if not date(2024, 2, 10) <= day <= date(2024, 2, 12)}
    assert [finding.severity for finding in missing_days(rows, days(60))] == [Severity.STOP]


def test_a_feed_of_few_rows_may_have_empty_days() -> None:
    assert missing_days({day: 2.0 for day in days(60) if day.day != 7}, days(60)) == []


@pytest.mark.parametrize(("now", "severity"), [(800, []), (600, ["warn"]), (400, ["stop"])])
def test_a_sudden_loss_of_subscribers_is_found(now: float, severity: list[str]) -> None:
    persons = dict.fromkeys(days(60), 1_000.0) | {date(2024, 2, 20): now}
    assert [finding.severity.value for finding in lost_persons(persons)] == severity


def test_few_subscribers_may_be_halved_by_chance() -> None:
    assert lost_persons(dict.fromkeys(days(60), 10.0) | {date(2024, 2, 20): 5.0}) == []


def test_a_shock_in_the_calendar_explains_a_loss_but_no_other_clock() -> None:
    calendar = pd.DataFrame({"day": [date(2024, 2, 1)], "kind": ["shock"], "name": ["Border closed"]})
    loss = Finding("lost_subscribers", "fewer", period_from=date(2024, 2, 3), severity=Severity.STOP)
    clock = Finding("time_zone", "later", period_from=date(2024, 2, 1), severity=Severity.STOP)
    told = with_calendar([loss, clock], calendar)
    assert [finding.severity for finding in told] == [Severity.WARN, Severity.STOP]
    assert told[0].text == "fewer. The calendar names Border closed (2024-02-01)"
    assert with_calendar([loss], EMPTY_CALENDAR) == [loss]


def test_a_finding_without_a_period_is_about_all_that_was_delivered() -> None:
    rows = warning_rows("f", "p", [Finding("swapped", "text")], (MONDAY, days(10)[-1])).to_pylist()
    assert [(row["period_from"], row["period_to"]) for row in rows] == [(MONDAY, days(10)[-1])]


def test_residents_add_up_over_the_areas_of_a_parent() -> None:
    areas = pa.table({"area_id": ["A", "B"], "parent": ["X", "X"], "year": [2024, 2024], "population": [70, 30]})
    found = population_of(areas).set_index("area")["population"].to_dict()
    assert found == {"A": 70, "B": 30, "X": 100, "_T": 100}
