"""Another clock, unit, axis or key, more unknown values, other codes: each found, and its twin that is none."""

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from sandbox.feeds.set_rules.drift import Clock, clock_findings, rekeyed_findings, swapped_finding, unit_findings
from sandbox.feeds.set_rules.panel import Floats
from sandbox.feeds.set_rules.shares import code_findings, duplicate_findings, share_findings

YEAR = [date(2023, month, 1) for month in range(1, 13)]
MONTHS = YEAR[:6]
DAY = 1_000 + 900 * np.sin(2 * np.pi * (np.arange(24) - 9) / 24) + 200 * (np.arange(24) == 18)


def clocks(lags: Sequence[int], day: Floats = DAY, months: Sequence[date] = MONTHS) -> list[Clock]:
    random = np.random.default_rng(3)
    return [Clock(month, random.poisson(np.roll(day, lag)) * 1.0) for month, lag in zip(months, lags, strict=True)]


@pytest.mark.parametrize("hours", [1, 3, -8, 12])
def test_a_day_that_runs_some_hours_late_or_early_is_found(hours: int) -> None:
    (finding,) = clock_findings(clocks([0, 0, 0, 0, hours, 0]))
    assert (finding.period_from, finding.figures["hours"]) == (MONTHS[4], hours)


def test_days_as_ever_have_no_other_clock() -> None:
    assert clock_findings(clocks([0] * 6)) == []


def test_a_day_without_a_shape_has_no_clock() -> None:
    assert clock_findings(clocks([0, 0, 0, 0, 5, 5], np.full(24, 1_000.0))) == []


def test_a_clock_that_stays_wrong_is_found_each_time() -> None:
    found = clock_findings(clocks([0, 0, 0, *[5] * 9], months=YEAR))
    assert [finding.period_from for finding in found] == YEAR[3:]


def test_an_evening_that_moves_by_part_of_an_hour_is_no_other_clock() -> None:
    later = [*clocks([0] * 5, months=MONTHS[:5]), Clock(MONTHS[5], 0.45 * DAY + 0.55 * np.roll(DAY, 1))]
    assert clock_findings(later) == []


def test_exchanged_axes_of_a_whole_set_are_found() -> None:
    lat, lon = np.array([-41.3, -36.8, -43.5]), np.array([174.8, 174.7, 172.6])
    (finding,) = swapped_finding((lon, lat), (lat, lon))
    assert finding.rule == "swapped"
    assert swapped_finding((lat + 1, lon - 1), (lat, lon)) == [], "antennas beside the old ones"
    assert swapped_finding((lat, lon - 160), (lat, lon)) == [], "far away, but not exchanged"
    assert swapped_finding((lat, lon), (lat[:0], lon[:0])) == [], "nothing to compare with"


def medians(values: Sequence[float]) -> pa.Table:
    period = pa.array(MONTHS[: len(values)], pa.date32())
    return pa.table({"period": period, "column": ["radius_m"] * len(values), "median": list(values)})


@pytest.mark.parametrize(("last", "factor"), [(1.21, 1_000), (1_205_000, 1_000), (12.2, 100), (752, 1.609344)])
def test_a_median_away_by_a_factor_of_units_is_another_unit(last: float, factor: float) -> None:
    (finding,) = unit_findings(medians([1_200, 1_190, 1_210, 1_205, last]))
    assert (finding.rule, finding.figures["factor"]) == ("unit:radius_m", factor)


@pytest.mark.parametrize("values", [[1_200, 1_190, 1_210, 1_205, 1_400], [10, 1_000, 900, 1_100, 9.5]])
def test_other_changes_of_a_median_are_no_unit(values: Sequence[float]) -> None:
    assert unit_findings(medians(values)) == []


def overlaps(seen: Sequence[int], persons: Sequence[int] = (1_000,) * 6) -> pa.Table:
    return pa.table({"period": pa.array(MONTHS, pa.date32()), "persons": list(persons), "seen_before": list(seen)})


def test_as_many_persons_of_whom_none_is_known_were_renamed() -> None:
    (finding,) = rekeyed_findings(overlaps([0, 900, 910, 905, 3, 900]))
    assert finding.period_from == MONTHS[4]


def test_persons_that_come_back_as_ever_were_not_renamed() -> None:
    assert rekeyed_findings(overlaps([0, 900, 910, 905, 880, 900])) == []
    assert rekeyed_findings(overlaps([0, 20, 30, 25, 20, 10])) == [], "travellers that are mostly new"


def test_a_collapse_of_volumes_is_no_renaming() -> None:
    assert rekeyed_findings(overlaps([0, 900, 910, 905, 0, 900], [1_000, 1_000, 1_000, 1_000, 40, 1_000])) == []


def unknown(shares: Sequence[float]) -> pa.Table:
    period = pa.array(MONTHS[: len(shares)], pa.date32())
    return pa.table(
        {
            "period": period,
            "column": ["port"] * len(shares),
            "unknown": [round(1_000 * share) for share in shares],
            "rows": [1_000] * len(shares),
        }
    )


@pytest.mark.parametrize(
    ("shares", "rules"),
    [
        ([0.02, 0.03, 0.02, 0.02, 0.20], ["unknown_share:port"]),
        ([0.02, 0.03, 0.02, 0.02, 1.00], ["column_empty:port"]),
        ([0.02, 0.03, 0.02, 0.02, 0.04], []),
        ([0.10, 0.40, 0.20, 0.30, 0.45], []),
        ([1.00, 1.00, 1.00, 1.00, 1.00], []),
    ],
    ids=["more unknown", "fell empty", "a little more", "always erratic", "never filled"],
)
def test_unknown_values_are_compared_with_the_columns_own_past(shares: Sequence[float], rules: list[str]) -> None:
    assert [finding.rule for finding in share_findings(unknown(shares))] == rules


def test_rows_that_had_come_before_are_found_where_they_are_unusual() -> None:
    def sent(duplicates: Sequence[int]) -> pa.Table:
        period = pa.array(MONTHS[: len(duplicates)], pa.date32())
        return pa.table({"period": period, "duplicates": list(duplicates), "rows": [1_000] * len(duplicates)})

    assert [finding.period_from for finding in duplicate_findings(sent([0, 0, 0, 40]))] == [MONTHS[3]]
    assert duplicate_findings(sent([0, 5, 0, 5])) == []
    assert duplicate_findings(sent([30, 40, 35, 45]))[1:] == [], "a partner that always sends some twice"


def codes(months: Sequence[Mapping[str, int]]) -> pa.Table:
    rows = [
        {"period": month, "column": "mode", "code": code, "rows": count}
        for month, counts in zip(MONTHS, months, strict=False)
        for code, count in counts.items()
    ]
    return pa.Table.from_pylist(rows)


def test_codes_that_come_up_or_vanish_are_found_with_their_names() -> None:
    usual = {"air": 900, "sea": 100}
    (finding,) = code_findings(codes([usual, usual, usual, {"air": 900, "ferry": 100}]))
    assert finding.rule == "code_list:mode"
    assert "ferry" in finding.text
    assert "gone: sea" in finding.text
    assert code_findings(codes([usual, usual, usual, {"air": 700, "sea": 300}])) == []
    assert code_findings(codes([usual, usual, usual, {"air": 900, "sea": 99, "rail": 1}])) == [], "one row in 1,000"
